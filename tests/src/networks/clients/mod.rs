//! Real clients as the other side of `otr chat`, each on a real server, both with a user who types and reads.
//!
//! A client is driven as a person does it: keys go to a terminal or to a window, and what counts is what stands on the
//! screen. Each [`Check`] is one thing that both users have to see. Where a client has a way of its
//! own, its [`Habits`] say which, and the check holds it to that.

mod accessible;
mod bitlbee;
mod checks;
mod client;
mod desktop;
mod hexchat;
mod home;
mod irssi;
mod mcabber;
mod ours;
mod packages;
mod pidgin;
mod profanity;
mod run;
mod seen;
pub mod table;
mod talk;
mod terminal;
mod wait;

pub use checks::{CHECKS, Check, Finding};
pub use client::Habits;
pub use run::{Cell, Outcome, run};
pub use seen::Screens;

/// Every client there is a driver for.
pub const CLIENTS: &[&Habits] =
    &[&irssi::HABITS, &profanity::HABITS, &mcabber::HABITS, &hexchat::HABITS, &pidgin::HABITS, &bitlbee::HABITS];

/// Those that need no window and little time.
pub const QUICK: &[&str] = &["irssi", "profanity", "mcabber"];
