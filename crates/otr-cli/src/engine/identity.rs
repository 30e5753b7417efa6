//! Who a contact is, said so that nobody overlooks it: a first key, another key beside one that is known, a changed key,
//! and a key that is known for somebody else are four things.
//!
//! | what happened | `fingerprint` | `warning`, code `other` |
//! | --- | --- | --- |
//! | the contact's first key | `known` false | none |
//! | another key beside those on record | `known` false, and `other_known` true | `identity` is `another_key` |
//! | the key of a conversation or of a verified contact changed | as above, or `known` true where it was on record | `identity` is `changed`, with `old`, `new` and `blocked` |
//! | a key on record for another contact | as above | `identity` is `of_another`, with `other` and `trusted_as_other` |

use otr_crypto::Fingerprint;
use otr_session::{Event, Trust};
use serde_json::{Value, json};

use super::notify;
use super::rpc::Notification;

/// Puts the events of one call into the words of the contract.
#[derive(Debug, Default)]
pub(crate) struct Announcer {
    /// The identity that was just announced as new. It is not announced twice.
    announced: Option<Fingerprint>,
    /// It stands beside another one; whether it took that one's place is what the next event tells.
    stands_beside: bool,
}

impl Announcer {
    /// The notifications for an event.
    pub(crate) fn event(&mut self, peer: &str, event: &Event) -> Vec<Notification> {
        let stood_beside = std::mem::take(&mut self.stands_beside);
        match event {
            Event::NewFingerprint { fingerprint, other_known } => {
                self.announced = Some(*fingerprint);
                self.stands_beside = *other_known;
                vec![fingerprint_of(peer, *fingerprint, false, *other_known)]
            }
            Event::IdentityChanged { old, new, blocked } => {
                let announcement = (self.announced != Some(*new)).then(|| fingerprint_of(peer, *new, true, true));
                announcement.into_iter().chain([changed(peer, *old, *new, *blocked)]).collect()
            }
            event => {
                let beside = self.announced.filter(|_| stood_beside).map(|new| another_key(peer, new));
                let told = match event {
                    Event::IdentityOfAnother { fingerprint, other, trust } => {
                        of_another(peer, *fingerprint, other, *trust)
                    }
                    event => notify::event(peer, event),
                };
                beside.into_iter().chain([told]).collect()
            }
        }
    }
}

fn hex(fingerprint: Fingerprint) -> String {
    format!("{fingerprint:x}")
}

fn fingerprint_of(peer: &str, fingerprint: Fingerprint, known: bool, other_known: bool) -> Notification {
    let mut params = json!({"peer": peer, "fingerprint": hex(fingerprint), "known": known});
    if other_known {
        params["other_known"] = json!(true);
    }
    Notification { method: "fingerprint", params }
}

fn about_identity(peer: &str, text: &str, identity: &str, more: Value) -> Notification {
    let mut warning = notify::warning(peer, "other", text);
    warning.params["identity"] = json!(identity);
    if let (Some(params), Value::Object(more)) = (warning.params.as_object_mut(), more) {
        params.extend(more);
    }
    warning
}

fn another_key(peer: &str, new: Fingerprint) -> Notification {
    let text = "the contact shows a key that is not the one known before: a new device, a new key, or somebody else";
    about_identity(peer, text, "another_key", json!({"new": hex(new)}))
}

fn changed(peer: &str, old: Fingerprint, new: Fingerprint, blocked: bool) -> Notification {
    let text = if blocked {
        "the contact's identity is not the one that was verified; nothing is sent until trust or accept is called \
         with the new fingerprint"
    } else {
        "the contact's identity is not the one this conversation was with"
    };
    about_identity(peer, text, "changed", json!({"old": hex(old), "new": hex(new), "blocked": blocked}))
}

fn of_another(peer: &str, fingerprint: Fingerprint, other: &str, trust: Trust) -> Notification {
    let text = "the contact shows a key that is known as somebody else's; it is not trusted as this contact's";
    let more = json!({"new": hex(fingerprint), "other": other, "trusted_as_other": trust == Trust::Verified});
    about_identity(peer, text, "of_another", more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(number: u8) -> Fingerprint {
        Fingerprint::from_bytes([number; 20])
    }

    /// What is said about each of the events: the method, or the kind of warning.
    fn told(events: &[Event]) -> Vec<String> {
        let mut announcer = Announcer::default();
        let all = events.iter().flat_map(|event| announcer.event("bob", event));
        all.map(|told| told.params["identity"].as_str().unwrap_or(told.method).to_owned()).collect()
    }

    // attack: AKE-13, ID-6
    #[test]
    fn every_kind_of_key_is_told_apart_and_once() {
        let new = |other_known| Event::NewFingerprint { fingerprint: print(2), other_known };
        let changed = Event::IdentityChanged { old: print(1), new: print(2), blocked: true };
        let of_another =
            Event::IdentityOfAnother { fingerprint: print(2), other: "carol".into(), trust: Trust::Verified };
        assert_eq!(told(&[new(false), Event::StaleKeys]), ["fingerprint", "warning"]);
        assert_eq!(told(&[new(true), Event::StaleKeys]), ["fingerprint", "another_key", "warning"]);
        assert_eq!(told(&[new(true), changed]), ["fingerprint", "changed"]);
        let known = Event::IdentityChanged { old: print(1), new: print(2), blocked: false };
        assert_eq!(told(&[known]), ["fingerprint", "changed"]);
        assert_eq!(told(&[new(false), of_another]), ["fingerprint", "of_another"]);
    }
}
