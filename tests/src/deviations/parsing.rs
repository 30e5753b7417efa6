//! Armour, types, versions and lengths.

#![expect(clippy::type_complexity, reason = "a table of names and changes is read in one piece")]

use num_bigint::BigUint;
use otr_wire::{MessageType, Version, armour};

use super::{
    deviation::{Deviation, Must, Stage},
    drafts::Draft,
    numbers::{Dh, bytes, data},
    peer::{Began, Peer},
};

/// Deviations in the way a message is written down.
pub(super) fn deviations() -> Vec<Deviation> {
    let mut all = armoured();
    all.extend(marked());
    all.extend(typed());
    all.extend(cut_data());
    all.extend(cut_exchange());
    all.extend(lengths());
    all.extend(zeros());
    all
}

fn refused(
    name: &str,
    rows: &'static [&'static str],
    about: &str,
    make: impl Fn(&mut Peer) -> String + 'static,
) -> Deviation {
    Deviation::new(name, rows, Stage::Private, about, make).must(Must::Refuse)
}

/// An honest message that says `hello` and whose bytes do not fill the last group of four characters.
fn padded(peer: &mut Peer) -> String {
    let [first, second] = [b"hello".as_slice(), b"hello\0"].map(|plaintext| {
        let draft = peer.draft(plaintext);
        peer.seal(&draft).text()
    });
    if first.ends_with("=.") { first } else { second }
}

fn armoured() -> Vec<Deviation> {
    let text = |body: &'static str| move |_: &mut Peer| body.to_owned();
    vec![
        refused("armour-of-nothing", &["PARSE-1"], "no base64 at all", text("?OTR:.")),
        refused("armour-of-one-pad", &["PARSE-1"], "one = and nothing else", text("?OTR:=.")),
        refused("armour-of-pads", &["PARSE-1"], "three = and nothing else", text("?OTR:===.")),
        refused("armour-of-one-character", &["PARSE-1"], "one character of base64", text("?OTR:A.")),
        refused("armour-of-one-byte", &["PARSE-1", "PARSE-3"], "base64 of one byte", text("?OTR:AA==.")),
        refused("armour-without-dot", &["PARSE-8"], "a Data message without its dot", |peer| {
            peer.say("hello").text().trim_end_matches('.').to_owned()
        }),
        Deviation::new("commit-without-dot", &["PARSE-8"], Stage::Stranger, "a D-H Commit without its dot", |peer| {
            peer.commit().text().trim_end_matches('.').to_owned()
        }),
        refused("armour-with-blank", &["PARSE-7"], "a blank within the base64", |peer| {
            with(&peer.say("hello").text(), 40, " ")
        }),
        refused("armour-with-line-break", &["PARSE-7"], "a line break within the base64", |peer| {
            with(&peer.say("hello").text(), 40, "\r\n")
        }),
        refused("armour-with-hyphen", &["PARSE-7"], "a character that is not of the alphabet", |peer| {
            with(&peer.say("hello").text(), 40, "-")
        }),
        refused("armour-of-other-alphabet", &["PARSE-7"], "the alphabet for file names", |peer| {
            peer.say("hello").text().replace('+', "-").replace('/', "_")
        }),
        refused("armour-without-padding", &["PARSE-7"], "base64 without its padding", |peer| {
            padded(peer).replace('=', "")
        }),
        refused("armour-with-padding-inside", &["PARSE-7"], "padding in the middle", |peer| {
            with(&peer.say("hello").text(), 45, "====")
        }),
        refused("armour-with-extra-padding", &["PARSE-7"], "four more =", |peer| {
            peer.say("hello").text().replace('.', "====.")
        }),
        refused("armour-with-trailing-bits", &["PARSE-7"], "bits set that belong to no byte", |peer| {
            let text = padded(peer);
            let body = text.trim_end_matches('.').trim_end_matches('=');
            let pads = text.len() - 1 - body.len();
            let last = char::from(body.as_bytes().last().copied().unwrap_or(b'A') + 1);
            format!("{}{last}{}.", body.split_at(body.len() - 1).0, "=".repeat(pads))
        }),
        refused("armour-with-nul", &["PARSE-9"], "a NUL within the base64", |peer| {
            with(&peer.say("hello").text(), 40, "\0")
        })
        .ours(),
    ]
}

