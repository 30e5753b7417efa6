//! Moving over to the Curve25519 suite, conversations in it, and what disturbs both.

use otr_wire::{MAX_MESSAGE, Message, MessageType, Version, armour};

use super::{
    super::{
        conversations::{Does, Recorder, Rule, Setup, Who},
        fixtures,
    },
    Done, IGNORED, PADDED, SHORT_LINES, Script, USUAL, begin, comparing, content, flipped, held_back,
};
use crate::vectors::{Problem, value::Hex};
use MessageType::{Data, DhCommit, DhKey, RevealSignature, Signature};
use Who::{Alice, Bob};

/// A conversation of accounts that may have the suite.
pub(in crate::vectors::ours) struct Moving {
    pub(in crate::vectors::ours) script: Script,
    /// Whether Alice has the suite, and whether Bob has.
    pub(in crate::vectors::ours) suite: [bool; 2],
    /// Their own addresses, where they are known.
    pub(in crate::vectors::ours) addresses: [Option<&'static str>; 2],
    /// Whether any conversation is in the suite.
    pub(in crate::vectors::ours) moves: bool,
}

/// After this time a first attempt that came to nothing is followed by another; after twice as much, a second one.
const AGAIN: u64 = 125_000;

/// The record that names the suites of a side.
const SUITES: u16 = 0x4f54;

const ALONE: fn(&mut Setup) = |setup| setup.versions = "25519".into();
const ALONE_ALWAYS: fn(&mut Setup) = |setup| {
    setup.versions = "25519".into();
    setup.policy = Rule::Always;
};
const MOVED: &[&str] = &["\"refreshed\":true", "suiteFingerprint"];
/// A record that says nothing is passed over.
const PASSED_OVER: &[&str] = &["suiteFingerprint", IGNORED];
const FAILED: &[&str] = &["Malformed"];

/// Both have the suite, and move.
const fn both(
    name: &'static str,
    shows: &'static [&'static str],
    setup: fn(&mut Setup),
    run: fn(&mut Recorder) -> Done,
) -> Moving {
    Moving { script: super::script(name, shows, setup, run), suite: [true; 2], addresses: [None; 2], moves: true }
}

