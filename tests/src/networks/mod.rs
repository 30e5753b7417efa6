//! Real servers of chat networks, on loopback, and `otr chat` between them.
//!
//! A [`Server`] is a Prosody, ngircd or Synapse with its own ports and its own temporary directory, and with the accounts
//! [`ALICE`] and [`BOB`]. A [`Proxy`] stands between it and a client, can be cut, and remembers all that passed. All that
//! is started here ends with the value that stands for it, and with this process.
//!
//! [`run`] plays talks of two on each network, undisturbed and disturbed, and makes a [`Row`] of each check. [`measure`]
//! says how fast messages go over it.

mod account;
mod chatter;
pub mod clients;
mod conversation;
mod cut;
mod http;
mod leash;
mod ledger;
mod loss;
mod ngircd;
mod papers;
mod program;
mod prosody;
mod rates;
mod recipe;
mod record;
mod row;
mod run;
mod secrecy;
mod server;
mod stage;
mod synapse;
pub mod table;
mod target;
mod tls;
mod words;

pub use account::{ALICE, Account, BOB};
pub use cut::{Cut, Direction, Manner, Proxy, Recording, Unmoved};
pub use leash::{command, command_as_nobody, spawn};
pub use program::{Line, Program, Silent, Stream};
pub use rates::{Carrier, Rate, Turn, measure, middle};
pub use row::Row;
pub use run::{Plan, run};
pub use server::{Kind, Papers, Server, ServerError};
pub use target::target_directory;
