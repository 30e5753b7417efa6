//! All checks with one client, one after another.

use std::path::Path;

use super::super::Server;
use super::checks::{CHECKS, Check, Finding};
use super::client::Habits;
use super::packages;
use super::seen::Screens;
use super::talk::Talk;
use crate::interop::Failure;

/// What became of one check with one client.
#[derive(Debug)]
pub struct Cell {
    /// Which check.
    pub check: &'static str,
    /// Which client.
    pub client: &'static str,
    /// How it went.
    pub outcome: Outcome,
}

/// How a check went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out.
    Found(Finding),
    /// It failed, for this reason.
    Failed(String),
}

/// After so many failures in a row the others will fail as well, each after a long wait.
const TOO_MANY: u32 = 3;

/// Plays every check with a client and a server of their own, and gives what was to be seen on both sides.
///
/// # Errors
///
/// When one of the sides cannot be started, or its programs are missing.
pub fn run(
    habits: &'static Habits,
    otr: &Path,
    mut on_cell: impl FnMut(&Cell),
) -> Result<(Vec<Cell>, Screens), Failure> {
    packages::check(habits)?;
    let folder = tempfile::Builder::new().prefix("otr-").tempdir().map_err(|error| Failure(error.to_string()))?;
    let server = Server::start(habits.kind).map_err(|error| Failure(error.to_string()))?;
    let mut talk = Talk::begin(habits, otr, server.address(), folder.path())?;
    let mut cells = Vec::new();
    let mut failed_in_a_row = 0_u32;
    for check in CHECKS {
        let outcome = if failed_in_a_row < TOO_MANY {
            play(check, &mut talk)
        } else {
            Outcome::Failed("not tried after those".to_owned())
        };
        failed_in_a_row = if outcome.is_good() { 0 } else { failed_in_a_row.saturating_add(1) };
        let cell = Cell { check: check.name, client: habits.name, outcome };
        on_cell(&cell);
        cells.push(cell);
    }
    Ok((cells, talk.screens()))
}

fn play(check: &Check, talk: &mut Talk) -> Outcome {
    match (check.play)(talk) {
        Ok(finding) => Outcome::Found(finding),
        Err(Failure(reason)) => {
            talk.clear_up();
            Outcome::Failed(reason)
        }
    }
}

impl Outcome {
    /// Whether it did not fail.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        matches!(self, Self::Found(_))
    }
}
