//! Data messages: authenticators, serial numbers, counters, next keys, flags and old MAC keys.

#![expect(clippy::type_complexity, reason = "a table of names and changes is read in one piece")]

use num_bigint::BigUint;
use otr_wire::Version;

use super::{
    deviation::{Deviation, Must, Stage},
    drafts::{DataDraft, Draft, record},
    exchange::readdressed,
    numbers::{Dh, DirectionKeys, bytes, data, random},
    peer::{Direction, Peer},
};

/// Deviations in Data messages.
pub(super) fn deviations() -> Vec<Deviation> {
    let mut all = authenticators();
    all.extend(changed());
    all.extend(serial_numbers());
    all.extend(counters());
    all.extend(next_keys());
    all.extend(flags());
    all.extend(old_keys());
    all.extend(outside());
    all
}

fn refused(
    name: impl Into<String>,
    rows: &'static [&'static str],
    about: &str,
    make: impl Fn(&mut Peer) -> String + 'static,
) -> Deviation {
    Deviation::new(name, rows, Stage::Private, about, make).must(Must::Refuse)
}

fn authenticators() -> Vec<Deviation> {
    vec![
        refused("mac-last-bit", &["DATA-6", "G-1"], "the last bit of the authenticator is changed", |peer| {
            let mut sealed = peer.say("hello");
            sealed.mac[19] ^= 1;
            sealed.text()
        }),
        refused("mac-first-bit", &["DATA-6", "G-1"], "the first bit of the authenticator is changed", |peer| {
            let mut sealed = peer.say("hello");
            sealed.mac[0] ^= 0x80;
            sealed.text()
        }),
        refused("mac-of-zeros", &["DATA-6"], "an authenticator of zeros", |peer| {
            let mut sealed = peer.say("hello");
            sealed.mac.fill(0);
            sealed.text()
        }),
        refused("mac-of-another-message", &["DATA-6"], "the authenticator of another message", |peer| {
            let mut sealed = peer.say("hello");
            sealed.mac = peer.say("hullo").mac;
            sealed.text()
        }),
        refused("keys-of-the-victim", &["DATA-11"], "made with the keys that the victim sends with", |peer| {
            let draft = peer.draft(b"hello");
            let session = peer.session();
            let keys = session.keys(draft.sender_keyid, draft.recipient_keyid, Direction::FromVictim);
            let keys = keys.unwrap_or_else(|| peer.keys_for(&draft));
            peer.seal_with(&draft, &keys).text()
        }),
        refused("keys-of-nobody", &["DATA-6"], "made with random keys", |peer| {
            let draft = peer.draft(b"hello");
            let keys = DirectionKeys {
                cipher: random::<16>(&mut peer.rng).to_vec(),
                mac: random::<20>(&mut peer.rng).to_vec(),
            };
            peer.seal_with(&draft, &keys).text()
        }),
        refused("keys-of-secret-zero", &["DH-5", "DH-2"], "made with the keys that a secret of 0 gives", |peer| {
            let draft = peer.draft(b"hello");
            let keys = DirectionKeys::of(&BigUint::ZERO, &peer.dh.public, &peer.victims_key());
            peer.seal_with(&draft, &keys).text()
        })
        .ours(),
        refused("data-reflected", &["DATA-11", "TAG-6"], "the victim's own message comes back to it", |peer| {
            peer.heard.last().cloned().unwrap_or_default()
        }),
        refused(
            "data-reflected-by-peer",
            &["DATA-11"],
            "the victim's own message comes back, as if the peer had sent it",
            |peer| {
                let last = peer.heard.last().cloned().unwrap_or_default();
                readdressed(&last, peer.tag, peer.victim_tag)
            },
        )
        .only_in(Version::Three),
    ]
}

/// One field is changed on the way, after the message was authenticated.
fn changed() -> Vec<Deviation> {
    let fields: [(&str, fn(&mut DataDraft)); 6] = [
        ("flags", |draft| draft.flags = 2),
        ("sender-keyid", |draft| draft.sender_keyid = 2),
        ("recipient-keyid", |draft| draft.recipient_keyid += 1),
        ("next-key", |draft| draft.next_dh = bytes(&Dh { secret: 7_u8.into(), public: 128_u8.into() }.public)),
        ("counter", |draft| draft.counter += 1),
        ("text", |draft| draft.plaintext = b"hullo".to_vec()),
    ];
    let mut all = Vec::new();
    for (name, change) in fields {
        let about = format!("its {name} is changed on the way");
        all.push(refused(format!("{name}-changed-on-the-way"), &["G-1", "DATA-6"], &about, move |peer| {
            let mut draft = peer.draft(b"hello");
            let mac = peer.seal(&draft).mac;
            change(&mut draft);
            let mut sealed = peer.seal(&draft);
            sealed.mac = mac;
            sealed.text()
        }));
    }
    let about = "a forged message with the next serial numbers of both, which would rotate every key";
    all.push(refused("rotation-forged", &["DATA-6", "G-1"], about, |peer| {
        let mut draft = peer.draft(b"hello");
        draft.sender_keyid = 2;
        draft.recipient_keyid += 1;
        let mut sealed = peer.seal(&draft);
        sealed.mac[7] ^= 1;
        sealed.text()
    }));
    all
}

