//! Two accounts on a small homeserver in this process.

mod closing;
#[path = "../double/mod.rs"]
mod double;
mod limits;
mod login;
mod receiving;
mod reconnecting;
mod rooms;
mod sending;
mod state_file;
