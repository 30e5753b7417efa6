//! What has to be installed for a client.

use std::env;

use super::client::Habits;
use crate::interop::Failure;

/// The Debian packages that each client takes, a line each; `cargo xtask setup --clients` reads it, too.
const PACKAGES: &str = include_str!("packages.txt");

/// Fails if a program is missing, and says what to install.
pub(super) fn check(habits: &Habits) -> Result<(), Failure> {
    let path = env::var_os("PATH").unwrap_or_default();
    // Of a whole path, the folder before it makes no difference.
    let is_there = |program: &str| env::split_paths(&path).any(|folder| folder.join(program).is_file());
    match habits.programs.iter().find(|program| !is_there(program)) {
        None => Ok(()),
        Some(missing) => Err(Failure(format!(
            "{missing} is missing: run `cargo xtask setup --clients`, or install the Debian packages {}",
            of(habits.name)
        ))),
    }
}

/// The packages of a client.
fn of(client: &str) -> &'static str {
    PACKAGES.lines().find(|line| line.split_whitespace().next() == Some(client)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::CLIENTS;
    use super::*;

    #[test]
    fn every_client_has_its_packages() {
        assert_eq!(PACKAGES.lines().count(), CLIENTS.len());
        for client in CLIENTS {
            assert!(of(client.name).split_whitespace().count() > 1, "{}", client.name);
        }
    }
}
