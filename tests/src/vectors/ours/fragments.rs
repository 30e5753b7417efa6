//! Fragments: their grammar, their order, and making them.

use std::time::Duration;

use otr_wire::{Assembled, Assembler, Body, Fragment, Header, MAX_MESSAGE, armour, split};
use serde::{Deserialize, Serialize};

use super::fixtures;
use crate::vectors::{
    Case, Group, Library, Problem, VectorFile, Verdict,
    file::{Builder, Nothing},
    kinds::{Problems, each_with},
    problem::{holds, same},
    value::Tag,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parsed {
    body: String,
    is: Option<Piece>,
    error: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Piece {
    sender: Option<Tag>,
    receiver: Option<Tag>,
    k: u16,
    n: u16,
    piece: String,
}

impl Piece {
    fn of(fragment: &Fragment<'_>) -> Result<Self, Problem> {
        Ok(Self {
            sender: fragment.header.sender().map(Tag::from),
            receiver: fragment.header.receiver().map(Tag::from),
            k: fragment.k.get(),
            n: fragment.n.get(),
            piece: std::str::from_utf8(fragment.piece)?.into(),
        })
    }
}

pub(crate) fn check_fragments(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| check_fragment(case))
}

fn check_fragment(case: &Case) -> Result<(), Problem> {
    let parsed: Parsed = case.fields()?;
    same("whether it is one", parsed.is.is_some(), case.is_valid())?;
    match Body::classify(parsed.body.as_bytes()) {
        Body::Fragment(fragment) => {
            same("its parts", Some(Piece::of(&fragment)?), parsed.is)?;
            same("our error", None, parsed.error)
        }
        Body::InvalidFragment(error) => same("our error", Some(format!("{error:?}")), parsed.error),
        other => Err(Problem::new(format!("it is {other:?} to us"))),
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reassembly {
    message_limit: usize,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Step {
    /// A piece arrives; `at` is in seconds.
    Push { at: u64, fragment: String, then: Then },
    /// A whole message of this sender arrives; `null` is version 2.
    Forget(Option<Tag>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Then {
    Incomplete,
    Complete(String),
    Dropped(String),
}

pub(crate) fn check_reassembly(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| {
        let reassembly: Reassembly = case.fields()?;
        let mut assembler = Assembler::new(reassembly.message_limit);
        let mut completed = false;
        for (number, step) in reassembly.steps.iter().enumerate() {
            match step {
                Step::Forget(sender) => assembler.forget(sender.as_ref().map(Tag::get).transpose()?),
                Step::Push { at, fragment, then } => {
                    let Body::Fragment(fragment) = Body::classify(fragment.as_bytes()) else {
                        return Err(Problem::new(format!("step {number} is no fragment")));
                    };
                    let ours = match assembler.push(&fragment, Duration::from_secs(*at)) {
                        Assembled::Incomplete => Then::Incomplete,
                        Assembled::Complete(message) => Then::Complete(String::from_utf8(message)?),
                        Assembled::Dropped(why) => Then::Dropped(format!("{why:?}")),
                    };
                    completed |= matches!(ours, Then::Complete(_));
                    same(&format!("step {number}"), &ours, then)?;
                }
            }
        }
        same("whether a message comes out", completed, case.is_valid())
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Split {
    sender: Option<Tag>,
    receiver: Option<Tag>,
    message: String,
    limit: usize,
    /// `null` where the limit is too small.
    pieces: Option<Vec<String>>,
}

pub(crate) fn check_splits(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| check_split(case))
}

fn check_split(case: &Case) -> Result<(), Problem> {
    let Split { sender, receiver, message, limit, pieces } = case.fields()?;
    let header = match sender {
        None => Header::V2,
        Some(sender) => Header::V3 { sender: sender.get()?, receiver: receiver.map(|tag| tag.get()).transpose()? },
    };
    let ours = split(header, &message, limit).ok();
    same("whether it can be sent", ours.is_some(), case.is_valid())?;
    same("our pieces", ours, pieces.clone())?;
    let Some(pieces) = pieces else { return Ok(()) };
    holds("every piece fits", pieces.iter().all(|piece| piece.len() <= limit))?;
    if pieces.as_slice() == [message.clone()] {
        return Ok(());
    }
    let mut assembler = Assembler::new(MAX_MESSAGE);
    let mut last = Assembled::Incomplete;
    for piece in &pieces {
        let Body::Fragment(fragment) = Body::classify(piece.as_bytes()) else {
            return Err(Problem::new("a piece is no fragment"));
        };
        same("nothing comes out before the last piece", last, Assembled::Incomplete)?;
        last = assembler.push(&fragment, Duration::ZERO);
    }
    same("put together again", last, Assembled::Complete(message.into()))
}

pub(crate) fn generate(_: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTRv3-Fragment",
        &[
            "OtrFragment: a body that begins as a fragment, its parts or our name for what is wrong.",
            "OtrReassembly: pieces in order of arrival, at in seconds, and what each leads to; invalid: nothing comes out.",
            "OtrSplit: a message cut for a network of limit bytes; sender and receiver null are version 2.",
        ],
    );
    file.group("OtrFragment", &Nothing {})?;
    for (comment, body, is) in well_formed()? {
        file.case(comment, &[], Verdict::Valid, &Parsed { body: body.into(), is: Some(is), error: None })?;
    }
    for (comment, body, error) in ill_formed() {
        let parsed = Parsed { body: body.into(), is: None, error: Some(error.into()) };
        file.case(comment, &[error.split('(').next().unwrap_or(error)], Verdict::Invalid, &parsed)?;
    }
    file.group("OtrReassembly", &Nothing {})?;
    for (comment, message_limit, steps) in reassemblies()? {
        let completes = |step: &Step| matches!(step, Step::Push { then: Then::Complete(_), .. });
        let verdict = if steps.iter().any(completes) { Verdict::Valid } else { Verdict::Invalid };
        file.case(comment, &[], verdict, &Reassembly { message_limit, steps })?;
    }
    file.group("OtrSplit", &Nothing {})?;
    for (comment, split) in splits()? {
        let verdict = if split.pieces.is_some() { Verdict::Valid } else { Verdict::Invalid };
        file.case(comment, &[], verdict, &split)?;
    }
    Ok(file.finish())
}

fn tag(value: u32) -> Result<Tag, Problem> {
    Ok(otr_wire::InstanceTag::new(value)?.into())
}

fn well_formed() -> Result<Vec<(&'static str, &'static str, Piece)>, Problem> {
    let v2 = |k, n, piece: &str| Piece { sender: None, receiver: None, k, n, piece: piece.into() };
    let v3 = |sender, receiver: Option<u32>, k, n, piece: &str| -> Result<Piece, Problem> {
        let receiver = receiver.map(tag).transpose()?;
        Ok(Piece { sender: Some(tag(sender)?), receiver, k, n, piece: piece.into() })
    };
    Ok(vec![
        ("version 2", "?OTR,00001,00003,piece,", v2(1, 3, "piece")),
        ("version 2 without leading zeros", "?OTR,1,3,piece,", v2(1, 3, "piece")),
        ("version 2, one of one", "?OTR,1,1,p,", v2(1, 1, "p")),
        ("version 2, the last of most", "?OTR,65535,65535,p,", v2(65535, 65535, "p")),
        ("version 3", "?OTR|00000100|ffffffff,00002,00003,?OTR:AAM,", v3(0x100, Some(0xffff_ffff), 2, 3, "?OTR:AAM")?),
        ("version 3, short tags", "?OTR|100|5a73a599,1,2,p,", v3(0x100, Some(0x5a73_a599), 1, 2, "p")?),
        ("version 3, capital digits", "?OTR|0000ABCD|0000EF01,1,2,p,", v3(0xabcd, Some(0xef01), 1, 2, "p")?),
        ("version 3, for nobody in particular", "?OTR|00000100|00000000,1,2,p,", v3(0x100, None, 1, 2, "p")?),
        ("a piece with bars and blanks", "?OTR,1,2,a| b,", v2(1, 2, "a| b")),
        ("a piece that begins as a fragment", "?OTR,1,2,?OTR|,", v2(1, 2, "?OTR|")),
    ])
}

fn ill_formed() -> Vec<(&'static str, &'static str, &'static str)> {
    vec![
        ("k zero", "?OTR,0,1,p,", "Numbers"),
        ("n zero", "?OTR,1,0,p,", "Numbers"),
        ("both zero", "?OTR,0,0,p,", "Numbers"),
        ("k over n", "?OTR,3,2,p,", "Numbers"),
        ("over 65535", "?OTR,65536,65536,p,", "Numbers"),
        ("one over, which wraps to one", "?OTR,65537,65537,p,", "Numbers"),
        ("n over 65535", "?OTR,1,65536,p,", "Numbers"),
        ("six digits", "?OTR,000001,000002,p,", "Grammar"),
        ("a minus sign", "?OTR,-1,2,p,", "Grammar"),
        ("a minus sign that wraps", "?OTR,-65535,1,p,", "Grammar"),
        ("a plus sign", "?OTR,1,+2,p,", "Grammar"),
        ("a blank before a number", "?OTR, 1,2,p,", "Grammar"),
        ("a blank behind a number", "?OTR,1 ,2,p,", "Grammar"),
        ("a hex number", "?OTR,0x1,2,p,", "Grammar"),
        ("hex digits in k", "?OTR,a,b,p,", "Grammar"),
        ("no k", "?OTR,,2,p,", "Grammar"),
        ("no n", "?OTR,1,,p,", "Grammar"),
        ("digits of another script", "?OTR,١,٢,p,", "Grammar"),
        ("an empty piece", "?OTR,1,2,,", "Piece"),
        ("an empty piece in version 3", "?OTR|100|100,1,2,,", "Piece"),
        ("no final comma", "?OTR,1,2,piece", "Grammar"),
        ("no piece", "?OTR,1,2,", "Grammar"),
        ("a comma in the piece", "?OTR,1,2,a,b,", "Grammar"),
        ("text behind", "?OTR,1,2,p, and more", "Grammar"),
        ("a line end behind", "?OTR,1,2,p,\n", "Grammar"),
        ("sender tag zero", "?OTR|00000000|00000100,1,2,p,", "InstanceTag(InvalidInstanceTag(0))"),
        ("sender tag ff", "?OTR|000000ff|00000100,1,2,p,", "InstanceTag(InvalidInstanceTag(255))"),
        ("receiver tag one", "?OTR|00000100|00000001,1,2,p,", "InstanceTag(InvalidInstanceTag(1))"),
        ("receiver tag ff", "?OTR|00000100|000000ff,1,2,p,", "InstanceTag(InvalidInstanceTag(255))"),
        ("nine digits in a tag", "?OTR|000000100|00000100,1,2,p,", "Grammar"),
        ("no sender tag", "?OTR||00000100,1,2,p,", "Grammar"),
        ("no receiver tag", "?OTR|00000100|,1,2,p,", "Grammar"),
        ("one tag only", "?OTR|00000100,1,2,p,", "Grammar"),
        ("three tags", "?OTR|00000100|00000100|00000100,1,2,p,", "Grammar"),
        ("a tag with a prefix", "?OTR|0x100|00000100,1,2,p,", "Grammar"),
        ("a tag with other letters", "?OTR|0000010g|00000100,1,2,p,", "Grammar"),
        ("a tag with a minus sign", "?OTR|-100|00000100,1,2,p,", "Grammar"),
        ("bars all the way", "?OTR|100|100|1|2|p|", "Grammar"),
    ]
}

const A: u32 = 0x100;
const B: u32 = 0x200;

fn v3(sender: u32, k: u16, n: u16, piece: &str) -> String {
    format!("?OTR|{sender:08x}|00000300,{k:05},{n:05},{piece},")
}

fn v2(k: u16, n: u16, piece: &str) -> String {
    format!("?OTR,{k:05},{n:05},{piece},")
}

/// What it shows, the longest message in bytes, and the steps.
type Row = (&'static str, usize, Vec<Step>);

fn reassemblies() -> Result<Vec<Row>, Problem> {
    use Then::{Complete, Dropped, Incomplete};
    let at = |at, fragment, then| Step::Push { at, fragment, then };
    let push = |fragment, then| at(0, fragment, then);
    let whole = |text: &str| Complete(text.into());
    let out_of_order = || Dropped("OutOfOrder".into());
    let too_long = || Dropped("TooLong".into());
    let most = MAX_MESSAGE;
    Ok(vec![
        (
            "in order",
            most,
            vec![
                push(v3(A, 1, 3, "ab"), Incomplete),
                push(v3(A, 2, 3, "c"), Incomplete),
                push(v3(A, 3, 3, "def"), whole("abcdef")),
            ],
        ),
        ("version 2, in order", most, vec![push(v2(1, 2, "ab"), Incomplete), push(v2(2, 2, "cd"), whole("abcd"))]),
        ("one of one", most, vec![push(v3(A, 1, 1, "all"), whole("all"))]),
        (
            "a first piece begins anew",
            most,
            vec![
                push(v3(A, 1, 3, "old"), Incomplete),
                push(v3(A, 1, 2, "ne"), Incomplete),
                push(v3(A, 2, 2, "w"), whole("new")),
            ],
        ),
        (
            "two senders, one with each other's rhythm",
            most,
            vec![
                push(v3(A, 1, 2, "a1"), Incomplete),
                push(v3(B, 1, 2, "b1"), Incomplete),
                push(v2(1, 2, "c1"), Incomplete),
                push(v3(B, 2, 2, "b2"), whole("b1b2")),
                push(v2(2, 2, "c2"), whole("c1c2")),
                push(v3(A, 2, 2, "a2"), whole("a1a2")),
            ],
        ),
        (
            "a whole message of another sender does not disturb",
            most,
            vec![
                push(v3(A, 1, 2, "a"), Incomplete),
                Step::Forget(Some(tag(B)?)),
                Step::Forget(None),
                push(v3(A, 2, 2, "b"), whole("ab")),
            ],
        ),
        ("just in time", most, vec![at(0, v3(A, 1, 2, "a"), Incomplete), at(299, v3(A, 2, 2, "b"), whole("ab"))]),
        (
            "every piece counts as a sign of life",
            most,
            vec![
                at(0, v3(A, 1, 3, "a"), Incomplete),
                at(200, v3(A, 2, 3, "b"), Incomplete),
                at(400, v3(A, 3, 3, "c"), whole("abc")),
            ],
        ),
        ("as long as the limit", 4, vec![push(v3(A, 1, 2, "ab"), Incomplete), push(v3(A, 2, 2, "cd"), whole("abcd"))]),
        ("the second without the first", most, vec![push(v3(A, 2, 2, "b"), out_of_order())]),
        (
            "one left out",
            most,
            vec![
                push(v3(A, 1, 3, "a"), Incomplete),
                push(v3(A, 3, 3, "c"), out_of_order()),
                push(v3(A, 2, 3, "b"), out_of_order()),
            ],
        ),
        (
            "one twice",
            most,
            vec![
                push(v3(A, 1, 3, "a"), Incomplete),
                push(v3(A, 2, 3, "b"), Incomplete),
                push(v3(A, 2, 3, "b"), out_of_order()),
                push(v3(A, 3, 3, "c"), out_of_order()),
            ],
        ),
        ("another n", most, vec![push(v3(A, 1, 2, "a"), Incomplete), push(v3(A, 2, 3, "b"), out_of_order())]),
        (
            "the first piece of another message between",
            most,
            vec![
                push(v3(A, 1, 3, "a"), Incomplete),
                push(v3(A, 1, 2, "x"), Incomplete),
                push(v3(A, 2, 3, "b"), out_of_order()),
            ],
        ),
        (
            "backwards",
            most,
            vec![
                push(v3(A, 3, 3, "c"), out_of_order()),
                push(v3(A, 2, 3, "b"), out_of_order()),
                push(v3(A, 1, 3, "a"), Incomplete),
            ],
        ),
        (
            "pieces of two senders do not mix",
            most,
            vec![push(v3(A, 1, 2, "a"), Incomplete), push(v3(B, 2, 2, "b"), out_of_order())],
        ),
        (
            "pieces of two versions do not mix",
            most,
            vec![push(v3(A, 1, 2, "a"), Incomplete), push(v2(2, 2, "b"), out_of_order())],
        ),
        (
            "another receiver",
            most,
            vec![
                push(v3(A, 1, 2, "a"), Incomplete),
                push(format!("?OTR|{A:08x}|00000400,00002,00002,b,"), out_of_order()),
            ],
        ),
        (
            "a whole message of the sender between",
            most,
            vec![
                push(v3(A, 1, 2, "a"), Incomplete),
                Step::Forget(Some(tag(A)?)),
                push(v3(A, 2, 2, "b"), out_of_order()),
            ],
        ),
        ("too late", most, vec![at(0, v3(A, 1, 2, "a"), Incomplete), at(300, v3(A, 2, 2, "b"), out_of_order())]),
        (
            "over the limit",
            4,
            vec![
                push(v3(A, 1, 3, "ab"), Incomplete),
                push(v3(A, 2, 3, "cde"), too_long()),
                push(v3(A, 3, 3, "f"), out_of_order()),
            ],
        ),
        ("over the limit at once", 4, vec![push(v3(A, 1, 1, "abcde"), too_long())]),
    ])
}

/// Cuts by the rule itself: pieces of `size` characters, numbered from 1, in five digits.
fn cut(head: &str, message: &str, size: usize) -> Option<Vec<String>> {
    let n = message.len().div_ceil(size);
    let pieces = (0..n).map(|k| {
        let piece = &message[k * size..message.len().min((k + 1) * size)];
        format!("{head},{:05},{n:05},{piece},", k + 1)
    });
    Some(pieces.collect())
}

fn splits() -> Result<Vec<(&'static str, Split)>, Problem> {
    let message = armour::encode(&fixtures::bytes("to be split", 60));
    let for_b = |limit, pieces| -> Result<Split, Problem> {
        Ok(Split { sender: Some(tag(A)?), receiver: Some(tag(B)?), message: message.clone(), limit, pieces })
    };
    let for_all = |limit, pieces| Ok(Split { receiver: None, ..for_b(limit, pieces)? });
    let in_v2 = |limit, pieces| Ok(Split { sender: None, ..for_all(limit, pieces)? });
    let long = |letters, split: Split| Split { message: "x".repeat(letters), ..split };
    let (to_b, to_all) = ("?OTR|00000100|00000200", "?OTR|00000100|00000000");
    let rows: Vec<(&'static str, Result<Split, Problem>)> = vec![
        ("it fits", for_b(86, Some(vec![message.clone()]))),
        ("one character too long", for_b(85, cut(to_b, &message, 49))),
        ("ten characters in a piece", for_b(46, cut(to_b, &message, 10))),
        ("one character in a piece", for_b(37, cut(to_b, &message, 1))),
        ("the last piece full", for_b(36 + 43, cut(to_b, &message, 43))),
        ("for nobody in particular", for_all(60, cut(to_all, &message, 24))),
        ("version 2", in_v2(60, cut("?OTR", &message, 42))),
        ("version 2, it fits", in_v2(86, Some(vec![message.clone()]))),
        ("version 2, one character in a piece", in_v2(19, cut("?OTR", &message, 1))),
        ("no room for a piece", for_b(36, None)),
        ("no room for the header", for_b(10, None)),
        ("no room at all", for_b(0, None)),
        ("version 2, no room for a piece", in_v2(18, None)),
        ("more pieces than there are numbers", for_b(37, None).map(|split| long(65_536, split))),
    ];
    rows.into_iter().map(|(comment, split)| Ok((comment, split?))).collect()
}