fn serial_numbers() -> Vec<Deviation> {
    let keyids: [(&str, fn(&mut DataDraft), &str); 7] = [
        ("sender-keyid-3", |draft| draft.sender_keyid = 3, "a sender's key that was never announced"),
        ("sender-keyid-last", |draft| draft.sender_keyid = u32::MAX, "the last sender's keyid there is"),
        ("sender-keyid-signed", |draft| draft.sender_keyid = 0x8000_0001, "a sender's keyid of 2 to 31 and one"),
        ("recipient-keyid-3", |draft| draft.recipient_keyid += 2, "a recipient's key that was never announced"),
        ("recipient-keyid-last", |draft| draft.recipient_keyid = u32::MAX, "the last recipient's keyid there is"),
        (
            "recipient-keyid-signed",
            |draft| draft.recipient_keyid |= 0x8000_0000,
            "a recipient's keyid of 2 to 31 and one",
        ),
        (
            "both-keyids-swapped-far",
            |draft| (draft.sender_keyid, draft.recipient_keyid) = (0xffff_fffe, 0xffff_fffe),
            "both keyids far ahead",
        ),
    ];
    let mut all = Vec::new();
    for (name, change, about) in keyids {
        all.push(refused(name, &["DATA-5"], about, move |peer| {
            let mut draft = peer.draft(b"hello");
            change(&mut draft);
            peer.seal(&draft).text()
        }));
    }
    all
}

fn counters() -> Vec<Deviation> {
    let dropped = |name: &str, about: &str, step: fn(u64) -> u64| {
        Deviation::new(name, &["DATA-1"], Stage::Private, about, move |peer| {
            let mut draft = peer.draft(b"hello");
            draft.counter = step(draft.counter);
            peer.seal(&draft).text()
        })
    };
    vec![
        Deviation::scripted("message-repeated", &["DATA-1"], Stage::Private, "a message comes twice", |ring| {
            let message = ring.peer.say("hello").text();
            ring.honest(&message)?;
            ring.strike(&message)
        }),
        Deviation::scripted(
            "message-late",
            &["DATA-1"],
            Stage::Private,
            "a message comes after the next one",
            |ring| {
                let message = ring.peer.say("hello").text();
                let next = ring.peer.say("hello again").text();
                ring.honest(next)?;
                ring.strike(message)
            },
        ),
        dropped("counter-repeated", "the counter of the message before, with another text", |counter| counter - 1),
        dropped("counter-one", "a counter of 1 again", |_| 1),
    ]
}

fn next_keys() -> Vec<Deviation> {
    vec![
        Deviation::scripted(
            "next-key-contradicted",
            &["DATA-8"],
            Stage::Private,
            "another next key than was announced",
            |ring| {
                let mut draft = ring.peer.draft(b"hello");
                draft.next_dh = bytes(&Dh::generate(&mut ring.peer.rng).public);
                let body = ring.peer.seal(&draft).text();
                ring.strike(body)
            },
        )
        .must(Must::Refuse),
        Deviation::new("next-key-of-nothing", &["DH-2"], Stage::Private, "an empty next key", |peer| {
            let mut draft = peer.draft(b"hello");
            draft.next_dh.clear();
            peer.seal(&draft).text()
        })
        .must(Must::Refuse)
        .ours(),
    ]
}

fn flags() -> Vec<Deviation> {
    let mut all = Vec::new();
    for flags in [0x02, 0x80, 0xfe] {
        let about = format!("flags {flags:02x}, which mean nothing");
        let deviation = Deviation::new(format!("flags-{flags:02x}"), &["DATA-9"], Stage::Private, about, move |peer| {
            let mut draft = peer.draft(b"hello");
            draft.flags = flags;
            peer.seal(&draft).text()
        });
        all.push(deviation.must(Must::Show("hello".to_owned())));
    }
    let about = "a tampered message that asks not to be mentioned";
    all.push(Deviation::new("tampered-and-unmentioned", &["DATA-9"], Stage::Private, about, |peer| {
        let mut draft = peer.draft(b"hello");
        draft.flags = 1;
        let mut sealed = peer.seal(&draft);
        sealed.mac[3] ^= 1;
        sealed.text()
    }));
    let about = "an empty message, which is no text and wants no answer";
    all.push(
        Deviation::new("empty-message", &["DATA-13"], Stage::Private, about, |peer| peer.say("").text())
            .must(Must::Swallow),
    );
    all
}

