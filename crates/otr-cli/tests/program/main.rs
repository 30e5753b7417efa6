//! The program as its users run it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod changed_keys;
mod chat;
mod demo;
mod encrypted_home;
mod engine;
mod engine_curve25519;
mod engine_home;
mod engine_noise;
mod keys;
mod passwords;
mod support;
mod toolkit;
