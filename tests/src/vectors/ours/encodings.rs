//! Encoded messages: one of every type in both versions, and every way to spoil one.

use otr_wire::{Body, DecodeError, Header, MAX_MESSAGE, Message, Payload, Version, armour};
use serde::{Deserialize, Serialize};

pub(crate) mod curve25519;

use super::fixtures::bytes;
use crate::vectors::{
    Case, Group, Library, Problem, VectorFile, Verdict,
    file::{Builder, Nothing},
    kinds::{Problems, each_with},
    problem::{holds, same},
    value::{Hex, Tag},
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    text: String,
    is: Decoded,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    text: String,
    /// In characters; the default where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    error: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decoded {
    version: u16,
    sender: Option<Tag>,
    receiver: Option<Tag>,
    payload: Fields,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Fields {
    DhCommit {
        encrypted_gx: Hex,
        hashed_gx: Hex,
    },
    DhKey {
        gy: Hex,
        /// In the Curve25519 suite only.
        #[serde(default, skip_serializing_if = "Hex::is_empty")]
        kem_key: Hex,
    },
    RevealSignature {
        revealed_key: Hex,
        /// In the Curve25519 suite only.
        #[serde(default, skip_serializing_if = "Hex::is_empty")]
        kem_ciphertext: Hex,
        encrypted_signature: Hex,
        mac: Hex,
    },
    Signature {
        encrypted_signature: Hex,
        mac: Hex,
    },
    Data {
        flags: u8,
        sender_keyid: u32,
        recipient_keyid: u32,
        next_dh: Hex,
        counter: Hex,
        encrypted: Hex,
        mac: Hex,
        revealed: Hex,
    },
}

impl Decoded {
    fn of(message: &Message<'_>) -> Self {
        let payload = match message.payload {
            Payload::DhCommit(m) => {
                Fields::DhCommit { encrypted_gx: m.encrypted_gx.into(), hashed_gx: m.hashed_gx.as_slice().into() }
            }
            Payload::DhKey(m) => Fields::DhKey { gy: m.gy.as_bytes().into(), kem_key: m.kem_key.into() },
            Payload::RevealSignature(m) => Fields::RevealSignature {
                revealed_key: m.revealed_key.as_slice().into(),
                kem_ciphertext: m.kem_ciphertext.into(),
                encrypted_signature: m.encrypted_signature.into(),
                mac: m.mac.as_slice().into(),
            },
            Payload::Signature(m) => {
                Fields::Signature { encrypted_signature: m.encrypted_signature.into(), mac: m.mac.as_slice().into() }
            }
            Payload::Data(m) => Fields::Data {
                flags: m.flags.0,
                sender_keyid: m.sender_keyid.get(),
                recipient_keyid: m.recipient_keyid.get(),
                next_dh: m.next_dh.as_bytes().into(),
                counter: m.counter.get().to_be_bytes().as_slice().into(),
                encrypted: m.encrypted.into(),
                mac: m.mac.as_slice().into(),
                revealed: m.revealed.into(),
            },
        };
        let tag = |tag: Option<_>| tag.map(Tag::from);
        let header: Header = message.header;
        Self {
            version: header.version().number(),
            sender: tag(header.sender()),
            receiver: tag(header.receiver()),
            payload,
        }
    }
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| {
        if case.is_valid() { check_accepted(case) } else { check_refused(case) }
    })
}

fn check_accepted(case: &Case) -> Result<(), Problem> {
    let accepted: Accepted = case.fields()?;
    holds("its form is known", matches!(Body::classify(accepted.text.as_bytes()), Body::Encoded(_)))?;
    let bytes = armour::decode(accepted.text.as_bytes(), MAX_MESSAGE)?;
    let message = Message::decode(&bytes)?;
    same("its fields", Decoded::of(&message), accepted.is)?;
    same("encoded again", armour::encode(&message.encode()).as_str(), accepted.text.trim_ascii_end())
}

