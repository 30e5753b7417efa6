//! Another conversation in the place of the one that was recorded.
//!
//! It is made by somebody who was not there, from the recording, the published keys and the knowledge of what was said.
//! No cipher's key is needed: in counter mode, whoever knows a text can turn it into another of the same length.

use otr_toolkit::Recorded;
use otr_wire::{MAX_MESSAGE, armour};

use super::SCRIPT;
use super::published::Published;
use super::tape::{Side, Tape};
use crate::error::Error;

/// The heading.
pub(crate) const TITLE: &str = "=== The same recording, in other words ===";

/// What the messages are made to say, in the order of the script; those without a text have no published key.
const FORGED: [Option<&str>; SCRIPT.len()] = [
    Some("Hi Bob, is the dog still so hungry?"),
    Some("Yes. The bread is gone, the cake is gone, and now he wants the sofa."),
    Some("Then: we hide the butter, and lock the door."),
    Some("And hide it from my dog."),
    Some("Good. Shall I bring more sausages?"),
    None,
    Some("I will eat them."),
    None,
];

/// What was made of one message.
#[derive(Debug)]
struct Forgery {
    number: usize,
    from: Side,
    sent: &'static str,
    forged: &'static str,
    key: String,
}

/// Forges what can be forged, checks it as a receiver would, and shows it.
pub(crate) fn report(tape: &Tape, published: &[Published]) -> Result<Vec<String>, Error> {
    let mut forgeries = Vec::new();
    for (number, ((from, sent), forged)) in (1..).zip(SCRIPT.into_iter().zip(FORGED)) {
        let Some(forged) = forged else { continue };
        let key = forge(tape, published, number, sent, forged)?;
        forgeries.push(Forgery { number, from, sent, forged, key });
    }
    let transcript: Vec<String> = forgeries.iter().map(Forgery::describe).collect();
    Ok(vec![
        transcript.join("\n"),
        format!(
            "Each of these {} verifies with exactly one of the {} published keys, that of the message it replaces, and \
             would be read as you see it here. Nothing in the two recordings tells which one was sent. For this, one \
             has to know the words and keep their length; Alice and Bob, who also had the keys of the cipher, could \
             each have written anything.",
            forgeries.len(),
            published.len(),
        ),
        "So the recording proves to nobody what Alice or Bob wrote: either of them, the thief or you could have made \
         it. What they signed is only the key exchange, never a text. While they talked they could be sure of each \
         other; afterwards no word can be pinned on them."
            .to_owned(),
        "By hand: \"otr demo --record FILE\" keeps the recording, \"otr toolkit parse < FILE\" shows the published keys, \
         and \"otr toolkit modify\" does what you have just seen."
            .to_owned(),
    ])
}

/// Puts `forged` in the place of `sent` in message `number`, and has it checked with every published key. The name of
/// the one key that it verifies with.
fn forge(tape: &Tape, published: &[Published], number: usize, sent: &str, forged: &str) -> Result<String, Error> {
    let missing = Error::Demo("no message could be forged");
    let Some((_, recorded)) = tape.data().find(|&(found, _)| found == number) else { return Err(missing) };
    let Some(owner) = published.iter().find(|found| found.authenticates.contains(&number)) else { return Err(missing) };
    let message = recorded.modify(&owner.key, sent.as_bytes(), forged.as_bytes(), 0)?;
    let message = armour::decode(message.as_bytes(), MAX_MESSAGE).map_err(otr_toolkit::Error::from)?;
    let message = Recorded::decode(&message)?;
    let fits: Vec<_> = published.iter().filter(|found| message.verify(&found.key).is_ok()).collect();
    match fits.as_slice() {
        [only] if only.authenticates.contains(&number) => Ok(only.name()),
        _ => Err(Error::Demo("a forged message does not verify")),
    }
}

impl Forgery {
    fn describe(&self) -> String {
        let Self { number, from, sent, forged, key } = self;
        format!("  {number}  {:<20}  {sent}\n     {:<20}  {forged}", format!("{from} sent"), format!("verifies: {key}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forged_words_fit_and_are_others() {
        for ((_, sent), forged) in SCRIPT.into_iter().zip(FORGED) {
            assert!(forged.is_none_or(|forged| forged.len() == sent.len() && forged != sent), "{sent}");
        }
    }
}
