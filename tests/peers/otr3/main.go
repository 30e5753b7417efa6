//go:build !bench

// otr3-driver: the Go library otr3 behind the engine contract. Requests on standard input, answers on standard output.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"io/ioutil"
	"os"
	"strconv"
	"strings"
)

// Below this a fragment of version 3 has no room for text: its header and its closing comma take 36 bytes.
const leastFragment = 37

// The library counts the bytes of a fragment in 16 bits.
const mostFragment = 65535

func usage(why string) {
	fmt.Fprintf(os.Stderr, `otr3-driver: %s
usage: otr3-driver [--home DIR | --ephemeral] --account NAME [--protocol NAME]
       [--policy never|manual|opportunistic|always] [--versions 2,3] [--max-message-size N]
Without --home nothing touches the disk. N is 0 (never fragment), or %d to %d bytes.
`, why, leastFragment, mostFragment)
	os.Exit(2)
}

func parseVersions(list string) []int {
	var versions []int
	for _, item := range strings.Split(list, ",") {
		version, err := strconv.Atoi(item)
		if err != nil {
			usage("--versions takes 2, 3 or 2,3")
		}
		versions = append(versions, version)
	}
	versions = cleanVersions(versions)
	if versions == nil {
		usage("--versions takes 2, 3 or 2,3")
	}
	return versions
}

func parseArguments() *account {
	flags := flag.NewFlagSet("otr3-driver", flag.ContinueOnError)
	flags.SetOutput(ioutil.Discard)
	home := flags.String("home", "", "")
	ephemeral := flags.Bool("ephemeral", false, "")
	name := flags.String("account", "", "")
	protocol := flags.String("protocol", "prpl-jabber", "")
	policy := flags.String("policy", "opportunistic", "")
	versions := flags.String("versions", "2,3", "")
	size := flags.Int("max-message-size", 0, "")
	if err := flags.Parse(os.Args[1:]); err != nil {
		usage(err.Error())
	}
	if flags.NArg() != 0 {
		usage("there is an argument too many")
	}
	if *ephemeral && *home != "" {
		usage("--home and --ephemeral exclude each other")
	}
	if !isPolicy(*policy) {
		usage("--policy is never, manual, opportunistic or always")
	}
	if !isName(*name) || !isName(*protocol) {
		usage("--account is missing, or a name has a tab or a line end in it")
	}
	if *size != 0 && (*size < leastFragment || *size > mostFragment) {
		usage("--max-message-size does not fit")
	}
	return &account{
		name: *name, protocol: *protocol, home: *home, fragment: uint16(*size),
		rules: rules{policy: *policy, versions: parseVersions(*versions)},
		peers: map[string]*peer{},
	}
}

func main() {
	account := parseArguments()
	if err := account.open(); err != nil {
		fmt.Fprintf(os.Stderr, "otr3-driver: %s\n", err)
		os.Exit(1)
	}
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if strings.Trim(string(line), " \t\r\n") != "" {
			answer(account, line)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "otr3-driver: %s\n", err)
			break
		}
	}
	account.endAll()
	flush()
}
