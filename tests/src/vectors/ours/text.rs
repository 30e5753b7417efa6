//! The recorded texts again, with what we take them for.

use otr_wire::{Body, Version, Versions};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::vectors::{
    Case, Group, Library, Problem, VectorFile, Verdict,
    file::{Builder, Nothing},
    kinds::{Problems, each_with},
    libotr::text::{FILE as RECORDED, Offer},
    problem::{holds, same},
};

/// Where the comparison lies.
pub(crate) const FILE: &str = "otr/text.json";

/// What a program takes a text for, in the words of the recorded library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct View {
    message_type: String,
    message_version: u16,
    /// The best common version if version 2, 3 or both are allowed; 0 for none.
    query_best_version: ByVersions,
    tag_best_version: ByVersions,
    tag_start: Option<usize>,
    tag_end: Option<usize>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ByVersions {
    #[serde(rename = "2")]
    two: u16,
    #[serde(rename = "3")]
    three: u16,
    #[serde(rename = "23")]
    both: u16,
}

impl ByVersions {
    fn of(offered: Versions) -> Self {
        let best = |allowed: Versions| allowed.common(offered).best().map_or(0, Version::number);
        let [two, three] = Version::ALL.map(Versions::only);
        Self { two: best(two), three: best(three), both: best(Version::ALL.into_iter().collect()) }
    }
}

impl View {
    /// What we take a text for.
    fn of(text: &str) -> Self {
        let mut view = Self {
            message_type: String::new(),
            message_version: 0,
            query_best_version: ByVersions::default(),
            tag_best_version: ByVersions::default(),
            tag_start: None,
            tag_end: None,
        };
        view.message_type = match Body::classify(text.as_bytes()) {
            Body::Plain(_) => "notOtr",
            Body::Tagged(tagged) => {
                view.tag_best_version = ByVersions::of(tagged.offered);
                view.tag_start = Some(tagged.before.len());
                view.tag_end = Some(text.len() - tagged.after.len());
                "taggedPlaintext"
            }
            Body::Query(query) => {
                view.query_best_version = ByVersions::of(query.offered);
                "query"
            }
            Body::Error(_) => "error",
            Body::Fragment(_) => "fragment",
            Body::InvalidFragment(_) => "invalidFragment",
            Body::Encoded(_) => "encoded",
        }
        .into();
        view
    }

    fn fields(&self) -> Result<Vec<(String, Value)>, Problem> {
        match serde_json::to_value(self)? {
            Value::Object(fields) => Ok(fields.into_iter().collect()),
            _ => Err(Problem::new("a view is an object")),
        }
    }
}

/// A recorded text and how we differ about it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Compared {
    /// The tcId of the recorded case.
    pub(crate) libotr_case: u64,
    text: String,
    ours: View,
    differs: Vec<Difference>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    field: String,
    libotr: Value,
    reason: String,
}

pub(crate) fn check(group: &Group, library: &Library) -> Problems {
    let recorded = group.fields::<Nothing>().and_then(|_| offers(library));
    each_with(recorded, group, |recorded, case| {
        let compared: Compared = case.fields()?;
        let offer = recorded.iter().find(|(id, _)| *id == compared.libotr_case);
        let (_, offer) = offer.ok_or_else(|| Problem::new("there is no such recorded case"))?;
        same("result", case.result, verdict(&compared))?;
        check_against(&compared, offer)
    })
}

/// The text is the recorded one, what we take it for is this, and we differ exactly where the comparison says.
pub(crate) fn check_against(compared: &Compared, offer: &Offer) -> Result<(), Problem> {
    same("text", &compared.text, &offer.text)?;
    same("what we take it for", View::of(&compared.text), compared.ours.clone())?;
    for difference in &compared.differs {
        holds("every difference has a reason", !difference.reason.is_empty())?;
    }
    let listed = compared.differs.iter().map(|difference| (difference.field.clone(), difference.libotr.clone()));
    same("differences", differences(&compared.ours, &offer.libotr)?, listed.collect())
}

/// The recorded values of the fields in which two views differ.
fn differences(ours: &View, recorded: &View) -> Result<Vec<(String, Value)>, Problem> {
    let pairs = ours.fields()?.into_iter().zip(recorded.fields()?);
    Ok(pairs.filter(|(ours, recorded)| ours != recorded).map(|(_, recorded)| recorded).collect())
}

/// A text is refused when it looks like a message of ours and is treated as none.
fn verdict(compared: &Compared) -> Verdict {
    let looks_like_one = compared.text.starts_with("?OTR");
    match compared.ours.message_type.as_str() {
        "notOtr" if looks_like_one => Verdict::Invalid,
        "invalidFragment" => Verdict::Invalid,
        _ => Verdict::Valid,
    }
}

fn offers(library: &Library) -> Result<Vec<(u64, Offer)>, Problem> {
    let file = library.parse(RECORDED)?;
    let groups = file.test_groups.iter().filter(|group| group.kind == "OtrOffer");
    groups.flat_map(|group| &group.tests).map(|case: &Case| Ok((case.id, case.fields()?))).collect()
}

pub(crate) fn generate(library: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTRv3-Text",
        &[
            "The texts of libotr/text.json (OtrOffer), with what we take them for.",
            "differs names every field in which libotr's recorded answer is another, that answer, and our reason.",
            "invalid: it begins as a message would, and is treated as ordinary text or dropped.",
        ],
    );
    file.group("OtrTextComparison", &Nothing {})?;
    for (libotr_case, Offer { text, libotr }) in offers(library)? {
        let ours = View::of(&text);
        let mut differs = Vec::new();
        for (field, libotr) in differences(&ours, &libotr)? {
            let reason = reason(&text, &ours, &field)
                .ok_or_else(|| Problem::new(format!("no reason why {field} differs for {text:?}")))?;
            differs.push(Difference { field, libotr, reason: reason.into() });
        }
        let compared = Compared { libotr_case, text, ours, differs };
        file.case(format!("{:?}", compared.text), &[], verdict(&compared), &compared)?;
    }
    Ok(file.finish())
}

/// Why we take a text for something else.
fn reason(text: &str, ours: &View, field: &str) -> Option<&'static str> {
    match ours.message_type.as_str() {
        "encoded" => Some("version and type of an encoded message are read from its bytes, not from its first letters"),
        "fragment" | "invalidFragment" if field == "messageType" => Some("fragments have a form of their own"),
        "notOtr" if text.contains("?OTR") && !text.starts_with("?OTR") => {
            Some("markers count only at the start of a body")
        }
        "notOtr" if text.starts_with("?OTRv") => Some("a list of versions is letters and digits up to a question mark"),
        "notOtr" if text.starts_with("?OTR") && field == "messageType" => {
            Some("what begins like a message and is none is ordinary text")
        }
        "query" if text.starts_with("?OTR?") => Some("a list of versions is letters and digits up to a question mark"),
        _ => None,
    }
}
