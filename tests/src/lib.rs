//! Shared test code.

pub mod deviations;
pub mod hostile;
pub mod interop;
pub mod networks;
pub mod pair;
pub mod process;
pub mod store;
pub mod vectors;
pub mod workspace;

/// The modulus of the 1536-bit group, big-endian (RFC 3526, group 5).
#[must_use]
pub fn modulus() -> Vec<u8> {
    let digits = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
                  EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
                  EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
                  83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA237327FFFFFFFFFFFFFFFF";
    hex::decode(digits).unwrap_or_default()
}
