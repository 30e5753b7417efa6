//! What happens in a conversation, drawn from its seed.

use serde_json::json;

use super::letter::Content;
use super::talk::Talk;
use crate::interop::check::check;
use crate::interop::{End, Failure};

/// The fewest acts of a conversation, and how many more there may be.
const ACTS: (u32, u32) = (10, 50);

/// How often a script asks for new keys, ends the conversation and compares a secret: programs allow so much in a
/// minute, and a conversation lasts less than a second.
const MOST_STARTS: u32 = 2;
const MOST_ENDS: u32 = 1;
const MOST_COMPARISONS: u32 = 1;

/// How often the sides are brought together again when the network has healed.
const MOST_REPAIRS: usize = 4;

const SECRETS: [&str; 2] = ["the same 🔒", "another"];

/// Something that can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Act {
    /// A side sends text.
    Send,
    /// The network brings some packets.
    Deliver,
    /// The network loses a packet.
    Lose,
    /// The network brings a packet twice.
    Double,
    /// The network holds a packet back, so that others overtake it.
    Hold,
    /// A side sends an empty message.
    Heartbeat,
    /// A side uses the extra symmetric key.
    ExtraKey,
    /// A side asks for new keys.
    Start,
    /// The users compare a secret, or go on doing so.
    Compare,
    /// A side ends the conversation.
    End,
}

/// Each act and how often it is drawn.
const ACTIONS: [(Act, u32); 10] = [
    (Act::Send, 32),
    (Act::Deliver, 34),
    (Act::Lose, 5),
    (Act::Double, 5),
    (Act::Hold, 5),
    (Act::Heartbeat, 3),
    (Act::ExtraKey, 3),
    (Act::Start, 3),
    (Act::Compare, 8),
    (Act::End, 2),
];

/// A script and what it has used up.
#[derive(Debug)]
pub(super) struct Script {
    acts: Vec<(Act, u32)>,
    texts: u32,
    starts: u32,
    ends: u32,
    comparisons: u32,
}

impl Script {
    pub(super) fn new(without: &[Act]) -> Self {
        let acts = ACTIONS.into_iter().filter(|(act, _)| !without.contains(act)).collect();
        Self { acts, texts: 0, starts: 0, ends: 0, comparisons: 0 }
    }

    /// One side asks, or both do, or a tag in plain text does. Mostly the exchange is over before more happens.
    pub(super) fn open(&mut self, talk: &mut Talk<'_>) -> Result<(), Failure> {
        let first = talk.meeting.dice.one_of(End::BOTH);
        match talk.meeting.dice.below(10) {
            0..6 => drop(talk.call(first, "start", json!({}))?),
            6..8 => {
                for end in [first, first.other()] {
                    talk.call(end, "start", json!({}))?;
                }
            }
            _ => {
                let text = "good morning";
                let done = talk.request(first, "send", json!({"text": text}), Content::Text(text.to_owned()))?;
                talk.check_quiet(first, "send", &done)?;
                let result = done.result?;
                check(result["status"] == "plaintext", || format!("{} send: {result}", first.name()))?;
                talk.deliver(first.other())?;
            }
        }
        if talk.meeting.dice.chance(70) {
            talk.settle()?;
        }
        Ok(())
    }