/// `text` with something put in.
fn with(text: &str, at: usize, what: &str) -> String {
    let (before, after) = text.split_at(at);
    [before, what, after].concat()
}

fn marked() -> Vec<Deviation> {
    vec![
        refused("armour-and-text", &["PARSE-6"], "text after the dot", |peer| peer.say("hello").text() + "hello")
            .ours(),
        refused("armour-twice", &["PARSE-6"], "two messages in one body", |peer| {
            [peer.say("one").text(), peer.say("two").text()].concat()
        })
        .ours(),
        Deviation::new("query-inside-text", &["PARSE-6"], Stage::Stranger, "a query in the middle of a text", |_| {
            "say ?OTRv23? now".to_owned()
        })
        .must(Must::ShowInClear("say ?OTRv23? now".to_owned()))
        .ours(),
        Deviation::new(
            "error-inside-text",
            &["PARSE-6"],
            Stage::Private,
            "an error message in the middle of a text",
            |_| "say ?OTR Error: now".to_owned(),
        )
        .must(Must::ShowInClear("say ?OTR Error: now".to_owned()))
        .ours(),
        Deviation::new(
            "blank-before-armour",
            &["PARSE-6"],
            Stage::Private,
            "a message whose first character is a blank",
            |_| " ?OTR:AAMD.".to_owned(),
        )
        .must(Must::ShowInClear(" ?OTR:AAMD.".to_owned()))
        .ours(),
        Deviation::new("marker-in-lower-case", &["PARSE-6"], Stage::Private, "the marker in lower case", |_| {
            "?otr:AAMD.".to_owned()
        })
        .must(Must::ShowInClear("?otr:AAMD.".to_owned()))
        .ours(),
    ]
}

fn typed() -> Vec<Deviation> {
    let mut all = Vec::new();
    for (kind, what) in
        [(0x00, "no type"), (0x04, "no known type"), (0x35, "a type of version 4"), (0xff, "the last type")]
    {
        all.push(refused(&format!("type-{kind:02x}"), &["PARSE-5"], what, move |peer| {
            let mut draft = peer.draft(b"hello");
            draft.envelope.kind = kind;
            peer.seal(&draft).text()
        }));
    }
    for number in [0, 4, 0x0300, 0xffff] {
        let about = format!("a Data message of version {number}");
        all.push(refused(&format!("data-of-version-{number}"), &["PARSE-5"], &about, move |peer| {
            let mut draft = peer.draft(b"hello");
            draft.envelope.version = number;
            peer.seal(&draft).text()
        }));
    }
    all.push(Deviation::new(
        "commit-of-version-4",
        &["PARSE-5"],
        Stage::Stranger,
        "a D-H Commit of version 4",
        |peer| {
            let mut draft = peer.commit();
            draft.envelope.version = 4;
            draft.text()
        },
    ));
    all.push(Deviation::new(
        "commit-of-version-1",
        &["G-12", "VER-2"],
        Stage::Stranger,
        "a D-H Commit of version 1",
        |peer| {
            let mut draft = peer.commit();
            draft.envelope.version = 1;
            draft.text()
        },
    ));
    let version_1 = |kind: u8| move |_: &mut Peer| armour::encode(&[&[0, 1, kind], [7; 60].as_slice()].concat());
    let about = "a key exchange message of version 1";
    all.push(Deviation::new("key-exchange-of-version-1", &["G-12", "VER-2"], Stage::Stranger, about, version_1(0x0a)));
    let about = "a Data message of version 1";
    all.push(Deviation::new("data-of-version-1", &["G-12"], Stage::Stranger, about, version_1(0x03)));
    let about = "a Data message with the header of the other version, rightly authenticated";
    all.push(refused("data-of-the-other-version", &["PARSE-10", "TAG-7"], about, |peer| {
        let mut draft = peer.draft(b"hello");
        let (version, tags) = match peer.version {
            Version::Two => (3, Some((peer.tag, peer.victim_tag))),
            Version::Three | Version::Curve25519 => (2, None),
        };
        (draft.envelope.version, draft.envelope.tags) = (version, tags);
        peer.seal(&draft).text()
    }));
    all
}

