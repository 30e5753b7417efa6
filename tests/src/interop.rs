//! Programs that speak the engine contract, held against each other over a simulated network.
//!
//! A [`Scenario`] drives a [`Meeting`]: two processes that know each other by a fresh name, and all that is on its
//! way between them. Every choice of order and of loss comes from a seed, so a failure can be run again; what the
//! programs draw themselves (keys, padding) cannot.

mod both;
mod check;
pub mod conversation;
mod dice;
mod differences;
mod expect;
mod meeting;
mod pair;
mod programs;
mod row;
mod run;
mod scenario;
mod scenarios;
mod spoken;
pub mod table;

pub use both::{Both, End};
pub use check::Failure;
pub use dice::Dice;
pub use differences::{Difference, Differences, ListError, Share, Starts};
pub use meeting::Meeting;
pub use pair::{Pair, Setting};
pub use programs::{Program, ProgramError, Programs};
pub use row::{Known, Row, Verdict};
pub use run::{Pairing, Plan, run};
pub use scenario::{Play, SCENARIOS, Scenario};
pub use spoken::{Spoken, Versions};
