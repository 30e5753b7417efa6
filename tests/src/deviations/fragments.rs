//! Messages in pieces.

#![expect(clippy::type_complexity, reason = "a table of names and changes is read in one piece")]

use otr_wire::{Version, armour};

use super::{
    deviation::{Deviation, Must, Stage},
    drafts::Draft,
    peer::Peer,
    ring::Ring,
    victim::Trouble,
};

/// An instance that is neither of the two.
const OTHER: u32 = 0x4004;

/// Deviations in fragments.
pub(super) fn deviations() -> Vec<Deviation> {
    let mut all = numbers();
    all.extend(notations());
    all.extend(orders());
    all.extend(grammar());
    all.extend(tags());
    all.extend(contents());
    all
}

/// One fragment, every part of which can be anything.
fn fragment(peer: &Peer, tags: (u32, u32), k: &str, n: &str, piece: &str) -> String {
    match peer.version {
        Version::Two => format!("?OTR,{k},{n},{piece},"),
        Version::Three | Version::Curve25519 => format!("?OTR|{:08x}|{:08x},{k},{n},{piece},", tags.0, tags.1),
    }
}

/// An honest fragment but for its numbers.
fn numbered(peer: &Peer, k: &str, n: &str, piece: &str) -> String {
    fragment(peer, (peer.tag, peer.victim_tag), k, n, piece)
}

/// An honest message that says `hello`, in three pieces.
fn three(peer: &mut Peer) -> [String; 3] {
    let text = peer.say("hello").text();
    let third = text.len() / 3;
    let (first, rest) = text.split_at(third);
    let (second, last) = rest.split_at(third);
    [first, second, last].map(str::to_owned)
}

/// The three pieces of an honest message, with one bad fragment after the first.
fn numbers() -> Vec<Deviation> {
    let bad: [(&str, &str, &str, &str); 5] = [
        ("k-zero", "0", "3", "piece 0 of 3"),
        ("n-zero", "1", "0", "piece 1 of 0"),
        ("both-zero", "0", "0", "piece 0 of 0"),
        ("k-above-n", "4", "3", "piece 4 of 3"),
        ("empty", "2", "3", "a piece with nothing in it"),
    ];
    let mut all = Vec::new();
    for (name, k, n, about) in bad {
        let about = format!("among the pieces of a correct message, {about}");
        all.push(
            Deviation::scripted(format!("fragment-{name}"), &["FRAG-1"], Stage::Private, about, move |ring| {
                let pieces = three(&mut ring.peer);
                ring.strike(numbered(&ring.peer, "1", "3", &pieces[0]))?;
                ring.strike(numbered(&ring.peer, k, n, if name == "empty" { "" } else { "AAAA" }))?;
                ring.strike(numbered(&ring.peer, "2", "3", &pieces[1]))?;
                ring.strike(numbered(&ring.peer, "3", "3", &pieces[2]))
            })
            .must(Must::Collect("hello".to_owned())),
        );
    }
    all
}

/// A whole message as the only piece, with its numbers written in ways that mean 1 to some readers.
fn notations() -> Vec<Deviation> {
    let odd: [(&str, &str, &str); 7] = [
        ("beyond-16-bits", "65537", "65537"),
        ("beyond-32-bits", "4294967297", "4294967297"),
        ("signed", "-65535", "+1"),
        ("with-plus", "+1", "+1"),
        ("hexadecimal", "0x1", "0x1"),
        ("with-blank", " 1", " 1"),
        ("of-six-digits", "000001", "000001"),
    ];
    let mut all = Vec::new();
    for (name, k, n) in odd {
        let about = format!("a whole message as piece `{k}` of `{n}`");
        all.push(
            Deviation::new(format!("fragment-number-{name}"), &["FRAG-2"], Stage::Private, about, move |peer| {
                let text = peer.say("hello").text();
                numbered(peer, k, n, &text)
            })
            .must(Must::Forget)
            .ours(),
        );
    }
    all
}