/// Both have the suite; they stay where they are.
const fn stays(name: &'static str, shows: &'static [&'static str], run: fn(&mut Recorder) -> Done) -> Moving {
    Moving { moves: false, ..both(name, shows, USUAL, run) }
}

const fn addresses(moving: Moving, addresses: [Option<&'static str>; 2]) -> Moving {
    Moving { addresses, ..moving }
}

const fn suite(moving: Moving, suite: [bool; 2]) -> Moving {
    Moving { suite, ..moving }
}

pub(in crate::vectors::ours) const SCRIPTS: &[Moving] = &[
    both("two move over, and talk", MOVED, USUAL, talk),
    both("the same with padding", MOVED, PADDED, talk),
    both("the same in fragments", MOVED, SHORT_LINES, talk),
    addresses(both("both know the addresses", MOVED, USUAL, talk), [Some("alice"), Some("bob")]),
    addresses(stays("one knows another address of the other", FAILED, talk), [Some("alice"), Some("bob@elsewhere")]),
    addresses(stays("one does not know its address", FAILED, talk), [Some("alice"), None]),
    suite(stays("only who asks for the conversation has the suite", &["Encrypted"], talk), [true, false]),
    suite(stays("only who is asked has the suite", &["Encrypted"], talk), [false, true]),
    both("text from both at every step", MOVED, USUAL, text_at_every_step),
    both("both ask for the conversation at once", MOVED, USUAL, crossing),
    both("a verified identity vouches for the other one", &["Verified", "suiteFingerprint"], USUAL, verified),
    both("keys rotate many times", MOVED, USUAL, super::ping_pong),
    both("one side talks for long", MOVED, USUAL, super::monologue),
    both("messages under way both ways at once", MOVED, USUAL, super::crossing_texts),
    both("a heartbeat", MOVED, USUAL, super::heartbeat),
    both("silence is answered by a heartbeat", MOVED, USUAL, super::answered_by_heartbeat),
    both("the extra symmetric key", &["extraKey"], USUAL, super::extra_key),
    both("who asked for it ends the conversation", &["Finished"], USUAL, |r| ended(r, Alice)),
    both("who was asked ends the conversation", &["Finished"], USUAL, |r| ended(r, Bob)),
    both("the end in the midst of the move", &["Finished"], USUAL, ended_before_it_is_shown),
    both("the conversation is refreshed: version 3, and the suite again", MOVED, USUAL, super::refreshed),
    both("a comparison that succeeds", &["Succeeded(PeerVerified)"], USUAL, |r| {
        comparing::comparison(r, None, ["x", "x"])
    }),
    both("secrets that differ", &["Failed"], USUAL, |r| comparing::comparison(r, None, ["x", "y"])),
    both("a question, answered rightly", &["Succeeded(AnsweredRightly)"], USUAL, |r| {
        comparing::comparison(r, Some("Where did we meet?"), ["Zürich ☃", "Zürich ☃"])
    }),
    both("a question, answered wrongly", &["Failed"], USUAL, |r| comparing::comparison(r, Some("Who?"), ["x", "X"])),
    both("asked before the move, answered after it", &["Succeeded(PeerVerified)"], USUAL, |r| asked_before(r, "x")),
    both("the same with secrets that differ", &["Failed"], USUAL, |r| asked_before(r, "y")),
    both("one offer is lost, and there is another later", MOVED, USUAL, |r| tried_again(r, Version::Three, Data)),
    both("the D-H Commit is lost, and there is another later", MOVED, USUAL, |r| {
        tried_again(r, Version::Curve25519, DhCommit)
    }),
    both("the D-H Key is lost, and there is another later", MOVED, USUAL, |r| {
        tried_again(r, Version::Curve25519, DhKey)
    }),
    both("the Reveal Signature is lost, and there is another later", MOVED, USUAL, |r| {
        tried_again(r, Version::Curve25519, RevealSignature)
    }),
    both("the Signature is lost, and there is another later", MOVED, USUAL, |r| {
        tried_again(r, Version::Curve25519, Signature)
    }),
    both("the first message in the suite is lost; the next one shows it too", MOVED, USUAL, |r| {
        tried_again(r, Version::Curve25519, Data)
    }),
    stays("nothing of the exchange comes through", &["Encrypted"], stripped),
    both("the D-H Key comes late", MOVED, USUAL, late_key),
    both("every message of the exchange comes twice, and back to its writer", MOVED, USUAL, doubled),
    both("one bit of the D-H Key turned", FAILED, USUAL, |r| forged_exchange(r, DhKey, 20)),
    both("one bit of the KEM ciphertext turned", FAILED, USUAL, |r| forged_exchange(r, RevealSignature, 200)),
    both("one bit of the Signature turned", FAILED, USUAL, |r| forged_exchange(r, Signature, 20)),
    stays("an offer with more suites than its writer knows of", FAILED, |r| {
        offering(r, |key| [&[0xff, 0xff, 0, 3, 1, 2, 3], named(key).as_slice(), &[0, 1, 0, 0]].concat())
    }),
    both("an offer of suites that nobody knows; the next one serves", PASSED_OVER, USUAL, |r| {
        offering(r, |_| vec![0xff, 0xff, 0, 3, 1, 2, 3])
    }),
    both("an offer of nothing; the next one serves", PASSED_OVER, USUAL, |r| offering(r, |_| Vec::new())),
    both("an offer that is cut short; the next one serves", PASSED_OVER, USUAL, |r| {
        offering(r, |key| named(&key[..31]))
    }),
    both("an offer with a length beyond its end; the next one serves", PASSED_OVER, USUAL, |r| {
        offering(r, |key| named(key).into_iter().take(35).collect())
    }),
    both("an offer of a key that is none; the next one serves", PASSED_OVER, USUAL, |r| {
        offering(r, |_| named(&[&[1][..], &[0; 31]].concat()))
    }),
    both("an offer of our own key; the next one serves", PASSED_OVER, USUAL, offering_own_key),
    both("an offer of a stranger's key, then of the right one: the last one counts", MOVED, USUAL, |r| {
        let stranger = fixtures::ed25519("mallory").public.0;
        offering(r, move |_| named(&stranger))
    }),
    stays("every offer of one side is of a stranger's key", FAILED, offering_stranger),
    both("a text from before the move comes after it", MOVED, USUAL, late_text),
    both("a message is lost", MOVED, USUAL, super::lost),
    both("a replay is refused", &["Replayed"], USUAL, super::replayed),
    both("a replay of an old key's message is refused", &["Unreadable"], USUAL, super::replayed_late),
    both("messages out of order are refused", &["Replayed"], USUAL, super::out_of_order),
    both("one bit of a ciphertext turned", &["Unreadable", "?OTR Error:"], USUAL, |r| super::forged(r, 40)),
    both("one bit of a MAC turned", &["Unreadable"], USUAL, |r| super::forged(r, 6)),
    both("one bit of the next key turned", &["Unreadable"], USUAL, |r| super::forged(r, 85)),
    both("a message is cut short", &["Malformed"], USUAL, super::cut_short),
    both("a message for another client", &["ForOtherInstance"], USUAL, super::other_instance),
    both("our own message comes back", &["Reflected"], USUAL, super::reflected),
    both("a message of the suite with the header of version 3", &["Unreadable"], USUAL, other_header),
    both("a message after the end", &["NotInPrivate"], USUAL, super::after_the_end),
    both("text in clear in a private conversation", &["UnencryptedReceived"], USUAL, super::clear_in_private),
    both("one side is started anew", &["[resent] are you there?", "suiteFingerprint"], USUAL, restarted),
    both("who had the suite has it no more", &["\"downgrade\":{\"from\":25519,\"to\":3}"], USUAL, without_the_suite),
    both("the suite alone", &["?OTRv9?", "\"version\":25519"], ALONE, super::talk),
    both("the suite alone, where all is private", &["Queued", "\"version\":25519"], ALONE_ALWAYS, super::queued),
    both("the suite alone: text in clear carries no tag", &["Plain", "\"version\":25519"], ALONE, alone_in_clear),
    both("the suite alone: both ask at once", &["\"version\":25519"], ALONE, crossing),
    both("the suite alone: it is refreshed", &["\"refreshed\":true"], ALONE, super::refreshed),
    both("the suite alone: a comparison that succeeds", &["Succeeded(PeerVerified)"], ALONE, |r| {
        comparing::comparison(r, None, ["x", "x"])
    }),
    Moving {
        moves: false,
        ..both("the suite alone: a query for version 3", &["UnsupportedVersion"], ALONE, |r| {
            super::queried(r, "?OTRv3?")
        })
    },
    stays("a query for the suite where it is not spoken by itself", &["UnsupportedVersion"], |r| {
        super::queried(r, "?OTRv9?")
    }),
];

/// Whether a body is such a message.
fn is(body: &str, version: Version, kind: MessageType) -> bool {
    let Ok(bytes) = armour::decode(body.as_bytes(), MAX_MESSAGE) else { return false };
    Message::decode(&bytes)
        .is_ok_and(|message| message.header.version() == version && message.payload.message_type() == kind)
}

/// Delivers everything up to such a message, and takes that off the network; gives it, and whom it is for.
fn until(r: &mut Recorder, version: Version, kind: MessageType) -> Result<(Who, String), Problem> {
    const MOST: usize = 100;
    for _ in 0..MOST {
        let next = [Bob, Alice].into_iter().find_map(|who| Some((who, r.to(who).pop_front()?)));
        let Some((who, body)) = next else { break };
        if is(&body, version, kind) {
            return Ok((who, body));
        }
        r.receive(who, &body)?;
    }
    Err(Problem::new(format!("no {kind:?} of {version:?} came")))
}

/// A text each way.
fn say(r: &mut Recorder) -> Done {
    for (who, text) in [(Alice, "hello"), (Bob, "hello yourself"), (Alice, "Zażółć gęślą jaźń")] {
        r.at += 1_000;
        r.send(who, text)?;
        r.settle()?;
    }
    Ok(())
}

/// Time passes at both.
fn wait(r: &mut Recorder, time: u64) -> Done {
    r.at += time;
    r.act(Alice, Does::Tick)?;
    r.act(Bob, Does::Tick)?;
    r.settle()
}

/// The move, talk, and the time at which the session of version 3 ends.
fn talk(r: &mut Recorder) -> Done {
    begin(r)?;
    say(r)?;
    wait(r, 61_000)?;
    wait(r, 61_000)?;
    say(r)
}

fn text_at_every_step(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Start)?;
    // The exchange of version 3.
    for who in [Bob, Alice, Bob, Alice, Bob] {
        let body = r.to(who).pop_front().ok_or_else(|| Problem::new("nothing is under way"))?;
        r.receive(who, &body)?;
    }
    for step in 0..8 {
        for who in [Alice, Bob] {
            r.send(who, &format!("step {step}"))?;
        }
        for who in [Alice, Bob] {
            if let Some(body) = r.to(who).pop_front() {
                r.receive(who, &body)?;
            }
        }
    }
    r.settle()
}

fn crossing(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Start)?;
    r.act(Bob, Does::Start)?;
    r.settle()?;
    say(r)
}

