//! Somebody who recorded everything and has stolen both long-term keys afterwards: what can they read?
//!
//! The trial is a real one. Long-term keys only sign, so no key for decryption follows from them; the thief tries all
//! the same what there is to try. And since a trial that can only fail shows nothing, the same one is made with a
//! message whose one-time key the thief is given.

use otr_crypto::{CommitmentKey, DataKeys, DhKeyPair, DhPublic, SharedSecret, SignatureKeys};
use otr_wire::{
    Counter, Data, DataEncoder, DataFields, DhKey, Flags, Header, KeyId, Message, Mpi, Payload, Plaintext, armour,
};
use zeroize::Zeroizing;

use super::tape::{Recorded, Side, Tape};
use crate::error::Error;
use crate::outside;

/// The heading.
pub(crate) const TITLE: &str = "=== A thief steals both long-term keys afterwards. What can they read? ===";

/// What a trial came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// One-time public values found on the tape.
    publics: usize,
    /// Shared secrets computed and tried.
    secrets: usize,
    /// Encrypted parts of key exchanges, and how many of them opened.
    identities: usize,
    opened: usize,
    /// Data messages, and how many of them could be read.
    messages: usize,
    readable: usize,
}

/// Makes the trial and says what it came to.
pub(crate) fn report(tape: &Tape, stolen: &[Zeroizing<Vec<u8>>]) -> Result<Vec<String>, Error> {
    let outcome = attempt(tape, &stolen.iter().filter_map(|number| as_exponent(number)).collect::<Vec<_>>());
    let (staged, key) = staged()?;
    let check = attempt(&staged, &[key]);
    if check.readable != check.messages {
        return Err(Error::Demo("the trial cannot read even what it is given the key of"));
    }
    let Outcome { publics, secrets, identities, opened, messages, readable } = outcome;
    Ok(vec![
        "The thief has the whole recording and the secret numbers of both identity keys. But these keys only sign; the \
         messages were encrypted with one-time keys that have nothing to do with them, and both programs have wiped \
         the secret halves of those. There is nothing to derive. The thief tries all the same: each stolen number in \
         place of the secret half of a one-time key."
            .to_owned(),
        format!(
            "  one-time public values on the tape     {publics}\n  \
               shared secrets computed and tried      {secrets}\n  \
               identities opened in the key exchange  {opened} of {identities}\n  \
               messages readable                      {readable} of {messages}"
        ),
        format!(
            "So that this trial is not one that can only fail: given the one-time secret of a message made on the \
             spot, the same trial reads {} of {}. What it cannot show is that no better attack exists; that rests on \
             the Diffie-Hellman problem in this group of 1536 bits being hard.",
            check.readable, check.messages
        ),
        "What the thief can do: from now on pretend to be Alice or Bob to anybody who trusts the old keys. What \
         everybody on the way could see all along: who talked, when, and how much."
            .to_owned(),
    ])
}

/// Tries every one of `secrets` with every public value on the tape, on everything that is encrypted there.
fn attempt(tape: &Tape, secrets: &[DhKeyPair]) -> Outcome {
    let publics = public_values(tape);
    let identities: Vec<_> = tape.0.iter().filter_map(encrypted_identity).collect();
    let mut opened = vec![false; identities.len()];
    let mut readable = vec![false; tape.data().count()];
    let mut tried = 0_usize;
    for secret in secrets {
        for public in &publics {
            let Ok(shared) = secret.agree(public) else { continue };
            tried = tried.saturating_add(1);
            for ((encrypted, mac), opened) in identities.iter().zip(&mut opened) {
                *opened |= opens(&shared, encrypted, mac);
            }
            let keys = shared.data_keys(secret.public(), public);
            for ((_, recorded), readable) in tape.data().zip(&mut readable) {
                *readable |= reads(&keys, recorded.data());
            }
        }
    }
    let count = |found: &[bool]| found.iter().filter(|&&found| found).count();
    Outcome {
        publics: publics.len(),
        secrets: tried,
        identities: identities.len(),
        opened: count(&opened),
        messages: readable.len(),
        readable: count(&readable),
    }
}

