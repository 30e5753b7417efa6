//! Whatever is stored comes back, and nothing else; whatever stands in the files can be read.

mod common;

use std::sync::OnceLock;

use chacha20::ChaCha20Rng;
use otr_crypto::{Fingerprint, IdentityKey};
use otr_store::KnownFingerprint;
use proptest::prelude::*;
use rand_core::SeedableRng;

use common::{empty, names, put};

const FILES: [&str; 7] = [
    "otr.private_key",
    "otr.fingerprints",
    "otr.instance_tags",
    "otr.ed25519_keys",
    "otr.vouched",
    "otr.trust",
    "otr.versions",
];

/// A key of our own, made once.
fn key() -> &'static IdentityKey {
    static KEY: OnceLock<IdentityKey> = OnceLock::new();
    KEY.get_or_init(|| IdentityKey::generate(&mut ChaCha20Rng::from_seed([5; 32])))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    // attack: FILE-4
    #[test]
    fn what_is_saved_is_loaded_and_nothing_else(
        texts in proptest::collection::vec(any::<String>(), 4),
        evil in "[a\t\n\r ]{0,12}",
        digits in any::<[u8; 20]>(),
    ) {
        let (_dir, mut store) = empty();
        let record = KnownFingerprint {
            contact: format!("{}{evil}", texts[0]),
            account: texts[1].clone(),
            protocol: texts[2].clone(),
            fingerprint: Fingerprint::from_bytes(digits),
            trust: texts[3].clone(),
        };
        let outcome = store.save_fingerprint(&record);
        let known = store.fingerprints().unwrap();
        prop_assert_eq!(known.problems, vec![]);
        match outcome {
            Ok(()) => prop_assert_eq!(known.records, vec![record]),
            Err(_) => prop_assert_eq!(known.records, vec![]),
        }
    }

    // attack: FILE-6
    #[test]
    fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (dir, store) = empty();
        for name in FILES {
            put(&dir, name, &bytes);
        }
        let _ = (store.identity("a", "b"), store.ed25519_identity("a", "b"), store.accounts());
        store.known_identities().unwrap();
        store.vouched_fingerprints().unwrap();
        store.instance_tag("a", "b").unwrap();
        store.damage().unwrap();
        prop_assert_eq!(names(&dir).len(), FILES.len(), "reading creates nothing");
    }

    // attack: FILE-6
    #[test]
    fn anything_like_a_key_file_can_be_read(text in "[()#\"\\\\ 0-9a-f:x]{0,200}") {
        let (dir, store) = empty();
        put(&dir, "otr.private_key", format!("(privkeys {text}"));
        let _ = store.identity("a", "b");
    }
}

proptest! {
    // Each case checks a whole key.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    // attack: FILE-8
    #[test]
    fn account_names_survive_the_key_file(account in "[^\\p{Cc}]{0,40}", protocol in "[^\\p{Cc}]{0,12}") {
        let (dir, mut store) = empty();
        store.save_identity(&account, &protocol, key()).unwrap();
        prop_assert!(store.identity(&account, &protocol).unwrap().is_some());
        let other = format!("{account}x");
        prop_assert!(store.identity(&other, &protocol).unwrap().is_none());
        drop(dir);
    }
}