fn verified(r: &mut Recorder) -> Done {
    until_version_3(r)?;
    let fingerprint = Hex::from(fixtures::identity("bob")?.public_key().fingerprint().as_bytes().as_slice());
    r.act(Alice, Does::SetTrust { fingerprint })?;
    r.settle()?;
    say(r)
}

/// Both are in version 3; what moves them is under way.
fn until_version_3(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Start)?;
    let (who, body) = until(r, Version::Three, Signature)?;
    r.receive(who, &body).map(|_| ())
}

fn ended(r: &mut Recorder, who: Who) -> Done {
    begin(r)?;
    say(r)?;
    r.act(who, Does::End)?;
    r.settle()?;
    r.act(who.other(), Does::End).map(|_| ())
}

/// Bob has moved; Alice, to whom nothing has shown it, ends the conversation.
fn ended_before_it_is_shown(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Start)?;
    let (who, body) = until(r, Version::Curve25519, Data)?;
    r.act(who, Does::End)?;
    r.settle()?;
    r.receive(who, &body)?;
    r.settle()
}

fn asked_before(r: &mut Recorder, secret: &str) -> Done {
    until_version_3(r)?;
    comparing::compare(r, Alice, "x", None)?;
    r.settle()?;
    comparing::answer(r, Bob, secret)?;
    r.settle()
}

