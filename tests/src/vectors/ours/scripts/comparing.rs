//! Comparisons of secrets inside conversations.

use super::{
    super::conversations::{Does, Recorder, Setup, Who},
    Done, IGNORED, Script, USUAL, VERSION_2, begin, content, held_back, script,
};
use crate::vectors::{Problem, oracle, value::Hex};
use Who::{Alice, Bob};

const FRAGMENTS: fn(&mut Setup) = |setup| setup.max_message_size = Some(900);
const FRAGMENTS_2: fn(&mut Setup) = |setup| {
    setup.versions = "2".into();
    setup.max_message_size = Some(900);
};
const PADDED: fn(&mut Setup) = |setup| setup.padding = 1024;
const SUCCESS: &[&str] = &["Succeeded(PeerVerified)"];

pub(super) const SCRIPTS: &[Script] = &[
    script("a comparison that succeeds", SUCCESS, USUAL, |r| comparison(r, None, ["x", "x"])),
    script("the same in version 2", SUCCESS, VERSION_2, |r| comparison(r, None, ["x", "x"])),
    script("the same in fragments", SUCCESS, FRAGMENTS, |r| comparison(r, None, ["x", "x"])),
    script("the same in fragments of version 2", SUCCESS, FRAGMENTS_2, |r| comparison(r, None, ["x", "x"])),
    script("the same with padding", SUCCESS, PADDED, |r| comparison(r, None, ["x", "x"])),
    script("a question, answered rightly", &["Succeeded(AnsweredRightly)", "Where did we meet?"], USUAL, |r| {
        comparison(r, Some("Where did we meet?"), ["Zürich ☃", "Zürich ☃"])
    }),
    script("a question in version 2", &["Succeeded(AnsweredRightly)"], VERSION_2, |r| {
        comparison(r, Some(""), ["", ""])
    }),
    script("one comparison after the other, both ways", SUCCESS, USUAL, both_ways),
    script("texts beside a comparison", SUCCESS, USUAL, beside_texts),
    script("fresh keys before the answer", SUCCESS, USUAL, |r| rekeyed(r, 1)),
    script("fresh keys before message 3, which is lost with the old ones", &["TimedOut"], USUAL, |r| rekeyed(r, 2)),
    script("an answer at the last moment", SUCCESS, USUAL, |r| answered_after(r, 299_999)),
    script("an abort where nothing is under way", &["Encrypted"], USUAL, |r| record(r, 6, b"")),
    script("an abort with a value where nothing is under way", &["Encrypted"], USUAL, |r| record(r, 6, b"no")),
    script("secrets that differ", &["Failed"], USUAL, |r| comparison(r, None, ["x", "y"])),
    script("secrets that differ, in version 2", &["Failed"], VERSION_2, |r| comparison(r, None, ["x", "y"])),
    script("a question, answered wrongly", &["Failed"], USUAL, |r| comparison(r, Some("Who?"), ["x", "X"])),
    script("a failure takes no trust away", &["Failed", "Succeeded"], USUAL, failed_after_success),
    script("who asks gives up", &["Aborted"], USUAL, |r| given_up(r, Alice)),
    script("who is asked gives up", &["Aborted"], USUAL, |r| given_up(r, Bob)),
    script("an answer too late", &["TimedOut", "NotAsked"], USUAL, |r| answered_after(r, 300_000)),
    script("nobody answers", &["TimedOut"], USUAL, unanswered),
    script("message 2 is lost", &["TimedOut"], USUAL, |r| step_lost(r, 2)),
    script("message 3 is lost", &["TimedOut"], USUAL, |r| step_lost(r, 3)),
    script("message 4 is lost, or withheld", &["TimedOut"], USUAL, |r| step_lost(r, 4)),
    script("both begin at once", &["Aborted"], USUAL, crossing),
    script("who is asked begins one of its own", &["Aborted", "Succeeded"], USUAL, counter_question),
    script("begun anew before it has ended", &["Aborted", "Succeeded"], USUAL, begun_anew),
    script("the conversation ends in the middle", &["Aborted", "Finished"], USUAL, ended),
    script("an answer twice", &["NotAsked"], USUAL, answered_twice),
    script("commands that have no place", &["NotInPrivate", "NotAsked", "QuestionHasNul"], USUAL, impossible),
    script("wrong guesses without end", &["TooManyComparisons"], USUAL, guessing),
    script("comparisons without end", &["TooManyComparisons"], USUAL, flooding),
    script("two messages of a comparison in one", &["Malformed"], USUAL, two_records),
    script("two aborts in one message", &["Malformed"], USUAL, two_aborts),
    script("message 1 without numbers", &["Cheated"], USUAL, |r| record(r, 2, b"")),
    script("message 1Q without a question", &["Cheated"], USUAL, |r| record(r, 7, b"")),
    script("message 2 where none belongs", &[IGNORED], USUAL, |r| record(r, 3, &numbers(11))),
    script("message 3 where none belongs", &[IGNORED], USUAL, |r| record(r, 4, &numbers(8))),
    script("message 4 where none belongs", &[IGNORED], USUAL, |r| record(r, 5, &numbers(3))),
    script("message 4 without numbers where none belongs", &["Cheated"], USUAL, |r| record(r, 5, b"")),
    script("message 1 of ones", &["Cheated"], USUAL, |r| record(r, 2, &numbers(6))),
    script("message 1 is spoilt", &["Cheated"], USUAL, |r| spoilt(r, 1)),
    script("message 2 is spoilt", &["Cheated"], USUAL, |r| spoilt(r, 2)),
    script("message 3 is spoilt", &["Cheated"], USUAL, |r| spoilt(r, 3)),
    script("message 4 is spoilt", &["Cheated"], USUAL, |r| spoilt(r, 4)),
    script("message 2 is spoilt in version 2", &["Cheated"], VERSION_2, |r| spoilt(r, 2)),
    script("message 3 is cut short", &["TimedOut"], USUAL, cut_short),
    script("message 1 comes back", &["Aborted"], USUAL, mirrored),
    script("message 2 comes twice", &[IGNORED], USUAL, repeated),
];

