//go:build bench

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twstrike/otr3"
)

const secret = "in the bakery"

// pair is two ends of a conversation that hand each other their messages.
type pair struct {
	ends    [2]*side
	version int
}

// side is one end of a pair.
type side struct {
	talk *otr3.Conversation
	smp  otr3.SMPEvent // what the comparison of secrets last came to
}

// HandleSMPEvent notes how a comparison of secrets goes.
func (s *side) HandleSMPEvent(event otr3.SMPEvent, progress int, question string) {
	s.smp = event
}

// openAccounts makes the keys of two accounts.
func openAccounts() ([2]*account, error) {
	accounts := [2]*account{}
	for i, name := range []string{"alice", "bob"} {
		accounts[i] = &account{name: name, protocol: "prpl-jabber", peers: map[string]*peer{}}
		if err := accounts[i].open(); err != nil {
			return accounts, err
		}
	}
	return accounts, nil
}

// newPair is two accounts that are strangers to each other.
func newPair(accounts [2]*account, version int) *pair {
	p := &pair{version: version}
	for i, account := range accounts {
		s := &side{talk: account.conversation(rules{policy: "manual", versions: []int{version}})}
		s.talk.SetSMPEventHandler(s)
		p.ends[i] = s
	}
	return p
}

// openPair is two accounts in a private conversation, in which both have written: otherwise the library answers the
// first text by a heartbeat.
func openPair(accounts [2]*account, version int) (*pair, error) {
	p := newPair(accounts, version)
	if err := p.exchange(); err != nil {
		return nil, err
	}
	return p, p.crossTexts(strings.Repeat("x", 64))
}

// exchange goes from the query until both are encrypted.
func (p *pair) exchange() error {
	if err := p.settle(0, []otr3.ValidMessage{p.ends[0].talk.QueryMessage()}); err != nil {
		return err
	}
	for _, end := range p.ends {
		if state(end.talk) != "encrypted" || version(end.talk) != p.version {
			return fmt.Errorf("an exchange ended %s, in version %d", state(end.talk), version(end.talk))
		}
	}
	return nil
}

// settle hands over messages of the one side, and what is answered to them, until there are none.
func (p *pair) settle(from int, messages []otr3.ValidMessage) error {
	for len(messages) > 0 {
		var answers []otr3.ValidMessage
		for _, message := range messages {
			_, more, err := p.ends[1-from].talk.Receive(message)
			if err != nil {
				return err
			}
			answers = append(answers, more...)
		}
		messages, from = answers, 1-from
	}
	return nil
}

// seal is what goes over the network for a text.
func (p *pair) seal(from int, text string) (otr3.ValidMessage, error) {
	messages, err := p.ends[from].talk.Send(otr3.ValidMessage(text))
	if err != nil {
		return nil, err
	}
	if len(messages) != 1 || !strings.HasPrefix(string(messages[0]), "?OTR:") {
		return nil, errors.New("a text did not go out encrypted")
	}
	return messages[0], nil
}

// open takes in a message, which is to hold a text so long.
func (p *pair) open(to int, message otr3.ValidMessage, length int) error {
	text, answers, err := p.ends[to].talk.Receive(message)
	if err != nil {
		return err
	}
	if len(text) != length {
		return fmt.Errorf("a text of %d bytes arrived as %d", length, len(text))
	}
	return p.settle(to, answers)
}

func (p *pair) handOver(from int, text string) error {
	message, err := p.seal(from, text)
	if err != nil {
		return err
	}
	return p.open(1-from, message, len(text))
}

// crossTexts has both write before either reads.
func (p *pair) crossTexts(text string) error {
	there, err := p.seal(0, text)
	if err != nil {
		return err
	}
	if err := p.handOver(1, text); err != nil {
		return err
	}
	return p.open(1, there, len(text))
}

// compare is a whole comparison of equal secrets.
func (p *pair) compare() error {
	one, other := p.ends[0], p.ends[1]
	messages, err := one.talk.StartAuthenticate("", []byte(secret))
	if err == nil {
		err = p.settle(0, messages)
	}
	if err != nil {
		return err
	}
	if other.smp != otr3.SMPEventAskForSecret {
		return errors.New("the other side was not asked for the secret")
	}
	messages, err = other.talk.ProvideAuthenticationSecret([]byte(secret))
	if err == nil {
		err = p.settle(1, messages)
	}
	if err != nil {
		return err
	}
	if one.smp != otr3.SMPEventSuccess || other.smp != otr3.SMPEventSuccess {
		return errors.New("the secrets were not found equal")
	}
	one.smp, other.smp = otr3.SMPEventInProgress, otr3.SMPEventInProgress
	return nil
}