/// A message is lost, and time passes, with talk that arrives.
fn tried_again(r: &mut Recorder, version: Version, kind: MessageType) -> Done {
    r.act(Alice, Does::Start)?;
    until(r, version, kind)?;
    r.settle()?;
    say(r)?;
    wait(r, AGAIN)?;
    say(r)?;
    wait(r, 61_000)?;
    say(r)
}

fn stripped(r: &mut Recorder) -> Done {
    until_version_3(r)?;
    for attempt in 1..=2 {
        until(r, Version::Curve25519, DhCommit)?;
        r.settle()?;
        r.at += AGAIN * attempt;
        r.send(Alice, "hello")?;
    }
    until(r, Version::Curve25519, DhCommit)?;
    r.settle()
}

/// The message comes when the attempt is over.
fn late_key(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Start)?;
    let (who, body) = until(r, Version::Curve25519, DhKey)?;
    wait(r, AGAIN)?;
    r.receive(who, &body)?;
    say(r)
}

fn doubled(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Start)?;
    for kind in [DhCommit, DhKey, RevealSignature, Signature, Data] {
        let (who, body) = until(r, Version::Curve25519, kind)?;
        let before: Vec<String> = r.to(who.other()).drain(..).collect();
        r.receive(who, &body)?;
        let answers: Vec<String> = r.to(who.other()).drain(..).collect();
        r.receive(who, &body)?;
        r.receive(who.other(), &body)?;
        // What is said to the copies is lost.
        r.to(who).clear();
        let to = r.to(who.other());
        to.clear();
        to.extend(before.into_iter().chain(answers));
    }
    r.settle()?;
    say(r)
}

