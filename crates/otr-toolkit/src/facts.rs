//! What an encoded message says in the open.

use std::fmt::{self, Display, Formatter};

use otr_wire::{Data, Header, InstanceTag, Message, Payload};

/// Bytes in hexadecimal.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Everything that anybody can see in a message, one field a line, bytes in hexadecimal. Instance tags and keyids are
/// decimal, as [`Pieces`](crate::Pieces) takes them.
#[derive(Debug)]
pub struct Facts<'a>(pub Message<'a>);

impl Display for Facts<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.0.payload {
            Payload::DhCommit(_) => "D-H Commit message",
            Payload::DhKey(_) => "D-H Key message",
            Payload::RevealSignature(_) => "Reveal Signature message",
            Payload::Signature(_) => "Signature message",
            Payload::Data(_) => "Data message",
        };
        writeln!(f, "{kind}")?;
        write_header(f, self.0.header)?;
        match &self.0.payload {
            Payload::DhCommit(commit) => {
                writeln!(f, "  Encrypted g^x: {}", Hex(commit.encrypted_gx))?;
                write!(f, "  Hashed g^x: {}", Hex(commit.hashed_gx))
            }
            Payload::DhKey(key) => write!(f, "  g^y: {}", Hex(key.gy.as_bytes())),
            Payload::RevealSignature(reveal) => {
                writeln!(f, "  Revealed key: {}", Hex(reveal.revealed_key))?;
                writeln!(f, "  Encrypted signature: {}", Hex(reveal.encrypted_signature))?;
                write!(f, "  MAC: {}", Hex(reveal.mac))
            }
            Payload::Signature(signature) => {
                writeln!(f, "  Encrypted signature: {}", Hex(signature.encrypted_signature))?;
                write!(f, "  MAC: {}", Hex(signature.mac))
            }
            Payload::Data(data) => write_data(f, data),
        }
    }
}

fn write_header(f: &mut Formatter<'_>, header: Header) -> fmt::Result {
    writeln!(f, "  Version: {}", header.version().number())?;
    let Header::V3 { sender, receiver } = header else { return Ok(()) };
    writeln!(f, "  Sender instance: {}", sender.get())?;
    writeln!(f, "  Receiver instance: {}", receiver.map_or(0, InstanceTag::get))
}

fn write_data(f: &mut Formatter<'_>, data: &Data<'_>) -> fmt::Result {
    writeln!(f, "  Flags: {}", data.flags.0)?;
    writeln!(f, "  Sender keyid: {}", data.sender_keyid)?;
    writeln!(f, "  Recipient keyid: {}", data.recipient_keyid)?;
    writeln!(f, "  Next D-H key: {}", Hex(data.next_dh.as_bytes()))?;
    writeln!(f, "  Counter: {:016x}", data.counter)?;
    writeln!(f, "  Encrypted message: {}", Hex(data.encrypted))?;
    write!(f, "  MAC: {}", Hex(data.mac))?;
    let keys = data.revealed.chunks_exact(20);
    let rest = keys.remainder();
    for key in keys {
        write!(f, "\n  Revealed MAC key: {}", Hex(key))?;
    }
    // Outside the MAC, so anybody may have put it there.
    if rest.is_empty() { Ok(()) } else { write!(f, "\n  After the revealed MAC keys: {}", Hex(rest)) }
}