/// The honest message's bytes up to where `field` of a Data message ends, less one.
fn cut_data() -> Vec<Deviation> {
    let mut all = Vec::new();
    // How many bytes of each field there are after the header, when the text is five bytes long.
    let fields: [(&str, fn(usize) -> usize); 8] = [
        ("flags", |_| 0),
        ("keyids", |_| 1 + 7),
        ("next-key", |next| 1 + 8 + 4 + next - 1),
        ("counter", |next| 1 + 8 + 4 + next + 7),
        ("text-length", |next| 1 + 8 + 4 + next + 8 + 3),
        ("text", |next| 1 + 8 + 4 + next + 8 + 4 + 4),
        ("mac", |next| 1 + 8 + 4 + next + 8 + 4 + 5 + 19),
        ("old-keys", |next| 1 + 8 + 4 + next + 8 + 4 + 5 + 20 + 3),
    ];
    for (field, length) in fields {
        all.push(refused(
            &format!("data-cut-in-{field}"),
            &["PARSE-3"],
            &format!("cut within its {field}"),
            move |peer| {
                let draft = peer.draft(b"hello");
                let mut bytes = peer.seal(&draft).bytes();
                bytes.truncate(draft.envelope.bytes().len() + length(draft.next_dh.len()));
                armour::encode(&bytes)
            },
        ));
    }
    all.push(refused("data-cut-in-header", &["PARSE-3"], "two bytes of a header", |peer| {
        armour::encode(peer.say("hello").bytes().get(..2).unwrap_or_default())
    }));
    all.push(refused("data-cut-after-header", &["PARSE-3"], "a header and nothing else", |peer| {
        armour::encode(&peer.envelope(MessageType::Data).bytes())
    }));
    all.push(refused("data-and-a-byte", &["PARSE-3", "G-4"], "one byte more after the end", |peer| {
        armour::encode(&[peer.say("hello").bytes(), vec![0]].concat())
    }));
    all
}

