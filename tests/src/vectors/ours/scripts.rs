//! What happens in the recorded conversations.

use otr_wire::{MAX_MESSAGE, armour};

mod comparing;
mod losing;
pub(super) mod moving;
mod policies;
mod records;
mod versions;

use super::conversations::{Does, Recorder, Rule, Setup, Who};
use crate::vectors::{Problem, value::Hex};
use Who::{Alice, Bob};

/// A conversation to be recorded.
pub(super) struct Script {
    pub(super) name: &'static str,
    /// What must be seen in it, as words of its events; they are its flags too. [`IGNORED`] is a flag alone.
    pub(super) shows: &'static [&'static str],
    /// Both accounts' settings, where they are not the usual ones.
    pub(super) setup: fn(&mut Setup),
    pub(super) run: fn(&mut Recorder) -> Done,
}

type Done = Result<(), Problem>;

const fn script(
    name: &'static str,
    shows: &'static [&'static str],
    setup: fn(&mut Setup),
    run: fn(&mut Recorder) -> Done,
) -> Script {
    Script { name, shows, setup, run }
}

/// Something in the conversation is passed over without a word: no event shows it.
pub(super) const IGNORED: &str = "Ignored";

const USUAL: fn(&mut Setup) = |_| {};
const VERSION_2: fn(&mut Setup) = |setup| setup.versions = "2".into();
const BOTH_VERSIONS: fn(&mut Setup) = |setup| setup.versions = "23".into();
const PADDED: fn(&mut Setup) = |setup| setup.padding = 256;
const SHORT_LINES: fn(&mut Setup) = |setup| setup.max_message_size = Some(150);
const VERSION_2_SHORT_LINES: fn(&mut Setup) = |setup| {
    setup.versions = "2".into();
    setup.max_message_size = Some(120);
};
const MANUAL: fn(&mut Setup) = |setup| setup.policy = Rule::Manual;
const ALWAYS: fn(&mut Setup) = |setup| setup.policy = Rule::Always;
const NEVER: fn(&mut Setup) = |setup| setup.policy = Rule::Never;

/// Every conversation there is.
pub(super) fn all() -> impl Iterator<Item = &'static Script> {
    [SCRIPTS, comparing::SCRIPTS, losing::SCRIPTS, versions::SCRIPTS, policies::SCRIPTS, records::SCRIPTS]
        .into_iter()
        .flatten()
}

