//! A conversation that moves over to the Curve25519 suite by itself.
//!
//! It has two parties of its own: what is shown of published keys, of the thief and of forgeries is about version 3, and
//! is shown of a conversation that stays there.

use std::io::Write;

use otr_crypto::IdentityKey;

use super::columns::Columns;
use super::party;
use super::say;
use super::stage::Stage;
use super::tape::Side;
use crate::args::Curve25519;
use crate::error::Error;
use crate::outside;

/// The heading.
const TITLE: &str = "=== Where both programs have more: the Curve25519 suite ===";

/// What the two say to each other.
const SCRIPT: [(Side, &str); 3] = [
    (Side::Bob, "Did you do anything?"),
    (Side::Alice, "No. The programs found out by themselves."),
    (Side::Bob, "Good night, then."),
];

/// Plays it.
pub(crate) async fn play(out: &mut impl Write) -> Result<(), Error> {
    say(out, TITLE)?;
    say(
        out,
        "All of the above was version 3, as other programs speak it. Where both programs have it, a private conversation \
         moves over to another suite of primitives by itself. Each names its Ed25519 key inside the private conversation, \
         where nobody in between can change it; a second key exchange, of X25519 and ML-KEM-768 together, is bound to the \
         first one. Here are another Alice and another Bob:",
    )?;
    let keys = [(); 2].map(|()| IdentityKey::generate(&mut outside::randomness()));
    let [alice, bob] = party::introduce(keys, Curve25519::On).await?;
    let mut stage = Stage::new(alice, bob, Columns::new(&mut *out));
    stage.head()?;
    stage.start().await?;
    if !stage.has_moved() {
        return Err(Error::Demo("the conversation has not moved over"));
    }
    for (side, text) in SCRIPT {
        stage.say(side, text).await?;
    }
    stage.end().await?;
    stage.finish().await?;
    say(
        out,
        "Whoever keeps a recording until the group of 1536 bits can be broken, by a quantum computer or without one, \
         reads what was said before the move: here only the names of two keys. For what came after it, both X25519 and \
         ML-KEM-768 would have to be broken. The suite is our own, and nobody else has reviewed it so far.",
    )
}
