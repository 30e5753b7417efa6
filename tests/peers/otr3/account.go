package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/ioutil"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/twstrike/otr3"
)

// rules say what may be asked of a conversation.
type rules struct {
	policy   string
	versions []int
}

// account is the one account a driver serves.
type account struct {
	name, protocol string
	home           string // empty: nothing touches the disk
	fragment       uint16 // bytes; 0: never fragment
	rules          rules  // for peers without rules of their own
	key            otr3.PrivateKey
	instance       uint32
	peers          map[string]*peer
}

// applyTo has a conversation follow the rules.
func (r rules) applyTo(talk *otr3.Conversation) {
	policies := new(otr3.Conversation).Policies
	for _, version := range r.versions {
		switch {
		case r.policy == "never":
		case version == 2:
			policies.AllowV2()
		case version == 3:
			policies.AllowV3()
		}
	}
	switch r.policy {
	case "opportunistic":
		policies.SendWhitespaceTag()
	case "always":
		policies.RequireEncryption()
	}
	if r.policy == "opportunistic" || r.policy == "always" {
		policies.WhitespaceStartAKE()
		policies.ErrorStartAKE()
	}
	talk.Policies = policies
}

func isPolicy(name string) bool {
	return name == "never" || name == "manual" || name == "opportunistic" || name == "always"
}

// isName tells whether it fits into a line of libotr's files.
func isName(name string) bool {
	return name != "" && !strings.ContainsAny(name, "\t\r\n\x00")
}

// cleanVersions sorts them and drops repetitions; nil if there are none or others than 2 and 3.
func cleanVersions(list []int) []int {
	var versions []int
	for _, version := range []int{2, 3} {
		for _, item := range list {
			if item == version {
				versions = append(versions, version)
				break
			}
		}
	}
	for _, item := range list {
		if item != 2 && item != 3 {
			return nil
		}
	}
	return versions
}

func (a *account) path(file string) string {
	return filepath.Join(a.home, file)
}

// open reads what lies in the home directory and makes what is missing.
func (a *account) open() error {
	if a.home != "" {
		if err := os.MkdirAll(a.home, 0700); err != nil {
			return err
		}
	}
	if err := a.openKey(); err != nil {
		return err
	}
	if err := a.openInstance(); err != nil {
		return err
	}
	return a.readFingerprints()
}

func (a *account) openKey() error {
	var stored []*otr3.Account
	file := a.path("otr.private_key")
	if a.home != "" {
		var err error
		if stored, err = otr3.ImportKeysFromFile(file); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("%s: %s", file, err)
		}
	}
	for _, entry := range stored {
		if entry.Name == a.name && entry.Protocol == a.protocol {
			a.key = entry.Key
			return nil
		}
	}
	made, err := otr3.GenerateMissingKeys(nil)
	if err != nil || len(made) == 0 {
		return errors.New("no key could be made")
	}
	a.key = made[0]
	if a.home == "" {
		return nil
	}
	stored = append(stored, &otr3.Account{Name: a.name, Protocol: a.protocol, Key: a.key})
	// The library creates the file with the permissions that are usual; a key is for its owner only.
	if err := a.write("otr.private_key", nil); err != nil {
		return err
	}
	return otr3.ExportKeysToFile(stored, file)
}

func (a *account) openInstance() error {
	lines, err := a.lines("otr.instance_tags")
	if err != nil {
		return err
	}
	for _, fields := range lines {
		if len(fields) == 3 && fields[0] == a.name && fields[1] == a.protocol {
			if _, err := fmt.Sscanf(fields[2], "%x", &a.instance); err != nil {
				return fmt.Errorf("otr.instance_tags: %s", err)
			}
			return nil
		}
	}
	// A conversation that has no tag yet draws one.
	a.instance = new(otr3.Conversation).InitializeInstanceTag(0)
	lines = append(lines, []string{a.name, a.protocol, fmt.Sprintf("%08x", a.instance)})
	return a.write("otr.instance_tags", lines)
}

// conversation is one of ours that knows nothing yet and tells nobody anything.
func (a *account) conversation(rules rules) *otr3.Conversation {
	talk := &otr3.Conversation{}
	talk.SetOurKeys([]otr3.PrivateKey{a.key})
	talk.InitializeInstanceTag(a.instance)
	talk.SetFragmentSize(a.fragment)
	rules.applyTo(talk)
	return talk
}

func (a *account) readFingerprints() error {
	lines, err := a.lines("otr.fingerprints")
	for _, fields := range lines {
		if len(fields) >= 4 && fields[1] == a.name && fields[2] == a.protocol && len(fields[3]) == 40 {
			a.peer(fields[0]).prints[strings.ToLower(fields[3])] = len(fields) > 4 && fields[4] != ""
		}
	}
	return err
}

func (a *account) writeFingerprints() error {
	var lines [][]string
	for _, peer := range a.peers {
		for print, trusted := range peer.prints {
			trust := ""
			if trusted {
				trust = "verified"
			}
			lines = append(lines, []string{peer.name, a.name, a.protocol, print, trust})
		}
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i][0]+lines[i][3] < lines[j][0]+lines[j][3] })
	return a.write("otr.fingerprints", lines)
}

// lines are those of a file in the home directory, cut at tabs; none if it is not there.
func (a *account) lines(file string) ([][]string, error) {
	if a.home == "" {
		return nil, nil
	}
	content, err := ioutil.ReadFile(a.path(file))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var lines [][]string
	for _, line := range strings.Split(string(content), "\n") {
		if line != "" && line[0] != '#' {
			lines = append(lines, strings.Split(line, "\t"))
		}
	}
	return lines, nil
}

func (a *account) write(file string, lines [][]string) error {
	if a.home == "" {
		return nil
	}
	var content bytes.Buffer
	for _, fields := range lines {
		content.WriteString(strings.Join(fields, "\t") + "\n")
	}
	return ioutil.WriteFile(a.path(file), content.Bytes(), 0600)
}

func (a *account) fingerprint() string {
	return hex.EncodeToString(a.key.PublicKey().Fingerprint())
}

func (a *account) endAll() {
	names := make([]string, 0, len(a.peers))
	for name := range a.peers {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		_, _ = guarded(func() (object, *failure) { return end(a.peers[name], nil) })
	}
}