/// The stage and the honest bytes of each message of the exchange.
type Honest = (&'static str, Stage, fn(&mut Peer) -> Vec<u8>);

fn honest() -> [Honest; 4] {
    [
        ("commit", Stage::Stranger, |peer| peer.commit().bytes()),
        ("dh-key", Stage::AwaitingDhKey, |peer| peer.dh_key().bytes()),
        ("reveal-signature", Stage::AwaitingRevealSignature, |peer| peer.honest_proof(Began::Peer).bytes()),
        ("signature", Stage::AwaitingSignature, |peer| peer.honest_proof(Began::Victim).bytes()),
    ]
}

fn cut_exchange() -> Vec<Deviation> {
    let mut all = Vec::new();
    for (name, stage, make) in honest() {
        all.push(Deviation::new(format!("{name}-cut"), &["PARSE-3"], stage, "one byte short", move |peer| {
            let mut bytes = make(peer);
            bytes.pop();
            armour::encode(&bytes)
        }));
        all.push(Deviation::new(
            format!("{name}-and-a-byte"),
            &["PARSE-3", "G-4"],
            stage,
            "one byte too long",
            move |peer| armour::encode(&[make(peer), vec![0]].concat()),
        ));
        all.push(Deviation::new(
            format!("{name}-of-a-header"),
            &["PARSE-3"],
            stage,
            "a header and nothing else",
            move |peer| {
                let length = peer.envelope(MessageType::DhKey).bytes().len();
                armour::encode(make(peer).get(..length).unwrap_or_default())
            },
        ));
    }
    all
}

fn lengths() -> Vec<Deviation> {
    let mut all = Vec::new();
    let huge: [(&str, u32); 3] =
        [("2-to-31", 1 << 31), ("2-to-31-less-one", (1 << 31) - 1), ("2-to-32-less-one", u32::MAX)];
    for (name, length) in huge {
        let about = format!("the length of the text is {length}");
        all.push(refused(&format!("text-length-{name}"), &["PARSE-2"], &about, move |peer| {
            let draft = peer.draft(b"hello");
            let mut bytes = peer.seal(&draft).bytes();
            let at = draft.envelope.bytes().len() + 9 + data(&draft.next_dh).len() + 8;
            bytes.splice(at..at + 4, length.to_be_bytes());
            armour::encode(&bytes)
        }));
        let about = format!("the length of the old MAC keys is {length}");
        all.push(refused(&format!("old-keys-length-{name}"), &["PARSE-2"], &about, move |peer| {
            let mut bytes = peer.say("hello").bytes();
            let at = bytes.len() - 4;
            bytes.splice(at.., length.to_be_bytes());
            armour::encode(&bytes)
        }));
        for (message, stage, make) in honest() {
            let about = format!("the length of its first field is {length}");
            let name = format!("{message}-length-{name}");
            all.push(Deviation::new(name, &["PARSE-2"], stage, about, move |peer| {
                let at = peer.envelope(MessageType::DhKey).bytes().len();
                let mut bytes = make(peer);
                bytes.splice(at..at + 4, length.to_be_bytes());
                armour::encode(&bytes)
            }));
        }
    }
    for length in [0, 15, 17] {
        let about = format!("the revealed key is {length} bytes long");
        let name = format!("revealed-key-of-{length}-bytes");
        all.push(Deviation::new(name, &["PARSE-3"], Stage::AwaitingRevealSignature, about, move |peer| {
            let mut draft = peer.honest_proof(Began::Peer);
            draft.revealed = Some(vec![7; length]);
            draft.text()
        }));
    }
    for length in [0, 31, 33] {
        let about = format!("the hash is {length} bytes long");
        let name = format!("commit-hash-of-{length}-bytes");
        all.push(Deviation::new(name, &["PARSE-3"], Stage::Stranger, about, move |peer| {
            let mut draft = peer.commit();
            draft.hash = vec![7; length];
            draft.text()
        }));
    }
    let about = "the encrypted g^x is empty";
    all.push(Deviation::new("commitment-of-nothing", &["PARSE-3"], Stage::Stranger, about, |peer| {
        let mut draft = peer.commit();
        draft.encrypted.clear();
        draft.text()
    }));
    let about = "the encrypted g^x is longer than the group";
    all.push(Deviation::new("commitment-too-long", &["PARSE-3", "DOS-4"], Stage::Stranger, about, |peer| {
        let mut draft = peer.commit();
        draft.encrypted = vec![7; 197];
        draft.text()
    }));
    all
}

fn zeros() -> Vec<Deviation> {
    vec![
        refused("sender-keyid-zero", &["PARSE-12"], "the sender's keyid is zero", |peer| {
            let mut draft = peer.draft(b"hello");
            draft.sender_keyid = 0;
            peer.seal(&draft).text()
        }),
        refused("recipient-keyid-zero", &["PARSE-12"], "the recipient's keyid is zero", |peer| {
            let mut draft = peer.draft(b"hello");
            draft.recipient_keyid = 0;
            peer.seal(&draft).text()
        }),
        refused("counter-zero", &["PARSE-12", "DATA-1"], "the counter is zero", |peer| {
            let mut draft = peer.draft(b"hello");
            draft.counter = 0;
            peer.seal(&draft).text()
        }),
        refused("next-key-with-zero-byte", &["PARSE-4"], "the next key has a zero byte in front", |peer| {
            let mut draft = peer.draft(b"hello");
            draft.next_dh.insert(0, 0);
            peer.seal(&draft).text()
        }),
        Deviation::new(
            "dh-key-with-zero-byte",
            &["PARSE-4"],
            Stage::AwaitingDhKey,
            "g^y has a zero byte in front",
            |peer| {
                let mut draft = peer.dh_key();
                draft.gy.insert(0, 0);
                draft.text()
            },
        ),
        Deviation::scripted(
            "commitment-with-zero-byte",
            &["PARSE-4", "AKE-2"],
            Stage::Stranger,
            "g^x has a zero byte in front",
            |ring| {
                // Small enough to leave room for the zero byte.
                ring.peer.dh = Dh { secret: 1000_u32.into(), public: BigUint::from(1_u8) << 1000_u32 };
                let longer = data(&[&[0], bytes(&ring.peer.dh.public).as_slice()].concat());
                ring.lead_and_prove(ring.peer.commit_to(&longer).text())
            },
        ),
    ]
}
