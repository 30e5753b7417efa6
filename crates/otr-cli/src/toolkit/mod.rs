//! `otr toolkit`: what the recording of a conversation shows, and how anybody with its keys makes another one.
//!
//! The commands, their arguments and their order are those of libotr's toolkit, so that what is written about it holds
//! here; the work is done by `otr-toolkit`.

mod input;

use std::ffi::OsString;
use std::fmt::{self, Display};
use std::io::{self, Write};

use clap::Subcommand;
use otr_toolkit::{Error as ToolkitError, Facts, MacKeyOf, Pieces, Recorded, SessionKeys, cipher_key, mac_key, offset};
use otr_wire::Message;

use crate::error::Error;
use crate::readable;

/// The arguments of `otr toolkit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

/// One of the six tools. Messages come in on standard input, with anything around them.
#[derive(Debug, Subcommand)]
enum Command {
    /// Shows what the messages on standard input say in the open
    Parse,
    /// Shows every key that our secret exponent and their public value give
    Sesskeys {
        /// Our secret exponent: up to 80 hex digits
        our_privkey: Given,
        /// Their public value: up to 384 hex digits
        their_pubkey: Given,
    },
    /// Shows the authenticator key that belongs to a cipher key
    Mackey {
        /// The cipher key: 32 hex digits
        aeskey: Given,
    },
    /// Reads the Data message on standard input, and forges one with another text
    Readforge {
        /// The cipher key of the message: 32 hex digits
        aeskey: Given,
        /// What the message is to say instead
        #[arg(allow_hyphen_values = true)]
        new_message: Option<OsString>,
    },
    /// Changes the Data message on standard input without being able to read it
    Modify {
        /// The authenticator key of the message, which is published later: 40 hex digits
        mackey: Given,
        /// What is believed to stand in the message
        #[arg(allow_hyphen_values = true)]
        old_text: OsString,
        /// What is to stand there instead, of the same length
        #[arg(allow_hyphen_values = true)]
        new_text: OsString,
        /// Where it stands: bytes from the beginning of the text
        offset: String,
    },
    /// Makes a Data message from its pieces
    Remac(Remac),
}

/// The pieces, as `parse` shows them: numbers in decimal, everything else in hex digits.
#[derive(Debug, clap::Args)]
struct Remac {
    /// Make a message of version 2; the two instances must then be 0
    #[arg(long)]
    v2: bool,
    /// The authenticator key: 40 hex digits
    mackey: Given,
    /// 256 or more
    sender_instance: String,
    /// 256 or more
    receiver_instance: String,
    /// 0, or 1: a receiver who cannot read the message is to say nothing
    flags: String,
    /// The number of the sender's key, not 0
    snd_keyid: String,
    /// The number of the receiver's key, not 0
    rcp_keyid: String,
    /// The sender's next public value
    pubkey: String,
    /// 16 hex digits
    counter: String,
    /// The text, already encrypted
    encdata: String,
    /// Published authenticator keys; may be ""
    revealed_mackeys: String,
}

/// An argument that may be a key, and so appears in no message of ours.
#[derive(Clone)]
struct Given(String);

impl From<String> for Given {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given(..)")
    }
}

/// Does what one command says.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    match &args.command {
        Command::Parse => parse(),
        Command::Sesskeys { our_privkey, their_pubkey } => {
            print(&SessionKeys::derive(&our_privkey.0, &their_pubkey.0)?)
        }
        Command::Mackey { aeskey } => print(&MacKeyOf::new(cipher_key(&aeskey.0)?)),
        Command::Readforge { aeskey, new_message } => read_and_forge(aeskey, new_message.as_ref()),
        Command::Modify { mackey, old_text, new_text, offset: place } => {
            let (key, place) = (mac_key(&mackey.0)?, offset(place)?);
            let (old, new) = (old_text.as_encoded_bytes(), new_text.as_encoded_bytes());
            print(&Recorded::decode(&input::first()?)?.modify(&key, old, new, place)?)
        }
        Command::Remac(pieces) => print(&pieces.assemble()?),
    }
}

/// Goes on after a message that is none, and tells of it in the end.
fn parse() -> Result<(), Error> {
    let (mut found, mut broken) = (0_usize, 0_usize);
    for message in input::messages() {
        found = found.saturating_add(1);
        match message? {
            Ok(bytes) => match Message::decode(&bytes) {
                Ok(message) => print(&format_args!("{}\n", Facts(message)))?,
                Err(why) => {
                    broken = broken.saturating_add(1);
                    print(&format_args!("{}\n", ToolkitError::from(why)))?;
                }
            },
            Err(why) => {
                broken = broken.saturating_add(1);
                print(&format_args!("{why}\n"))?;
            }
        }
    }
    match (found, broken) {
        (0, _) => Err(ToolkitError::NoMessage.into()),
        (_, 0) => Ok(()),
        (found, broken) => Err(Error::NotMessages { broken, found }),
    }
}

/// A key that does not fit is told of in the end, as the forgery can be made with any key.
fn read_and_forge(key: &Given, new_message: Option<&OsString>) -> Result<(), Error> {
    let key = cipher_key(&key.0)?;
    let bytes = input::first()?;
    let recorded = Recorded::decode(&bytes)?;
    let read = recorded.read(&key);
    if let Ok(reading) = &read {
        print(reading)?;
    }
    if let Some(text) = new_message {
        print(&recorded.forge(&key, text.as_encoded_bytes())?)?;
    }
    Ok(read.map(|_| ())?)
}

impl Remac {
    fn assemble(&self) -> Result<String, Error> {
        let key = mac_key(&self.mackey.0)?;
        let instances = [self.sender_instance.as_str(), self.receiver_instance.as_str()];
        if self.v2 && instances != ["0"; 2] {
            return Err(Error::InstancesInVersion2);
        }
        let pieces = Pieces {
            instances: (!self.v2).then_some(instances),
            flags: &self.flags,
            sender_keyid: &self.snd_keyid,
            recipient_keyid: &self.rcp_keyid,
            next_dh: &self.pubkey,
            counter: &self.counter,
            encrypted: &self.encdata,
            revealed: &self.revealed_mackeys,
        };
        Ok(pieces.assemble(&key)?)
    }
}

/// What a message says comes from elsewhere, so nothing of it may drive the terminal.
fn print(what: &impl Display) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    let lines = readable::lines(&what.to_string()).join("\n");
    writeln!(out, "{lines}").and_then(|()| out.flush()).map_err(|error| Error::Output(error.kind()))
}
