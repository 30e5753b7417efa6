//! One side has lost its keys, and what it could not read.

use otr_wire::{MAX_MESSAGE, Message, Payload, armour};

use super::{
    super::conversations::{Does, Recorder, Who},
    ALWAYS, Done, IGNORED, MANUAL, Script, USUAL, VERSION_2, begin, content, held_back, script,
};
use crate::vectors::{Problem, value::Hex};
use Who::{Alice, Bob};

/// The record that names messages which could not be read.
const UNREAD: u16 = 0x4f52;

/// The record that names messages which could be read.
const READ: u16 = 0x4f53;

pub(super) const SCRIPTS: &[Script] = &[
    script("one side is started anew", &["NotInPrivate", "[resent] are you there?"], USUAL, |r| restarted(r, 1)),
    script("the same where all is private", &["[resent] are you there?"], ALWAYS, |r| restarted(r, 1)),
    script("the same in version 2, where nobody says so", &["NotInPrivate", "NoAnswer"], VERSION_2, |r| {
        restarted(r, 1)
    }),
    script("several texts on their way to who has lost the keys", &["[resent] are you there?"], ALWAYS, |r| {
        restarted(r, 3)
    }),
    script("who was started anew speaks first", &["I am back"], ALWAYS, back),
    script("who was started anew asks again", &["\"refreshed\":true"], MANUAL, asks_again),
    script("both were started anew", &["and so am I"], ALWAYS, both_restarted),
    script("somebody else comes back", &["notDelivered", "otherKnown\":true"], USUAL, |r| mallory(r, false)),
    script(
        "somebody else in the place of a verified one",
        &["Refused(IdentityChanged)", "\"blocked\":true"],
        USUAL,
        |r| mallory(r, true),
    ),
    script("no new keys come about", &["notDelivered"], USUAL, no_repair),
    script("the text is too old to go again", &["notDelivered"], USUAL, too_old),
    script("an error that somebody has forged", &["PeerError", "Encrypted"], USUAL, |r| errors(r, 1)),
    script("many of them", &["PeerError", "Encrypted"], USUAL, |r| errors(r, 5)),
    script("an error in clear", &["PeerError"], USUAL, |r| r.receive(Alice, "?OTR Error: who are you?").map(|_| ())),
    script("a message of a stranger that cannot be read", &["NotInPrivate"], USUAL, stranger),
    script("the same in version 2, where it may be for another client", &["NotInPrivate"], VERSION_2, stranger),
    script("a message named as unread", &["Resent: lost"], USUAL, |r| named(r, Name::Right)),
    script("a message named as unread twice", &["Resent: lost"], USUAL, |r| named(r, Name::Twice)),
    script("a message named as unread in version 2", &["Resent: lost"], VERSION_2, |r| named(r, Name::Right)),
    script("a message named as read", &["Encrypted"], USUAL, |r| named(r, Name::AsRead)),
    script("a message that nobody wrote named as unread", &[IGNORED], USUAL, |r| named(r, Name::Unknown)),
    script("half a message named as unread", &[IGNORED], USUAL, |r| named(r, Name::Half)),
    script("nothing named as unread", &[IGNORED], USUAL, |r| named(r, Name::Nothing)),
    script("a message and half of another named as unread", &["Resent: lost"], USUAL, |r| named(r, Name::AndHalf)),
];

/// Bob, with whom Alice has talked, is started anew.
fn bob_restarts(r: &mut Recorder) -> Done {
    begin(r)?;
    for (who, text) in [(Alice, "hello"), (Bob, "hello"), (Alice, "so you are there")] {
        r.send(who, text)?;
        r.settle()?;
    }
    r.at += 90_000;
    r.act(Bob, Does::Restart).map(|_| ())
}

fn restarted(r: &mut Recorder, texts: usize) -> Done {
    bob_restarts(r)?;
    for text in ["are you there?", "hello?", "anybody?"].into_iter().take(texts) {
        r.send(Alice, text)?;
    }
    r.settle()?;
    // Whoever has had no answer by now asks for new keys.
    r.at += 15_000;
    r.act(Alice, Does::Tick)?;
    r.act(Bob, Does::Tick)?;
    r.settle()?;
    r.send(Bob, "yes")?;
    r.send(Alice, "good")?;
    r.settle()
}

fn back(r: &mut Recorder) -> Done {
    bob_restarts(r)?;
    r.send(Bob, "I am back")?;
    r.settle()?;
    r.send(Alice, "welcome")?;
    r.settle()
}

