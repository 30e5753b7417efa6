//! Encoded messages of the Curve25519 suite: the types of version 3 with other sizes, and two fields more.

use otr_wire::{DecodeError, Version};

use super::{super::fixtures::bytes, Parts, accept, cut, data as data_of, dh_commit as dh_commit_of, number, refuse};
use crate::vectors::{
    Library, Problem, VectorFile,
    file::{Builder, Nothing},
};

fn dh_commit() -> Parts {
    Parts::new("D-H Commit", Version::Curve25519, 0x02)
        .data("length of encrypted g^x", "encrypted g^x", &bytes("encrypted x", 37))
        .data("length of hashed g^x", "hashed g^x", &bytes("hashed x", 32))
}

fn dh_key() -> Parts {
    Parts::new("D-H Key", Version::Curve25519, 0x0a).data("length of g^y", "g^y", &native("g^y of the suite")).data(
        "length of encapsulation key",
        "encapsulation key",
        &bytes("encapsulation key", 1184),
    )
}

fn reveal_signature() -> Parts {
    Parts::new("Reveal Signature", Version::Curve25519, 0x11)
        .data("length of revealed key", "revealed key", &bytes("revealed key of the suite", 16))
        .data("length of KEM ciphertext", "KEM ciphertext", &bytes("ciphertext", 1088))
        .data("length of encrypted signature", "encrypted signature", &bytes("signature of the suite", 102))
        .fixed("MAC", &bytes("mac of the suite", 20))
}

fn signature() -> Parts {
    Parts::new("Signature", Version::Curve25519, 0x12)
        .data("length of encrypted signature", "encrypted signature", &bytes("another signature of the suite", 102))
        .fixed("MAC", &bytes("another mac of the suite", 20))
}

fn data() -> Parts {
    data_of(Version::Curve25519)
        .with("length of next D-H key", &[0, 0, 0, 33])
        .with("next D-H key", &native("next in the suite"))
}

/// An X25519 value as it is sent.
fn native(name: &str) -> Vec<u8> {
    [vec![0x40], bytes(name, 32)].concat()
}

pub(crate) fn generate(_: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTR-Curve25519-Encoding",
        &[
            "text is an encoded message as it travels; is has what it holds, or error our name for what is wrong.",
            "Lengths and ranges only: what stands in the fields is random.",
        ],
    );
    file.group("OtrEncodedMessage", &Nothing {})?;
    accepted(&mut file)?;
    for parts in [dh_commit(), dh_key(), reveal_signature(), signature(), data()] {
        cut(&mut file, &parts)?;
    }
    headers(&mut file)?;
    lengths(&mut file)?;
    values(&mut file)?;
    Ok(file.finish())
}

fn accepted(file: &mut Builder) -> Result<(), Problem> {
    for parts in [dh_commit(), dh_key(), reveal_signature(), signature(), data()] {
        accept(file, parts.title(), parts.text())?;
    }
    accept(file, "for nobody in particular".into(), dh_commit().with("receiver tag", &[0; 4]).text())?;
    let long = dh_commit_of(Version::Curve25519);
    accept(
        file,
        "an encrypted g^x as long as one of version 3: well-formed, though it opens to no key".into(),
        long.text(),
    )?;
    let other = dh_key().with("length of g^y", &[0, 0, 0, 192]).with("g^y", &number("g^y", 192));
    accept(file, "a g^y of the 1536-bit group: well-formed, though no key".into(), other.text())?;
    let empty = dh_key().with("length of g^y", &[0; 4]).with("g^y", &[]);
    accept(file, "an empty g^y: well-formed, though no key".into(), empty.text())?;
    let bare = data()
        .with("length of encrypted message", &[0; 4])
        .with("encrypted message", &[])
        .with("length of old MAC keys", &[0; 4])
        .with("old MAC keys", &[]);
    accept(file, "no text and no old MAC keys".into(), bare.text())?;
    let highest = data().with("sender keyid", &[0xff; 4]).with("counter", &[0xff; 8]).with("flags", &[0xff]);
    accept(file, "the highest flags, keyid and counter".into(), highest.text())
}

