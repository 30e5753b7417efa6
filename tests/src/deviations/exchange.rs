//! The key exchange: proofs, commitments, and messages out of their place.

#![expect(clippy::type_complexity, reason = "a table of names and changes is read in one piece")]

use num_bigint::BigUint;

use super::{
    deviation::{Deviation, Must, Stage},
    drafts::{Draft, ProofDraft},
    dsa_key::DsaKey,
    numbers::{Dh, ExchangeKeys, aes, data, hmac_sha256_160, mpi, random},
    peer::{Began, Peer, Proof},
};
use crate::pair::identity;

/// Deviations in the key exchange.
pub(super) fn deviations() -> Vec<Deviation> {
    let mut all = Vec::new();
    for began in [Began::Peer, Began::Victim] {
        all.extend(proofs(began));
        all.extend(sealed(began));
    }
    all.extend(commitments());
    all.extend(misplaced());
    all.extend(reflected());
    all.extend(repeated());
    all
}

/// The stage at which the victim waits for the peer's proof.
pub(super) const fn stage(began: Began) -> Stage {
    match began {
        Began::Peer => Stage::AwaitingRevealSignature,
        Began::Victim => Stage::AwaitingSignature,
    }
}

/// What the message with the proof is called.
pub(super) const fn message(began: Began) -> &'static str {
    match began {
        Began::Peer => "reveal-signature",
        Began::Victim => "signature",
    }
}

/// A deviation whose proof is right but for what `change` does to it.
pub(super) fn proof(
    name: &str,
    rows: &'static [&'static str],
    began: Began,
    about: &str,
    change: impl Fn(&mut Proof, &mut Peer) + 'static,
) -> Deviation {
    Deviation::new(format!("{}-{name}", message(began)), rows, stage(began), about, move |peer| {
        let mut proof = peer.proof(began);
        change(&mut proof, peer);
        peer.prove(began, &proof).text()
    })
}

/// Proofs that are well sealed, but prove the wrong thing or nothing.
fn proofs(began: Began) -> Vec<Deviation> {
    let other = || DsaKey::from(&identity(1));
    vec![
        proof(
            "values-swapped",
            &["AKE-1"],
            began,
            "the two public values are signed in the other order",
            |proof, _| {
                std::mem::swap(&mut proof.own, &mut proof.other);
            },
        ),
        proof("own-value-twice", &["AKE-1"], began, "its own public value is signed twice", |proof, _| {
            proof.other = proof.own.clone();
        }),
        proof(
            "of-another-run",
            &["AKE-1", "AKE-12"],
            began,
            "a public value of another run is signed",
            |proof, peer| {
                proof.own = Dh::generate(&mut peer.rng).public;
            },
        ),
        proof("for-another-victim", &["AKE-1"], began, "another one's public value is signed", |proof, peer| {
            proof.other = Dh::generate(&mut peer.rng).public;
        }),
        proof(
            "shows-another-key",
            &["AKE-1"],
            began,
            "it shows a key that is not the one that is signed and signs",
            move |proof, _| {
                proof.key = other();
            },
        ),
        proof(
            "signs-another-key",
            &["AKE-1"],
            began,
            "it signs a key that is not the one that it shows",
            move |proof, _| {
                proof.signed_key = other();
            },
        ),
        proof(
            "signed-by-another-key",
            &["AKE-1"],
            began,
            "a key signs that is not the one that it shows",
            move |proof, _| {
                proof.signer = other();
            },
        ),
        proof("another-keyid-signed", &["AKE-1"], began, "the keyid that it shows is not signed", |proof, _| {
            proof.signed_keyid = 2;
        }),
        proof("keyid-zero", &["AKE-18", "PARSE-12"], began, "a keyid of zero", |proof, _| {
            (proof.keyid, proof.signed_keyid) = (0, 0);
        }),
        proof("keyid-last", &["AKE-18"], began, "the last keyid there is", |proof, _| {
            (proof.keyid, proof.signed_keyid) = (u32::MAX, u32::MAX);
        }),
        proof("m1-of-the-other-half", &["AKE-1"], began, "signed with the other half's m1", move |proof, peer| {
            proof.keys.m1 = other_half(peer, began).m1;
        }),
        proof(
            "m2-of-the-other-half",
            &["AKE-1"],
            began,
            "authenticated with the other half's m2",
            move |proof, peer| {
                proof.keys.m2 = other_half(peer, began).m2;
            },
        ),
        proof(
            "cipher-of-the-other-half",
            &["AKE-1"],
            began,
            "encrypted with the other half's key",
            move |proof, peer| {
                proof.keys.cipher = other_half(peer, began).cipher;
            },
        ),
        proof(
            "keys-of-the-other-half",
            &["AKE-1"],
            began,
            "all three keys are the other half's",
            move |proof, peer| {
                proof.keys = other_half(peer, began);
            },
        ),
        proof("key-type-1", &["PARSE-5"], began, "a public key of type 1", |proof, _| proof.key_type = [0, 1]),
        proof(
            "and-more",
            &["PARSE-3"],
            began,
            "a byte after the signature, encrypted and authenticated",
            |proof, _| {
                proof.tail = vec![0];
            },
        ),
        proof("without-last-byte", &["PARSE-3"], began, "the signature lacks its last byte", |proof, _| proof.cut = 1),
        proof("without-signature", &["PARSE-3", "AKE-1"], began, "no signature at all", |proof, _| proof.cut = 40),
        proof("signature-of-noise", &["AKE-1"], began, "a random signature", |proof, peer| {
            let noise: [u8; 38] = random(&mut peer.rng);
            proof.signature = Some([&[0], &noise[..19], &[0], &noise[19..]].concat());
        }),
        proof("of-the-victim", &["AKE-11"], began, "it proves the victim's own identity", |proof, _| {
            let victim = DsaKey::from(&identity(0));
            (proof.key, proof.signed_key, proof.signer) = (victim.clone(), victim.clone(), victim);
        })
        .ours(),
    ]
}

