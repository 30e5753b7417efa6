//! The comparison of secrets (spec: "Socialist Millionaires' Protocol (SMP)"): whole runs, recorded and our own, and the
//! formulas they are held against.

pub(crate) mod model;
pub(crate) mod run;