pub(super) fn compare(
    r: &mut Recorder,
    who: Who,
    secret: &str,
    question: Option<&str>,
) -> Result<Vec<String>, Problem> {
    r.act(who, Does::Compare { secret: secret.into(), question: question.map(Into::into) })
}

pub(super) fn answer(r: &mut Recorder, who: Who, secret: &str) -> Result<Vec<String>, Problem> {
    r.act(who, Does::Answer(secret.into()))
}

/// Alice asks, Bob answers.
fn round(r: &mut Recorder, question: Option<&str>, [one, other]: [&str; 2]) -> Done {
    compare(r, Alice, one, question)?;
    r.settle()?;
    answer(r, Bob, other)?;
    r.settle()
}

pub(super) fn comparison(r: &mut Recorder, question: Option<&str>, secrets: [&str; 2]) -> Done {
    begin(r)?;
    round(r, question, secrets)?;
    r.send(Bob, "on we go")?;
    r.settle()
}

fn both_ways(r: &mut Recorder) -> Done {
    begin(r)?;
    round(r, Some("Who?"), ["me", "me"])?;
    compare(r, Bob, "me", None)?;
    r.settle()?;
    answer(r, Alice, "me")?;
    r.settle()
}

fn beside_texts(r: &mut Recorder) -> Done {
    begin(r)?;
    compare(r, Alice, "x", None)?;
    r.send(Alice, "please answer")?;
    r.send(Bob, "what is it?")?;
    r.settle()?;
    answer(r, Bob, "x")?;
    r.send(Bob, "there")?;
    r.send(Alice, "thank you")?;
    r.settle()
}

/// The exchange is repeated before step 1 or 2 is answered. The secrets stay bound to the keys of the beginning.
fn rekeyed(r: &mut Recorder, step: u32) -> Done {
    begin(r)?;
    compare(r, Alice, "x", None)?;
    r.settle()?;
    r.at += 70_000;
    if step == 2 {
        answer(r, Bob, "x")?;
    }
    let held: Vec<String> = r.to(Alice).drain(..).collect();
    begin(r)?;
    for body in held {
        r.receive(Alice, &body)?;
    }
    if step == 1 {
        answer(r, Bob, "x")?;
    }
    r.settle()?;
    r.at += 300_000;
    r.act(Alice, Does::Tick)?;
    r.act(Bob, Does::Tick)?;
    r.settle()
}

