//! Random conversations between two programs, and a model of what each of them has to show.
//!
//! A conversation is a script drawn from a seed: text both ways, heartbeats, extra keys, comparisons of a secret, new
//! key exchanges, endings, and a network that loses, repeats and delays. After it the network heals: then both sides
//! have to find to one private conversation again, and everything works in it.
//!
//! What the network may do follows the specification, which wants messages delivered in order: each direction is a
//! queue, and the two run against each other at will. Beyond that
//!
//! * any message, and any piece of one, may be lost, that of a key exchange, too;
//! * any may come twice, the second time at once or much later;
//! * a text or a message of a key exchange may be held back and overtaken. That is disorder, which the specification
//!   does not promise to survive: an overtaken text may be refused or shown, though never twice.
//!
//! The model needs no cryptography. Both programs tell the session they are in (by its id) whenever they are asked, so
//! each message belongs to the session that its sender was in. A text has to be shown where it arrives whole, once and
//! in order, in the session that it belongs to; in any other session it must not be shown; and what is shown must have
//! been sent. Only a message of a key exchange or an authenticated ending may change a session. The scenario waits with
//! text while a side is between sessions: it sends only where the sender says that it is in private.

mod comparison;
mod crowd;
mod judge;
mod letter;
mod network;
mod script;
mod talk;
mod tally;

pub use crowd::{Crowd, CrowdError, Report, Strange};
pub use script::Act;
pub use tally::Tally;

use serde_json::json;

use super::{Dice, End, Failure, Pair};
use script::Script;
use talk::Talk;

/// Plays the conversation of `seed`, without the acts in `without`.
///
/// # Errors
///
/// What no loss, repetition, delay or exchange explains, with the trace.
pub fn play(pair: &mut Pair, seed: u64, without: &[Act]) -> Result<Tally, Failure> {
    let mut dice = Dice::new(seed);
    let common = super::spoken::common(pair.versions(End::First), pair.versions(End::Second));
    let chosen = usize::try_from(dice.below(common.len().try_into().unwrap_or(0))).unwrap_or(0);
    let version = *common.get(chosen).ok_or_else(|| Failure("they have no version in common".to_owned()))?;
    let mut talk = Talk::new(pair.meet(dice), version);
    let result = whole(&mut talk, without);
    match result {
        Ok(()) => Ok(talk.tally),
        Err(Failure(reason)) => Err(Failure(format!("version {version}: {reason}{}", talk.meeting.trace()))),
    }
}

fn whole(talk: &mut Talk<'_>, without: &[Act]) -> Result<(), Failure> {
    for end in End::BOTH {
        talk.call(end, "policy", json!({"versions": [talk.version]}))?;
    }
    let mut script = Script::new(without);
    script.open(talk)?;
    script.play(talk)?;
    script.close(talk)
}
