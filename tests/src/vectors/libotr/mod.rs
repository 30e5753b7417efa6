//! What was recorded from libotr, with all its secrets: our crates must come to the same.

pub(crate) mod ake;
pub(crate) mod data;
pub(crate) mod fragments;
pub(crate) mod keys;
pub(crate) mod signatures;
pub(crate) mod text;
