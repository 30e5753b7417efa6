//! Messages cut into pieces.

use std::time::Duration;

use otr_wire::{Assembled, Assembler, Body, Header, MAX_MESSAGE, Message, armour, split};
use serde::Deserialize;

use crate::vectors::{
    Case, Group, Library, Problem,
    kinds::{Problems, each_with},
    problem::{holds, same},
    value::Tag,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Shared {
    version: u16,
    sender_instance_tag: Tag,
    recipient_instance_tag: Tag,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fragmented {
    size: usize,
    message: String,
    fragments: Vec<String>,
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Shared>(), group, |shared, case| {
        same("version", 3, shared.version)?;
        let receiver = Some(shared.recipient_instance_tag.get()?);
        check_case(case, Header::V3 { sender: shared.sender_instance_tag.get()?, receiver })
    })
}

fn check_case(case: &Case, header: Header) -> Result<(), Problem> {
    holds("recorded pieces make their message", case.is_valid())?;
    let Fragmented { size, message, fragments } = case.fields()?;
    let bytes = armour::decode(message.as_bytes(), MAX_MESSAGE)?;
    same("the message's own header", Message::decode(&bytes)?.header, header)?;

    let mut assembler = Assembler::new(MAX_MESSAGE);
    for (index, piece) in fragments.iter().enumerate() {
        holds("a piece fits its line", piece.len() <= size)?;
        let Body::Fragment(fragment) = Body::classify(piece.as_bytes()) else {
            return Err(Problem::new(format!("piece {} is no fragment to us", index + 1)));
        };
        same("the piece's header", fragment.header, header)?;
        same("the piece's number", usize::from(fragment.k.get()), index + 1)?;
        let is_last = index + 1 == fragments.len();
        let expected = if is_last { Assembled::Complete(message.clone().into()) } else { Assembled::Incomplete };
        same("what the piece leads to", assembler.push(&fragment, Duration::ZERO), expected)?;
    }
    // The recorder counts a C string's final NUL into the line, so its pieces are those of a line one byte shorter.
    let ours = split(header, &message, size.saturating_sub(1))?;
    same("our pieces", ours, fragments)
}