/// Talk, and what disturbs it.
const SCRIPTS: &[Script] = &[
    script("a query, an exchange, some texts, the end", &["Encrypted", "Finished"], USUAL, talk),
    script("the same in version 2", &["Encrypted", "Finished"], VERSION_2, talk),
    script("the same with both versions allowed", &["Encrypted", "Finished"], BOTH_VERSIONS, talk),
    script("the same with padding", &["Encrypted", "Finished"], PADDED, talk),
    script("the same in fragments", &["Encrypted", "?OTR|"], SHORT_LINES, talk),
    script("the same in fragments of version 2", &["Encrypted", "?OTR,"], VERSION_2_SHORT_LINES, talk),
    script("the same without tags", &["Encrypted", "Finished"], MANUAL, talk),
    script("text in clear carries a tag, which starts the exchange", &["Plain", "Encrypted"], USUAL, tagged),
    script("text in clear between two that need no tag", &["Plain"], MANUAL, in_clear),
    script("OTR is off", &["Plain", "?OTRv3?"], NEVER, off),
    script("text waits for encryption", &["Queued", "Encrypted"], ALWAYS, queued),
    script("text waits in vain and is given back", &["Queued", "notDelivered"], MANUAL, given_back),
    script("keys rotate many times", &["Encrypted"], USUAL, ping_pong),
    script("one side talks for long", &["Encrypted"], USUAL, monologue),
    script("messages under way both ways at once", &["Encrypted"], USUAL, crossing_texts),
    script("the conversation is refreshed", &["\"refreshed\":true"], USUAL, refreshed),
    script("a heartbeat", &["Encrypted"], USUAL, heartbeat),
    script("a padded heartbeat", &["Encrypted"], PADDED, heartbeat),
    script("silence is answered by a heartbeat", &["Encrypted"], USUAL, answered_by_heartbeat),
    script("the extra symmetric key", &["extraKey"], USUAL, extra_key),
    script("a verified identity", &["Verified"], USUAL, verified),
    script("a day with one side talking: stale keys", &["staleKeys"], USUAL, stale),
    script("a message is lost", &["Encrypted"], USUAL, lost),
    script("a replay is refused", &["Replayed"], USUAL, replayed),
    script("a replay in version 2 is refused", &["Replayed"], VERSION_2, replayed),
    script("a replay of an old key's message is refused", &["Unreadable"], USUAL, replayed_late),
    script("messages out of order are refused", &["Replayed"], USUAL, out_of_order),
    script("one bit of a ciphertext turned", &["Unreadable", "?OTR Error:"], USUAL, |r| forged(r, 40)),
    script("one bit of a MAC turned", &["Unreadable"], USUAL, |r| forged(r, 6)),
    script("one bit of the next key turned", &["Unreadable"], USUAL, |r| forged(r, 200)),
    script("the same in version 2", &["Unreadable"], VERSION_2, |r| forged(r, 40)),
    script("a forged message that asks for silence", &["Encrypted"], USUAL, forged_heartbeat),
    script("a message is cut short", &["Malformed"], USUAL, cut_short),
    script("a fragment is lost", &["FragmentDropped"], SHORT_LINES, lost_fragment),
    script("a fragment comes twice", &["FragmentDropped"], SHORT_LINES, repeated_fragment),
    script("a message for another client", &["ForOtherInstance"], USUAL, other_instance),
    script("our own message comes back", &["Reflected"], USUAL, reflected),
    script("a message after the end", &["NotInPrivate", "PeerError"], USUAL, after_the_end),
    script("sending to somebody who has ended it", &["Refused(Finished)"], USUAL, sending_to_finished),
    script("text in clear in a private conversation", &["UnencryptedReceived"], USUAL, clear_in_private),
    script("text in clear under a policy against it", &["UnencryptedReceived"], ALWAYS, clear_against_policy),
    script("a query for versions that are not spoken", &["UnsupportedVersion"], USUAL, |r| queried(r, "?OTRv2?")),
    script("a query for version 1", &["UnsupportedVersion"], USUAL, |r| queried(r, "?OTR?")),
    script("an exchange in a version that is not allowed", &["UnsupportedVersion"], USUAL, wrong_version),
    script("text that cannot be sent", &["Refused(NulInText)", "Refused(LooksLikeOtr)"], USUAL, refused_texts),
    script("commands without a conversation", &["NotInPrivate", "UnknownFingerprint"], USUAL, impossible),
    script("a Reveal Signature is forged, then comes right", &["Malformed", "Encrypted"], USUAL, forged_exchange),
    script("the other side complains", &["PeerError"], USUAL, complaint),
    script("a flood of key exchanges is not answered", &["TooManyExchanges"], USUAL, flood),
];

/// Sends a text and takes the one message of it off the network.
fn held_back(r: &mut Recorder, who: Who, text: &str) -> Result<String, Problem> {
    r.send(who, text)?;
    r.to(who.other()).pop_back().ok_or_else(|| Problem::new("nothing was sent"))
}

/// Content of a Data message: text, NUL, records.
fn content(text: &str, records: &[(u16, &[u8])]) -> Result<Vec<u8>, Problem> {
    let mut content = [text.as_bytes(), &[0]].concat();
    for (kind, value) in records {
        content.extend(kind.to_be_bytes());
        content.extend(u16::try_from(value.len())?.to_be_bytes());
        content.extend(*value);
    }
    Ok(content)
}

/// Brings a private conversation about.
fn begin(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Start)?;
    r.settle()
}

