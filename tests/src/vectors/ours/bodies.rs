//! Telling bodies apart: what is a query, a tag, an error message, a fragment, an encoded message, or text.

use otr_wire::{Body, Version, Versions};
use serde::{Deserialize, Serialize};

use crate::vectors::{
    Case, Group, Library, Problem, VectorFile, Verdict,
    file::{Builder, Nothing},
    kinds::{Problems, each_with},
    problem::same,
};

/// A body, and what it is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Classified {
    body: String,
    is: Class,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Class {
    Plain,
    Tagged { before: String, after: String, offered: String },
    Query { offered: String },
    Error { words: String },
    Fragment,
    InvalidFragment { error: String },
    Encoded,
}

impl Class {
    fn of(body: &str) -> Result<Self, Problem> {
        let text = |bytes: &[u8]| -> Result<String, Problem> { Ok(std::str::from_utf8(bytes)?.into()) };
        Ok(match Body::classify(body.as_bytes()) {
            Body::Plain(plain) => {
                same("plain text is the body unchanged", plain, body.as_bytes())?;
                Self::Plain
            }
            Body::Tagged(tagged) => Self::Tagged {
                before: text(tagged.before)?,
                after: text(tagged.after)?,
                offered: identifiers(tagged.offered),
            },
            Body::Query(query) => Self::Query { offered: identifiers(query.offered) },
            Body::Error(words) => Self::Error { words: text(words)? },
            Body::Fragment(_) => Self::Fragment,
            Body::InvalidFragment(error) => Self::InvalidFragment { error: format!("{error:?}") },
            Body::Encoded(_) => Self::Encoded,
        })
    }
}

fn identifiers(versions: Versions) -> String {
    versions.iter().map(Version::identifier).collect()
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| check_case(case))
}

fn check_case(case: &Case) -> Result<(), Problem> {
    let classified: Classified = case.fields()?;
    same("what it is", Class::of(&classified.body)?, classified.is)
}

const BASE: &str = " \t  \t\t\t\t \t \t \t  ";
const V1: &str = " \t \t  \t ";
const V2: &str = "  \t\t  \t ";
const V3: &str = "  \t\t  \t\t";
const V4: &str = "  \t\t \t  ";

pub(crate) fn generate(_: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTRv3-Body",
        &[
            "A body as the network delivers it, and its form. offered lists versions among 2 and 3, and 9,",
            "which is the Curve25519 suite.",
            "invalid: it holds a marker or a tag, or part of one, and is no message, or one that offers nothing.",
        ],
    );
    file.group("OtrBody", &Nothing {})?;
    for (comment, body, offered) in queries() {
        file.case(
            comment,
            &["Query"],
            Verdict::Valid,
            &Classified { body, is: Class::Query { offered: offered.into() } },
        )?;
    }
    for (comment, body) in empty_queries() {
        let is = Class::Query { offered: String::new() };
        file.case(comment, &["Query"], Verdict::Invalid, &Classified { body: body.into(), is })?;
    }
    for (comment, before, tag, after, offered) in tags() {
        let body = [before, tag.as_str(), after].concat();
        let is = Class::Tagged { before: before.into(), after: after.into(), offered: offered.into() };
        let verdict = if offered.is_empty() { Verdict::Invalid } else { Verdict::Valid };
        file.case(comment, &["WhitespaceTag"], verdict, &Classified { body, is })?;
    }
    for (comment, body, words) in errors() {
        let is = Class::Error { words: words.into() };
        file.case(comment, &["Error"], Verdict::Valid, &Classified { body: body.into(), is })?;
    }
    for (comment, body) in texts() {
        file.case(comment, &["Text"], Verdict::Valid, &Classified { body: body.into(), is: Class::Plain })?;
    }
    for (comment, body) in look_alikes() {
        file.case(comment, &["LooksLike"], Verdict::Invalid, &Classified { body, is: Class::Plain })?;
    }
    let fragment = Classified { body: "?OTR,00001,00002,piece,".into(), is: Class::Fragment };
    file.case("a fragment", &["Fragment"], Verdict::Valid, &fragment)?;
    for body in ["?OTR|", "?OTR,", "?OTR|1|2|3", "?OTR,1,2", "?OTR,1,2,x, and more"] {
        let is = Class::InvalidFragment { error: "Grammar".into() };
        file.case("the start of a fragment", &["Fragment"], Verdict::Invalid, &Classified { body: body.into(), is })?;
    }
    for body in ["?OTR:", "?OTR:AAMD.", "?OTR:\0", "?OTR: words"] {
        let classified = Classified { body: body.into(), is: Class::Encoded };
        file.case("the start of an encoded message, whatever follows", &["Encoded"], Verdict::Valid, &classified)?;
    }
    for (comment, body, offered) in SUITE_QUERIES {
        let classified = Classified { body: body.into(), is: Class::Query { offered: offered.into() } };
        file.case(comment, &["Query"], Verdict::Valid, &classified)?;
    }
    Ok(file.finish())
}

const SUITE_QUERIES: [(&str, &str, &str); 2] =
    [("the Curve25519 suite alone", "?OTRv9?", "9"), ("the Curve25519 suite beside version 3", "?OTRv93?", "39")];

