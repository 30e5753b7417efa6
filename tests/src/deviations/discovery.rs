//! Queries, whitespace tags and error messages.

use super::{
    deviation::{Deviation, Must, Stage},
    drafts::Draft,
    peer::Began,
};

/// The whitespace tag's base.
const BASE: &str = " \t  \t\t\t\t \t \t \t  ";

/// Version 1's block.
const VERSION_1: &str = " \t \t  \t ";

/// A block of no version.
const UNKNOWN: &str = "\t\t\t\t\t\t\t\t";

/// Deviations in how a conversation is asked for.
pub(super) fn deviations() -> Vec<Deviation> {
    let mut all = queries();
    all.extend(tags());
    all.extend(errors());
    all.extend(in_private());
    all
}

fn queries() -> Vec<Deviation> {
    let silent: [(&str, &'static [&'static str], &str); 9] = [
        ("of-no-version", &["VER-4"], "?OTRv?"),
        ("of-version-1", &["G-12", "VER-2"], "?OTR?"),
        ("of-version-1-in-a-list", &["G-12", "VER-2"], "?OTRv1?"),
        ("of-version-1-twice", &["G-12", "VER-2"], "?OTR?v1?"),
        ("of-version-1-and-no-other", &["VER-4"], "?OTR?v?"),
        ("of-version-4", &["VER-4"], "?OTRv4?"),
        ("of-unknown-versions", &["VER-4"], "?OTRvxyz?"),
        ("of-version-1-and-text", &["VER-4", "VER-2"], "?OTR? v3 would do, too"),
        ("of-version-30", &["VER-4"], "?OTRv0?"),
    ];
    let mut all = Vec::new();
    for (name, rows, query) in silent {
        let about = format!("the query `{query}`");
        all.push(Deviation::new(format!("query-{name}"), rows, Stage::Stranger, about, move |_| query.to_owned()));
    }
    let text: [(&str, &str); 6] = [
        ("unfinished", "?OTR"),
        ("without-end", "?OTRv"),
        ("without-end-23", "?OTRv23"),
        ("with-blank", "?OTRv 23?"),
        ("with-sign", "?OTRv-23?"),
        ("in-lower-case", "?otrv23?"),
    ];
    for (name, query) in text {
        let about = format!("`{query}`, which is no query");
        let deviation =
            Deviation::new(format!("query-{name}"), &["VER-4", "PARSE-3"], Stage::Stranger, about, move |_| {
                query.to_owned()
            });
        all.push(deviation.must(Must::ShowInClear(query.to_owned())));
    }
    all
}

fn tags() -> Vec<Deviation> {
    let tags: [(&str, String, &str); 4] = [
        ("of-version-1", format!("hello{BASE}{VERSION_1}"), "a whitespace tag of version 1"),
        ("of-no-version", format!("hello{BASE}"), "a whitespace tag of no version"),
        ("of-unknown-version", format!("hello{BASE}{UNKNOWN}"), "a whitespace tag of a version nobody knows"),
        (
            "of-version-1-and-unknown",
            format!("hello{BASE}{VERSION_1}{UNKNOWN}"),
            "a whitespace tag of version 1 and another",
        ),
    ];
    let mut all = Vec::new();
    for (name, body, about) in tags {
        let deviation =
            Deviation::new(format!("whitespace-tag-{name}"), &["VER-5", "VER-2"], Stage::Stranger, about, move |_| {
                body.clone()
            });
        all.push(deviation.must(Must::ShowInClear("hello".to_owned())));
    }
    let cut = format!("hello{}", BASE.get(..15).unwrap_or_default());
    let about = "a whitespace tag without its last blank";
    let body = cut.clone();
    let deviation = Deviation::new("whitespace-tag-cut", &["VER-5"], Stage::Stranger, about, move |_| body.clone());
    all.push(deviation.must(Must::ShowInClear(cut)));
    all
}

fn errors() -> Vec<Deviation> {
    let errors: [(&str, &'static [&'static str], String, &str); 5] = [
        ("plain", &["ERR-2"], "?OTR Error: no".to_owned(), "an error message"),
        ("empty", &["ERR-1"], "?OTR Error:".to_owned(), "an error message without words"),
        ("long", &["ERR-1"], format!("?OTR Error: {}", "a".repeat(5000)), "an error message of 5000 letters"),
        ("of-version-4", &["ERR-1"], "?OTR Error: ERROR_1: unreadable".to_owned(), "an error message of version 4"),
        (
            "with-controls",
            &["ERR-1"],
            "?OTR Error: \u{1b}[31m\u{7}red".to_owned(),
            "an error message that steers a terminal",
        ),
    ];
    let mut all = Vec::new();
    for (name, rows, body, about) in errors {
        let again = body.clone();
        all.push(Deviation::new(format!("error-{name}"), rows, Stage::Stranger, about, move |_| body.clone()));
        let name = format!("error-{name}-in-private");
        let deviation = Deviation::new(&name, rows, Stage::Private, about, move |_| again.clone());
        // Who has lost the keys says so by an error message; so it may bring about an exchange, as a query may.
        all.push(deviation.must(Must::SendAtMost(vec!["D-H Commit"])));
    }
    let about = "an error message that is not UTF-8";
    all.push(
        Deviation::scripted("error-of-bytes", &["ERR-3"], Stage::Stranger, about, |ring| {
            ring.strike(b"?OTR Error: \xff\xfe")
        })
        .ours(),
    );
    all
}

fn in_private() -> Vec<Deviation> {
    vec![
        Deviation::scripted(
            "query-flood-in-private",
            &["VER-7", "G-7"],
            Stage::Private,
            "ten queries in a row",
            |ring| {
                for _ in 0..10 {
                    ring.strike(ring.peer.query())?;
                }
                Ok(())
            },
        )
        .must(Must::SendAtMost(vec!["D-H Commit"]))
        .ours(),
        Deviation::scripted(
            "query-for-the-other-version-in-private",
            &["STATE-3", "VER-7"],
            Stage::Private,
            "a query for the other version",
            |ring| {
                let query = if ring.peer.version == otr_wire::Version::Two { "?OTRv3?" } else { "?OTRv2?" };
                ring.strike(query)
            },
        )
        .must(Must::SendAtMost(vec!["D-H Commit"]))
        .ours(),
        Deviation::scripted(
            "commit-of-the-other-version-in-private",
            &["AKE-19", "STATE-3"],
            Stage::Private,
            "a D-H Commit of the other version",
            |ring| {
                let mut draft = ring.peer.commit();
                (draft.envelope.version, draft.envelope.tags) = match ring.peer.version {
                    otr_wire::Version::Two => (3, Some((ring.peer.tag, 0))),
                    otr_wire::Version::Three | otr_wire::Version::Curve25519 => (2, None),
                };
                ring.strike(draft.text())
            },
        )
        .must(Must::SendAtMost(vec!["D-H Key"]))
        .ours(),
        Deviation::new(
            "clear-text-in-private",
            &["STATE-8"],
            Stage::Private,
            "text in clear during a conversation",
            |_| "hello".to_owned(),
        )
        .must(Must::ShowInClear("hello".to_owned())),
        Deviation::new(
            "proof-without-exchange",
            &["AKE-9", "AKE-12"],
            Stage::Private,
            "the proof of the exchange before",
            |peer| peer.honest_proof(Began::Peer).text(),
        ),
    ]
}
