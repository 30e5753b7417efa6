//! `otr demo`: two parties in one process, over a real TCP connection on the loopback interface.
//!
//! It shows a conversation of version 3 from three places at once, then what is left of it for somebody who recorded
//! everything and steals both long-term keys afterwards, what the published MAC keys are for, and the same recording
//! saying something else; last another conversation, which moves over to the Curve25519 suite.

mod columns;
mod forgery;
mod party;
mod published;
mod stage;
mod suite;
mod tape;
mod thief;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use otr_crypto::IdentityKey;

use crate::args::Curve25519;
use crate::error::Error;
use crate::outside;
use columns::Columns;
use party::Party;
use stage::Stage;
use tape::{Side, Tape};

/// What the two say to each other.
const SCRIPT: [(Side, &str); 8] = [
    (Side::Alice, "Hi Bob, can anybody else read this?"),
    (Side::Bob, "No. The network carries it, but sees only what stands in the middle."),
    (Side::Alice, "Then: we meet on Thursday, at half past six."),
    (Side::Alice, "Same place as last time."),
    (Side::Bob, "Good. Shall I bring the documents?"),
    (Side::Alice, "Yes, please, all of them."),
    (Side::Bob, "I will be there."),
    (Side::Alice, "See you then."),
];

/// The arguments of `otr demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Keep what went over the network in the first conversation in this file, for `otr toolkit`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// Shows everything and ends.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let mut out = io::stdout().lock();
    runtime.map_err(|error| Error::Start(error.kind()))?.block_on(play(args, &mut out))
}

async fn play(args: &Args, out: &mut impl Write) -> Result<(), Error> {
    let keys = [(); 2].map(|()| IdentityKey::generate(&mut outside::randomness()));
    // What the thief will steal: the secret number of each key.
    let stolen: Option<Vec<_>> = keys.iter().map(|key| key.hazmat_parts().map(|parts| parts.x)).collect();
    let stolen = stolen.ok_or(Error::Demo("there is nothing to steal"))?;
    let [alice, bob] = party::introduce(keys, Curve25519::Off).await?;
    let tape = talk(alice, bob, out).await?;
    if let Some(file) = &args.record {
        fs::write(file, tape.transcript()).map_err(Error::Record)?;
    }

    let published = published::find(&tape);
    let sections = [
        (thief::TITLE, thief::report(&tape, &stolen)?),
        (published::TITLE, published::report(&tape, &published)),
        (forgery::TITLE, forgery::report(&tape, &published)?),
    ];
    for (title, paragraphs) in sections {
        say(out, title)?;
        paragraphs.iter().try_for_each(|paragraph| say(out, paragraph))?;
    }
    suite::play(out).await
}

/// The conversation, from its first message to its last; what went over the network comes back.
async fn talk(alice: Party, bob: Party, out: &mut impl Write) -> Result<Tape, Error> {
    say(
        out,
        "OTR in three columns: what Alice and Bob see, and what everybody in between sees. \"keys 2/1\" says \
         which one-time keys of sender and receiver a message uses: they change with every turn of the talk.",
    )?;
    let mut stage = Stage::new(alice, bob, Columns::new(&mut *out));
    stage.head()?;
    stage.start().await?;
    for (side, text) in SCRIPT {
        stage.say(side, text).await?;
    }
    stage.end().await?;
    stage.finish().await
}

/// A paragraph, with an empty line after it.
fn say(out: &mut impl Write, paragraph: &str) -> Result<(), Error> {
    let lines = columns::wrap(paragraph, columns::WIDTH).join("\n");
    write!(out, "{lines}\n\n").and_then(|()| out.flush()).map_err(|error| Error::Output(error.kind()))
}
