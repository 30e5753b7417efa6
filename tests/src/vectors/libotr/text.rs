//! What is written in clear: queries, tags, error messages, and texts that may be any of these.
//!
//! Our programs do not write or read everything alike; where they differ, `otr/text.json` says how and why.

use std::time::Duration;

use otr_session::{Account, Config, Incoming, Output, Policy, Sent};
use otr_wire::{Body, InstanceTag, Query, Version, Versions};
use serde::Deserialize;

use crate::vectors::{
    Case, Group, Library, Problem,
    file::Nothing,
    kinds::{Problems, each_with},
    ours::{fixtures, text as comparison},
    problem::{holds, same},
};

/// Where these records lie.
pub(crate) const FILE: &str = "libotr/text.json";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    account: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    policy: String,
    versions: String,
    output: String,
}

pub(crate) fn check_queries(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Named>(), group, |shared, case| {
        let asked: Asked = case.fields()?;
        same("comment", &case.comment, &asked.policy)?;
        let (marker, words) = asked.output.split_once('\n').ok_or_else(|| Problem::new("no words follow the query"))?;
        holds("the words name the account", words.contains(&format!("<b>{}</b>", shared.account)))?;
        for other in &group.tests {
            let other: Asked = other.fields()?;
            same("words of another policy", other.output.split_once('\n').map(|(_, words)| words), Some(words))?;
        }
        check_alone(group, &asked.policy, &asked.versions)?;
        let versions = versions(&asked.versions)?;
        match policy(&asked.policy)? {
            Policy::NEVER => {
                same("marker", marker, "?OTR")?;
                same("it is text to us", Body::classify(asked.output.as_bytes()), Body::Plain(asked.output.as_bytes()))
            }
            _ => {
                let query = Query { offered: versions };
                let ours = query.encode();
                same("marker", marker, ours.split_once(' ').map_or("", |(marker, _)| marker))?;
                same("what it asks for", Body::classify(asked.output.as_bytes()), Body::Query(query))
            }
        }
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    policy: String,
    versions: String,
    text: String,
    output: Option<String>,
}

pub(crate) fn check_plain_texts(group: &Group, library: &Library) -> Problems {
    let queries = group.fields::<Nothing>().and_then(|_| library.parse(FILE));
    each_with(queries, group, |file, case| {
        let typed: Typed = case.fields()?;
        same("comment", &case.comment, &typed.policy)?;
        same("text, the same in all cases", typed.text.as_str(), "hello")?;
        check_alone(group, &typed.policy, &typed.versions)?;
        let (sent, ours) = send(&typed)?;
        match (policy(&typed.policy)?, &typed.output) {
            (Policy::NEVER | Policy::MANUAL, None) | (Policy::OPPORTUNISTIC, Some(_)) => {
                same("what became of it", sent, Sent::Plain)?;
                same("our text", &ours, typed.output.as_ref().unwrap_or(&typed.text))
            }
            // The text waits, and a query goes out: the very one that is recorded elsewhere. Ours has other words.
            (Policy::ALWAYS, Some(output)) => {
                same("what became of it", sent, Sent::Queued)?;
                same("what it asks for", Body::classify(ours.as_bytes()), Body::classify(output.as_bytes()))?;
                let queries = file.test_groups.iter().filter(|group| group.kind == "OtrQueryMessage");
                let asked = queries.flat_map(|group| &group.tests).filter_map(|case| case.fields::<Asked>().ok());
                let same_query = asked.filter(|asked| asked.policy == typed.policy && asked.versions == typed.versions);
                holds("it is the recorded query", same_query.map(|asked| asked.output).eq([output.clone()]))
            }
            _ => Err(Problem::new("the policy does not say so")),
        }
    })
}

/// What our account makes of a text.
fn send(typed: &Typed) -> Result<(Sent, String), Problem> {
    let config = Config { policy: policy(&typed.policy)?, versions: versions(&typed.versions)?, ..Config::default() };
    let mut account = Account::new(fixtures::identity("alice")?, InstanceTag::MIN, config);
    let sent = account.send("bob", &typed.text, Duration::ZERO);
    match account.poll() {
        Some(Output::Transmit { message, .. }) => Ok((sent, message)),
        Some(Output::Event { .. }) | None => Err(Problem::new("nothing goes out")),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Complaint {
    message: String,
    output: String,
}

/// Only the form of a complaint is known, and that we complain about such a message too.
pub(crate) fn check_complaints(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| {
        let complaint: Complaint = case.fields()?;
        holds("the complaint is one to us", matches!(Body::classify(complaint.output.as_bytes()), Body::Error(_)))?;
        let mut account = Account::new(fixtures::identity("alice")?, InstanceTag::MIN, Config::default());
        let incoming = Incoming::direct(complaint.message.as_bytes());
        account.receive("bob", incoming, Duration::ZERO, &mut fixtures::rng("complaint", 0));
        holds("we warn", matches!(account.poll(), Some(Output::Event { .. })))
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Offer {
    pub(crate) text: String,
    pub(crate) libotr: comparison::View,
}

pub(crate) fn check_offers(group: &Group, library: &Library) -> Problems {
    let ours = group.fields::<Nothing>().and_then(|_| library.parse(comparison::FILE));
    each_with(ours, group, |ours, case| {
        let offer: Offer = case.fields()?;
        let cases = ours.test_groups.iter().flat_map(|group| &group.tests);
        let compared = cases
            .map(Case::fields::<comparison::Compared>)
            .find(|compared| compared.as_ref().is_ok_and(|compared| compared.libotr_case == case.id));
        let compared = compared.ok_or_else(|| Problem::new("it is not compared in otr/text.json"))??;
        comparison::check_against(&compared, &offer)
    })
}

/// Each policy is recorded once for each set of versions.
fn check_alone(group: &Group, policy: &str, versions: &str) -> Result<(), Problem> {
    let is_same = |case: &&Case| {
        let field = |name| case.fields.get(name).and_then(|value| value.as_str());
        field("policy") == Some(policy) && field("versions") == Some(versions)
    };
    same("cases of this policy and these versions", group.tests.iter().filter(is_same).count(), 1)
}

fn policy(name: &str) -> Result<Policy, Problem> {
    match name {
        "never" => Ok(Policy::NEVER),
        "manual" => Ok(Policy::MANUAL),
        "opportunistic" => Ok(Policy::OPPORTUNISTIC),
        "always" => Ok(Policy::ALWAYS),
        _ => Err(Problem::new(format!("policy {name:?}"))),
    }
}

fn versions(identifiers: &str) -> Result<Versions, Problem> {
    match identifiers {
        "2" => Ok(Versions::only(Version::Two)),
        "3" => Ok(Versions::only(Version::Three)),
        "23" => Ok(Version::ALL.into_iter().collect()),
        _ => Err(Problem::new(format!("versions {identifiers:?}"))),
    }
}