fn talk(r: &mut Recorder) -> Done {
    begin(r)?;
    for (who, text) in
        [(Alice, "hello"), (Bob, "hello yourself"), (Alice, "Zażółć gęślą jaźń"), (Bob, "?OTRv3? is a word")]
    {
        r.at += 1_000;
        r.send(who, text)?;
        r.settle()?;
    }
    r.act(Alice, Does::End)?;
    r.settle()?;
    r.act(Bob, Does::End).map(|_| ())
}

fn tagged(r: &mut Recorder) -> Done {
    r.send(Alice, "hello in clear")?;
    r.settle()?;
    r.send(Bob, "now in private")?;
    r.settle()
}

fn in_clear(r: &mut Recorder) -> Done {
    r.send(Alice, "hello")?;
    r.send(Bob, "hello to you")?;
    r.settle()
}

fn off(r: &mut Recorder) -> Done {
    r.send(Alice, "hello")?;
    r.receive(Bob, "?OTRv3?")?;
    r.settle()
}

fn queued(r: &mut Recorder) -> Done {
    r.send(Alice, "first")?;
    r.send(Alice, "second")?;
    r.settle()
}

fn given_back(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Start)?;
    r.send(Alice, "is anybody there?")?;
    r.at = 59_999;
    r.act(Alice, Does::Tick)?;
    r.at = 60_000;
    r.act(Alice, Does::Tick)?;
    r.send(Alice, "so in clear").map(|_| ())
}

fn ping_pong(r: &mut Recorder) -> Done {
    begin(r)?;
    for round in 0..6 {
        r.at += 500;
        r.send(Alice, &format!("ping {round}"))?;
        r.settle()?;
        r.send(Bob, &format!("pong {round}"))?;
        r.settle()?;
    }
    Ok(())
}

fn monologue(r: &mut Recorder) -> Done {
    begin(r)?;
    for number in 0..10 {
        r.send(Alice, &format!("line {number}"))?;
    }
    r.settle()?;
    r.send(Bob, "I see")?;
    r.settle()
}

fn crossing_texts(r: &mut Recorder) -> Done {
    begin(r)?;
    for round in 0..3 {
        r.send(Alice, &format!("from here {round}"))?;
        r.send(Bob, &format!("from there {round}"))?;
        r.send(Bob, &format!("and again {round}"))?;
        r.settle()?;
    }
    Ok(())
}

fn refreshed(r: &mut Recorder) -> Done {
    begin(r)?;
    r.send(Alice, "before")?;
    r.settle()?;
    r.send(Bob, "so it is")?;
    r.settle()?;
    r.at += 70_000;
    begin(r)?;
    r.send(Bob, "after")?;
    r.settle()
}

fn heartbeat(r: &mut Recorder) -> Done {
    begin(r)?;
    r.act(Bob, Does::Heartbeat)?;
    r.settle()?;
    r.act(Alice, Does::Heartbeat)?;
    r.settle()
}

fn answered_by_heartbeat(r: &mut Recorder) -> Done {
    begin(r)?;
    r.at += 60_000;
    r.send(Alice, "are you there?")?;
    r.settle()?;
    r.send(Alice, "too soon for another one")?;
    r.settle()
}

fn extra_key(r: &mut Recorder) -> Done {
    begin(r)?;
    r.act(Alice, Does::ExtraKey { usage: 42, data: Hex(b"file".to_vec()) })?;
    r.settle()?;
    r.act(Bob, Does::ExtraKey { usage: u32::MAX, data: Hex::default() })?;
    r.settle()
}

fn verified(r: &mut Recorder) -> Done {
    begin(r)?;
    let fingerprint = Hex::from(super::fixtures::identity("bob")?.public_key().fingerprint().as_bytes().as_slice());
    r.act(Alice, Does::SetTrust { fingerprint })?;
    r.act(Alice, Does::End)?;
    r.settle()?;
    r.act(Bob, Does::End)?;
    r.send(Alice, "only in private from now on")?;
    r.settle()
}

