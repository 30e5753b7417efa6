//! The scenarios there are.

use super::scenarios::{attack, ending, exchange, extras, restart, talk};
use super::{Failure, Meeting, Setting};

/// Something that two programs have to be able to do together.
#[derive(Debug)]
pub struct Scenario {
    /// What it is called.
    pub name: &'static str,
    /// What has to happen.
    pub about: &'static str,
    /// How the programs are started.
    pub setting: Setting,
    /// It runs once for so many of the count asked for, and once at least.
    pub every: u32,
    /// The play.
    pub play: Play,
}

/// All of them. Those of one [`Setting`] stand together, so that processes can be used again.
pub const SCENARIOS: &[Scenario] = &[
    plain("exchange", 1, exchange::one_starts, "a key exchange that one side starts"),
    plain("exchange-both", 1, exchange::both_start, "both start before either hears of it"),
    plain("exchange-crossing", 1, exchange::commits_cross, "both D-H Commits are on their way at once"),
    plain("refresh", 10, exchange::refresh, "a new key exchange in mid-talk"),
    plain("talk", 100, talk::talk_with_losses, "500 messages in random rhythm, a fifth of them lost"),
    plain("crossing", 10, talk::crossing_messages, "both send before either receives, again and again"),
    plain("doubled", 20, talk::doubled_messages, "the network brings messages twice"),
    plain("ending", 10, ending::one_ends, "one side ends the conversation"),
    plain("ending-both", 10, ending::both_end, "both end it at once"),
    plain("replay", 10, attack::replay, "an old message again is refused and changes nothing"),
    plain("reflection", 10, attack::reflection, "a message sent back to its sender is refused and changes nothing"),
    plain("changed-byte", 100, attack::changed_bytes, "so is a message with any one byte changed"),
    plain("extra-key", 20, extras::extra_key, "both sides derive the same extra key"),
    plain("heartbeat", 20, extras::heartbeat, "a heartbeat arrives and shows nothing"),
    Scenario {
        name: "fragments",
        about: "everything in pieces of 150 bytes, both ways",
        setting: Setting::Fragments,
        every: 20,
        play: talk::fragments,
    },
    Scenario {
        name: "restart",
        about: "either program is killed and started again; nothing goes out in clear",
        setting: Setting::Homes,
        every: 25,
        play: restart::restart,
    },
];

/// A scenario as a function.
pub type Play = fn(&mut Meeting<'_>) -> Result<(), Failure>;

const fn plain(name: &'static str, every: u32, play: Play, about: &'static str) -> Scenario {
    Scenario { name, about, setting: Setting::Plain, every, play }
}