fn other_half(peer: &Peer, began: Began) -> super::numbers::ProofKeys {
    let keys = ExchangeKeys::of(&peer.shared());
    match began {
        Began::Peer => keys.signature,
        Began::Victim => keys.reveal,
    }
}

/// The right proof, sealed wrongly.
fn sealed(began: Began) -> Vec<Deviation> {
    let change = |name: &str, rows, about: &str, change: fn(&mut ProofDraft, &mut Peer)| {
        Deviation::new(format!("{}-{name}", message(began)), rows, stage(began), about, move |peer| {
            let mut draft = peer.honest_proof(began);
            change(&mut draft, peer);
            draft.text()
        })
    };
    let mut all = vec![
        change("mac-bit", &["AKE-1", "AKE-10"], "one bit of the authenticator is changed", |draft, _| {
            draft.mac[19] ^= 1
        }),
        change("mac-first-bit", &["AKE-1"], "the first bit of the authenticator is changed", |draft, _| {
            draft.mac[0] ^= 0x80
        }),
        change("mac-of-zeros", &["AKE-1"], "an authenticator of zeros", |draft, _| draft.mac.fill(0)),
        change("text-bit", &["AKE-1"], "one bit of the encrypted part is changed", |draft, _| {
            draft.encrypted[100] ^= 1
        }),
        change("of-noise", &["AKE-1", "AKE-10"], "random bytes", |draft, peer| {
            draft.encrypted = (0..5).flat_map(|_| random::<93>(&mut peer.rng)).collect();
        }),
        change("of-the-other-version", &["PARSE-10"], "the other version's header", |draft, peer| {
            (draft.envelope.version, draft.envelope.tags) = match peer.version {
                otr_wire::Version::Two => (3, Some((peer.tag, peer.victim_tag))),
                otr_wire::Version::Three | otr_wire::Version::Curve25519 => (2, None),
            };
        }),
        Deviation::new(
            format!("{}-text-bit-authenticated", message(began)),
            &["AKE-1"],
            stage(began),
            "one bit of the signature is changed before it is authenticated",
            move |peer| {
                let keys = peer.proof(began).keys;
                let mut draft = peer.honest_proof(began);
                if let Some(last) = draft.encrypted.last_mut() {
                    *last ^= 1;
                }
                draft.mac = hmac_sha256_160(&keys.m2, &data(&draft.encrypted));
                draft.text()
            },
        ),
        Deviation::new(
            format!("{}-mac-without-length", message(began)),
            &["AKE-1"],
            stage(began),
            "the authenticator leaves out the length",
            move |peer| {
                let keys = peer.proof(began).keys;
                let mut draft = peer.honest_proof(began);
                draft.mac = hmac_sha256_160(&keys.m2, &draft.encrypted);
                draft.text()
            },
        ),
    ];
    if began == Began::Peer {
        all.push(change("key-bit", &["AKE-2"], "one bit of the revealed key is changed", |draft, _| {
            if let Some(key) = &mut draft.revealed {
                key[0] ^= 1;
            }
        }));
    }
    all
}

