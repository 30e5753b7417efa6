//! The test vectors under `tests/vectors`, and everything that checks and makes them.
//!
//! A file is JSON in the layout of Wycheproof: groups of cases, each group of one *kind* (`type`). What the peers
//! recorded lies in a directory named after the peer; what we make ourselves lies in `otr/` and comes out the same,
//! byte for byte, whenever it is made. Nothing is skipped: an unknown kind, an unknown or missing field, a wrong number
//! of cases, an unlisted file are failures like a wrong value.
//!
//! | module | holds |
//! | --- | --- |
//! | [`library`] | the files, their digests, and bringing ours up to date |
//! | [`file`](mod@file) | the layout |
//! | [`kinds`] | which function checks which kind |
//! | [`oracle`] | the formulas of the specification once more, from other building blocks than ours |

mod derived;
pub mod file;
mod keys;
pub mod kinds;
mod libotr;
pub mod library;
pub mod oracle;
mod ours;
mod problem;
mod scripted;
mod smp;
mod value;

pub use file::{Case, Group, VectorFile, Verdict};
pub use library::{Library, Report};
pub use problem::{Failure, Problem};
