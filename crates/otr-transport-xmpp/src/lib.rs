//! WIP
mod account;
mod contacts;
mod conversation;
mod inbound;
mod ledger;
mod letter;
mod login;
mod options;
mod session;
mod supervisor;
mod transport;
mod view;
mod wire;

pub use account::{Account, Security};
pub use options::Options;
pub use transport::XmppTransport;
