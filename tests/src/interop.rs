//! Programs that speak the engine contract, held against each other over a simulated network.
//!
//! A [`Scenario`] drives a [`Meeting`]: two processes that know each other by a fresh name, and all that is on its
//! way between them. Every choice of order and of loss comes from a seed, so a failure can be run again; what the
//! programs draw themselves (keys, padding) cannot.

mod both;
mod check;
mod dice;
mod expect;
mod meeting;
mod pair;
mod programs;
mod run;
mod scenario;
mod scenarios;

pub use both::{Both, End};
pub use check::Failure;
pub use dice::Dice;
pub use meeting::Meeting;
pub use pair::{Pair, Setting};
pub use programs::{Program, ProgramError, Programs};
pub use run::{Plan, Row, run};
pub use scenario::{Play, SCENARIOS, Scenario};