fn answered_after(r: &mut Recorder, time: u64) -> Done {
    begin(r)?;
    compare(r, Alice, "x", None)?;
    r.settle()?;
    r.at += time;
    answer(r, Bob, "x")?;
    r.act(Bob, Does::Tick)?;
    r.act(Alice, Does::Tick)?;
    r.settle()
}

fn unanswered(r: &mut Recorder) -> Done {
    begin(r)?;
    compare(r, Alice, "x", None)?;
    r.settle()?;
    r.at += 299_999;
    r.act(Alice, Does::Tick)?;
    r.at += 1;
    r.act(Alice, Does::Tick)?;
    r.act(Bob, Does::Tick)?;
    r.settle()
}

/// The message of a step is lost on its way; then time passes.
fn step_lost(r: &mut Recorder, step: u32) -> Done {
    begin(r)?;
    run_until(r, step)?;
    r.to(Alice).clear();
    r.to(Bob).clear();
    r.at += 300_000;
    r.act(Alice, Does::Tick)?;
    r.act(Bob, Does::Tick)?;
    r.settle()?;
    r.send(Alice, "still in private")?;
    r.settle()
}

/// Goes on until the message of a step is under way; nothing else is.
fn run_until(r: &mut Recorder, step: u32) -> Done {
    compare(r, Alice, "x", None)?;
    if step >= 2 {
        r.settle()?;
        answer(r, Bob, "x")?;
    }
    for to in [Alice, Bob].into_iter().take(usize::try_from(step.saturating_sub(2))?) {
        let body = r.to(to).pop_front().ok_or_else(|| Problem::new("nothing is under way"))?;
        r.receive(to, &body)?;
    }
    Ok(())
}

fn failed_after_success(r: &mut Recorder) -> Done {
    begin(r)?;
    round(r, None, ["x", "x"])?;
    round(r, None, ["x", "y"])
}

fn given_up(r: &mut Recorder, who: Who) -> Done {
    begin(r)?;
    compare(r, Alice, "x", None)?;
    r.settle()?;
    r.act(who, Does::AbortComparison)?;
    r.settle()?;
    answer(r, Bob, "x")?;
    r.settle()
}

fn crossing(r: &mut Recorder) -> Done {
    begin(r)?;
    compare(r, Alice, "x", None)?;
    compare(r, Bob, "x", Some("and you?"))?;
    r.settle()?;
    r.send(Alice, "you first")?;
    r.settle()
}

fn counter_question(r: &mut Recorder) -> Done {
    begin(r)?;
    compare(r, Alice, "x", None)?;
    r.settle()?;
    compare(r, Bob, "y", None)?;
    r.settle()?;
    answer(r, Alice, "y")?;
    r.settle()
}

fn begun_anew(r: &mut Recorder) -> Done {
    begin(r)?;
    compare(r, Alice, "mistyped", None)?;
    r.settle()?;
    round(r, None, ["x", "x"])
}

fn ended(r: &mut Recorder) -> Done {
    begin(r)?;
    compare(r, Alice, "x", None)?;
    r.settle()?;
    r.act(Alice, Does::End)?;
    r.settle()?;
    answer(r, Bob, "x").map(|_| ())
}

fn answered_twice(r: &mut Recorder) -> Done {
    begin(r)?;
    compare(r, Alice, "x", None)?;
    r.settle()?;
    answer(r, Bob, "x")?;
    answer(r, Bob, "y")?;
    r.settle()
}

fn impossible(r: &mut Recorder) -> Done {
    compare(r, Alice, "x", None)?;
    r.act(Alice, Does::AbortComparison)?;
    begin(r)?;
    r.act(Alice, Does::AbortComparison)?;
    compare(r, Alice, "x", Some("cut\0here"))?;
    r.settle()
}

