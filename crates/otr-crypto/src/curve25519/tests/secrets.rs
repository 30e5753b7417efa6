//! That the secrets of the suite are wiped and cannot be seen.

use alloc::format;

use aes::Aes256;
use ctr::Ctr128BE;
use zeroize::ZeroizeOnDrop;

use super::super::ed25519::SigningKey;
use super::super::kem::KemKeyPair;
use super::super::x25519::X25519Secret;
use crate::testing::rng;

// attack: SIDE-7, G-6
#[test]
fn wiping_is_switched_on_everywhere() {
    fn wipes_on_drop<T: ZeroizeOnDrop>() {
        assert!(core::mem::needs_drop::<T>());
    }
    wipes_on_drop::<Aes256>();
    wipes_on_drop::<Ctr128BE<Aes256>>();
    wipes_on_drop::<x25519_dalek::StaticSecret>();
    wipes_on_drop::<x25519_dalek::SharedSecret>();
    wipes_on_drop::<ed25519_dalek::SigningKey>();
    wipes_on_drop::<ml_kem::ml_kem_768::DecapsulationKey>();
}

// attack: SIDE-8
#[test]
fn debug_shows_no_byte() {
    let rng = &mut rng(71);
    assert_eq!(format!("{:?}", X25519Secret::random(rng)), "X25519Secret { .. }");
    assert_eq!(format!("{:?}", SigningKey::generate(rng)), "SigningKey { .. }");
    assert_eq!(format!("{:?}", KemKeyPair::generate(rng)), "KemKeyPair { .. }");
}

/// Moving an owner moves a pointer; none of them carries its secret itself.
// attack: G-6
#[test]
fn the_bytes_stay_where_they_are_wiped() {
    let key = SigningKey::generate(&mut rng(72));
    let before = key.seed().as_ptr();
    let moved = alloc::vec![key];
    assert_eq!(moved[0].seed().as_ptr(), before);
    assert_eq!(size_of::<X25519Secret>(), size_of::<usize>());
    assert_eq!(size_of::<KemKeyPair>(), 2 * size_of::<usize>());
}