fn check_refused(case: &Case) -> Result<(), Problem> {
    let refused: Refused = case.fields()?;
    let decoded = armour::decode(refused.text.as_bytes(), refused.limit.unwrap_or(MAX_MESSAGE));
    let error = match &decoded {
        Err(error) => Some(*error),
        Ok(bytes) => Message::decode(bytes).err(),
    };
    same("our error", error.map(|error| format!("{error:?}")), Some(refused.error))
}

/// A message as the fields it consists of, to be cut and changed.
#[derive(Clone)]
struct Parts {
    name: &'static str,
    version: Version,
    fields: Vec<(&'static str, Vec<u8>)>,
}

const SENDER: u32 = 0x0000_0100;
const RECEIVER: u32 = 0xffff_ffff;

impl Parts {
    fn new(name: &'static str, version: Version, kind: u8) -> Self {
        let mut fields = vec![("version", version.number().to_be_bytes().to_vec()), ("type", vec![kind])];
        if version != Version::Two {
            fields.push(("sender tag", SENDER.to_be_bytes().to_vec()));
            fields.push(("receiver tag", RECEIVER.to_be_bytes().to_vec()));
        }
        Self { name, version, fields }
    }

    fn fixed(mut self, field: &'static str, bytes: &[u8]) -> Self {
        self.fields.push((field, bytes.to_vec()));
        self
    }

    /// A DATA or MPI field: its length, and its bytes, are fields of their own here.
    fn data(self, length: &'static str, field: &'static str, bytes: &[u8]) -> Self {
        let number = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
        self.fixed(length, &number).fixed(field, bytes)
    }

    fn with(&self, field: &str, bytes: &[u8]) -> Self {
        let mut changed = self.clone();
        for (_, old) in changed.fields.iter_mut().filter(|(name, _)| *name == field) {
            *old = bytes.to_vec();
        }
        changed
    }

    fn bytes(&self) -> Vec<u8> {
        self.fields.iter().flat_map(|(_, bytes)| bytes).copied().collect()
    }

    fn text(&self) -> String {
        armour::encode(&self.bytes())
    }

    fn title(&self) -> String {
        format!("{}, version {}", self.name, self.version.number())
    }
}

fn dh_commit(version: Version) -> Parts {
    Parts::new("D-H Commit", version, 0x02)
        .data("length of encrypted g^x", "encrypted g^x", &bytes("encrypted g^x", 196))
        .data("length of hashed g^x", "hashed g^x", &bytes("hashed g^x", 32))
}

fn dh_key(version: Version) -> Parts {
    Parts::new("D-H Key", version, 0x0a).data("length of g^y", "g^y", &number("g^y", 192))
}

fn reveal_signature(version: Version) -> Parts {
    Parts::new("Reveal Signature", version, 0x11)
        .data("length of revealed key", "revealed key", &bytes("revealed key", 16))
        .data("length of encrypted signature", "encrypted signature", &bytes("encrypted signature", 466))
        .fixed("MAC", &bytes("mac", 20))
}

fn signature(version: Version) -> Parts {
    Parts::new("Signature", version, 0x12)
        .data("length of encrypted signature", "encrypted signature", &bytes("another signature", 466))
        .fixed("MAC", &bytes("another mac", 20))
}

fn data(version: Version) -> Parts {
    Parts::new("Data", version, 0x03)
        .fixed("flags", &[0])
        .fixed("sender keyid", &1u32.to_be_bytes())
        .fixed("recipient keyid", &2u32.to_be_bytes())
        .data("length of next D-H key", "next D-H key", &number("next", 192))
        .fixed("counter", &3u64.to_be_bytes())
        .data("length of encrypted message", "encrypted message", &bytes("text", 25))
        .fixed("MAC", &bytes("data mac", 20))
        .data("length of old MAC keys", "old MAC keys", &bytes("old keys", 40))
}

/// Bytes that do not begin with a zero.
fn number(name: &str, length: usize) -> Vec<u8> {
    let mut number = bytes(name, length);
    if let Some(first) = number.first_mut() {
        *first |= 0x80;
    }
    number
}

fn every(version: Version) -> [Parts; 5] {
    [dh_commit(version), dh_key(version), reveal_signature(version), signature(version), data(version)]
}

pub(crate) fn generate(_: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTRv3-Encoding",
        &[
            "text is an encoded message as it travels; is has what it holds, or error our name for what is wrong.",
            "Lengths and ranges only: what stands in the fields is random.",
        ],
    );
    file.group("OtrEncodedMessage", &Nothing {})?;
    accepted(&mut file)?;
    for parts in Version::ALL.into_iter().flat_map(every) {
        cut(&mut file, &parts)?;
    }
    headers(&mut file)?;
    lengths(&mut file)?;
    values(&mut file)?;
    armours(&mut file)?;
    Ok(file.finish())
}

