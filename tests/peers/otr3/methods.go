package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/twstrike/otr3"
)

// A TLV holds 65535 bytes; an SMP1 message takes less than 1300 of them, an extra key's use 4.
const (
	mostQuestion = 60000
	mostUseData  = 65531
)

type params map[string]json.RawMessage

type method func(p *peer, params params) (object, *failure)

var methods = map[string]method{
	"start": start, "send": send, "receive": receive, "end": end, "heartbeat": heartbeat,
	"smp.start": smpStart, "smp.answer": smpAnswer, "smp.abort": smpAbort,
	"trust": trust, "extra_key": extraKey, "policy": setRules, "status": status,
}

func call(a *account, name string, raw json.RawMessage) (object, *failure) {
	method := methods[name]
	if method == nil && name != "identity" {
		return nil, fail(unknownMethod, "there is no such method")
	}
	params := params{}
	if len(raw) > 0 && json.Unmarshal(raw, &params) != nil || string(raw) == "null" {
		return nil, fail(invalidParams, "params must be an object")
	}
	if name == "identity" {
		return identity(a), nil
	}
	peerName, ok := params.text("peer")
	if !ok || !isName(peerName) {
		return nil, fail(invalidParams, "peer must be a name without control characters")
	}
	p := a.peer(peerName)
	p.begin()
	return guarded(func() (object, *failure) { return method(p, params) })
}

// guarded makes an error of a panic in the library.
func guarded(what func() (object, *failure)) (result object, failed *failure) {
	defer func() {
		if why := recover(); why != nil {
			fmt.Fprintf(os.Stderr, "otr3-driver: the library panicked: %v\n", why)
			result, failed = nil, fail(wrongState, fmt.Sprintf("the library gave up on this: %v", why))
		}
	}()
	return what()
}

// text is a string without NUL.
func (p params) text(name string) (string, bool) {
	value, ok := text(p[name])
	return value, ok && !strings.Contains(value, "\x00")
}

func noSession() *failure {
	return fail(wrongState, "there is no encrypted session with this peer; use start first")
}

func refusedBy(err error) *failure {
	return fail(wrongState, "the library refuses: "+err.Error())
}

func identity(a *account) object {
	return object{
		"account": a.name, "protocol": a.protocol, "fingerprint": a.fingerprint(),
		"instance_tag": fmt.Sprintf("%08x", a.instance), "versions": a.rules.versions,
	}
}

func start(p *peer, params params) (object, *failure) {
	if p.rules().policy == "never" {
		return nil, fail(policyForbids, "the policy for this peer allows no version of OTR")
	}
	p.inject([]otr3.ValidMessage{p.talk.QueryMessage()})
	return object{}, nil
}

func send(p *peer, params params) (object, *failure) {
	text, ok := params.text("text")
	if !ok {
		return nil, fail(invalidParams, "text must be a string without NUL")
	}
	before := state(p.talk)
	if before == "finished" || before == "encrypted" && p.rules().policy == "never" {
		return object{"status": "refused"}, nil
	}
	messages, err := p.talk.Send(otr3.ValidMessage(text))
	p.inject(messages)
	switch {
	case err != nil:
		return object{"status": "refused"}, nil
	case p.queued:
		return object{"status": "queued"}, nil
	case before == "encrypted":
		return object{"status": "sent"}, nil
	}
	return object{"status": "plaintext"}, nil
}

func receive(p *peer, params params) (object, *failure) {
	message, ok := params.text("message")
	if !ok {
		return nil, fail(invalidParams, "message must be a string without NUL")
	}
	before := state(p.talk)
	encrypted := before == "encrypted" && p.rules().policy != "never"
	instance := p.theirInstance()
	_, failed := guarded(func() (object, *failure) {
		plain, messages, err := p.talk.Receive(otr3.ValidMessage(message))
		p.inject(messages)
		if plain != nil && !p.unencrypted {
			if !encrypted {
				instance = nil
			}
			notify("message", object{
				"peer": p.name, "text": string(plain), "encrypted": encrypted, "their_instance": instance,
			})
		}
		if err != nil && !p.warned {
			p.warn(codeOf(err), err.Error())
		}
		return nil, nil
	})
	// Whoever sent it must not be able to make receiving fail.
	if failed != nil {
		p.warn("malformed", failed.message)
	}
	p.announceEnd()
	return object{}, nil
}

// codeOf reads an error of the library, which has no other mark than its text.
func codeOf(err error) string {
	if strings.Contains(err.Error(), "version") {
		return "unsupported_version"
	}
	return "malformed"
}

func end(p *peer, params params) (object, *failure) {
	messages, err := p.talk.End()
	p.inject(messages)
	p.announceEnd()
	if err != nil {
		return nil, refusedBy(err)
	}
	return object{}, nil
}

