//! A talk on a network that fails: the server goes down and comes back, the connections of both are cut.

use std::time::Duration;

use super::chatter::PATIENCE;
use super::conversation::text;
use super::cut::{Cut, Direction, Manner};
use super::ledger::Ledger;
use super::stage::{Pair, Rows, Side, Stage};
use super::words::Word;
use crate::interop::Dice;

/// Cuts come within this many bytes, which on each network are a few messages.
const FAR: u32 = 6000;
/// As many lines are typed while a cut is awaited; then it comes at once.
const LINES_BEFORE_CUT: u32 = 40;
/// Time between two lines while a cut is awaited.
const PACE: Duration = Duration::from_millis(50);
/// How often it is tried whether the talk goes on, and how long each time.
const ATTEMPTS: u32 = 8;
const ATTEMPT: Duration = Duration::from_secs(20);

/// How the server goes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Going {
    Orderly,
    Killed,
}

/// Plays all of it.
pub(super) fn play(stage: &mut Stage, cuts: u32, seed: u64, rows: &mut Rows<'_>) {
    rows.check("server restarted in mid-talk", || restart(stage, Going::Orderly));
    rows.check("server killed in mid-talk", || restart(stage, Going::Killed));
    rows.check(format!("{cuts} cut connections"), || cut(stage, cuts, seed));
}

/// A talk of which every line is accounted for.
struct Talk {
    pair: Pair,
    ledgers: [Ledger; 2],
    numbers: [u32; 2],
    marker: String,
}

impl Talk {
    fn begin(stage: &Stage) -> Result<Self, String> {
        let marker = stage.marker.clone();
        let ledgers = [Ledger::new(&marker), Ledger::new(&marker)];
        Ok(Self { pair: stage.meet()?, ledgers, numbers: [0; 2], marker })
    }

    /// One types the next line.
    fn say(&mut self, side: Side) -> Result<String, String> {
        let place = usize::from(side == Side::Bob);
        let text = text(&self.marker, side, self.numbers[place]);
        self.numbers[place] = self.numbers[place].saturating_add(1);
        self.ledgers[place].enter(&text);
        self.pair.one(side).say(&text)?;
        Ok(text)
    }

    fn say_both(&mut self) -> Result<(), String> {
        Side::BOTH.iter().try_for_each(|&side| self.say(side).map(drop))
    }

    /// Goes on until a line of each arrives: the talk has survived.
    fn go_on(&mut self) -> Result<(), String> {
        for (side, other) in [(Side::Alice, Side::Bob), (Side::Bob, Side::Alice)] {
            let mut attempts = 0..ATTEMPTS;
            let arrived = attempts.try_fold(false, |arrived, _| {
                Ok::<_, String>(
                    arrived || {
                        let text = self.say(side)?;
                        let marker = self.marker.clone();
                        let hearer = self.pair.one(other);
                        hearer.hears(0, ATTEMPT, |line| hearer.word(line, &marker) == Some(Word::Received(&text)))
                    },
                )
            })?;
            if !arrived {
                let marker = self.marker.clone();
                let lines = self.pair.one(side).lines();
                let about = |line: &&String| !line.contains(&marker);
                let last: Vec<_> =
                    lines.iter().rev().filter(about).take(6).map(|line| format!("\n    {line}")).collect();
                let last: String = last.into_iter().rev().collect();
                return Err(format!("the talk does not go on; {} was told last:{last}", side.name()));
            }
        }
        Ok(())
    }

    /// Ends it, and accounts for every line.
    fn settle(mut self) -> Result<String, String> {
        self.pair.leave()?;
        let Pair { alice, bob } = &self.pair;
        let (from_alice, from_bob) = (alice.lines(), bob.lines());
        let [alices, bobs] = &self.ledgers;
        let alices = alices.settle(alice.reader(&from_alice), bob.reader(&from_bob));
        let bobs = bobs.settle(bob.reader(&from_bob), alice.reader(&from_alice));
        let alices = alices.map_err(|reason| format!("alice's: {reason}"))?;
        Ok(format!("alice's: {alices}; bob's: {}", bobs.map_err(|reason| format!("bob's: {reason}"))?))
    }
}

/// The server goes down while both type, and comes back.
fn restart(stage: &mut Stage, going: Going) -> Result<((), String), String> {
    const LINES: u32 = 10;
    let mut talk = Talk::begin(stage)?;
    let said = |talk: &mut Talk| (0..LINES).try_for_each(|_| talk.say_both());
    said(&mut talk)?;
    match going {
        Going::Orderly => stage.server.stop().map_err(|error| error.to_string())?,
        Going::Killed => stage.server.kill(),
    }
    said(&mut talk)?;
    stage.server.restart().map_err(|error| error.to_string())?;
    said(&mut talk)?;
    talk.go_on()?;
    Ok(((), talk.settle()?))
}

/// The connection of one or the other is cut again and again while both type.
fn cut(stage: &Stage, cuts: u32, seed: u64) -> Result<((), String), String> {
    let mut dice = Dice::new(seed);
    let mut talk = Talk::begin(stage)?;
    for _ in 0..cuts {
        // Otherwise the cut may come while a connection is only just being made again.
        if dice.chance(75) {
            for side in Side::BOTH {
                stage.wire(side).wait_live(PATIENCE).map_err(|error| format!("{}: {error}", side.name()))?;
            }
        }
        let side = dice.one_of(Side::BOTH);
        let (wire, manner) = (stage.wire(side), dice.one_of([Manner::Reset, Manner::Close]));
        let done = wire.cuts().saturating_add(1);
        let after = usize::try_from(dice.below(FAR)).unwrap_or(0);
        wire.plan(Cut { direction: dice.one_of([Direction::Up, Direction::Down]), after, manner });
        let mut lines = 0..LINES_BEFORE_CUT;
        let is_cut = lines.try_fold(false, |is_cut, _| {
            Ok::<_, String>(
                is_cut || {
                    talk.say_both()?;
                    wire.wait_cuts(done, PACE).is_ok()
                },
            )
        })?;
        if !is_cut {
            wire.cut(manner);
        }
        if dice.chance(50) {
            talk.say(side)?;
        }
    }
    talk.go_on()?;
    Ok(((), talk.settle()?))
}
