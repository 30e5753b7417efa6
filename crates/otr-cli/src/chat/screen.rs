//! Where lines are shown: above the prompt, or on plain output.

use std::fmt;
use std::io::{self, Write};

use rustyline::ExternalPrinter;

use crate::error::Error;

/// What the user sees.
pub(crate) enum Screen {
    /// A terminal with a prompt; lines appear above it.
    Prompt(Box<dyn ExternalPrinter + Send>),
    /// Anything else; what is wrong goes to standard error.
    Plain,
}

impl Screen {
    /// Shows a line.
    pub(crate) fn say(&mut self, line: &str) -> Result<(), Error> {
        match self {
            Self::Prompt(printer) => Ok(printer.print(format!("{line}\n"))?),
            Self::Plain => write(io::stdout(), line),
        }
    }

    /// Shows a line about something that is wrong.
    pub(crate) fn complain(&mut self, line: &str) -> Result<(), Error> {
        match self {
            Self::Prompt(_) => self.say(line),
            Self::Plain => write(io::stderr(), line),
        }
    }

    /// Shows a line that the user has typed, unless it stands there already.
    pub(crate) fn echo(&mut self, line: &str) -> Result<(), Error> {
        match self {
            Self::Prompt(_) => Ok(()),
            Self::Plain => self.say(line),
        }
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prompt(_) => "Prompt",
            Self::Plain => "Plain",
        })
    }
}

fn write(mut out: impl Write, line: &str) -> Result<(), Error> {
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| Error::Output(error.kind()))
}
