//! Two sides run the cryptography of one conversation, without any messages in between.
//!
//! `cargo run -p otr-crypto --example agree`

use getrandom::SysRng;
use otr_crypto::{CommitmentKey, DhKeyPair, DhPublic, Error, IdentityKey, SharedSecret};
use rand_core::UnwrapErr;

#[expect(clippy::print_stdout, reason = "an example is there to be watched")]
fn main() -> Result<(), Error> {
    let rng = &mut UnwrapErr(SysRng);
    let identity = IdentityKey::generate(rng);
    println!("fingerprint  {}", identity.public_key().fingerprint());

    // Bob commits to his value, Alice shows hers, Bob opens the commitment.
    let (bob, alice) = (DhKeyPair::generate(rng), DhKeyPair::generate(rng));
    let r = CommitmentKey::generate(rng);
    let commitment = r.commit(bob.public());
    let opened: DhPublic = r.open(&commitment.encrypted, &commitment.hash)?;

    let bobs: SharedSecret = bob.agree(alice.public())?;
    let alices: SharedSecret = alice.agree(&opened)?;
    println!("session id   {:02x?}", bobs.ake_keys().session_id().as_bytes());

    // Bob signs the exchange; Alice checks what he signed.
    let (theirs, ours) = (bobs.ake_keys(), alices.ake_keys());
    let key = identity.public_key();
    let m = theirs.reveal_signature().authenticate(bob.public(), alice.public(), key, 1);
    let signature = identity.sign(&m, rng)?;
    let m = ours.reveal_signature().authenticate(&opened, alice.public(), key, 1);
    key.verify(&m, &signature)?;
    println!("signature    checked");

    // One message from Bob to Alice.
    let mut text = *b"off the record";
    let sending = bobs.data_keys(bob.public(), alice.public()).sending;
    sending.encrypt(1, &mut text);
    let mac = sending.mac(&text);
    println!("on the wire  {text:02x?}");

    let receiving = alices.data_keys(alice.public(), &opened).receiving;
    receiving.verify(&text, &mac)?;
    receiving.decrypt(1, &mut text);
    println!("received     {}", text.escape_ascii());
    println!("published    {:02x?}", receiving.reveal().as_bytes());
    Ok(())
}
