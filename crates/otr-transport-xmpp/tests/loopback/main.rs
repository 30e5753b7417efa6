//! The transport against a server in this process: what it says, what it makes of what it is told.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod closing;
#[path = "../double/mod.rs"]
mod double;
mod limits;
mod login;
mod receiving;
mod reconnecting;
mod sending;
