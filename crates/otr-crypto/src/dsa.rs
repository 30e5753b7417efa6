//! DSA as the protocol uses it: a 160-bit q, a p of 1024 to 3072 bits, and the signed value taken
//! as an integer modulo q without truncation or another hash.

mod generate;
mod modulus;
mod nonce;
mod primality;
mod scalar;
mod sign;

pub(crate) use generate::generate;
pub(crate) use modulus::{Numbers, Powers, check};
pub(crate) use primality::Maker;
pub(crate) use scalar::Order;
pub(crate) use sign::{sign, verify};
