//! A published authenticator key turns a recorded message into another one. Run with
//! `cargo run -p otr-toolkit --example forge`.

use std::error::Error;
use std::io::{self, Write};

use otr_toolkit::{Facts, Pieces, Recorded, Scanner, cipher_key};
use otr_wire::Message;

fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut io::stdout().lock();

    // Two people talked. The cipher's key is theirs alone; from the recording it cannot be had.
    let secret = cipher_key("00112233445566778899aabbccddeeff")?;
    let recording = format!("12:30 <alice> {}", said(b"Let us meet on Thursday.")?);

    // Somebody who was not there finds the message in the recording ...
    let mut scanner = Scanner::new();
    let bytes = recording.bytes().find_map(|byte| scanner.push(byte)).ok_or("no message")??;
    writeln!(out, "{}", Facts(Message::decode(&bytes)?))?;

    // ... knows the key of its authenticator, which was published later, and what it said.
    let published = secret.mac_key();
    let forged = Recorded::decode(&bytes)?.modify(&published, b"Thursday", b"Saturday", 15)?;

    // Whoever has both keys, as the receiver had, reads the forgery as they read the message.
    let bytes = otr_wire::armour::decode(forged.as_bytes(), otr_wire::MAX_MESSAGE)?;
    writeln!(out, "\nbefore  Text: Let us meet on Thursday.")?;
    writeln!(out, "after   {}", Recorded::decode(&bytes)?.read(&secret)?)?;
    Ok(())
}

/// What went over the network when Alice said `text`.
fn said(text: &[u8]) -> Result<String, otr_toolkit::Error> {
    let key = cipher_key("00112233445566778899aabbccddeeff")?;
    let empty = Pieces {
        instances: Some(["4096", "8192"]),
        flags: "0",
        sender_keyid: "1",
        recipient_keyid: "1",
        next_dh: "04",
        counter: "0000000000000001",
        encrypted: "",
        revealed: "",
    };
    let empty = empty.assemble(&key.mac_key())?;
    let bytes = otr_wire::armour::decode(empty.as_bytes(), otr_wire::MAX_MESSAGE)?;
    Recorded::decode(&bytes)?.forge(&key, text)
}