fn accept(file: &mut Builder, comment: String, text: String) -> Result<(), Problem> {
    let bytes = armour::decode(text.as_bytes(), MAX_MESSAGE)?;
    let is = Decoded::of(&Message::decode(&bytes)?);
    file.case(comment, &[], Verdict::Valid, &Accepted { text, is })
}

fn refuse(file: &mut Builder, comment: String, flag: &str, text: String, error: DecodeError) -> Result<(), Problem> {
    let limit = match error {
        DecodeError::TooLong { limit } => Some(limit),
        _ => None,
    };
    file.case(comment, &[flag], Verdict::Invalid, &Refused { text, limit, error: format!("{error:?}") })
}

fn accepted(file: &mut Builder) -> Result<(), Problem> {
    use Version::{Three, Two};
    for parts in Version::ALL.into_iter().flat_map(every) {
        accept(file, parts.title(), parts.text())?;
    }
    accept(file, "for nobody in particular".into(), dh_commit(Three).with("receiver tag", &[0; 4]).text())?;
    accept(file, "white space behind the dot".into(), format!("{} \r\n\t", dh_key(Two).text()))?;
    let smallest = dh_key(Three).with("length of g^y", &[0, 0, 0, 1]).with("g^y", &[5]);
    accept(file, "a g^y of one byte".into(), smallest.text())?;
    let empty = dh_key(Three).with("length of g^y", &[0; 4]).with("g^y", &[]);
    accept(file, "g^y zero: well-formed, though no key".into(), empty.text())?;
    let bare = data(Three)
        .with("length of encrypted message", &[0; 4])
        .with("encrypted message", &[])
        .with("length of old MAC keys", &[0; 4])
        .with("old MAC keys", &[]);
    accept(file, "no text and no old MAC keys".into(), bare.text())?;
    let odd = data(Three).with("length of old MAC keys", &[0, 0, 0, 3]).with("old MAC keys", &[1, 2, 3]);
    accept(file, "old MAC keys of three bytes: nothing rests on them".into(), odd.text())?;
    accept(file, "all flags set".into(), data(Three).with("flags", &[0xff]).text())?;
    let highest = data(Three).with("sender keyid", &[0xff; 4]).with("counter", &[0xff; 8]);
    accept(file, "the highest keyid and counter".into(), highest.text())
}

/// Cuts before, in the middle of and after every field, and a byte too many.
fn cut(file: &mut Builder, parts: &Parts) -> Result<(), Problem> {
    let whole = parts.bytes();
    let mut at = 0;
    for (field, bytes) in &parts.fields {
        let middle = at + bytes.len() / 2;
        if middle > at {
            let text = armour::encode(&whole[..middle]);
            refuse(file, format!("{}: cut inside {field}", parts.title()), "Truncated", text, DecodeError::Truncated)?;
        }
        at += bytes.len();
        if at < whole.len() {
            let text = armour::encode(&whole[..at]);
            refuse(file, format!("{}: cut after {field}", parts.title()), "Truncated", text, DecodeError::Truncated)?;
        }
    }
    let text = armour::encode(&[whole.as_slice(), &[0]].concat());
    refuse(file, format!("{}: one byte more", parts.title()), "TrailingBytes", text, DecodeError::TrailingBytes)
}

