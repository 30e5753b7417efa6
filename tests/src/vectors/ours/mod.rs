//! The vectors we make ourselves: what they hold, how they are made, how they are checked.
//!
//! What is expected is written down by hand or comes from the [oracle](super::oracle), except in the recordings of whole
//! exchanges and conversations, which show that nothing but keys, seeds, clock and input goes into them.

pub(crate) mod bodies;
pub(crate) mod conversations;
pub(crate) mod curve25519;
pub(crate) mod derivations;
pub(crate) mod encodings;
mod events;
pub(crate) mod exchanges;
pub(crate) mod fixtures;
pub(crate) mod fragments;
pub(crate) mod plaintexts;
mod scripts;
pub(crate) mod smp;
pub(crate) mod text;
mod watched;

use super::{Library, Problem, VectorFile};

/// Makes a file. The library serves what compares itself with a recorded file.
pub(crate) type Generate = fn(&Library) -> Result<VectorFile, Problem>;

/// Every file we make.
pub(crate) const GENERATORS: &[(&str, Generate)] = &[
    ("otr/bodies.json", bodies::generate),
    ("otr/conversations.json", conversations::generate),
    ("otr/curve25519/conversations.json", conversations::generate_curve25519),
    ("otr/curve25519/derivations.json", curve25519::generate),
    ("otr/curve25519/encodings.json", encodings::curve25519::generate),
    ("otr/curve25519/exchanges.json", exchanges::curve25519::generate),
    ("otr/derivations.json", derivations::generate),
    ("otr/encodings.json", encodings::generate),
    ("otr/exchanges.json", exchanges::generate),
    ("otr/fragments.json", fragments::generate),
    ("otr/plaintexts.json", plaintexts::generate),
    ("otr/smp.json", smp::generate),
    (text::FILE, text::generate),
];
