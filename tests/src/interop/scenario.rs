//! The scenarios there are.

use super::scenarios::{attack, ending, errors, exchange, extras, instances, negotiation, policy, restart, smp, talk};
use super::{Failure, Meeting, Setting, Versions};

/// Something that two programs have to be able to do together.
#[derive(Debug)]
pub struct Scenario {
    /// What it is called.
    pub name: &'static str,
    /// What has to happen.
    pub about: &'static str,
    /// In which versions it is played.
    pub versions: Versions,
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
    plain("whitespace", 10, negotiation::whitespace, "a tag in plain text starts an exchange, either way"),
    plain("talk", 100, talk::talk_with_losses, "500 messages in random rhythm, a fifth of them lost"),
    plain("crossing", 10, talk::crossing_messages, "both send before either receives, again and again"),
    plain("doubled", 20, talk::doubled_messages, "the network brings messages twice"),
    plain("ending", 10, ending::one_ends, "one side ends the conversation"),
    plain("ending-both", 10, ending::both_end, "both end it at once"),
    plain("ending-lost", 10, errors::lost_end, "one side ends it and the other never hears of that"),
    plain("error-message", 10, errors::error_message, "the other side's error is shown and ends nothing"),
    plain("text-in-clear", 10, errors::text_in_clear, "text in clear in a private conversation is marked"),
    plain("replay", 10, attack::replay, "an old message again is refused and changes nothing"),
    plain("reflection", 10, attack::reflection, "a message sent back to its sender is refused and changes nothing"),
    plain("changed-byte", 100, attack::changed_bytes, "so is a message with any one byte changed"),
    plain("smp", 20, smp::equal, "both users type the same secret"),
    plain("smp-question", 20, smp::with_question, "the same, with a question"),
    plain("smp-unequal", 20, smp::unequal, "they type different secrets, and then the same"),
    plain("smp-trust", 20, smp::trust, "who has compared trusts; who was asked a question does not"),
    plain("smp-abort", 20, smp::abort, "either side gives up, and they compare anew"),
    plain("smp-both", 20, smp::both_ask, "both ask before either hears of it"),
    in_version(3, plain("extra-key", 20, extras::extra_key, "both sides derive the same extra key")),
    plain("heartbeat", 20, extras::heartbeat, "a heartbeat arrives and shows nothing"),
    plain("padding", 20, extras::padding, "texts of any length are read; ours look alike"),
    plain("policy-never", 20, policy::never, "OTR is off: text passes as it is and nobody is answered"),
    plain("policy-manual", 20, policy::manual, "only asking starts a private conversation"),
    plain("policy-always", 20, policy::always, "text waits until it can be encrypted"),
    Scenario {
        name: "fragments",
        about: "everything in pieces of 150 bytes, both ways",
        versions: Versions::Each,
        setting: Setting::Fragments,
        every: 20,
        play: talk::fragments,
    },
    Scenario {
        name: "restart",
        about: "either program is killed and started again; nothing goes out in clear",
        versions: Versions::Each,
        setting: Setting::Homes,
        every: 25,
        play: restart::restart,
    },
    Scenario {
        name: "restart-steps",
        about: "either program is started again at one of 200 steps of a talk; every text is read once",
        versions: Versions::Each,
        setting: Setting::Homes,
        every: 5,
        play: restart::at_a_step,
    },
    Scenario {
        name: "instances",
        about: "an account runs two programs at once, and each has a conversation of its own",
        versions: Versions::Only(3),
        setting: Setting::Twins,
        every: 20,
        play: instances::two_programs,
    },
    Scenario {
        name: "negotiation",
        about: "every choice of versions: the highest in common is spoken",
        versions: Versions::Any,
        setting: Setting::Plain,
        every: 20,
        play: negotiation::highest_common,
    },
];

/// A scenario as a function.
pub type Play = fn(&mut Meeting<'_>) -> Result<(), Failure>;

const fn plain(name: &'static str, every: u32, play: Play, about: &'static str) -> Scenario {
    Scenario { name, about, versions: Versions::Each, setting: Setting::Plain, every, play }
}

const fn in_version(version: u16, scenario: Scenario) -> Scenario {
    Scenario { versions: Versions::Only(version), ..scenario }
}
