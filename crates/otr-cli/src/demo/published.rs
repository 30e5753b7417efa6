//! The MAC keys that were published on the way, and what they are good for.

use hmac::{Hmac, KeyInit, Mac};
use otr_wire::{Data, Message, Payload};
use sha1::Sha1;

use super::tape::Tape;
use crate::error::Error;

/// The heading.
pub(crate) const TITLE: &str = "=== The authentication keys are published afterwards. Why? ===";

/// How long a MAC key is, in bytes.
const KEY: usize = 20;

/// What is put in the place of a word, of the same length, to show that it can be done.
const CHANGE: (&str, &str) = ("Thursday", "Saturday");

/// A published key and the messages it authenticates.
#[derive(Debug)]
struct Published<'a> {
    key: &'a [u8],
    /// The number of the message that publishes it.
    by: usize,
    /// The numbers of the messages it once authenticated, all earlier.
    authenticates: Vec<usize>,
}

/// Finds the published keys on the tape and forges message `number`, whose text is `text`, with one of them.
pub(crate) fn report(tape: &Tape, number: usize, text: &str) -> Result<Vec<String>, Error> {
    let published = published(tape);
    let list: Vec<String> = published.iter().map(describe).collect();
    let total = tape.data().count();
    let mut covered: Vec<usize> = published.iter().flat_map(|found| found.authenticates.iter().copied()).collect();
    covered.sort_unstable();
    covered.dedup();
    if forge(tape, &published, number, text) != Some(true) {
        return Err(Error::Demo("no message could be forged"));
    }
    Ok(vec![
        "While they talked, each message was authenticated with a key that only the two had, so nobody could change it. \
         Once a key has done its work, it is published, in clear, inside a later message:"
            .to_owned(),
        list.join("\n"),
        format!(
            "By now the keys of {} of the {total} messages are public (nobody spoke after the last ones), and anybody \
             can make messages that pass as these. We have just done it: message {number} with \"{}\" in place of \
             \"{}\" has a right authenticator.",
            covered.len(),
            CHANGE.1,
            CHANGE.0,
        ),
        "So the recording proves to nobody what Alice or Bob wrote: either of them, the thief or you could have made \
         it. What they signed is only the key exchange, never a text. While they talked they could be sure of each \
         other; afterwards no word can be pinned on them."
            .to_owned(),
    ])
}

fn published(tape: &Tape) -> Vec<Published<'_>> {
    let keys = tape.data().flat_map(|(by, _, data)| data.revealed.chunks_exact(KEY).map(move |key| (by, key)));
    let authenticates = |key| {
        let messages = tape.data().filter(|(_, _, data)| mac(key, data.authenticated()).as_ref() == Some(data.mac));
        messages.map(|(number, _, _)| number).collect()
    };
    keys.map(|(by, key)| Published { key, by, authenticates: authenticates(key) }).collect()
}

fn describe(published: &Published<'_>) -> String {
    let numbers: Vec<String> = published.authenticates.iter().map(ToString::to_string).collect();
    let what = match numbers.as_slice() {
        [] => "none recorded here".to_owned(),
        [number] => format!("message {number}"),
        numbers => format!("messages {}", numbers.join(", ")),
    };
    let shown = hex::encode(published.key.get(..4).unwrap_or_default());
    format!("  message {:>2} publishes {shown}..., which authenticated: {what}", published.by)
}

/// Changes a word in message `number`, whose text is known and whose key is public, and authenticates it anew. Whether
/// the result passes, as a receiver would check it.
///
/// The cipher's key is not needed: in counter mode, flipping a bit of the ciphertext flips that bit of the text.
fn forge(tape: &Tape, published: &[Published<'_>], number: usize, text: &str) -> Option<bool> {
    let key = published.iter().find(|found| found.authenticates.contains(&number))?.key;
    let (_, _, data) = tape.data().find(|&(found, _, _)| found == number)?;
    let mut forged = altered(&data, text.find(CHANGE.0)?)?;
    let code = mac(key, &forged)?;
    forged.extend_from_slice(&code);
    forged.extend_from_slice(&[0; 4]);
    let Payload::Data(forged) = Message::decode(&forged).ok()?.payload else { return None };
    let passes = mac(key, forged.authenticated()).as_ref() == Some(forged.mac);
    Some(passes && forged.encrypted != data.encrypted)
}

/// The authenticated part of a message with the change in it, which begins `at` bytes into the text.
fn altered(data: &Data<'_>, at: usize) -> Option<Vec<u8>> {
    let mut bytes = data.authenticated().to_vec();
    let start = bytes.len().checked_sub(data.encrypted.len())?.checked_add(at)?;
    let place = bytes.get_mut(start..)?.get_mut(..CHANGE.0.len())?;
    for (byte, (old, new)) in place.iter_mut().zip(CHANGE.0.bytes().zip(CHANGE.1.bytes())) {
        *byte ^= old ^ new;
    }
    Some(bytes)
}

fn mac(key: &[u8], authenticated: &[u8]) -> Option<[u8; KEY]> {
    let mut hmac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    hmac.update(authenticated);
    Some(hmac.finalize().into_bytes().into())
}