/// Commitments that do not hold exactly one number, opened rightly.
fn commitments() -> Vec<Deviation> {
    let plain: [(&str, fn(&BigUint) -> Vec<u8>, &str); 5] = [
        ("and-a-byte", |gx| [mpi(gx), vec![0]].concat(), "a byte more than its number"),
        (
            "without-a-byte",
            |gx| mpi(gx).split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default(),
            "a byte less than its number",
        ),
        ("without-length", |gx| gx.to_bytes_be(), "a number without its length"),
        ("with-long-length", |gx| [&[0xff; 4], gx.to_bytes_be().as_slice()].concat(), "a number with a huge length"),
        ("to-two-numbers", |_| [mpi(&BigUint::from(4_u8)), mpi(&BigUint::from(4_u8))].concat(), "two numbers"),
    ];
    let mut all = Vec::new();
    for (name, plain, about) in plain {
        let about = format!("a commitment to {about}");
        all.push(Deviation::scripted(format!("commitment-{name}"), &["AKE-2"], Stage::Stranger, about, move |ring| {
            let plain = plain(&ring.peer.dh.public);
            ring.lead_and_prove(ring.peer.commit_to(&plain).text())
        }));
    }
    let about = "the hash in the commitment is of another number";
    all.push(Deviation::scripted("commitment-hash-of-another", &["AKE-2"], Stage::Stranger, about, |ring| {
        let mut draft = ring.peer.commit();
        draft.hash = crate::vectors::oracle::sha256(&mpi(&BigUint::from(4_u8)));
        ring.lead_and_prove(draft.text())
    }));
    let about = "the hash in the commitment leaves out the number's length";
    all.push(Deviation::scripted("commitment-hash-without-length", &["AKE-2"], Stage::Stranger, about, |ring| {
        let mut draft = ring.peer.commit();
        draft.hash = crate::vectors::oracle::sha256(&ring.peer.dh.public.to_bytes_be());
        ring.lead_and_prove(draft.text())
    }));
    let about = "the commitment is opened to another number than it was made for";
    all.push(Deviation::scripted("commitment-opened-to-another", &["AKE-2"], Stage::Stranger, about, |ring| {
        let mut draft = ring.peer.commit();
        let other = Dh::generate(&mut ring.peer.rng);
        draft.encrypted = aes(&ring.peer.r, 0, &mpi(&other.public));
        ring.peer.dh = other;
        ring.lead_and_prove(draft.text())
    }));
    all
}

