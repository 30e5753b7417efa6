//! An undisturbed talk: an exchange, many messages, a comparison, a long text, the end.

use std::thread;

use super::Kind;
use super::chatter::Chatter;
use super::ledger::Ledger;
use super::stage::{Pair, Rows, Side, Stage};
use super::words::{self, Word};

/// A text of this size fits into a line that is typed, and into no message of IRC's.
const LARGE: usize = 60_000;

/// Plays it.
pub(super) fn play(stage: &Stage, messages: u32, rows: &mut Rows<'_>) {
    // Nobody is told there who is online.
    if stage.server.kind() != Kind::Synapse {
        rows.check("asked before the other comes", || Ok(((), stage.meet_later()?.leave().map(|()| String::new())?)));
    }
    let Some(mut pair) = rows.check("private conversation", || Ok((stage.meet()?, String::new()))) else { return };
    let done = rows.check(format!("{messages} messages each way"), || many(&mut pair, &stage.marker, messages));
    if done.is_none() {
        return;
    }
    for side in Side::BOTH {
        if rows.check(format!("comparison, {} asks", side.name()), || compare(&mut pair, stage, side)).is_none() {
            return;
        }
    }
    if rows.check("60 KB text each way", || large(&mut pair, &stage.marker)).is_none() {
        return;
    }
    rows.check("end", || end(&mut pair, &stage.marker));
}

/// The text number `number` of one side: a line with what programs easily spoil.
pub(super) fn text(marker: &str, side: Side, number: u32) -> String {
    format!("{marker} {} {number}: <b>&amp; 3 < 4 é 𝄞", side.name())
}

/// Both type all their lines at once, as fast as the program takes them.
fn many(pair: &mut Pair, marker: &str, messages: u32) -> Result<((), String), String> {
    let Pair { alice, bob } = pair;
    let (alices, bobs) = thread::scope(|scope| {
        let typing = scope.spawn(|| type_all(alice, Side::Alice, marker, messages));
        let bobs = type_all(bob, Side::Bob, marker, messages);
        let alices = typing.join().map_err(|_| "the typist is gone".to_owned())?;
        Ok::<_, String>((alices?, bobs?))
    })?;
    let count = usize::try_from(messages).unwrap_or(usize::MAX);
    for chatter in [&*alice, &*bob] {
        let is_received = |line: &str| matches!(chatter.word(line, marker), Some(Word::Received(_)));
        chatter.wait_many("messages", count, is_received)?;
    }
    let (from_alice, from_bob) = (alice.lines(), bob.lines());
    let mut seen = Vec::new();
    for (ledger, sender, receiver) in [
        (&alices, alice.reader(&from_alice), bob.reader(&from_bob)),
        (&bobs, bob.reader(&from_bob), alice.reader(&from_alice)),
    ] {
        let account = ledger.settle(sender, receiver)?;
        if account.arrived != count {
            return Err(format!("{} of {count} arrived on a good connection", account.arrived));
        }
        seen.push(account.to_string());
    }
    Ok(((), seen.join("; ")))
}

fn type_all(chatter: &mut Chatter, side: Side, marker: &str, messages: u32) -> Result<Ledger, String> {
    let mut ledger = Ledger::new(marker);
    for number in 0..messages {
        let text = text(marker, side, number);
        ledger.enter(&text);
        chatter.say(&text)?;
    }
    Ok(ledger)
}

/// One asks a question, the other answers it rightly. The words are secret, too.
fn compare(pair: &mut Pair, stage: &Stage, asker: Side) -> Result<((), String), String> {
    let marker = &stage.marker;
    let (from_alice, from_bob) = (pair.alice.said(), pair.bob.said());
    let Pair { alice, bob } = pair;
    let (asking, asked, from_asking, from_asked) = match asker {
        Side::Alice => (alice, bob, from_alice, from_bob),
        Side::Bob => (bob, alice, from_bob, from_alice),
    };
    let question = format!("{marker} where did we meet?");
    asking.say(&format!("/ask \"{question}\" {marker} on the stairs"))?;
    let next = asked.wait(from_asked, "that it is asked", words::is_asked)?;
    asked.wait(next, "the question", |line| line.ends_with(&question))?;
    asked.say(&format!("/answer {marker} on the stairs"))?;
    asking.wait(from_asking, "that the answer is right", words::is_verified)?;
    asked.wait(from_asked, "that its answer was right", words::is_answered)?;
    Ok(((), String::new()))
}

/// One line that is longer than any message, both ways at once.
fn large(pair: &mut Pair, marker: &str) -> Result<((), String), String> {
    let Pair { alice, bob } = pair;
    let from = [alice.said(), bob.said()];
    let line = |side: Side| {
        let mut line = format!("{marker} {} ", side.name());
        while line.len() < LARGE {
            line.push_str(marker);
            line.push(' ');
        }
        line.push('.');
        line
    };
    alice.say(&line(Side::Alice))?;
    bob.say(&line(Side::Bob))?;
    let both = [(&*alice, from[0], [Side::Alice, Side::Bob]), (&*bob, from[1], [Side::Bob, Side::Alice])];
    for (chatter, from, [own, other]) in both {
        let (own, others) = (line(own), line(other));
        chatter.wait(from, "the large text", |line| chatter.word(line, marker) == Some(Word::Received(&others)))?;
        chatter.wait(from, "that its own is out", |line| chatter.word(line, marker) == Some(Word::Sent(&own)))?;
    }
    Ok(((), format!("{} bytes", line(Side::Alice).len())))
}

/// One ends the conversation. What the other types then goes nowhere.
fn end(pair: &mut Pair, marker: &str) -> Result<((), String), String> {
    let Pair { alice, bob } = pair;
    let (from_alice, from_bob) = (alice.said(), bob.said());
    alice.say("/end")?;
    bob.wait(from_bob, "that the conversation has ended", words::is_finished)?;
    bob.say(&format!("{marker} too late"))?;
    bob.wait(from_bob, "that it is not sent", |line| line.starts_with("! not sent: "))?;
    bob.leave()?;
    alice.leave()?;
    let lines = alice.lines();
    let new = lines.get(from_alice..).unwrap_or_default();
    match new.iter().find(|line| line.contains(marker)) {
        Some(line) => Err(format!("alice shows: {line}")),
        None => Ok(((), String::new())),
    }
}
