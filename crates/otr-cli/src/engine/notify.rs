//! What the account has to say, in the words of the contract.

use otr_session::{
    Comparison, ComparisonOf, Conversation, Event, MessageReceived, Protection, Role, SessionChange, SessionState,
    Trust, Warning,
};
use serde_json::{Value, json};

use super::rpc::Notification;
use crate::profile::Decision;

/// A message to be put on the network.
pub(crate) fn inject(peer: &str, message: &str) -> Notification {
    Notification { method: "inject", params: json!({"peer": peer, "message": message}) }
}

/// The notification for an event that is not about who the contact is.
pub(crate) fn event(peer: &str, event: &Event) -> Notification {
    match event {
        Event::Message(received) => message(peer, received),
        Event::Session(change) => session(peer, change),
        Event::ExtraKey { usage, data, key } => Notification {
            method: "extra_key",
            params: json!({
                "peer": peer, "use": usage, "data": hex::encode(data), "key": hex::encode(key.as_bytes()),
            }),
        },
        Event::Comparison(comparison) => smp(peer, comparison),
        Event::QueuedSent { text, to } => Notification {
            method: "queued_sent",
            params: json!({"peer": peer, "text": text, "their_fingerprint": hex::encode(to.as_bytes())}),
        },
        Event::NotDelivered { text, certain } => {
            Notification { method: "not_delivered", params: json!({"peer": peer, "text": text, "certain": certain}) }
        }
        Event::Downgrade { from, to } => warning(
            peer,
            "other",
            &format!(
                "the conversation is in version {}, although version {} was spoken or named before",
                to.number(),
                from.number()
            ),
        ),
        Event::OlderVersion { version } => {
            warning(peer, "other", &format!("the contact speaks only version {}", version.number()))
        }
        Event::StaleKeys => warning(
            peer,
            "other",
            "the keys of this conversation have not been replaced for a day; an answer or start replaces them",
        ),
        Event::Warning(reason) => {
            let (code, text) = words(reason);
            warning(peer, code, &text)
        }
        Event::Repeated { warning: reason, count } => {
            let (code, text) = words(reason);
            let mut repeated = warning(peer, code, &format!("{count} times more within a minute: {text}"));
            repeated.params["count"] = json!(count);
            repeated
        }
        _ => warning(peer, "other", "something happened that this version has no name for"),
    }
}

/// A decision that another program has stored; an addition to the contract.
pub(crate) fn decision(decision: &Decision) -> Notification {
    Notification {
        method: "trust",
        params: json!({
            "peer": decision.contact,
            "fingerprint": format!("{:x}", decision.fingerprint),
            "trusted": decision.trust == Trust::Verified,
        }),
    }
}

/// The name of a state.
pub(crate) const fn state(state: SessionState) -> &'static str {
    match state {
        SessionState::Plaintext => "plaintext",
        SessionState::Encrypted => "encrypted",
        SessionState::Finished => "finished",
    }
}

/// The session id and which half is ours to read out.
pub(crate) fn session_id(conversation: Option<&Conversation>) -> Value {
    conversation.map_or(Value::Null, |conversation| {
        let ours = match conversation.role {
            Role::Initiator => "first",
            Role::Responder => "second",
        };
        json!({"value": hex::encode(conversation.session_id.as_bytes()), "ours": ours})
    })
}

/// The Ed25519 identity of a conversation that has moved over to the Curve25519 suite.
pub(crate) fn suite_fingerprint(conversation: Option<&Conversation>) -> Option<String> {
    conversation?.suite_fingerprint.map(|fingerprint| format!("{fingerprint:x}"))
}

fn smp(peer: &str, comparison: &ComparisonOf) -> Notification {
    let (event, progress) = match &comparison.event {
        Comparison::Asked { .. } => ("asked", 25),
        Comparison::InProgress { percent } => ("in_progress", *percent),
        Comparison::Succeeded(_) => ("succeeded", 100),
        Comparison::Failed => ("failed", 100),
        // What the other side leaves hanging has no result.
        Comparison::Aborted | Comparison::TimedOut => ("aborted", 0),
        Comparison::Cheated => ("cheated", 0),
    };
    let mut params = json!({
        "peer": peer,
        "event": event,
        "progress": progress,
        "trusted": comparison.is_verified,
        "their_instance": comparison.instance.map(|tag| tag.to_string()),
    });
    if let Comparison::Asked { run, question } = &comparison.event {
        params["run"] = json!(run.to_string());
        params["question"] = json!(question.as_ref().map(|question| String::from_utf8_lossy(question)));
    }
    Notification { method: "smp", params }
}

fn message(peer: &str, received: &MessageReceived) -> Notification {
    Notification {
        method: "message",
        params: json!({
            "peer": peer,
            "text": received.text.to_string_lossy(),
            "encrypted": received.protection == Protection::Encrypted,
            "their_instance": received.instance.map(|tag| tag.to_string()),
        }),
    }
}

