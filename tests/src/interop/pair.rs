//! Two running programs.

use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::spoken::common;
use super::{Both, Dice, End, Failure, Meeting, Program, Spoken};
use crate::process::Process;

/// How the programs of a scenario are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Without files, messages of any length.
    Plain,
    /// Without files, messages of at most 150 bytes.
    Fragments,
    /// With a home that outlives the process, never in clear.
    Homes,
    /// Without files; the first account runs two programs at once.
    Twins,
}

impl Setting {
    /// The size of a message on the network of [`Fragments`](Self::Fragments), in bytes.
    pub const FRAGMENT: usize = 150;
}

/// How many meetings may begin before they are spaced out: a program that limits key exchanges lets through a
/// hundred at once and twenty a second after that, and one run takes two or three.
const MEETINGS_AT_ONCE: u32 = 25;
const BETWEEN_MEETINGS: Duration = Duration::from_millis(150);

/// Two running programs that can meet again and again, as strangers each time.
#[derive(Debug)]
pub struct Pair {
    programs: Both<Program>,
    setting: Setting,
    spoken: Spoken,
    homes: Option<Both<TempDir>>,
    processes: Both<Process>,
    twin: Option<Process>,
    identities: Both<Value>,
    meetings: u32,
}

impl Pair {
    /// Starts both.
    ///
    /// # Errors
    ///
    /// When one does not start.
    pub fn start(first: &Program, second: &Program, setting: Setting, spoken: Spoken) -> Result<Self, Failure> {
        let programs = Both::try_new::<Failure>(|end| {
            Ok(match end {
                End::First => first.clone(),
                End::Second => second.clone(),
            })
        })?;
        let homes = match setting {
            Setting::Plain | Setting::Fragments | Setting::Twins => None,
            Setting::Homes => {
                let home = |_| TempDir::new().map_err(|error| Failure(format!("no home: {error}")));
                Some(Both::try_new(home)?)
            }
        };
        let spawn = |end| spawn(&programs, end, setting, spoken, homes.as_ref());
        let mut processes = Both::try_new(spawn)?;
        let identities = Both::try_new(|end| identity(processes.at_mut(end)))?;
        let twin = (setting == Setting::Twins).then(|| spawn(End::First)).transpose()?;
        Ok(Self { programs, setting, spoken, homes, processes, twin, identities, meetings: 0 })
    }

    /// A conversation between two who have never met.
    pub fn meet(&mut self, dice: Dice) -> Meeting<'_> {
        let number = self.next_meeting();
        Meeting::new(self, number, dice)
    }

    /// The number of a new meeting, when it may begin.
    pub(crate) fn next_meeting(&mut self) -> u32 {
        self.meetings = self.meetings.saturating_add(1);
        if self.meetings > MEETINGS_AT_ONCE {
            thread::sleep(BETWEEN_MEETINGS);
        }
        self.meetings
    }

    /// How the programs were started.
    #[must_use]
    pub const fn setting(&self) -> Setting {
        self.setting
    }

    /// What they may speak.
    #[must_use]
    pub const fn spoken(&self) -> Spoken {
        self.spoken
    }

    /// The versions that the program at `end` has, whatever it was started for.
    #[must_use]
    pub fn versions(&self, end: End) -> &[u16] {
        &self.programs.at(end).versions
    }

    /// Whether the program at `end` is the one from this tree.
    #[must_use]
    pub fn is_ours(&self, end: End) -> bool {
        self.programs.at(end).is_ours()
    }

    /// The version that comes of it when both offer all they may.
    #[must_use]
    pub fn version(&self) -> Option<u16> {
        match self.spoken {
            Spoken::Only(version) => Some(version),
            Spoken::Any => common(self.versions(End::First), self.versions(End::Second)).into_iter().max(),
        }
    }

    /// The second program of the first account, in [`Setting::Twins`].
    pub const fn twin(&mut self) -> Option<&mut Process> {
        self.twin.as_mut()
    }

    /// The process at `end`.
    pub const fn process(&mut self, end: End) -> &mut Process {
        self.processes.at_mut(end)
    }

    /// The fingerprint that the program at `end` says it has.
    #[must_use]
    pub fn fingerprint(&self, end: End) -> &Value {
        self.identities.at(end).get("fingerprint").unwrap_or(&Value::Null)
    }

    /// Kills the program at `end` and starts it again, with the same home.
    ///
    /// # Errors
    ///
    /// When it does not start, or is not the same account as before.
    pub fn restart(&mut self, end: End) -> Result<(), Failure> {
        let process = self.processes.at_mut(end);
        process.kill()?;
        *process = spawn(&self.programs, end, self.setting, self.spoken, self.homes.as_ref())?;
        let identity = identity(process)?;
        let before = self.identities.at(end);
        super::check::check(identity == *before, || format!("the {} is {identity}, and was {before}", end.name()))
    }
}

fn spawn(
    programs: &Both<Program>,
    end: End,
    setting: Setting,
    spoken: Spoken,
    homes: Option<&Both<TempDir>>,
) -> Result<Process, Failure> {
    let home = homes.map(|homes| homes.at(end).path().display().to_string());
    let size = Setting::FRAGMENT.to_string();
    let version = spoken.to_string();
    let mut arguments = vec!["--account", end.name()];
    match &home {
        Some(home) => arguments.extend(["--home", home]),
        None => arguments.push("--ephemeral"),
    }
    match setting {
        Setting::Plain | Setting::Twins => {}
        Setting::Fragments => arguments.extend(["--max-message-size", &size]),
        Setting::Homes => arguments.extend(["--policy", "always"]),
    }
    if let Spoken::Only(_) = spoken {
        arguments.extend(["--versions", &version]);
    }
    // Two of ours would leave the version that the scenarios are about.
    if End::BOTH.iter().all(|end| programs.at(*end).is_ours()) {
        arguments.push("--no-curve25519");
    }
    Ok(programs.at(end).start(&arguments)?)
}

fn identity(process: &mut Process) -> Result<Value, Failure> {
    Ok(process.request("identity", &Value::Object(serde_json::Map::new()))?.outcome?)
}
