//! Running the tools, ours and libotr's, and taking their answers apart.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::process::{Command, Output, Stdio};

use crate::support::process::otr;

/// Facts by name. A name may occur several times.
pub(super) type Facts = Vec<(String, String)>;

/// `otr toolkit` with these arguments and this input.
pub(super) fn ours(args: &[&str], input: &str) -> Output {
    run(otr(&[&["toolkit"], args].concat()), input)
}

/// What `otr toolkit` prints, which has to succeed.
pub(super) fn our_answer(args: &[&str], input: &str) -> String {
    answer(&ours(args, input))
}

/// What a program of libotr's toolkit prints, which has to succeed.
pub(super) fn their_answer(program: &str, args: &[&str], input: &str) -> String {
    let mut command = Command::new(program);
    command.args(args);
    answer(&run(command, input))
}

pub(super) fn run(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("{} is missing: run `cargo xtask setup`", command.get_program().display())
        }
        Err(error) => panic!("{command:?}: {error}"),
    };
    // A program that refuses its arguments does not read, which is its right.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn answer(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The lines `name: value` of an answer, blanks around both taken off.
pub(super) fn fields(answer: &str) -> BTreeMap<String, String> {
    lines(answer).into_iter().collect()
}

fn lines(answer: &str) -> Facts {
    let fact = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        Some((name, value.trim().to_owned()))
    };
    answer.lines().filter_map(fact).collect()
}

/// What our `parse` says: the kind of each message and its facts, sorted.
pub(super) fn our_facts(recording: &str) -> Vec<(String, Facts)> {
    facts(&our_answer(&["parse"], recording), |name, value| (name.to_owned(), value.to_owned()))
}

/// What libotr's `otr_parse` says, in our words.
pub(super) fn their_facts(recording: &str) -> Vec<(String, Facts)> {
    facts(&their_answer("otr_parse", &[], recording), |name, value| {
        let name = match name {
            "Version" => return (name.to_owned(), value.trim_start_matches('0').to_owned()),
            "Rcpt keyid" => "Recipient keyid",
            "DH y" => "Next D-H key",
            "D-H Key" => "g^y",
            "Encrypted Key" => "Encrypted g^x",
            "Hashed Key" => "Hashed g^x",
            "Key" => "Revealed key",
            "Encrypted Signature" => "Encrypted signature",
            name if name.starts_with("Key ") => "Revealed MAC key",
            name => name,
        };
        (name.to_owned(), value.to_owned())
    })
}

fn facts(answer: &str, translate: impl Fn(&str, &str) -> (String, String)) -> Vec<(String, Facts)> {
    let block = |block: &str| {
        let (kind, rest) = block.split_once('\n').unwrap();
        let kind = kind.trim_end_matches(':').to_lowercase();
        let named = lines(rest).into_iter().filter(|(name, _)| name != "Revealed MAC keys");
        let mut facts: Facts = named.map(|(name, value)| translate(&name, &value)).collect();
        facts.sort();
        (kind, facts)
    };
    answer.trim_end().split("\n\n").map(block).collect()
}
