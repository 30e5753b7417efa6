package main

import (
	"encoding/hex"

	"github.com/twstrike/otr3"
)

// HandleSecurityEvent is called when an exchange is done. Ends are told after the call: of some the library says nothing.
func (p *peer) HandleSecurityEvent(event otr3.SecurityEvent) {
	if event == otr3.GoneInsecure {
		return
	}
	print, _ := p.theirFingerprint().(string)
	if _, known := p.prints[print]; !known {
		p.prints[print] = false
		notify("fingerprint", object{"peer": p.name, "fingerprint": print, "known": false})
		p.save()
	}
	// The one who sent the Reveal Signature message began the exchange, and reads out the first half.
	_, half := p.talk.SecureSessionID()
	p.announce(half == 0, p.announced == "encrypted" && p.announcedPrint == print)
}

// HandleMessageEvent tells what became of a message.
func (p *peer) HandleMessageEvent(event otr3.MessageEvent, message []byte, err error, trace ...interface{}) {
	switch event {
	case otr3.MessageEventEncryptionRequired:
		p.queued = true
	case otr3.MessageEventEncryptionError:
		p.warn("other", "a message could not be encrypted and was not sent")
	case otr3.MessageEventSetupError:
		p.warn("other", "the key exchange failed: "+err.Error())
	case otr3.MessageEventMessageReflected:
		p.warn("other", "our own messages come back to us")
	case otr3.MessageEventMessageResent:
		p.warn("resend", "the last message was sent again")
	case otr3.MessageEventReceivedMessageNotInPrivate:
		p.warn("not_in_private", "an encrypted message arrived, but there is no session")
	case otr3.MessageEventReceivedMessageUnreadable:
		p.warn("unreadable", "an encrypted message could not be read")
	case otr3.MessageEventReceivedMessageMalformed:
		p.warn("malformed", "a malformed message arrived")
	case otr3.MessageEventReceivedMessageGeneralError:
		p.warn("peer_error", string(message))
	case otr3.MessageEventReceivedMessageUnencrypted:
		p.unencrypted = true
		p.warn("unencrypted_received", string(message))
	case otr3.MessageEventReceivedMessageUnrecognized:
		p.warn("other", "an OTR message of a kind unknown to us arrived")
	case otr3.MessageEventReceivedMessageForOtherInstance:
		p.warn("for_other_instance", "a message for another instance arrived")
	}
}

// HandleSMPEvent tells how a comparison of secrets goes.
func (p *peer) HandleSMPEvent(event otr3.SMPEvent, progress int, question string) {
	params := object{"peer": p.name, "progress": progress}
	switch event {
	case otr3.SMPEventAskForAnswer, otr3.SMPEventAskForSecret:
		params["event"] = "asked"
		p.answering = event == otr3.SMPEventAskForAnswer
		if p.answering {
			params["question"] = question
		}
	case otr3.SMPEventInProgress:
		params["event"] = "in_progress"
	case otr3.SMPEventSuccess:
		params["event"] = "succeeded"
		// Who only answered a question knows nothing yet about the one who asked it.
		if print, _ := p.theirFingerprint().(string); !p.answering && print != "" {
			p.prints[print] = true
			p.save()
		}
	case otr3.SMPEventFailure:
		params["event"] = "failed"
	case otr3.SMPEventCheated:
		params["event"] = "cheated"
	case otr3.SMPEventAbort, otr3.SMPEventError:
		params["event"] = "aborted"
	}
	notify("smp", params)
}

// HandleErrorMessage is the text of an error message to the peer.
func (p *peer) HandleErrorMessage(code otr3.ErrorCode) []byte {
	switch code {
	case otr3.ErrorCodeEncryptionError:
		return []byte("Error occurred encrypting message.")
	case otr3.ErrorCodeMessageUnreadable:
		return []byte("You transmitted an unreadable encrypted message.")
	case otr3.ErrorCodeMessageMalformed:
		return []byte("You transmitted a malformed data message.")
	}
	return []byte("You sent encrypted data to a peer who wasn't expecting it.")
}

// ReceivedSymmetricKey is called when the peer uses the extra key.
func (p *peer) ReceivedSymmetricKey(use uint32, data []byte, key []byte) {
	notify("extra_key", object{
		"peer": p.name, "use": use, "data": hex.EncodeToString(data), "key": hex.EncodeToString(key),
	})
}
