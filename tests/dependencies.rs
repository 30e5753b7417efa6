//! What others wrote and we build on: licences, sources, one version each.
//!
//! Advisories need a database that is not part of the tree; `cargo deny check advisories` asks it.

use std::collections::BTreeMap;

use otr_tests::workspace::metadata;
use serde_json::Value;

/// Licences that ask for no more than their own text, and one (MPL-2.0) that asks for the source of the very files that it
/// covers when they are changed. We change none.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that exist in two versions, and why that is no harm.
const TWICE: &[(&str, &str)] = &[
    ("base64", "the XMPP library has the version before, and age one before that"),
    ("block-buffer", "as sha1"),
    ("chacha20", "inside age, which encrypts files at rest with keys of its own; ours is the randomness of tests"),
    ("cipher", "as chacha20"),
    ("core-foundation", "as windows-sys"),
    ("cpufeatures", "as sha1"),
    ("crypto-common", "as sha1"),
    ("curve25519-dalek", "as chacha20"),
    ("digest", "as sha1"),
    ("fiat-crypto", "as chacha20, and for another processor"),
    ("getrandom", "ring has an older one"),
    ("hkdf", "as chacha20"),
    ("hmac", "as sha1"),
    ("inout", "as chacha20"),
    ("num-bigint", "the certificates of tests"),
    ("rand", "as chacha20"),
    ("rand_core", "as chacha20"),
    ("rustc-hash", "in the messages of age to people, of which none is shown"),
    ("rxml_validation", "inside the XMPP library"),
    ("self_cell", "as rustc-hash"),
    ("sha1", "for logging in to XMPP servers, where a password is used but no key of ours"),
    ("sha2", "as sha1"),
    ("syn", "used by macros while building, never shipped"),
    ("synstructure", "as syn"),
    ("thiserror", "inside the IRC library"),
    ("thiserror-impl", "as thiserror"),
    ("toml", "as rustc-hash, while building"),
    ("windows-sys", "for another system, by what the libraries say of it"),
    ("x25519-dalek", "as chacha20"),
];

/// Crates whose feature that wipes secrets must be on wherever they are used.
const WIPING: &[&str] = &["aes", "ctr", "hmac", "sha1", "sha2", "crypto-bigint"];

fn packages() -> Vec<Value> {
    metadata()["packages"].as_array().cloned().unwrap_or_default()
}

fn text<'a>(package: &'a Value, field: &str) -> &'a str {
    package[field].as_str().unwrap_or_default()
}

/// Whether one of the alternatives that `expression` offers consists of licences on the list.
fn is_permissive(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    plain.split(" AND ").all(|part| part.split(" OR ").any(|licence| LICENCES.contains(&licence.trim())))
}

#[test]
fn every_licence_is_permissive() {
    for package in packages() {
        let licence = text(&package, "license");
        assert!(is_permissive(licence), "{}: {licence:?}", text(&package, "name"));
    }
    for refused in ["GPL-3.0", "LGPL-3.0-only", "", "MIT AND GPL-2.0"] {
        assert!(!is_permissive(refused), "{refused:?}");
    }
}

#[test]
fn everything_comes_from_the_one_registry() {
    for package in packages() {
        let ours = text(&package, "name").starts_with("otr-") || text(&package, "name") == "xtask";
        let source = text(&package, "source");
        let registry = source == "registry+https://github.com/rust-lang/crates.io-index";
        assert!(if ours { source.is_empty() } else { registry }, "{}: {source:?}", text(&package, "name"));
    }
}

#[test]
fn there_is_one_version_of_each_crate() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        versions.entry(text(&package, "name").to_owned()).or_default().push(text(&package, "version").to_owned());
    }
    let twice: Vec<_> =
        versions.iter().filter(|(_, versions)| versions.len() > 1).map(|(name, _)| name.as_str()).collect();
    let expected: Vec<_> = TWICE.iter().map(|&(name, _)| name).collect();
    assert_eq!(twice, expected, "a crate exists in several versions, or no longer does: {versions:?}");
}

// attack: SIDE-7
#[test]
fn wiping_is_switched_on_in_every_crate_that_handles_keys() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .unwrap_or_else(|error| panic!("{error}"));
    let manifest: toml::Table = manifest.parse().unwrap_or_else(|error| panic!("{error}"));
    for name in WIPING {
        let features = &manifest["workspace"]["dependencies"][*name]["features"];
        let on = features
            .as_array()
            .is_some_and(|features| features.iter().any(|feature| feature.as_str() == Some("zeroize")));
        assert!(on, "{name} does not wipe");
    }
}