fn guessing(r: &mut Recorder) -> Done {
    begin(r)?;
    for guess in ["1234", "0000", "1111", "4321"] {
        r.at += 60_000;
        compare(r, Bob, guess, Some("your number?"))?;
        r.settle()?;
        answer(r, Alice, "9876")?;
        r.settle()?;
    }
    r.send(Alice, "stop it")?;
    r.settle()
}

fn flooding(r: &mut Recorder) -> Done {
    begin(r)?;
    for _ in 0..7 {
        compare(r, Bob, "x", None)?;
        r.settle()?;
    }
    r.at += 10_000;
    compare(r, Bob, "x", None)?;
    r.settle()
}

/// A heartbeat of Alice's becomes a message with these records and nothing else.
fn records(r: &mut Recorder, records: &[(u16, &[u8])]) -> Done {
    let body = held_back(r, Alice, "to be replaced")?;
    let content = content("", records)?;
    let body = r.forge(Alice, &body, |_| content)?;
    r.receive(Bob, &body)?;
    r.settle()
}

fn record(r: &mut Recorder, kind: u16, value: &[u8]) -> Done {
    begin(r)?;
    records(r, &[(kind, value)])?;
    r.send(Bob, "still in private")?;
    r.settle()
}

/// So many ones.
fn numbers(count: u8) -> Vec<u8> {
    let ones = (0..count).flat_map(|_| oracle::data(&[1]).unwrap_or_default());
    [0, 0, 0, count].into_iter().chain(ones).collect()
}

fn two_records(r: &mut Recorder) -> Done {
    begin(r)?;
    compare(r, Alice, "x", None)?;
    r.settle()?;
    records(r, &[(2, &numbers(6)), (6, b"")])?;
    r.send(Alice, "still in private")?;
    r.settle()
}

fn two_aborts(r: &mut Recorder) -> Done {
    begin(r)?;
    records(r, &[(6, b""), (6, b"")])
}

/// The last bit of the last number of a step's message is turned by the one who sends it.
fn spoilt(r: &mut Recorder, step: u32) -> Done {
    begin(r)?;
    run_until(r, step)?;
    let (writer, reader) = if step % 2 == 1 { (Alice, Bob) } else { (Bob, Alice) };
    let body = r.to(reader).pop_front().ok_or_else(|| Problem::new("nothing is under way"))?;
    let body = r.forge(writer, &body, |mut content| {
        if let Some(last) = content.last_mut() {
            *last ^= 1;
        }
        content
    })?;
    r.receive(reader, &body)?;
    r.settle()?;
    r.send(Alice, "still in private")?;
    r.settle()
}

/// The record says that it is longer than it is.
fn cut_short(r: &mut Recorder) -> Done {
    begin(r)?;
    run_until(r, 3)?;
    let body = r.to(Bob).pop_front().ok_or_else(|| Problem::new("nothing is under way"))?;
    let body = r.forge(Alice, &body, |mut content| {
        content.pop();
        content
    })?;
    r.receive(Bob, &body)?;
    r.settle()?;
    r.at += 300_000;
    r.act(Alice, Does::Tick)?;
    r.act(Bob, Does::Tick)?;
    r.settle()
}

/// Bob gives Alice's own message back instead of an answer.
fn mirrored(r: &mut Recorder) -> Done {
    begin(r)?;
    compare(r, Alice, "x", None)?;
    let sent = r.to(Bob).pop_front().ok_or_else(|| Problem::new("nothing is under way"))?;
    let mut seen = Hex::default();
    r.forge(Alice, &sent, |content| {
        seen = Hex(content.clone());
        content
    })?;
    r.receive(Bob, &sent)?;
    let body = held_back(r, Bob, "to be replaced")?;
    let body = r.forge(Bob, &body, |_| seen.0)?;
    r.receive(Alice, &body)?;
    r.settle()
}

fn repeated(r: &mut Recorder) -> Done {
    begin(r)?;
    run_until(r, 2)?;
    let body = r.to(Alice).front().cloned().ok_or_else(|| Problem::new("nothing is under way"))?;
    r.settle()?;
    r.receive(Alice, &body)?;
    r.settle()
}