fn asks_again(r: &mut Recorder) -> Done {
    bob_restarts(r)?;
    r.act(Bob, Does::Start)?;
    r.settle()?;
    r.send(Alice, "welcome")?;
    r.settle()
}

fn both_restarted(r: &mut Recorder) -> Done {
    bob_restarts(r)?;
    r.act(Alice, Does::Restart)?;
    r.send(Bob, "I am back")?;
    r.settle()?;
    r.send(Alice, "and so am I")?;
    r.settle()
}

fn mallory(r: &mut Recorder, verified: bool) -> Done {
    begin(r)?;
    let fingerprint = |name| -> Result<Hex, Problem> {
        let key = super::super::fixtures::identity(name)?;
        Ok(Hex::from(key.public_key().fingerprint().as_bytes().as_slice()))
    };
    if verified {
        r.act(Alice, Does::SetTrust { fingerprint: fingerprint("bob")? })?;
    }
    r.send(Alice, "hello")?;
    r.settle()?;
    r.send(Bob, "hello")?;
    r.settle()?;
    r.at += 90_000;
    r.act(Bob, Does::RestartAsMallory)?;
    r.send(Alice, "for Bob alone")?;
    r.settle()?;
    r.send(Alice, "who are you?")?;
    r.settle()?;
    r.act(Alice, Does::AcceptIdentity { fingerprint: fingerprint("mallory")? })?;
    r.send(Alice, "hello, Mallory")?;
    r.settle()
}

fn no_repair(r: &mut Recorder) -> Done {
    bob_restarts(r)?;
    let lost = held_back(r, Alice, "lost")?;
    let replies = r.receive(Bob, &lost)?;
    r.to(Alice).clear();
    for error in replies.iter().filter(|body| body.starts_with("?OTR Error")) {
        r.receive(Alice, error)?;
    }
    r.to(Bob).clear();
    r.at += 59_999;
    r.act(Alice, Does::Tick)?;
    r.at += 1;
    r.act(Alice, Does::Tick)?;
    r.at += 60_000;
    r.act(Alice, Does::Tick)?;
    r.to(Bob).clear();
    Ok(())
}

fn too_old(r: &mut Recorder) -> Done {
    bob_restarts(r)?;
    let lost = held_back(r, Alice, "an old text")?;
    r.at += 61_000;
    r.receive(Bob, &lost)?;
    r.settle()
}

fn errors(r: &mut Recorder, count: usize) -> Done {
    begin(r)?;
    r.at += 90_000;
    r.send(Alice, "hello")?;
    r.settle()?;
    for _ in 0..count {
        r.receive(Alice, "?OTR Error: forged")?;
        r.settle()?;
    }
    r.send(Alice, "still in private")?;
    r.settle()
}

/// A Data message to an account that has never met its writer.
fn stranger(r: &mut Recorder) -> Done {
    begin(r)?;
    let body = held_back(r, Alice, "hello")?;
    r.act(Alice, Does::End)?;
    r.settle()?;
    r.act(Bob, Does::End)?;
    r.receive(Alice, &body)?;
    r.receive(Bob, &body)?;
    r.settle()
}

/// What a record names.
#[derive(Clone, Copy)]
enum Name {
    Right,
    Twice,
    Unknown,
    Half,
    Nothing,
    AndHalf,
    AsRead,
}

/// A text of Alice's is lost, and Bob's program names it, or something else, in the same conversation.
fn named(r: &mut Recorder, name: Name) -> Done {
    begin(r)?;
    r.send(Bob, "hello")?;
    r.settle()?;
    let lost = held_back(r, Alice, "lost")?;
    let bytes = armour::decode(lost.as_bytes(), MAX_MESSAGE)?;
    let Payload::Data(data) = Message::decode(&bytes)?.payload else {
        return Err(Problem::new("it is no Data message"));
    };
    let mac = data.mac.as_slice();
    let value = match name {
        Name::Right => mac.to_vec(),
        // A stretch of one message.
        Name::AsRead => [mac, &[0, 0, 0, 1]].concat(),
        Name::Twice => mac.repeat(2),
        Name::Unknown => vec![7; 20],
        Name::Half => mac[..10].to_vec(),
        Name::Nothing => Vec::new(),
        Name::AndHalf => [mac, &mac[..10]].concat(),
    };
    let content = content("", &[(if matches!(name, Name::AsRead) { READ } else { UNREAD }, &value)])?;
    let body = held_back(r, Bob, "to be replaced")?;
    let body = r.forge(Bob, &body, |_| content)?;
    r.receive(Alice, &body)?;
    r.settle()?;
    r.send(Alice, "did you get it?")?;
    r.settle()
}