    pub(super) fn play(&mut self, talk: &mut Talk<'_>) -> Result<(), Failure> {
        let (fewest, more) = ACTS;
        for _ in 0..fewest.saturating_add(talk.meeting.dice.below(more)) {
            let end = talk.meeting.dice.one_of(End::BOTH);
            match self.draw(talk) {
                Some(act) => self.perform(act, end, talk)?,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    fn draw(&self, talk: &mut Talk<'_>) -> Option<Act> {
        let all = self.acts.iter().map(|(_, often)| often).sum();
        let mut at = talk.meeting.dice.below(all);
        for &(act, often) in &self.acts {
            match at.checked_sub(often) {
                Some(rest) => at = rest,
                None => return Some(act),
            }
        }
        None
    }

    /// Does `act`, if it is possible now.
    fn perform(&mut self, act: Act, end: End, talk: &mut Talk<'_>) -> Result<(), Failure> {
        let tally = &mut talk.tally;
        match act {
            Act::Send => self.send(end, talk)?,
            Act::Deliver => {
                for _ in 0..=talk.meeting.dice.below(4) {
                    let end = talk.meeting.dice.one_of(End::BOTH);
                    talk.network.release_sometimes(end, &mut talk.meeting.dice);
                    talk.deliver(end)?;
                }
            }
            Act::Lose => tally.lost = tally.lost.saturating_add(talk.network.lose(end).into()),
            Act::Double => {
                tally.doubled = tally.doubled.saturating_add(talk.network.double(end, &mut talk.meeting.dice).into());
            }
            Act::Hold => tally.held = tally.held.saturating_add(talk.network.hold(end).into()),
            Act::Heartbeat if talk.standing.at(end).is_private() => drop(talk.call(end, "heartbeat", json!({}))?),
            Act::ExtraKey if talk.standing.at(end).is_private() => extra_key(end, talk)?,
            Act::Start if self.starts < MOST_STARTS => {
                self.starts = self.starts.saturating_add(1);
                talk.call(end, "start", json!({}))?;
            }
            Act::Compare => self.compare(end, talk)?,
            Act::End if self.ends < MOST_ENDS && talk.standing.at(end).is_private() => {
                self.ends = self.ends.saturating_add(1);
                finish(end, talk)?;
            }
            Act::Heartbeat | Act::ExtraKey | Act::Start | Act::End => {}
        }
        Ok(())
    }

    fn send(&mut self, end: End, talk: &mut Talk<'_>) -> Result<(), Failure> {
        self.texts = self.texts.saturating_add(1);
        let text = talk.meeting.dice.text(self.texts, 40);
        let standing = talk.standing.at(end);
        if standing.is_private() {
            return talk.send(end, text);
        }
        if standing.state != "finished" {
            return Ok(());
        }
        let waiting = talk.network.waiting(end.other());
        let result = talk.call(end, "send", json!({"text": text}))?;
        let refused = result["status"] == "refused" && talk.network.waiting(end.other()) == waiting;
        check(refused, || format!("{} send after the end: {result}", end.name()))
    }

    /// Goes on with a comparison: a question is answered, or somebody gives up; or else somebody asks. Nobody asks
    /// while something of an earlier comparison may still be on its way: its messages do not tell one from another.
    fn compare(&mut self, end: End, talk: &mut Talk<'_>) -> Result<(), Failure> {
        let running = !talk.standing.at(end).smp.is_null();
        if talk.asked(end) && talk.meeting.dice.chance(75) {
            let secret = talk.meeting.dice.one_of(SECRETS);
            return talk.answer(end, secret);
        }
        if running && talk.meeting.dice.chance(30) {
            return talk.smp(end, "smp.abort", json!({}));
        }
        let idle = End::BOTH.into_iter().all(|end| talk.network.waiting(end) == 0);
        if running || self.comparisons >= MOST_COMPARISONS || !talk.is_one() || !idle {
            return Ok(());
        }
        self.comparisons = self.comparisons.saturating_add(1);
        let question = talk.meeting.dice.chance(50).then_some("where?");
        talk.ask(end, SECRETS[0], question)?;
        if talk.meeting.dice.chance(10) {
            talk.ask(end.other(), SECRETS[0], None)?;
        }
        Ok(())
    }

    /// The network is well again: both find to one conversation, and everything works in it.
    pub(super) fn close(&mut self, talk: &mut Talk<'_>) -> Result<(), Failure> {
        talk.settle()?;
        for repair in 0..MOST_REPAIRS {
            if talk.is_one() {
                break;
            }
            talk.tally.healed = 1;
            talk.call(End::BOTH[repair % 2], "start", json!({}))?;
            talk.settle()?;
        }
        talk.meeting.in_agreement()?;
        self.last_words(talk)?;
        if self.has(Act::Compare) && talk.meeting.dice.chance(50) {
            let end = talk.meeting.dice.one_of(End::BOTH);
            let answer = talk.meeting.dice.one_of(SECRETS);
            talk.compare_whole(end, SECRETS[0], answer)?;
        }
        if self.has(Act::ExtraKey) {
            extra_key(talk.meeting.dice.one_of(End::BOTH), talk)?;
            talk.settle()?;
        }
        if self.has(Act::End) && talk.meeting.dice.chance(30) {
            let end = talk.meeting.dice.one_of(End::BOTH);
            finish(end, talk)?;
            talk.settle()?;
            let other = talk.standing.at(end.other());
            check(other.state == "finished", || format!("the {} is {other:?} after the end", end.other().name()))?;
        }
        End::BOTH.into_iter().try_for_each(|end| talk.meeting.check_secret(talk.texts.at(end)))
    }

    fn has(&self, act: Act) -> bool {
        self.acts.iter().any(|(one, _)| *one == act)
    }

    fn last_words(&mut self, talk: &mut Talk<'_>) -> Result<(), Failure> {
        for end in End::BOTH {
            let shown = talk.tally.shown;
            self.send(end, talk)?;
            talk.settle()?;
            let arrived = talk.tally.shown == shown.saturating_add(1);
            check(arrived, || format!("the {}'s last words are not shown", end.name()))?;
        }
        Ok(())
    }
}

fn extra_key(end: End, talk: &mut Talk<'_>) -> Result<(), Failure> {
    if talk.version < 3 {
        return Ok(());
    }
    let (usage, data) = (json!(talk.meeting.dice.below(u32::MAX)), json!("00ff7f"));
    let key = talk.call(end, "extra_key", json!({"use": usage, "data": data}))?["key"].take();
    check(key.as_str().is_some_and(|key| key.len() == 64), || format!("the {}'s extra key: {key}", end.name()))?;
    talk.network.last_says(end.other(), Content::ExtraKey { usage, data, key });
    Ok(())
}

fn finish(end: End, talk: &mut Talk<'_>) -> Result<(), Failure> {
    let done = talk.request(end, "end", json!({}), Content::End)?;
    done.result?;
    let after = talk.standing.at(end);
    let over = after.state == "plaintext" && after.session.is_null();
    check(over, || format!("the {} ends, and is {after:?}", end.name()))?;
    talk.tally.ended = talk.tally.ended.saturating_add(1);
    Ok(())
}