/// The pieces of an honest message in an order that breaks it.
fn orders() -> Vec<Deviation> {
    let orders: [(&str, &'static [usize], &str); 7] = [
        ("second-first", &[1, 0, 2], "2, 1, 3"),
        ("without-second", &[0, 2], "1, 3"),
        ("without-first", &[1, 2], "2, 3"),
        ("second-twice", &[0, 1, 1, 2], "1, 2, 2, 3"),
        ("last-first", &[2, 0, 1], "3, 1, 2"),
        ("backwards", &[2, 1, 0], "3, 2, 1"),
        ("unfinished", &[0, 1], "1, 2"),
    ];
    let mut all = Vec::new();
    for (name, order, about) in orders {
        let about = format!("the pieces of a message in the order {about}");
        let rows: &[&str] = if name == "unfinished" { &["FRAG-12", "FRAG-13"] } else { &["FRAG-3", "FRAG-7"] };
        let deviation = Deviation::scripted(format!("fragments-{name}"), rows, Stage::Private, about, move |ring| {
            let pieces = three(&mut ring.peer);
            for &at in order {
                ring.strike(numbered(&ring.peer, &(at + 1).to_string(), "3", &pieces[at]))?;
            }
            Ok(())
        });
        all.push(deviation.must(Must::Forget));
    }
    let about = "the count changes from 3 to 4 on the way";
    let deviation = Deviation::scripted("fragments-of-changing-count", &["FRAG-3"], Stage::Private, about, |ring| {
        let pieces = three(&mut ring.peer);
        ring.strike(numbered(&ring.peer, "1", "3", &pieces[0]))?;
        ring.strike(numbered(&ring.peer, "2", "4", &pieces[1]))?;
        ring.strike(numbered(&ring.peer, "3", "3", &pieces[2]))
    });
    all.push(deviation.must(Must::Forget));
    let about = "another instance's fragments between those of a correct message";
    let deviation = Deviation::scripted("fragments-of-two-instances", &["FRAG-6"], Stage::Private, about, |ring| {
        let pieces = three(&mut ring.peer);
        for (at, piece) in pieces.iter().enumerate() {
            let k = (at + 1).to_string();
            ring.strike(fragment(&ring.peer, (OTHER, ring.peer.victim_tag), &k, "4", "AAAA"))?;
            ring.strike(numbered(&ring.peer, &k, "3", piece))?;
        }
        Ok(())
    });
    all.push(deviation.must(Must::Collect("hello".to_owned())).only_in(Version::Three));
    all
}

/// A whole message in one fragment that does not follow the grammar.
fn grammar() -> Vec<Deviation> {
    let forms: [(&str, fn(&Peer, &str) -> String, &str); 6] = [
        (
            "without-last-comma",
            |peer, text| numbered(peer, "1", "1", text).trim_end_matches(',').to_owned(),
            "no comma at the end",
        ),
        ("with-text-after", |peer, text| numbered(peer, "1", "1", text) + "more", "text after the last comma"),
        (
            "with-comma-inside",
            |peer, text| numbered(peer, "1", "1", &text.replacen("?OTR:", "?OTR:,", 1)),
            "a comma within the piece",
        ),
        ("without-numbers", |peer, text| numbered(peer, "", "", text), "no numbers"),
        ("of-letters", |peer, text| numbered(peer, "one", "one", text), "words for numbers"),
        (
            "of-the-other-version",
            |peer, text| match peer.version {
                Version::Two => format!("?OTR|{:08x}|{:08x},1,1,{text},", peer.tag, peer.victim_tag),
                Version::Three | Version::Curve25519 => format!("?OTR,1,1,{text},"),
            },
            "the other version's fragments around this one's message",
        ),
    ];
    let mut all = Vec::new();
    for (name, form, about) in forms {
        let rows: &[&str] = if name == "of-the-other-version" { &["FRAG-8", "PARSE-10"] } else { &["FRAG-2", "G-4"] };
        let deviation = Deviation::new(format!("fragment-{name}"), rows, Stage::Private, about, move |peer| {
            let text = peer.say("hello").text();
            form(peer, &text)
        })
        .must(Must::Forget);
        all.push(if name == "of-the-other-version" { deviation } else { deviation.ours() });
    }
    let forms: [(&str, fn(&Peer) -> String, &str); 3] = [
        ("tag-of-nine-digits", |peer| format!("0{:08x}|{:08x}", peer.tag, peer.victim_tag), "a tag of nine digits"),
        ("tag-of-letters", |peer| format!("ghijklmn|{:08x}", peer.victim_tag), "a tag that is no number"),
        ("one-tag", |peer| format!("{:08x}", peer.victim_tag), "one tag only"),
    ];
    for (name, tags, about) in forms {
        let deviation =
            Deviation::new(format!("fragment-{name}"), &["FRAG-2", "G-4"], Stage::Private, about, move |peer| {
                let text = peer.say("hello").text();
                format!("?OTR|{},1,1,{text},", tags(peer))
            });
        all.push(deviation.must(Must::Forget).only_in(Version::Three).ours());
    }
    all
}

/// A whole message in one fragment with other tags than the message has.
fn tags() -> Vec<Deviation> {
    let tags: [(&str, &'static [&'static str], fn(&Peer) -> (u32, u32), &str); 7] = [
        (
            "sender-other",
            &["FRAG-8"],
            |peer| (OTHER, peer.victim_tag),
            "sent by another instance than the message in it",
        ),
        ("sender-below-100", &["FRAG-8", "TAG-1"], |peer| (0xff, peer.victim_tag), "sent by instance ff"),
        ("sender-of-victim", &["FRAG-8", "TAG-6"], |peer| (peer.victim_tag, peer.victim_tag), "sent by the victim"),
        ("receiver-other", &["FRAG-9"], |peer| (peer.tag, OTHER), "for another instance"),
        ("receiver-below-100", &["FRAG-9", "TAG-2"], |peer| (peer.tag, 0xff), "for instance ff"),
        (
            "receiver-everybody",
            &["FRAG-9", "FRAG-8"],
            |peer| (peer.tag, 0),
            "a Data message in a fragment for everybody",
        ),
        ("tags-swapped", &["FRAG-8", "TAG-6"], |peer| (peer.victim_tag, peer.tag), "from the victim to the peer"),
    ];
    let mut all = Vec::new();
    for (name, rows, tags, about) in tags {
        let deviation = Deviation::new(format!("fragment-{name}"), rows, Stage::Private, about, move |peer| {
            let text = peer.say("hello").text();
            fragment(peer, tags(peer), "1", "1", &text)
        });
        all.push(deviation.must(Must::Forget).only_in(Version::Three));
    }
    all
}

/// Fragments with something else in them than an encoded message.
fn contents() -> Vec<Deviation> {
    let contents: [(&str, fn(&mut Peer) -> String, &str); 5] = [
        ("of-text", |_| "hello".to_owned(), "text in clear in two pieces"),
        ("of-a-query", |peer| peer.query(), "a query in two pieces"),
        ("of-an-error", |_| "?OTR Error: no".to_owned(), "an error message in two pieces"),
        ("of-nothing-known", |_| armour::encode(&[0, 9, 9]), "a message of version 9 in two pieces"),
        ("of-garbage", |_| "?OTR:....".to_owned(), "broken base64 in two pieces"),
    ];
    let mut all = Vec::new();
    for (name, make, about) in contents {
        let strike = move |ring: &mut Ring<'_>| -> Result<(), Trouble> {
            let whole = make(&mut ring.peer);
            let (first, second) = whole.split_at(2);
            ring.strike(numbered(&ring.peer, "1", "2", first))?;
            ring.strike(numbered(&ring.peer, "2", "2", second))
        };
        all.push(
            Deviation::scripted(format!("fragments-{name}"), &["PARSE-11"], Stage::Private, about, strike)
                .must(Must::Forget),
        );
    }
    all
}