/// The message is refused, the attempt comes to nothing, and there is another.
fn forged_exchange(r: &mut Recorder, kind: MessageType, from_end: usize) -> Done {
    r.act(Alice, Does::Start)?;
    let (who, body) = until(r, Version::Curve25519, kind)?;
    r.receive(who, &flipped(&body, from_end)?)?;
    r.settle()?;
    wait(r, AGAIN)?;
    say(r)
}

/// A record that names an Ed25519 key.
fn named(key: &[u8]) -> Vec<u8> {
    let length = u8::try_from(key.len()).unwrap_or_default();
    [&[0x63, 0xaf, 0, length], key].concat()
}

/// The first offer of the two is another one; what is made of it gets the key that was in it.
fn offering(r: &mut Recorder, make: impl FnOnce(&[u8]) -> Vec<u8>) -> Done {
    r.act(Alice, Does::Start)?;
    let (who, body) = until(r, Version::Three, Data)?;
    let name = if who == Alice { "bob" } else { "alice" };
    let record = content("", &[(SUITES, &make(&fixtures::ed25519(name).public.0))])?;
    let body = r.forge(who.other(), &body, |_| record)?;
    r.receive(who, &body)?;
    r.settle()?;
    say(r)?;
    wait(r, AGAIN)?;
    say(r)
}

fn offering_own_key(r: &mut Recorder) -> Done {
    let keys = ["alice", "bob"].map(|name| fixtures::ed25519(name).public.0);
    offering(r, move |right| {
        let own = keys.iter().find(|key| key.as_slice() != right);
        named(own.map_or(&[], Vec::as_slice))
    })
}

/// Bob's program names a key that it does not have.
fn offering_stranger(r: &mut Recorder) -> Done {
    const MOST: usize = 10;
    let record = content("", &[(SUITES, &named(&fixtures::ed25519("mallory").public.0))])?;
    r.act(Alice, Does::Start)?;
    for _ in 0..MOST {
        match until(r, Version::Three, Data) {
            Ok((Alice, body)) => {
                let body = r.forge(Bob, &body, |_| record.clone())?;
                r.receive(Alice, &body)?;
            }
            Ok((Bob, body)) => {
                r.receive(Bob, &body)?;
            }
            // Nothing more is under way.
            Err(_) => break,
        }
    }
    Ok(())
}

fn late_text(r: &mut Recorder) -> Done {
    until_version_3(r)?;
    let texts = [held_back(r, Alice, "said in version 3")?, held_back(r, Bob, "this as well")?];
    r.settle()?;
    for (who, body) in [Bob, Alice].into_iter().zip(&texts) {
        r.receive(who, body)?;
    }
    r.settle()?;
    say(r)
}

fn other_header(r: &mut Recorder) -> Done {
    begin(r)?;
    let body = held_back(r, Alice, "hello")?;
    let mut bytes = armour::decode(body.as_bytes(), MAX_MESSAGE)?;
    bytes[..2].copy_from_slice(&[0, 3]);
    r.receive(Bob, &armour::encode(&bytes))?;
    r.to(Alice).clear();
    r.receive(Bob, &body)?;
    r.settle()
}

fn restarted(r: &mut Recorder) -> Done {
    begin(r)?;
    say(r)?;
    r.at += 90_000;
    r.act(Bob, Does::Restart)?;
    r.send(Alice, "are you there?")?;
    r.settle()?;
    wait(r, 15_000)?;
    say(r)
}

fn without_the_suite(r: &mut Recorder) -> Done {
    begin(r)?;
    say(r)?;
    r.at += 90_000;
    r.act(Bob, Does::RestartWithoutCurve25519)?;
    r.act(Bob, Does::Start)?;
    r.settle()?;
    say(r)?;
    wait(r, 61_000)?;
    say(r)
}

fn alone_in_clear(r: &mut Recorder) -> Done {
    r.send(Alice, "hello in clear")?;
    r.settle()?;
    begin(r)?;
    say(r)
}