fn stale(r: &mut Recorder) -> Done {
    begin(r)?;
    r.at += 24 * 60 * 60 * 1_000;
    r.act(Alice, Does::Tick)?;
    r.act(Alice, Does::Tick).map(|_| ())
}

fn lost(r: &mut Recorder) -> Done {
    begin(r)?;
    r.send(Alice, "this one is lost")?;
    r.to(Bob).clear();
    r.send(Alice, "this one is not")?;
    r.settle()?;
    r.send(Bob, "what did I miss?")?;
    r.to(Alice).clear();
    r.send(Bob, "hello?")?;
    r.settle()
}

fn replayed(r: &mut Recorder) -> Done {
    begin(r)?;
    let sent = r.send(Alice, "once")?;
    r.settle()?;
    for body in &sent {
        r.receive(Bob, body)?;
    }
    r.send(Alice, "the next one is read")?;
    r.settle()
}

fn replayed_late(r: &mut Recorder) -> Done {
    begin(r)?;
    let sent = r.send(Alice, "once")?;
    r.settle()?;
    for _ in 0..3 {
        r.send(Bob, "on")?;
        r.settle()?;
        r.send(Alice, "and on")?;
        r.settle()?;
    }
    for body in &sent {
        r.receive(Bob, body)?;
    }
    r.send(Alice, "the next one is read")?;
    r.to(Alice).clear();
    r.settle()
}

fn out_of_order(r: &mut Recorder) -> Done {
    begin(r)?;
    r.send(Alice, "first")?;
    r.send(Alice, "second")?;
    r.to(Bob).rotate_left(1);
    r.settle()?;
    r.send(Alice, "third")?;
    r.settle()
}

/// The message with the lowest bit turned of the byte that many before its end. A text's last bytes are the length of
/// the old MAC keys (4), the MAC (20) and the encrypted text.
fn flipped(body: &str, from_end: usize) -> Result<String, Problem> {
    let mut bytes = armour::decode(body.as_bytes(), MAX_MESSAGE)?;
    let at = bytes.len().checked_sub(from_end).ok_or_else(|| Problem::new("the message is too short"))?;
    *bytes.get_mut(at).ok_or_else(|| Problem::new("no such byte"))? ^= 1;
    Ok(armour::encode(&bytes))
}

fn forged(r: &mut Recorder, from_end: usize) -> Done {
    begin(r)?;
    r.send(Alice, "a text that somebody on the way may want to change")?;
    let body = r.to(Bob).pop_front().ok_or_else(|| Problem::new("nothing was sent"))?;
    r.receive(Bob, &flipped(&body, from_end)?)?;
    r.to(Alice).clear();
    r.receive(Bob, &body)?;
    r.settle()
}

fn forged_heartbeat(r: &mut Recorder) -> Done {
    begin(r)?;
    r.act(Alice, Does::Heartbeat)?;
    let body = r.to(Bob).pop_front().ok_or_else(|| Problem::new("nothing was sent"))?;
    r.receive(Bob, &flipped(&body, 6)?)?;
    r.receive(Bob, &body)?;
    r.settle()
}

fn cut_short(r: &mut Recorder) -> Done {
    begin(r)?;
    let sent = r.send(Alice, "a whole text")?;
    for body in &sent {
        let bytes = armour::decode(body.as_bytes(), MAX_MESSAGE)?;
        r.receive(Bob, &armour::encode(&bytes[..bytes.len() - 1]))?;
        r.receive(Bob, body.trim_end_matches('.'))?;
    }
    r.settle()
}

fn lost_fragment(r: &mut Recorder) -> Done {
    begin(r)?;
    r.send(Alice, "a text that does not fit into one line of this network")?;
    r.to(Bob).remove(1);
    r.settle()?;
    r.send(Alice, "this one comes through")?;
    r.settle()
}

fn repeated_fragment(r: &mut Recorder) -> Done {
    begin(r)?;
    r.send(Alice, "a text that does not fit into one line of this network")?;
    let second = r.to(Bob).get(1).cloned().ok_or_else(|| Problem::new("it is one piece"))?;
    r.to(Bob).insert(1, second);
    r.settle()
}

