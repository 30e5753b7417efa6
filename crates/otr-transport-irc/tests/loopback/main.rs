//! Against a server in the test's own hands, on loopback.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod closing;
#[path = "../double/mod.rs"]
mod double;
mod limits;
mod login;
mod peers;
mod receiving;
mod reconnecting;
mod sending;