fn headers(file: &mut Builder) -> Result<(), Problem> {
    use Version::Three;
    for version in [0u16, 1, 4, 0x0300, 0xffff] {
        let text = dh_key(Three).with("version", &version.to_be_bytes()).text();
        refuse(file, format!("version {version}"), "Version", text, DecodeError::UnknownVersion(version))?;
    }
    for kind in [0x00, 0x01, 0x04, 0x0b, 0x10, 0x13, 0xff] {
        let text = data(Three).with("type", &[kind]).text();
        refuse(file, format!("type {kind:#04x}"), "Type", text, DecodeError::UnknownType(kind))?;
    }
    let illegal = |tag| DecodeError::InstanceTag(otr_wire::InvalidInstanceTag(tag));
    for tag in [0u32, 1, 0xff] {
        for parts in [dh_commit(Three), data(Three)] {
            let text = parts.with("sender tag", &tag.to_be_bytes()).text();
            refuse(file, format!("{}: sender tag {tag:#x}", parts.name), "InstanceTag", text, illegal(tag))?;
        }
    }
    for tag in [1u32, 0xff] {
        let text = dh_commit(Three).with("receiver tag", &tag.to_be_bytes()).text();
        refuse(file, format!("D-H Commit: receiver tag {tag:#x}"), "InstanceTag", text, illegal(tag))?;
    }
    for parts in [dh_key(Three), reveal_signature(Three), signature(Three), data(Three)] {
        let text = parts.with("receiver tag", &[0; 4]).text();
        refuse(file, format!("{}: for nobody in particular", parts.name), "InstanceTag", text, illegal(0))?;
    }
    Ok(())
}

