//! Two running programs.

use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::{Both, Dice, End, Failure, Meeting, Program};
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
    homes: Option<Both<TempDir>>,
    processes: Both<Process>,
    identities: Both<Value>,
    meetings: u32,
}

impl Pair {
    /// Starts both.
    ///
    /// # Errors
    ///
    /// When one does not start.
    pub fn start(first: &Program, second: &Program, setting: Setting) -> Result<Self, Failure> {
        let programs = Both::try_new::<Failure>(|end| {
            Ok(match end {
                End::First => first.clone(),
                End::Second => second.clone(),
            })
        })?;
        let homes = match setting {
            Setting::Plain | Setting::Fragments => None,
            Setting::Homes => {
                let home = |_| TempDir::new().map_err(|error| Failure(format!("no home: {error}")));
                Some(Both::try_new(home)?)
            }
        };
        let spawn = |end| spawn(programs.at(end), end, setting, homes.as_ref());
        let mut processes = Both::try_new(spawn)?;
        let identities = Both::try_new(|end| identity(processes.at_mut(end)))?;
        Ok(Self { programs, setting, homes, processes, identities, meetings: 0 })
    }

    /// A conversation between two who have never met.
    pub fn meet(&mut self, dice: Dice) -> Meeting<'_> {
        self.meetings = self.meetings.saturating_add(1);
        if self.meetings > MEETINGS_AT_ONCE {
            thread::sleep(BETWEEN_MEETINGS);
        }
        let number = self.meetings;
        Meeting::new(self, number, dice)
    }

    /// How the programs were started.
    #[must_use]
    pub const fn setting(&self) -> Setting {
        self.setting
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
        *process = spawn(self.programs.at(end), end, self.setting, self.homes.as_ref())?;
        let identity = identity(process)?;
        let before = self.identities.at(end);
        super::check::check(identity == *before, || format!("the {} is {identity}, and was {before}", end.name()))
    }
}

fn spawn(program: &Program, end: End, setting: Setting, homes: Option<&Both<TempDir>>) -> Result<Process, Failure> {
    let mut arguments: Vec<String> = program.subcommand.map(str::to_owned).into_iter().collect();
    match homes {
        Some(homes) => arguments.extend(["--home".to_owned(), homes.at(end).path().display().to_string()]),
        None => arguments.push("--ephemeral".to_owned()),
    }
    arguments.extend(["--account", end.name()].map(str::to_owned));
    match setting {
        Setting::Plain => {}
        Setting::Fragments => arguments.extend(["--max-message-size".to_owned(), Setting::FRAGMENT.to_string()]),
        Setting::Homes => arguments.extend(["--policy", "always"].map(str::to_owned)),
    }
    Ok(Process::start(&program.path, &arguments)?)
}

fn identity(process: &mut Process) -> Result<Value, Failure> {
    Ok(process.request("identity", &Value::Object(serde_json::Map::new()))?.outcome?)
}