/// Correct messages at a moment when nobody waits for them.
fn misplaced() -> Vec<Deviation> {
    type Place = (&'static str, Stage);
    const STRANGER: Place = ("of-a-stranger", Stage::Stranger);
    const DH_KEY: Place = ("instead-of-dh-key", Stage::AwaitingDhKey);
    const REVEAL: Place = ("instead-of-reveal-signature", Stage::AwaitingRevealSignature);
    const SIGNATURE: Place = ("instead-of-signature", Stage::AwaitingSignature);
    const PRIVATE: Place = ("in-private", Stage::Private);
    const FINISHED: Place = ("after-the-end", Stage::Finished);

    let mut all = Vec::new();
    for (name, stage) in [STRANGER, REVEAL, PRIVATE, FINISHED] {
        let name = format!("dh-key-{name}");
        all.push(Deviation::new(name, &["AKE-9"], stage, "a D-H Key that nobody waits for", |peer| {
            peer.dh_key().text()
        }));
    }
    for (began, places) in [
        (Began::Peer, [STRANGER, DH_KEY, SIGNATURE, PRIVATE, FINISHED]),
        (Began::Victim, [STRANGER, DH_KEY, REVEAL, PRIVATE, FINISHED]),
    ] {
        for (name, stage) in places {
            let what = message(began);
            let name = format!("{what}-{name}");
            let rows: &[&str] = if began == Began::Peer { &["AKE-3"] } else { &["AKE-9", "AKE-10"] };
            let deviation = Deviation::new(name, rows, stage, "a proof that nobody waits for", move |peer| {
                // In an exchange that the victim knows nothing of.
                let known = peer.victim_dh.clone();
                peer.victim_dh = Some(Dh::generate(&mut peer.rng).public);
                let text = peer.honest_proof(began).text();
                peer.victim_dh = known;
                text
            });
            all.push(if began == Began::Peer { deviation.ours() } else { deviation });
        }
    }
    let about = "a D-H Key of another value after the first was answered";
    let deviation = Deviation::new("second-dh-key", &["AKE-9", "AKE-8"], Stage::AwaitingSignature, about, |peer| {
        let mut draft = peer.dh_key();
        draft.gy = Dh::generate(&mut peer.rng).public.to_bytes_be();
        draft.text()
    });
    all.push(deviation.ours());
    let about = "a D-H Commit of somebody else's while only the Signature is missing";
    all.push(
        Deviation::new("commit-instead-of-signature", &["AKE-8", "AKE-9"], Stage::AwaitingSignature, about, |peer| {
            let dh = Dh::generate(&mut peer.rng);
            peer.commit_to(&mpi(&dh.public)).text()
        })
        .must(Must::SendAtMost(vec!["D-H Key"])),
    );
    let about = "a D-H Commit and a forged Reveal Signature during a conversation";
    all.push(
        Deviation::scripted("forged-refresh-in-private", &["STATE-2", "G-3"], Stage::Private, about, |ring| {
            ring.peer.renew();
            ring.strike(ring.peer.commit().text())?;
            let mut reveal = ring.peer.honest_proof(Began::Peer);
            reveal.mac[0] ^= 1;
            ring.strike(reveal.text())
        })
        .must(Must::SendAtMost(vec!["D-H Key"]))
        .ours(),
    );
    all
}

/// The victim's own messages and values.
fn reflected() -> Vec<Deviation> {
    let places = [
        ("commit", Stage::AwaitingDhKey),
        ("dh-key", Stage::AwaitingRevealSignature),
        ("reveal-signature", Stage::AwaitingSignature),
    ];
    let mut all = Vec::new();
    for (name, stage) in places {
        let about = "the victim's own message comes back to it";
        all.push(Deviation::new(format!("{name}-reflected"), &["AKE-11", "TAG-6"], stage, about, |peer| {
            peer.heard.last().cloned().unwrap_or_default()
        }));
        let about = "the victim's own message comes back to it, as if the peer had sent it";
        let deviation = Deviation::new(format!("{name}-reflected-by-peer"), &["AKE-11"], stage, about, |peer| {
            let last = peer.heard.last().cloned().unwrap_or_default();
            readdressed(&last, peer.tag, peer.victim_tag)
        });
        all.push(deviation.only_in(otr_wire::Version::Three));
    }
    all
}

/// The same message with other tags.
pub(super) fn readdressed(text: &str, sender: u32, receiver: u32) -> String {
    let mut bytes = crate::pair::unarmour(text);
    bytes.splice(3..11, [sender.to_be_bytes(), receiver.to_be_bytes()].concat());
    otr_wire::armour::encode(&bytes)
}

/// Messages of an exchange before.
fn repeated() -> Vec<Deviation> {
    let about = "the Reveal Signature of the exchange before, in answer to a new one's D-H Key";
    vec![Deviation::scripted("reveal-signature-of-before", &["AKE-12"], Stage::Private, about, |ring| {
        let old = ring.peer.honest_proof(Began::Peer);
        ring.peer.renew();
        ring.commit()?;
        ring.strike(old.text())
    })]
}