/// A field with a length it cannot have, its bytes following.
fn lengths(file: &mut Builder) -> Result<(), Problem> {
    use Version::{Three, Two};
    let rows: [(Parts, &'static str, &[usize]); 7] = [
        (dh_commit(Three), "encrypted g^x", &[0, 4, 197, 1000]),
        (dh_commit(Two), "hashed g^x", &[0, 20, 31, 33]),
        (dh_key(Three), "g^y", &[193, 384]),
        (reveal_signature(Three), "revealed key", &[0, 15, 17]),
        (reveal_signature(Two), "encrypted signature", &[0, 211, 1301]),
        (signature(Three), "encrypted signature", &[0, 211, 1301]),
        (data(Three), "next D-H key", &[193]),
    ];
    for (parts, field, lengths) in rows {
        for &length in lengths {
            let number = u32::try_from(length)?.to_be_bytes();
            let changed = parts.with(&format!("length of {field}"), &number).with(field, &vec![1; length]);
            let comment = format!("{}: {field} of {length} bytes", parts.title());
            refuse(file, comment, "FieldLength", changed.text(), DecodeError::FieldLength { field, length })?;
        }
    }
    let length = usize::try_from(u32::MAX)?;
    let text = dh_key(Three).with("length of g^y", &[0xff; 4]).text();
    let error = DecodeError::FieldLength { field: "g^y", length };
    refuse(file, "D-H Key: g^y of 4 GiB".into(), "FieldLength", text, error)?;
    for field in ["length of encrypted message", "length of old MAC keys"] {
        for number in [[0xff; 4], [0x7f, 0xff, 0xff, 0xff], [0, 0, 1, 0]] {
            let text = data(Three).with(field, &number).text();
            let comment = format!("Data: {field} {:#x}, beyond the end", u32::from_be_bytes(number));
            refuse(file, comment, "Truncated", text, DecodeError::Truncated)?;
        }
    }
    let text = data(Three).with("length of old MAC keys", &[0, 0, 0, 39]).text();
    refuse(file, "Data: old MAC keys one byte short".into(), "TrailingBytes", text, DecodeError::TrailingBytes)
}

fn values(file: &mut Builder) -> Result<(), Problem> {
    use Version::{Three, Two};
    for (parts, field) in [(dh_key(Two), "g^y"), (dh_key(Three), "g^y"), (data(Three), "next D-H key")] {
        let mut leading = number(field, 192);
        leading[0] = 0;
        let text = parts.with(field, &leading).text();
        let comment = format!("{}: {field} with a leading zero byte", parts.title());
        refuse(file, comment, "MpiNotMinimal", text, DecodeError::MpiNotMinimal)?;
    }
    let zero = dh_key(Three).with("length of g^y", &[0, 0, 0, 1]).with("g^y", &[0]);
    refuse(file, "D-H Key: zero as one byte".into(), "MpiNotMinimal", zero.text(), DecodeError::MpiNotMinimal)?;
    for version in Version::ALL {
        for field in ["sender keyid", "recipient keyid"] {
            let parts = data(version).with(field, &[0; 4]);
            refuse(file, format!("{}: {field} 0", parts.title()), "ZeroKeyId", parts.text(), DecodeError::ZeroKeyId)?;
        }
        let parts = data(version).with("counter", &[0; 8]);
        refuse(file, format!("{}: counter 0", parts.title()), "ZeroCounter", parts.text(), DecodeError::ZeroCounter)?;
    }
    Ok(())
}

/// The clothing, around bytes that are right: 199 of them, so that the base64 ends in padding.
fn armours(file: &mut Builder) -> Result<(), Problem> {
    use DecodeError::{Base64, NotEncoded, TooLong, Unterminated};
    let message = dh_key(Version::Two);
    let text = message.text();
    let body = text.trim_end_matches('.').to_owned();
    let bare = body.trim_end_matches('=').to_owned();
    let middle = text.len() / 2;
    let insert = |what: &str| [&text[..middle], what, &text[middle..]].concat();
    let rows = [
        ("no dot", body.clone(), Unterminated),
        ("words behind the dot", format!("{text} and words"), Unterminated),
        ("a NUL behind the dot", format!("{text}\0"), Unterminated),
        ("two dots", format!("{text}."), Base64),
        ("a dot in the middle", insert("."), Base64),
        ("nothing between prefix and dot", "?OTR:.".into(), Base64),
        ("padding alone", "?OTR:===.".into(), Base64),
        ("one letter", "?OTR:A.".into(), Base64),
        ("padding left out", format!("{bare}."), Base64),
        ("padding too much", format!("{body}=."), Base64),
        ("trailing bits set", format!("{}.", set_trailing_bits(&body)), Base64),
        ("a blank inside", insert(" "), Base64),
        ("a line end inside", insert("\r\n"), Base64),
        ("a NUL inside", insert("\0"), Base64),
        ("a letter of the other alphabet", insert("____"), Base64),
        ("a blank before the dot", format!("{body} ."), Base64),
        ("a blank behind the prefix", text.replacen("?OTR:", "?OTR: ", 1), Base64),
        ("small letters in the prefix", text.replacen("?OTR:", "?otr:", 1), NotEncoded),
        ("a blank in front", format!(" {text}"), NotEncoded),
        ("no prefix", text.replacen("?OTR:", "", 1), NotEncoded),
        ("one character over the limit", text.clone(), TooLong { limit: text.len() - 1 }),
        ("over the limit by white space", format!("{text} "), TooLong { limit: text.len() }),
    ];
    for (comment, text, error) in rows {
        refuse(file, comment.into(), "Armour", text, error)?;
    }
    Ok(())
}

/// The last letter before the padding stands for bits that no byte takes up; this sets one of them.
fn set_trailing_bits(body: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bare = body.trim_end_matches('=');
    let padding = &body[bare.len()..];
    let last = bare.chars().last().and_then(|letter| ALPHABET.find(letter)).unwrap_or_default();
    let next = ALPHABET.chars().nth(last + 1).unwrap_or('A');
    format!("{}{next}{padding}", &bare[..bare.len() - 1])
}