// heartbeat sends an empty text: the library offers no other way to ask for one.
func heartbeat(p *peer, params params) (object, *failure) {
	if state(p.talk) != "encrypted" {
		return nil, noSession()
	}
	messages, err := p.talk.Send(otr3.ValidMessage(""))
	p.inject(messages)
	if err != nil {
		return nil, refusedBy(err)
	}
	return object{}, nil
}

func smpStart(p *peer, params params) (object, *failure) {
	secret, ok := params.text("secret")
	question, hasQuestion := params.text("question")
	if !ok || !isNull(params["question"]) && !hasQuestion {
		return nil, fail(invalidParams, "secret, and question if there is one, must be strings without NUL")
	}
	if len(question) > mostQuestion {
		return nil, fail(invalidParams, "the question is longer than 60000 bytes")
	}
	if state(p.talk) != "encrypted" {
		return nil, noSession()
	}
	p.answering = false
	messages, err := p.talk.StartAuthenticate(question, []byte(secret))
	p.inject(messages)
	if err != nil {
		return nil, refusedBy(err)
	}
	return object{}, nil
}

func smpAnswer(p *peer, params params) (object, *failure) {
	secret, ok := params.text("secret")
	if !ok {
		return nil, fail(invalidParams, "secret must be a string without NUL")
	}
	if state(p.talk) != "encrypted" {
		return nil, noSession()
	}
	if smpState(p.talk) != "asked" {
		return nil, fail(wrongState, "the peer has not asked; use smp.start to ask")
	}
	messages, err := p.talk.ProvideAuthenticationSecret([]byte(secret))
	p.inject(messages)
	if err != nil {
		return nil, refusedBy(err)
	}
	return object{}, nil
}

func smpAbort(p *peer, params params) (object, *failure) {
	return nil, fail(wrongState, "the library cannot abort SMP by itself; smp.start aborts a run and begins another")
}

func trust(p *peer, params params) (object, *failure) {
	print, ok := params.text("fingerprint")
	raw, err := hex.DecodeString(print)
	var trusted *bool
	if !ok || err != nil || len(raw) != 20 || json.Unmarshal(params["trusted"], &trusted) != nil || trusted == nil {
		return nil, fail(invalidParams, "fingerprint must be 40 hex digits and trusted true or false")
	}
	print = strings.ToLower(print)
	if _, known := p.prints[print]; !known {
		return nil, fail(unknownPeer, "this fingerprint is not known for this peer")
	}
	p.prints[print] = *trusted
	if err := p.account.writeFingerprints(); err != nil {
		return nil, fail(storageFailed, "the fingerprints could not be written: "+err.Error())
	}
	return object{}, nil
}

func extraKey(p *peer, params params) (object, *failure) {
	var use *uint32
	if json.Unmarshal(params["use"], &use) != nil || use == nil {
		return nil, fail(invalidParams, "use must be a number of 32 bits")
	}
	digits, ok := params.text("data")
	data, err := hex.DecodeString(digits)
	if !isNull(params["data"]) && !ok || err != nil || len(data) > mostUseData {
		return nil, fail(invalidParams, "data must be hex digits, at most 65531 bytes")
	}
	if state(p.talk) != "encrypted" {
		return nil, noSession()
	}
	key, messages, err := p.talk.UseExtraSymmetricKey(*use, data)
	if err != nil {
		return nil, refusedBy(err)
	}
	p.inject(messages)
	return object{"key": hex.EncodeToString(key)}, nil
}

func setRules(p *peer, params params) (object, *failure) {
	wanted := p.rules()
	if raw := params["policy"]; !isNull(raw) {
		name, ok := text(raw)
		if !ok || !isPolicy(name) {
			return nil, fail(invalidParams, "policy must be never, manual, opportunistic or always")
		}
		wanted.policy = name
	}
	if raw := params["versions"]; !isNull(raw) {
		var list []int
		if json.Unmarshal(raw, &list) != nil || cleanVersions(list) == nil {
			return nil, fail(invalidParams, "versions must be a list of 2 and 3")
		}
		wanted.versions = cleanVersions(list)
	}
	if !isNull(params["policy"]) || !isNull(params["versions"]) {
		p.own = &wanted
		// A conversation that has once agreed on a version keeps it for good.
		if state(p.talk) == "plaintext" {
			p.renew()
		} else {
			p.applyRules()
		}
	}
	return object{"policy": wanted.policy, "versions": wanted.versions}, nil
}

func status(p *peer, params params) (object, *failure) {
	return object{
		"state": state(p.talk), "version": p.versionOrNil(), "their_fingerprint": p.theirFingerprint(),
		"trusted": p.trusted(), "session_id": p.sessionID(), "our_instance": fmt.Sprintf("%08x", p.account.instance),
		"their_instance": p.theirInstance(), "smp": smpState(p.talk),
	}, nil
}
