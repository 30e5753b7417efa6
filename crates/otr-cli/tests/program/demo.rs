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

/// The heading of the part about another suite.
const SUITE: &str = "=== Where both programs have more";

#[test]
fn another_conversation_moves_over_to_the_suite() {
    let (output, errors, status) = Process::spawn(otr(&["demo"])).finish();
    assert!(status.success() && errors.is_empty(), "{errors:?}");
    let suite = output.iter().position(|line| line.contains(SUITE)).unwrap();
    let [alice, network, bob] = columns(&output[suite..]);
    for side in [&alice, &bob] {
        assert_eq!(side.matches("(now in the Curve25519 suite, session id").count(), 1, "{side}");
        for text in ["Did you do anything?", "found out by themselves.", "Good night, then."] {
            assert!(side.contains(text), "{text} in {side}");
        }
    }
    // The exchange of version 3, a message of each in it, which name the keys, the other exchange, and all that is said.
    let order = ["?OTR:AAMS", "?OTR:AAMD", "?OTR:AAMD", "?OTR:Y68C", "?OTR:Y68K", "?OTR:Y68R", "?OTR:Y68S"];
    let bodies: Vec<&str> = network.split(' ').filter(|word| word.starts_with("?OTR:")).collect();
    let at = bodies.iter().position(|body| body.starts_with(order[0])).unwrap();
    assert!(bodies[at..].iter().zip(order).all(|(body, start)| body.starts_with(start)), "{bodies:?}");
    let said = &bodies[at + order.len()..];
    // Each first names what it has read before.
    assert!(said.len() == 6 && said.iter().all(|body| body.starts_with("?OTR:Y68D")), "{said:?}");
    for word in ["anything", "themselves", "Good night"] {
        assert!(!network.contains(word), "{word} in {network}");
    }
}

#[test]
fn the_network_sees_nothing_and_the_thief_reads_nothing() {
    let (output, errors, status) = Process::spawn(otr(&["demo"])).finish();
    assert!(status.success() && errors.is_empty(), "{errors:?}");
    assert!(output.iter().all(|line| line.chars().count() <= 100));
    let suite = output.iter().position(|line| line.contains(SUITE)).unwrap();
    let output = &output[..suite];
    let [alice, network, bob] = columns(output);
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
    assert!(!network.contains("?OTR:Y6"), "all that is said of it is about version 3: {network}");

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
