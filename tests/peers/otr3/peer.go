package main

import (
	"encoding/hex"
	"fmt"
	"os"

	"github.com/twstrike/otr3"
)

// peer is the conversation with one other account. The library follows one of its instances: the first it hears of.
type peer struct {
	name    string
	account *account
	own     *rules // nil: those of the account
	talk    *otr3.Conversation
	prints  map[string]bool // the fingerprints seen, and whether each is trusted

	announced      string // the state that was told last
	announcedPrint string
	answering      bool // of an SMP run that came with a question

	// What the library said during the call under way.
	warned      bool
	queued      bool
	unencrypted bool
}

func (a *account) peer(name string) *peer {
	if known := a.peers[name]; known != nil {
		return known
	}
	p := &peer{name: name, account: a, prints: map[string]bool{}, announced: "plaintext"}
	p.renew()
	a.peers[name] = p
	return p
}

func (p *peer) rules() rules {
	if p.own != nil {
		return *p.own
	}
	return p.account.rules
}

// renew begins with a conversation that knows nothing, under the rules that hold now.
func (p *peer) renew() {
	p.talk = p.account.conversation(p.rules())
	p.talk.SetMessageEventHandler(p)
	p.talk.SetSMPEventHandler(p)
	p.talk.SetSecurityEventHandler(p)
	p.talk.SetErrorMessageHandler(p)
	setReceivedKeyHandler(p.talk, p)
}

func (p *peer) applyRules() {
	p.rules().applyTo(p.talk)
}

// begin forgets what the library said during the call before.
func (p *peer) begin() {
	p.warned, p.queued, p.unencrypted = false, false, false
}

func (p *peer) inject(messages []otr3.ValidMessage) {
	for _, message := range messages {
		notify("inject", object{"peer": p.name, "message": string(message)})
	}
}

func (p *peer) warn(code, text string) {
	p.warned = true
	notify("warning", object{"peer": p.name, "code": code, "text": text})
}

func (p *peer) theirFingerprint() interface{} {
	if key := p.talk.GetTheirKey(); key != nil && state(p.talk) != "plaintext" {
		return hex.EncodeToString(key.Fingerprint())
	}
	return nil
}

func (p *peer) trusted() bool {
	print, _ := p.theirFingerprint().(string)
	return p.prints[print]
}

func (p *peer) sessionID() interface{} {
	if state(p.talk) != "encrypted" {
		return nil
	}
	parts, ours := p.talk.SecureSessionID()
	return object{"value": parts[0] + parts[1], "ours": []string{"first", "second"}[ours]}
}

func (p *peer) versionOrNil() interface{} {
	if version := version(p.talk); version != 0 && state(p.talk) != "plaintext" {
		return version
	}
	return nil
}

func (p *peer) theirInstance() interface{} {
	if tag := theirInstance(p.talk); version(p.talk) == 3 && tag >= 0x100 && state(p.talk) != "plaintext" {
		return fmt.Sprintf("%08x", tag)
	}
	return nil
}

func (p *peer) announce(initiated, refreshed bool) {
	p.announced = state(p.talk)
	p.announcedPrint, _ = p.theirFingerprint().(string)
	notify("session", object{
		"peer": p.name, "state": p.announced, "version": p.versionOrNil(),
		"their_fingerprint": p.theirFingerprint(), "trusted": p.trusted(), "session_id": p.sessionID(),
		"initiated_by_us": initiated, "refreshed": refreshed, "their_instance": p.theirInstance(),
	})
}

// announceEnd tells that a session is over, if it is and has not been told.
func (p *peer) announceEnd() {
	if now := state(p.talk); now != p.announced && now != "encrypted" {
		p.announce(false, false)
	}
}

func (p *peer) save() {
	if err := p.account.writeFingerprints(); err != nil {
		fmt.Fprintf(os.Stderr, "otr3-driver: %s\n", err)
		p.warn("other", "the fingerprints could not be written; see standard error")
	}
}
