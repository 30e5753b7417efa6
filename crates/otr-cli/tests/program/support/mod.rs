//! Driving the program from outside, as its users do.

pub(crate) mod engine;
pub(crate) mod process;
#[cfg(target_os = "linux")]
pub(crate) mod terminal;