fn headers(file: &mut Builder) -> Result<(), Problem> {
    for version in [25518u16, 25520, 0xaf63] {
        let text = dh_key().with("version", &version.to_be_bytes()).text();
        refuse(file, format!("version {version}"), "Version", text, DecodeError::UnknownVersion(version))?;
    }
    for kind in [0x00, 0x01, 0x04, 0x0b, 0x10, 0x13, 0xff] {
        let text = data().with("type", &[kind]).text();
        refuse(file, format!("type {kind:#04x}"), "Type", text, DecodeError::UnknownType(kind))?;
    }
    let illegal = |tag| DecodeError::InstanceTag(otr_wire::InvalidInstanceTag(tag));
    for tag in [0u32, 1, 0xff] {
        let text = dh_commit().with("sender tag", &tag.to_be_bytes()).text();
        refuse(file, format!("D-H Commit: sender tag {tag:#x}"), "InstanceTag", text, illegal(tag))?;
    }
    for tag in [1u32, 0xff] {
        let text = dh_commit().with("receiver tag", &tag.to_be_bytes()).text();
        refuse(file, format!("D-H Commit: receiver tag {tag:#x}"), "InstanceTag", text, illegal(tag))?;
    }
    for parts in [dh_key(), reveal_signature(), signature(), data()] {
        let text = parts.with("receiver tag", &[0; 4]).text();
        refuse(file, format!("{}: for nobody in particular", parts.name), "InstanceTag", text, illegal(0))?;
    }
    Ok(())
}

/// A field with a length it cannot have, its bytes following; and messages of version 3 that say they are of the suite,
/// and the other way round.
fn lengths(file: &mut Builder) -> Result<(), Problem> {
    let rows: [(Parts, &'static str, &[usize]); 8] = [
        (dh_commit(), "encrypted g^x", &[0, 4, 197]),
        (dh_commit(), "hashed g^x", &[0, 31, 33]),
        (dh_key(), "g^y", &[193]),
        (dh_key(), "encapsulation key", &[0, 800, 1183, 1185, 1568]),
        (reveal_signature(), "revealed key", &[0, 15, 17]),
        (reveal_signature(), "KEM ciphertext", &[0, 768, 1087, 1089, 1568]),
        (reveal_signature(), "encrypted signature", &[0, 101, 103, 466]),
        (signature(), "encrypted signature", &[0, 101, 103, 466]),
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
    for (parts, field) in [(dh_key(), "encapsulation key"), (reveal_signature(), "KEM ciphertext")] {
        let text = parts.with(&format!("length of {field}"), &[0xff; 4]).text();
        let comment = format!("{}: {field} of 4 GiB", parts.name);
        refuse(file, comment, "FieldLength", text, DecodeError::FieldLength { field, length })?;
    }
    let three = Version::Three.number().to_be_bytes();
    let rows = [
        (dh_key(), DecodeError::TrailingBytes),
        (reveal_signature(), DecodeError::TrailingBytes),
        (signature(), DecodeError::FieldLength { field: "encrypted signature", length: 102 }),
    ];
    for (parts, error) in rows {
        let comment = format!("{}: of the suite, with the version 3", parts.name);
        let flag = format!("{error:?}");
        let flag = flag.split([' ', '{']).next().unwrap_or_default().to_owned();
        refuse(file, comment, &flag, parts.with("version", &three).text(), error)?;
    }
    let suite = Version::Curve25519.number().to_be_bytes();
    let text = super::dh_key(Version::Three).with("version", &suite).text();
    refuse(file, "D-H Key: of version 3, with the suite's number".into(), "Truncated", text, DecodeError::Truncated)?;
    let error = DecodeError::FieldLength { field: "KEM ciphertext", length: 466 };
    let text = super::reveal_signature(Version::Three).with("version", &suite).text();
    refuse(file, "Reveal Signature: of version 3, with the suite's number".into(), "FieldLength", text, error)?;
    let error = DecodeError::FieldLength { field: "encrypted signature", length: 466 };
    let text = super::signature(Version::Three).with("version", &suite).text();
    refuse(file, "Signature: of version 3, with the suite's number".into(), "FieldLength", text, error)
}

fn values(file: &mut Builder) -> Result<(), Problem> {
    for (parts, field) in [(dh_key(), "g^y"), (data(), "next D-H key")] {
        let text = parts.with(field, &[vec![0], bytes(field, 32)].concat()).text();
        let comment = format!("{}: {field} with a leading zero byte", parts.title());
        refuse(file, comment, "MpiNotMinimal", text, DecodeError::MpiNotMinimal)?;
    }
    for field in ["sender keyid", "recipient keyid"] {
        let text = data().with(field, &[0; 4]).text();
        refuse(file, format!("{}: {field} 0", data().title()), "ZeroKeyId", text, DecodeError::ZeroKeyId)?;
    }
    let text = data().with("counter", &[0; 8]).text();
    refuse(file, format!("{}: counter 0", data().title()), "ZeroCounter", text, DecodeError::ZeroCounter)
}
