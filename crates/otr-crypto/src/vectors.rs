//! Fixed vectors made by other programs; each file names its origin.

use alloc::vec::Vec;

use crate::testing::{EXCHANGES, LIBGCRYPT, entries, key, rng};
use crate::{AkeMac, CommitmentKey, DhKeyPair, DhPublic, Error, Fingerprint, mpi};

// attack: PARSE-4, AKE-2, AKE-14, AKE-15, DH-7, XKEY-1
#[test]
fn whole_exchanges_agree_byte_for_byte() {
    let cases = entries(EXCHANGES, "case");
    assert_eq!(cases.len(), 10);
    let identity = key(LIBGCRYPT, "plain").identity();
    for case in &cases {
        let name = case.name;
        let ours = DhKeyPair::hazmat_from_bytes(case.array("a")).unwrap();
        let peer = DhKeyPair::hazmat_from_bytes(case.array("b")).unwrap();
        assert_eq!(ours.public().as_bytes(), case.bytes("ga"), "{name}");
        let theirs = DhPublic::from_bytes(&case.bytes("gb")).unwrap();
        assert_eq!(theirs, *peer.public(), "{name}");

        let r = CommitmentKey::from_bytes(case.array("r"));
        let commitment = r.commit(ours.public());
        assert_eq!(commitment.encrypted, case.bytes("commit-encrypted"), "{name}");
        assert_eq!(commitment.hash, case.array("commit-hash"), "{name}");

        let shared = ours.agree(&theirs).unwrap();
        let ake = shared.ake_keys();
        assert_eq!(*ake.session_id().as_bytes(), case.array("ssid"), "{name}");
        for (keys, suffix) in [(ake.reveal_signature(), ""), (ake.signature(), "prime")] {
            let field = |name| alloc::format!("{name}{suffix}");
            let m = keys.authenticate(ours.public(), &theirs, identity.public_key(), 7);
            assert_eq!(*m.as_bytes(), case.array(&field("m")), "{name}");
            let mut zeros = [0; 40];
            keys.apply_cipher(&mut zeros);
            assert_eq!(zeros, case.array(&field("cipher")), "{name}");
            let outer = keys.mac(b"outer");
            assert_eq!(outer, case.array(&field("outer")), "{name}");
            assert_eq!(keys.verify(b"outer", &outer), Ok(()));
            assert_eq!(keys.verify(b"Outer", &outer), Err(Error::Rejected));
        }

        let data = shared.data_keys(ours.public(), &theirs);
        let mut sent = [0; 40];
        data.sending.encrypt(0x0102_0304_0506_0708, &mut sent);
        assert_eq!(sent, case.array("data-send"), "{name}");
        assert_eq!(data.sending.mac(&sent), case.array("data-send-mac"), "{name}");
        let received = case.bytes("data-receive");
        let mac = case.array("data-receive-mac");
        assert_eq!(data.receiving.verify(&received, &mac), Ok(()), "{name}");
        let mut opened = received;
        data.receiving.decrypt(0x0102_0304_0506_0708, &mut opened);
        assert_eq!(opened, [0; 40], "{name}");
        assert_eq!(*data.extra.as_bytes(), case.array("extra"), "{name}");
        let revealed = data.receiving.reveal();
        assert_eq!(*revealed.as_bytes(), case.array("data-receive-mac-key"), "{name}");
    }
}

/// The files hold what they were searched for.
// attack: PARSE-4
#[test]
fn the_vectors_contain_short_numbers() {
    let cases = entries(EXCHANGES, "case");
    let length = |name: &str, field| {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        case.bytes(field).len()
    };
    assert_eq!(length("our-value-has-one-zero-byte", "ga"), 191);
    assert_eq!(length("our-value-has-two-zero-bytes", "ga"), 190);
    assert_eq!(length("secret-has-one-zero-byte", "secbytes"), 4 + 191);
    assert_eq!(length("secret-has-two-zero-bytes", "secbytes"), 4 + 190);
    let key_length = |name| key(LIBGCRYPT, name).bytes("y").len();
    assert_eq!(key_length("y-one-zero-byte"), 127);
    assert_eq!(key_length("y-two-zero-bytes"), 126);
    let signatures = key(LIBGCRYPT, "plain").all("signature");
    for zeros in [1, 2] {
        let short = |part: &Vec<u8>| mpi::trim(part).len() == 20 - zeros;
        for part in [1, 2] {
            assert!(signatures.iter().any(|values| short(&values[part])));
        }
    }
}

// attack: DSA-2, PARSE-4
#[test]
fn signatures_of_libgcrypt_verify_and_ours_verify_beside_them() {
    let mut verified = 0;
    for entry in entries(LIBGCRYPT, "key") {
        let identity = entry.identity();
        for values in entry.all("signature") {
            let [m, r, s]: [Vec<u8>; 3] = values.try_into().unwrap();
            let signature: [u8; 40] = [r, s].concat().try_into().unwrap();
            let m = AkeMac::from_bytes(m.try_into().unwrap());
            assert_eq!(identity.public_key().verify(&m, &signature), Ok(()));
            let ours = identity.sign(&m, &mut rng(11)).unwrap();
            assert_eq!(identity.public_key().verify(&m, &ours), Ok(()));
            verified += 1;
        }
    }
    assert_eq!(verified, 30);
}

// attack: ID-2, ID-3
#[test]
fn a_fingerprint_leaves_out_the_type() {
    let identity = key(LIBGCRYPT, "plain").identity();
    let public = identity.public_key();
    // Both computed with Python's hashlib over the MPIs p, q, g and y.
    let expected: Fingerprint = "4ff3ed1e2084cf1a590a7c824b1b50c83086df5e".parse().unwrap();
    assert_eq!(public.fingerprint(), expected);
    assert_eq!(hex::encode(public.full_digest()), "39610f56730ee1bf7a0e2080e92177591a42e04df746491cf276f53987939af1");
    assert_eq!(public.encoded()[..2], [0, 0]);
}