fn queries() -> Vec<(&'static str, String, &'static str)> {
    vec![
        ("version 3", "?OTRv3?".into(), "3"),
        ("version 2", "?OTRv2?".into(), "2"),
        ("both", "?OTRv23?".into(), "23"),
        ("in the other order", "?OTRv32?".into(), "23"),
        ("a version twice", "?OTRv33?".into(), "3"),
        ("with a version that does not exist here", "?OTRv34?".into(), "3"),
        ("with letters", "?OTRv2x3y?".into(), "23"),
        ("version 1 in front, which is not spoken", "?OTR?v2?".into(), "2"),
        ("with words", "?OTRv3? Please talk OTR to me.".into(), "3"),
        ("with markup", "?OTRv3?<b>please</b>".into(), "3"),
        ("with a NUL behind", "?OTRv3?\0".into(), "3"),
        ("with a tag behind: a query it stays", format!("?OTRv3?{BASE}{V2}"), "3"),
        ("a thousand times the same version", format!("?OTRv{}?", "3".repeat(1000)), "3"),
    ]
}

fn empty_queries() -> Vec<(&'static str, &'static str)> {
    vec![
        ("version 1 alone", "?OTR?"),
        ("version 1, then words", "?OTR? hello"),
        ("version 1 and an empty list", "?OTR?v?"),
        ("version 1 and a list without an end", "?OTR?v23"),
        ("an empty list", "?OTRv?"),
        ("an empty list, and a version behind it", "?OTRv?4?"),
        ("only versions that do not exist here", "?OTRv1458?"),
        ("only letters", "?OTRvxyz?"),
    ]
}

fn tags() -> Vec<(&'static str, &'static str, String, &'static str, &'static str)> {
    vec![
        ("at the end", "hello", [BASE, V3].concat(), "", "3"),
        ("at the start", "", [BASE, V3].concat(), "hello", "3"),
        ("in the middle", "hel", [BASE, V2].concat(), "lo", "2"),
        ("both versions", "hello", [BASE, V2, V3].concat(), "", "23"),
        ("both, the other way round", "hello", [BASE, V3, V2].concat(), "", "23"),
        ("version 1 and 3", "hello", [BASE, V1, V3].concat(), "", "3"),
        ("an unknown version before a known one", "hello", [BASE, V4, V3].concat(), "", "3"),
        ("a block without meaning before a known one", "", [BASE, "        ", V3].concat(), "x", "3"),
        (
            "the first of two tags, the second one being blocks of the first",
            "a",
            [BASE, V3, BASE, V2].concat(),
            "",
            "23",
        ),
        ("a second tag, which stays text", "a", [BASE, V3].concat(), "b \t  \t\t\t\t \t \t \t    \t\t  \t ", "3"),
        ("blanks behind that are no block", "a", [BASE, V3].concat(), "   ", "3"),
        ("no version", "hello", BASE.into(), "", ""),
        ("no version, and text", "hello", BASE.into(), "world", ""),
        ("version 1 alone", "hello", [BASE, V1].concat(), "", ""),
        ("an unknown version alone", "hello", [BASE, V4].concat(), "", ""),
        ("a version cut short, which stays text", "hello", BASE.into(), "  \t\t  \t", ""),
        ("a version one blank too late", "hello", [BASE, " ", &V3[..7]].concat(), "\t", ""),
    ]
}

fn errors() -> Vec<(&'static str, &'static str, &'static str)> {
    vec![
        ("with a blank", "?OTR Error: sorry", "sorry"),
        ("without", "?OTR Error:sorry", "sorry"),
        ("without words", "?OTR Error:", ""),
        ("blanks in front of the words", "?OTR Error: \t\r\n words ", "words "),
        ("a query inside stays words", "?OTR Error: ?OTRv3?", "?OTRv3?"),
    ]
}

fn texts() -> Vec<(&'static str, &'static str)> {
    vec![
        ("nothing", ""),
        ("a word", "hello"),
        ("a question mark", "?"),
        ("a NUL", "\0"),
        ("other letters", "Zażółć gęślą jaźń 🔒"),
        ("markup", "<html>&amp;</html>"),
    ]
}

fn look_alikes() -> Vec<(&'static str, String)> {
    vec![
        ("the marker alone", "?OTR".into()),
        ("the marker and a blank", "?OTR ".into()),
        ("most of the marker", "?OT".into()),
        ("small letters", "?otrv3?".into()),
        ("a capital V", "?OTRV3?".into()),
        ("a list without an end", "?OTRv23".into()),
        ("a list that begins only", "?OTRv".into()),
        ("a list with a blank", "?OTRv2 3?".into()),
        ("a list with a comma", "?OTRv2,3?".into()),
        ("a list with a line end", "?OTRv3\n?".into()),
        ("a list with a letter beyond ASCII", "?OTRvé3?".into()),
        ("a query behind a blank", " ?OTRv3?".into()),
        ("a query behind a line end", "\n?OTRv3?".into()),
        ("a query inside a sentence", "type ?OTRv3? to begin".into()),
        ("an encoded message behind a word", "see ?OTR:AAMD.".into()),
        ("an error in small letters", "?OTR error: no".into()),
        ("an error without its colon", "?OTR Error".into()),
        ("an error behind a blank", " ?OTR Error: no".into()),
        ("a fragment behind a blank", " ?OTR,1,2,x,".into()),
        ("a tag without its base", format!("hello{V3}")),
        ("a base cut short", format!("hello{}", &BASE[..15])),
        ("a base with a line end in it", format!("hello{}\n{}{V3}", &BASE[..8], &BASE[9..])),
    ]
}
