//! A hostile peer: correct in everything but one thing at a time.
//!
//! Each [`Deviation`] has a name, the security rules it is about, a place in a conversation where it strikes, and what a
//! victim must do. [`run`] lets it strike against a [`Victim`]: our own library in this process ([`InProcess`]), or any
//! program that speaks the engine contract ([`Driven`]). Before it strikes, everything is correct; afterwards the
//! conversation has to go on.

mod data;
mod deviation;
mod dh_values;
mod discovery;
pub mod drafts;
mod driven;
mod dsa;
pub mod dsa_key;
mod exchange;
mod fragments;
mod in_process;
pub mod numbers;
mod parsing;
pub mod peer;
mod records;
mod report;
mod ring;
mod smp;
pub mod smp_run;
mod tags;
mod trial;
mod victim;

pub use deviation::{Audience, Deviation, Must, Stage, Strike};
pub use driven::Driven;
pub use in_process::InProcess;
pub use report::{Report, Selection};
pub use ring::{Observed, Ring};
pub use trial::{Outcome, run};
pub use victim::{Output, Status, Trouble, Victim};

/// Every deviation, by area.
#[must_use]
pub fn deviations() -> Vec<(&'static str, Vec<Deviation>)> {
    vec![
        ("Parsing", parsing::deviations()),
        ("Fragments", fragments::deviations()),
        ("Instance tags", tags::deviations()),
        ("Discovery", discovery::deviations()),
        ("Key exchange", exchange::deviations()),
        ("Public values", dh_values::deviations()),
        ("Identity keys and signatures", dsa::deviations()),
        ("Data messages", data::deviations()),
        ("Records and texts", records::deviations()),
        ("Comparison of secrets", smp::deviations()),
    ]
}