fn old_keys() -> Vec<Deviation> {
    let lists: [(&str, Vec<u8>, &str); 5] = [
        ("of-one-byte", vec![7], "one byte of old MAC keys"),
        ("of-19-bytes", vec![7; 19], "19 bytes of old MAC keys"),
        ("of-21-bytes", vec![7; 21], "21 bytes of old MAC keys"),
        ("of-200-keys", vec![7; 4000], "200 old MAC keys"),
        ("of-zeros", vec![0; 40], "two old MAC keys of zeros"),
    ];
    let mut all = Vec::new();
    for (name, list, about) in lists {
        let deviation = Deviation::new(format!("old-keys-{name}"), &["REV-5"], Stage::Private, about, move |peer| {
            let mut sealed = peer.say("hello");
            sealed.revealed.clone_from(&list);
            sealed.text()
        });
        all.push(deviation.must(Must::Show("hello".to_owned())));
    }
    all
}

/// Messages that belong to no conversation, or to none that is left.
fn outside() -> Vec<Deviation> {
    let about = "a Data message without a conversation";
    let stranger = |name: &str, version: Version, must: Must| {
        let deviation = Deviation::new(name, &["DATA-17"], Stage::Stranger, about, |peer| unkeyed(peer, 0));
        deviation.only_in(version).must(must)
    };
    vec![
        stranger("data-of-a-stranger", Version::Three, Must::Refuse),
        stranger("data-of-a-stranger-without-tags", Version::Two, Must::Drop),
        Deviation::new(
            "unmentioned-data-of-a-stranger",
            &["DATA-17", "DATA-9"],
            Stage::Stranger,
            "a Data message without a conversation that asks not to be mentioned",
            |peer| unkeyed(peer, 1),
        ),
        Deviation::scripted(
            "data-flood-of-a-stranger",
            &["DATA-10", "G-7"],
            Stage::Stranger,
            "ten Data messages without a conversation",
            |ring| {
                for _ in 0..10 {
                    let body = unkeyed(&mut ring.peer, 0);
                    ring.strike(body)?;
                }
                Ok(())
            },
        )
        .must(Must::Refuse),
        refused(
            "data-after-the-end",
            &["DATA-17", "STATE-1"],
            "a Data message after the peer has ended the conversation",
            |peer| peer.say("hello").text(),
        )
        .at(Stage::Finished),
        Deviation::scripted(
            "data-of-the-session-before",
            &["DATA-16"],
            Stage::Private,
            "a message under keys that a refresh has replaced",
            |ring| {
                let old = ring.peer.say("hello").text();
                ring.peer.renew();
                ring.become_private()?;
                ring.strike(old)
            },
        )
        .must(Must::Refuse),
        Deviation::scripted(
            "disconnect-of-the-session-before",
            &["STATE-12", "G-3"],
            Stage::Private,
            "the end of a session that a refresh has replaced",
            |ring| {
                let old = ring.peer.say_records("", &record(1, &[])).text();
                ring.peer.renew();
                ring.become_private()?;
                ring.strike(old)
            },
        )
        .must(Must::Refuse),
        refused(
            "disconnect-forged",
            &["STATE-12", "G-3"],
            "the end of the conversation, with a wrong authenticator",
            |peer| {
                let mut sealed = peer.say_records("", &record(1, &[]));
                sealed.mac[10] ^= 1;
                sealed.text()
            },
        ),
        Deviation::new(
            "disconnect-with-old-counter",
            &["STATE-12", "DATA-1"],
            Stage::Private,
            "the end of the conversation, with the counter 1",
            |peer| {
                let mut draft = peer.draft(&[&[0], record(1, &[]).as_slice()].concat());
                draft.counter = 1;
                peer.seal(&draft).text()
            },
        ),
    ]
}

/// A Data message that nobody has keys for.
fn unkeyed(peer: &mut Peer, flags: u8) -> String {
    let envelope = peer.envelope(otr_wire::MessageType::Data);
    let next_dh = bytes(&peer.dh.public);
    let draft = DataDraft {
        envelope,
        flags,
        sender_keyid: 1,
        recipient_keyid: 1,
        next_dh,
        counter: 1,
        plaintext: Vec::new(),
        revealed: Vec::new(),
    };
    let noise: [u8; 60] = random(&mut peer.rng);
    otr_wire::armour::encode(&[draft.authenticated(&noise), noise[..20].to_vec(), data(&[])].concat())
}
