//! The command line.

use crate::rules::{Policy, Rules};

pub(crate) const USAGE: &str = "\
usage: otrr-driver [--ephemeral] --account NAME [--protocol NAME]
       [--policy never|manual|opportunistic|always] [--versions 3] [--max-message-size N]
Nothing touches the disk. N is 0 (never fragment) or more than 36 bytes.";

/// The header of a fragment and its closing comma, in bytes.
const FRAGMENT_HEADER: usize = 36;

pub(crate) struct Options {
    pub(crate) account: String,
    pub(crate) protocol: String,
    pub(crate) rules: Rules,
    /// In bytes; the greatest number there is where messages are not to be cut.
    pub(crate) max_message_size: usize,
}

pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut account = None;
    let mut protocol = "prpl-jabber".to_owned();
    let mut rules = Rules { policy: Policy::Opportunistic };
    let mut max_message_size = usize::MAX;
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{name} lacks its value"));
        match name.as_str() {
            "--ephemeral" => {}
            "--home" => return Err("--home: the library can neither save keys nor load them".to_owned()),
            "--account" => account = Some(value()?),
            "--protocol" => protocol = value()?,
            "--policy" => {
                rules.policy = Policy::named(&value()?).ok_or("--policy is never, manual, opportunistic or always")?;
            }
            "--versions" => check_versions(&value()?)?,
            "--max-message-size" => max_message_size = size(&value()?)?,
            _ => return Err(format!("{name} is no argument")),
        }
    }
    let account =
        account.filter(|name| is_name(name)).ok_or("--account is missing, or has a tab or a line end in it")?;
    if !is_name(&protocol) {
        return Err("--protocol has a tab or a line end in it".to_owned());
    }
    Ok(Options { account, protocol, rules, max_message_size })
}

/// One line without tabs, as in libotr's files.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['\t', '\r', '\n', '\0'])
}

fn check_versions(list: &str) -> Result<(), String> {
    let versions: Vec<&str> = list.split(',').collect();
    if !versions.iter().all(|version| ["2", "3"].contains(version)) {
        return Err("--versions takes 2, 3 or 2,3".to_owned());
    }
    if versions.contains(&"3") { Ok(()) } else { Err("--versions: the library has no version 2".to_owned()) }
}

fn size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Ok(usize::MAX),
        Ok(size) if size > FRAGMENT_HEADER => Ok(size),
        _ => Err("--max-message-size does not fit".to_owned()),
    }
}
