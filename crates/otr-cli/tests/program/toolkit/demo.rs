//! The recording of the demonstration, forged by hand: what docs/toolkit.md tells a user to do.

use std::fs;

use super::tools::{our_answer, our_facts, their_answer};
use crate::support::process::{Process, otr};

// attack: REV-6
#[test]
fn what_the_demonstration_records_is_forged_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tape");
    let (screen, errors, status) = Process::spawn(otr(&["demo", "--record", file.to_str().unwrap()])).finish();
    assert!(status.success() && errors.is_empty(), "{errors:?}");
    let recording = fs::read_to_string(&file).unwrap();

    let facts = our_facts(&recording);
    let kinds: Vec<&str> = facts.iter().map(|(kind, _)| kind.as_str()).collect();
    let exchange = ["d-h commit message", "d-h key message", "reveal signature message", "signature message"];
    assert_eq!(kinds, [&exchange[..], &["data message"; 9]].concat());
    let published: Vec<String> = facts
        .iter()
        .flat_map(|(_, facts)| facts.iter().filter(|(name, _)| name == "Revealed MAC key").map(|(_, key)| key.clone()))
        .collect();
    assert_eq!(published.len(), 5);

    let third = recording.lines().filter(|line| line.contains("?OTR:AAMD")).nth(2).unwrap();
    // A published key that does not fit is refused, so one need not know which it is.
    let change = ["Thursday", "Saturday", "17"];
    let with = |key: &str| super::tools::ours(&[&["modify", key], change.as_slice()].concat(), third);
    let fits: Vec<_> = published.iter().filter(|key| with(key).status.success()).collect();
    assert_eq!(fits.len(), 1);
    let forged = our_answer(&[&["modify", fits[0]], change.as_slice()].concat(), third);
    assert_eq!(forged, their_answer("otr_modify", &[&[fits[0].as_str()], change.as_slice()].concat(), third));
    assert!(!third.contains(forged.trim_end()));
    // Checked by changing nothing.
    assert_eq!(our_answer(&["modify", fits[0], "", "", "0"], &forged), forged);

    let name = format!("verifies: {}..", &fits[0][..8]);
    assert_eq!(screen.iter().filter(|line| line.contains(&name)).count(), 2, "{screen:#?}");
}

#[test]
fn a_recording_that_cannot_be_written_is_told_of() {
    let (_, errors, status) = Process::spawn(otr(&["demo", "--record", "/dev/null/tape"])).finish();
    assert!(!status.success());
    assert!(matches!(&errors[..], [line] if line.starts_with("otr: cannot write the recording: ")), "{errors:?}");
}