fn session(peer: &str, change: &SessionChange) -> Notification {
    let conversation = change.conversation.as_ref();
    Notification {
        method: "session",
        params: json!({
            "peer": peer,
            "state": state(change.state),
            "version": conversation.map(|conversation| conversation.version.number()),
            "their_fingerprint": conversation.map(|conversation| format!("{:x}", conversation.their_fingerprint)),
            "suite_fingerprint": suite_fingerprint(conversation),
            "trusted": conversation.is_some_and(|conversation| conversation.trust == Trust::Verified),
            "session_id": session_id(conversation),
            "initiated_by_us": conversation.is_some_and(|conversation| conversation.role == Role::Initiator),
            "refreshed": change.refreshed,
            "their_instance": change.instance.map(|tag| tag.to_string()),
        }),
    }
}

/// Something the user may want to know.
pub(super) fn warning(peer: &str, code: &str, text: &str) -> Notification {
    Notification { method: "warning", params: json!({"peer": peer, "code": code, "text": text}) }
}

/// The contract's code, and the words: the contact's own where it has some.
fn words(warning: &Warning) -> (&'static str, String) {
    let (code, text) = match warning {
        Warning::Resent(text) => return ("resend", text.to_string()),
        Warning::UnencryptedReceived(text) => return ("unencrypted_received", text.to_string()),
        Warning::PeerError(text) => return ("peer_error", text.to_string()),
        Warning::Unreadable => ("unreadable", "an encrypted message could not be read"),
        Warning::Replayed => ("replayed", "an encrypted message came a second time, or out of order; it is dropped"),
        Warning::NotInPrivate => {
            ("not_in_private", "an encrypted message came, but there is no private conversation; start one anew")
        }
        Warning::Malformed => ("malformed", "a message is not well-formed or does not verify; it is dropped"),
        Warning::ForOtherInstance => ("for_other_instance", "a message is for another client of this account"),
        Warning::UnsupportedVersion => {
            ("unsupported_version", "a message is of a version that is not spoken or not allowed here")
        }
        Warning::FragmentDropped => {
            ("fragment_dropped", "a piece of a long message was dropped, and the message with it")
        }
        Warning::Reflected => ("other", "our own message came back to us; it is dropped"),
        Warning::LiveKeyRevealed => {
            ("other", "the contact published an authentication key still in use; the keys are being replaced")
        }
        Warning::MoreMayBeUnread => {
            ("other", "earlier texts may not have been read either; they were too many to keep")
        }
        Warning::NoAnswer => {
            ("other", "a text was not answered as it should have been; the other side may have lost its keys")
        }
        Warning::TooManyComparisons => {
            ("other", "the other side began another comparison after losing too many, or too soon; it is not answered")
        }
        Warning::DowngradeRefused { from, to } => {
            let (from, to) = (from.number(), to.number());
            return (
                "unsupported_version",
                format!(
                    "version {to} was asked for and not answered: version {from} was spoken before; policy can allow_downgrade"
                ),
            );
        }
        Warning::TooManyExchanges => {
            ("other", "the contact asks for key exchanges faster than they are answered; some are dropped")
        }
        _ => ("other", "something happened that this version has no name for"),
    };
    (code, text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use otr_session::{Account, Config, Incoming, Output, Policy};

    use super::*;
    use crate::outside::randomness;

    #[test]
    fn every_warning_has_a_code_of_the_contract() {
        let expected = [
            (Warning::Unreadable, "unreadable"),
            (Warning::Replayed, "replayed"),
            (Warning::NotInPrivate, "not_in_private"),
            (Warning::Malformed, "malformed"),
            (Warning::ForOtherInstance, "for_other_instance"),
            (Warning::UnsupportedVersion, "unsupported_version"),
            (Warning::FragmentDropped, "fragment_dropped"),
            (Warning::Reflected, "other"),
            (Warning::LiveKeyRevealed, "other"),
            (Warning::TooManyExchanges, "other"),
        ];
        for (warning, code) in expected {
            assert_eq!(words(&warning).0, code);
        }
    }

    #[test]
    fn a_text_given_back_is_named_so() {
        let notification = event("bob", &Event::NotDelivered { text: "hi".into(), certain: true });
        assert_eq!(notification.method, "not_delivered");
        assert_eq!(notification.params, json!({"peer": "bob", "text": "hi", "certain": true}));
    }

    // attack: DOS-6
    #[test]
    fn joined_warnings_keep_their_code_and_say_how_many_they_are() {
        let repeated = Event::Repeated { warning: Warning::Malformed, count: 12 };
        let notification = event("bob", &repeated);
        let text = "12 times more within a minute: a message is not well-formed or does not verify; it is dropped";
        let expected = json!({"peer": "bob", "code": "malformed", "text": text, "count": 12});
        assert_eq!((notification.method, notification.params), ("warning", expected));
    }

    // attack: TEXT-1, TEXT-4
    #[test]
    fn markup_and_formats_in_a_text_are_passed_on_literally() {
        let identity = otr_crypto::IdentityKey::generate(&mut randomness());
        let config = Config { policy: Policy::NEVER, ..Config::default() };
        let mut account = Account::new(identity, Account::generate_instance_tag(&mut randomness()), config);
        for payload in ["<b>hi</b>", "<script>alert(1)</script>", "&lt;", "%s%n%08x", "{} {0} {peer}", "$(id) `id`"] {
            let incoming = Incoming::direct(payload.as_bytes());
            account.receive("bob", incoming, Duration::ZERO, &mut randomness());
            let Some(Output::Event { peer, event: received }) = account.poll() else { panic!("nothing to show") };
            let notification = event(&peer, &received);
            assert_eq!(notification.params["text"], payload);
        }
    }
}