fn other_instance(r: &mut Recorder) -> Done {
    begin(r)?;
    let sent = r.send(Alice, "for whom?")?;
    for body in &sent {
        let mut bytes = armour::decode(body.as_bytes(), MAX_MESSAGE)?;
        bytes[10] ^= 1;
        r.receive(Bob, &armour::encode(&bytes))?;
        r.receive(Bob, &armour::encode(&bytes))?;
    }
    r.settle()
}

fn reflected(r: &mut Recorder) -> Done {
    begin(r)?;
    let sent = r.send(Alice, "an echo")?;
    for body in &sent {
        r.receive(Alice, body)?;
    }
    r.settle()
}

fn after_the_end(r: &mut Recorder) -> Done {
    begin(r)?;
    r.act(Bob, Does::End)?;
    r.to(Alice).clear();
    r.send(Alice, "you do not read this")?;
    r.settle()
}

fn sending_to_finished(r: &mut Recorder) -> Done {
    begin(r)?;
    r.act(Bob, Does::End)?;
    r.settle()?;
    r.send(Alice, "not in clear")?;
    r.act(Alice, Does::End)?;
    r.send(Alice, "in clear, as the policy allows")?;
    r.settle()
}

fn clear_in_private(r: &mut Recorder) -> Done {
    begin(r)?;
    r.receive(Alice, "psst")?;
    r.send(Bob, "that was not me")?;
    r.settle()
}

fn clear_against_policy(r: &mut Recorder) -> Done {
    r.receive(Alice, "psst").map(|_| ())
}

fn queried(r: &mut Recorder, query: &str) -> Done {
    r.receive(Alice, query)?;
    r.settle()
}

fn wrong_version(r: &mut Recorder) -> Done {
    // A D-H Commit of version 2, well-formed.
    let mut bytes = vec![0, 2, 2, 0, 0, 0, 196];
    bytes.extend([7; 196]);
    bytes.extend([0, 0, 0, 32]);
    bytes.extend([9; 32]);
    r.receive(Alice, &armour::encode(&bytes))?;
    r.settle()
}

fn refused_texts(r: &mut Recorder) -> Done {
    r.send(Alice, "?OTRv3?")?;
    r.send(Alice, "cut\0here")?;
    begin(r)?;
    r.send(Alice, "cut\0here")?;
    r.send(Alice, "?OTRv3?")?;
    r.settle()
}

fn impossible(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Heartbeat)?;
    r.act(Alice, Does::ExtraKey { usage: 1, data: Hex::default() })?;
    r.act(Alice, Does::SetTrust { fingerprint: Hex(vec![7; 20]) })?;
    r.act(Alice, Does::End).map(|_| ())
}

fn forged_exchange(r: &mut Recorder) -> Done {
    let query = r.act(Alice, Does::Start)?;
    r.to(Bob).clear();
    let commit = r.receive(Bob, query.first().map_or("", String::as_str))?;
    let key = r.receive(Alice, commit.first().map_or("", String::as_str))?;
    let reveal = r.receive(Bob, key.first().map_or("", String::as_str))?;
    let reveal = reveal.first().map_or("", String::as_str);
    r.to(Alice).clear();
    r.to(Bob).clear();
    r.receive(Alice, &flipped(reveal, 1)?)?;
    r.receive(Alice, reveal)?;
    r.settle()?;
    r.send(Alice, "all is well")?;
    r.settle()
}

fn complaint(r: &mut Recorder) -> Done {
    begin(r)?;
    r.receive(Alice, "?OTR Error: \u{202e}not\u{1b}[31m yours")?;
    r.send(Alice, "still in private")?;
    r.settle()
}

fn flood(r: &mut Recorder) -> Done {
    for _ in 0..11 {
        r.receive(Alice, "?OTRv3?")?;
    }
    r.to(Bob).clear();
    r.at += 6_000;
    r.receive(Alice, "?OTRv3?").map(|_| ())
}
