//! Two accounts against each other and against the network between them, a test for each rule.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are tests: a broken expectation is a failed test"
)]

mod comparing;
mod curve25519;
mod data;
mod discovery;
mod exchange;
mod ground_rules;
mod hardening;
mod host;
mod identity;
mod lost_sessions;
mod moving_attacked;
mod moving_corners;
mod no_panic;
mod renewal;
mod repeats;
mod reveal;
mod smoke;
mod state;
mod tags;
mod versions;
