//! Says what a message is. Run with `cargo run -p otr-wire --example inspect -- '?OTRv23?'`, or without a message to
//! see some.

use std::io::{self, Write};

use otr_wire::{Body, MAX_MESSAGE, Message, Payload, armour};

fn main() -> io::Result<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let built_in = [
        "hello",
        "hello \t  \t\t\t\t \t \t \t    \t\t  \t\t",
        "?OTRv23? Let us talk in private.",
        "?OTR Error: You sent something that I cannot read.",
        "?OTR|5a73a599|27e31597,00001,00003,?OTR:AAMDJ+MV,",
        "?OTR:AAMKAAABAAAAAgAAAAABBQ==.",
        "?OTR:AAEDAAAAAA==.",
    ];
    let messages = if given.is_empty() { built_in.map(String::from).to_vec() } else { given };
    let out = &mut io::stdout().lock();
    for message in messages {
        writeln!(out, "{message:?}")?;
        describe(message.as_bytes(), out)?;
    }
    Ok(())
}

fn describe(body: &[u8], out: &mut impl Write) -> io::Result<()> {
    match Body::classify(body) {
        Body::Plain(text) => writeln!(out, "  plain text, {} bytes", text.len()),
        Body::Tagged(tagged) => {
            let versions: Vec<_> = tagged.offered.iter().collect();
            writeln!(out, "  plain text, {} bytes, with a tag that offers {versions:?}", tagged.text().len())
        }
        Body::Query(query) => writeln!(out, "  a query for {:?}", query.offered.iter().collect::<Vec<_>>()),
        Body::Error(words) => writeln!(out, "  an error message: {}", words.escape_ascii()),
        Body::Fragment(fragment) => {
            let length = fragment.piece.len();
            writeln!(out, "  piece {} of {}, {length} bytes, {:?}", fragment.k, fragment.n, fragment.header)
        }
        Body::InvalidFragment(why) => writeln!(out, "  nothing: {why}"),
        Body::Encoded(text) => describe_encoded(text, out),
    }
}

fn describe_encoded(text: &[u8], out: &mut impl Write) -> io::Result<()> {
    let decoded = armour::decode(text, MAX_MESSAGE);
    let message = match decoded.as_deref().map_err(|&why| why).and_then(Message::decode) {
        Ok(message) => message,
        Err(why) => return writeln!(out, "  nothing: {why}"),
    };
    writeln!(out, "  {:?}, {:?}", message.payload.message_type(), message.header)?;
    match &message.payload {
        Payload::DhCommit(commit) => writeln!(out, "  hashed g^x {:02x?}", commit.hashed_gx),
        Payload::DhKey(key) => writeln!(out, "  g^y of {} bytes", key.gy.as_bytes().len()),
        Payload::RevealSignature(reveal) => writeln!(out, "  r {:02x?}", reveal.revealed_key),
        Payload::Signature(signature) => {
            writeln!(out, "  an encrypted signature of {} bytes", signature.encrypted_signature.len())
        }
        Payload::Data(data) => writeln!(
            out,
            "  keys {} to {}, counter {}, {} encrypted bytes, {} bytes of old MAC keys",
            data.sender_keyid,
            data.recipient_keyid,
            data.counter,
            data.encrypted.len(),
            data.revealed.len()
        ),
    }
}
