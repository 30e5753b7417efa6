//! What a program that uses this crate can and cannot do with its secrets.

use std::fmt::{Debug, Display, LowerHex, UpperHex};

use chacha20::ChaCha20Rng;
use otr_crypto::{
    AkeKeys, AkeMac, CommitmentKey, DataKeys, DhKeyPair, ExtraSymmetricKey, IdentityKey, IdentityParts, ReceivingKeys,
    SendingKeys, SharedSecret, SignatureKeys,
};
use rand_core::SeedableRng;

/// Fails to compile if the type has the trait: the path below would then have two meanings.
macro_rules! has_not {
    ($type:ty: $($trait:path),+ $(,)?) => {$({
        trait Ambiguous<A> {
            fn here() {}
        }
        impl<T: ?Sized> Ambiguous<()> for T {}
        struct Clash;
        impl<T: ?Sized + $trait> Ambiguous<Clash> for T {}
        <$type as Ambiguous<_>>::here();
    })+};
}

// attack: G-6, DSA-7
#[test]
fn secrets_cannot_be_copied_compared_or_shown() {
    macro_rules! each {
        ($($type:ty),+ $(,)?) => {$(
            has_not!($type: Clone, PartialEq, PartialOrd, Default, Display, LowerHex, UpperHex);
            has_not!($type: AsRef<[u8]>, std::ops::Deref, std::hash::Hash);
            has_not!($type: From<[u8; 16]>, From<[u8; 20]>, From<[u8; 32]>, From<Vec<u8>>);
            assert!(std::mem::needs_drop::<$type>());
        )+};
    }
    each!(
        DhKeyPair,
        SharedSecret,
        CommitmentKey,
        AkeKeys,
        SignatureKeys,
        AkeMac,
        DataKeys,
        SendingKeys,
        ReceivingKeys,
        ExtraSymmetricKey,
        IdentityKey,
        IdentityParts,
    );
}

// attack: DH-8
#[test]
fn no_secret_is_made_from_text() {
    has_not!(DhKeyPair: std::str::FromStr, From<&'static str>, From<String>);
    has_not!(CommitmentKey: std::str::FromStr, From<&'static str>, From<String>);
    has_not!(IdentityKey: std::str::FromStr, From<&'static str>, From<String>);
}

fn shown(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

// attack: SIDE-8
#[test]
fn debug_prints_names_only() {
    let rng = &mut ChaCha20Rng::from_seed([1; 32]);
    let ours = DhKeyPair::generate(rng);
    let theirs = DhKeyPair::generate(rng);
    let shared = ours.agree(theirs.public()).unwrap();
    let ake = shared.ake_keys();
    let identity = IdentityKey::generate(rng);
    let keys = ake.signature();
    let m = keys.authenticate(ours.public(), theirs.public(), identity.public_key(), 1);
    let data = shared.data_keys(ours.public(), theirs.public());

    assert_eq!(shown(&ours), "DhKeyPair { .. } DhKeyPair { .. }");
    assert_eq!(shown(&shared), "SharedSecret { .. } SharedSecret { .. }");
    assert_eq!(shown(&ake), "AkeKeys { .. } AkeKeys { .. }");
    assert_eq!(shown(keys), "SignatureKeys { .. } SignatureKeys { .. }");
    assert_eq!(shown(&m), "AkeMac { .. } AkeMac { .. }");
    assert_eq!(shown(&identity), "IdentityKey { .. } IdentityKey { .. }");
    assert_eq!(shown(&identity.hazmat_parts().expect("a DSA key")), "IdentityParts { .. } IdentityParts { .. }");
    assert_eq!(shown(&CommitmentKey::generate(rng)), "CommitmentKey { .. } CommitmentKey { .. }");
    assert_eq!(
        format!("{data:?}"),
        "DataKeys { sending: SendingKeys { .. }, receiving: ReceivingKeys { .. }, \
         extra: ExtraSymmetricKey { .. } }"
    );
}

/// A secret of one repeated byte would stand out as hexadecimal or decimal digits.
// attack: SIDE-8
#[test]
fn no_output_contains_a_canary() {
    let pair = DhKeyPair::hazmat_from_bytes([0xc5; 40]).unwrap();
    let commitment = CommitmentKey::from_bytes([0xc5; 16]);
    let zero = DhKeyPair::hazmat_from_bytes([0; 40]).unwrap_err();
    let reflected = pair.agree(pair.public()).unwrap_err();
    let opened = commitment.open(&[0xc5; 60], &[0xc5; 32]).unwrap_err();
    let all = [
        shown(&pair),
        shown(pair.public()),
        shown(&commitment),
        shown(&commitment.commit(pair.public()).hash),
        format!("{zero} {zero:?} {reflected} {reflected:?} {opened} {opened:?}"),
    ]
    .concat()
    .to_lowercase();
    for canary in ["c5c5c5", "c5, c5", "197, 197", "197,\n", "0xc5"] {
        assert!(!all.contains(canary), "{canary}");
    }
}
