//! Vectors of others, all through our own functions.

mod ed25519;
mod ed25519_edges;
mod kem;
mod secrets;
mod x25519;

fn array<const N: usize>(digits: &str) -> [u8; N] {
    hex::decode(digits).unwrap().try_into().unwrap()
}