/// Every Diffie-Hellman value that anybody who listened knows, each once. The first one was sent encrypted, but the key
/// to it followed in clear, as the protocol has it.
fn public_values(tape: &Tape) -> Vec<DhPublic> {
    let mut found = Vec::new();
    let mut committed = None;
    for message in tape.0.iter().filter_map(Recorded::message) {
        let public = match message.payload {
            Payload::DhCommit(commit) => {
                committed = Some(commit);
                None
            }
            Payload::RevealSignature(reveal) => committed.and_then(|commit| {
                let key = CommitmentKey::from_bytes(*reveal.revealed_key);
                key.open(commit.encrypted_gx, commit.hashed_gx).ok()
            }),
            Payload::DhKey(key) => DhPublic::from_bytes(key.gy.as_bytes()).ok(),
            Payload::Data(data) => DhPublic::from_bytes(data.next_dh.as_bytes()).ok(),
            Payload::Signature(_) => None,
        };
        found.extend(public.filter(|public| !found.contains(public)));
    }
    found
}

fn encrypted_identity(recorded: &Recorded) -> Option<(&[u8], &[u8; 20])> {
    match recorded.message()?.payload {
        Payload::RevealSignature(message) => Some((message.encrypted_signature, message.mac)),
        Payload::Signature(message) => Some((message.encrypted_signature, message.mac)),
        Payload::DhCommit(_) | Payload::DhKey(_) | Payload::Data(_) => None,
    }
}

fn opens(shared: &SharedSecret, encrypted: &[u8], mac: &[u8; 20]) -> bool {
    let keys = shared.ake_keys();
    let fits = |keys: &SignatureKeys| keys.verify(encrypted, mac).is_ok();
    fits(keys.reveal_signature()) || fits(keys.signature())
}

/// The authenticator tells whether the keys are right, in either direction: the cipher's key comes from the same secret.
fn reads(keys: &DataKeys, data: &Data<'_>) -> bool {
    let received = keys.receiving.verify(data.authenticated(), data.mac).is_ok();
    received || keys.sending.mac(data.authenticated()) == *data.mac
}

/// A number of up to 40 bytes as the secret half of a one-time key.
fn as_exponent(number: &[u8]) -> Option<DhKeyPair> {
    let mut secret = [0; 40];
    let start = secret.len().checked_sub(number.len())?;
    secret.get_mut(start..)?.copy_from_slice(number);
    DhKeyPair::hazmat_from_bytes(secret).ok()
}

/// A recording of one message, and a one-time key that it was made with.
fn staged() -> Result<(Tape, DhKeyPair), Error> {
    let rng = &mut outside::randomness();
    let (ours, theirs) = (DhKeyPair::generate(rng), DhKeyPair::generate(rng));
    let made = || {
        let shared = ours.agree(theirs.public()).ok()?;
        let keys = shared.data_keys(ours.public(), theirs.public());
        let header = Header::V2;
        let gy = Mpi::new(ours.public().as_bytes()).ok()?;
        let introduction = Message { header, payload: Payload::DhKey(DhKey { gy, kem_key: &[] }) }.encode();
        let fields = DataFields {
            flags: Flags::NONE,
            sender_keyid: KeyId::MIN,
            recipient_keyid: KeyId::MIN,
            next_dh: gy,
            counter: Counter::MIN,
        };
        let mut message = DataEncoder::new(header, &fields, &Plaintext { text: b"staged", ..Plaintext::default() }, 0);
        keys.sending.encrypt(Counter::MIN.get(), message.text_mut());
        let mac = keys.sending.mac(message.authenticated());
        let bodies = [introduction, message.finish(&mac, &[])];
        Some(Tape(bodies.map(|bytes| Recorded::new(Side::Alice, armour::encode(&bytes))).into()))
    };
    let tape = made().ok_or(Error::Demo("no message could be made"))?;
    Ok((tape, theirs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trial_reads_with_the_right_secret_and_with_no_other() {
        let (tape, key) = staged().unwrap();
        let outcome = attempt(&tape, &[key]);
        assert_eq!((outcome.messages, outcome.readable, outcome.secrets), (1, 1, 1));
        let other = as_exponent(&[7; 20]).unwrap();
        assert_eq!(attempt(&tape, &[other]).readable, 0);
    }
}
