//! `otr demo` shows what it says.

use crate::support::process::{Process, otr};

/// The columns of the table, each put together from its lines.
fn columns(output: &[String]) -> [String; 3] {
    let mut columns = [const { String::new() }; 3];
    for line in output {
        let cells: Vec<&str> = line.split('|').collect();
        let [left, middle, right] = cells[..] else { continue };
        for (column, cell) in columns.iter_mut().zip([left, middle, right]) {
            column.push_str(cell.trim());
            column.push(' ');
        }
    }
    columns
}

#[test]
fn the_network_sees_nothing_and_the_thief_reads_nothing() {
    let (output, errors, status) = Process::spawn(otr(&["demo"])).finish();
    assert!(status.success() && errors.is_empty(), "{errors:?}");
    let [alice, network, bob] = columns(&output);
    let texts = [
        "Hi Bob, can anybody else read this?",
        "Then: we meet on Thursday, at half past six.",
        "Good. Shall I bring the documents?",
        "I will be there.",
    ];
    for text in texts {
        assert!(alice.contains(text) && bob.contains(text), "{text} in {alice} and {bob}");
    }
    for word in ["Bob", "Thursday", "half past", "documents", "I will", "read this", "See you"] {
        assert!(!network.contains(word), "{word} in {network}");
    }
    assert!(network.contains("?OTRv23?") && network.matches("?OTR:AAMD").count() == 9, "{network}");
    assert!(output.iter().all(|line| line.chars().count() <= 100));

    let all = output.join("\n");
    for line in ["identities opened in the key exchange  0 of 2", "messages readable                      0 of 9"] {
        assert!(all.contains(line), "{all}");
    }
    assert!(all.contains("reads 1 of 1") && all.contains("which authenticated: messages 3, 4"), "{all}");
    for (sent, forged) in [
        (texts[0], "Hi Bob, is the dog still so hungry?"),
        (texts[1], "Then: we hide the butter, and lock the door."),
        (texts[2], "Good. Shall I bring more sausages?"),
        (texts[3], "I will eat them."),
    ] {
        let at = output.iter().position(|line| line.contains(" sent ") && line.ends_with(sent));
        let below = &output[at.unwrap() + 1];
        assert!(below.trim_start().starts_with("verifies: ") && below.ends_with(forged), "{below}");
    }
    assert_eq!(all.matches("verifies: ").count(), 6, "{all}");
}

#[test]
fn no_two_runs_are_alike() {
    let run = || columns(&Process::spawn(otr(&["demo"])).finish().0);
    assert_ne!(run()[1], run()[1]);
}
