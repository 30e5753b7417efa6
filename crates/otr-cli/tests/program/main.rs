//! The program as its users run it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod chat;
mod demo;
mod engine;
mod engine_curve25519;
mod engine_home;
mod engine_noise;
mod support;
mod toolkit;
