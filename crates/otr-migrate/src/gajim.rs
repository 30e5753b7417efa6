//! Gajim's configuration, for the address behind the label of an account: lines such as
//! `accounts.LABEL.name = me` and `accounts.LABEL.hostname = example.org`.

use std::collections::HashMap;

use otr_store::{Error, ForeignFile};

use crate::Places;

/// The address of the account with this label, if the configuration has one.
pub(crate) fn account(places: &Places, label: &str) -> Result<Option<String>, Error> {
    Ok(accounts(places)?.into_iter().find_map(|(known, address)| (known == label).then_some(address)))
}

/// The label of the account with this address, if the configuration has one.
pub(crate) fn label(places: &Places, address: &str) -> Result<Option<String>, Error> {
    Ok(accounts(places)?.into_iter().find_map(|(label, known)| (known == address).then_some(label)))
}

/// Labels and addresses.
fn accounts(places: &Places) -> Result<Vec<(String, String)>, Error> {
    let Some(directory) = &places.config else { return Ok(Vec::new()) };
    let Some(file) = ForeignFile::read(&directory.join("gajim/config"))? else { return Ok(Vec::new()) };
    let lines = || file.bytes().split(|byte| *byte == b'\n').filter_map(|line| str::from_utf8(line).ok());
    let setting = |line: &'_ str, name: &str| {
        let (key, value) = line.trim_end().split_once(" = ")?;
        let label = key.strip_prefix("accounts.")?.strip_suffix(name)?.strip_suffix('.')?;
        Some((label.to_owned(), value.to_owned()))
    };
    let mut hosts = HashMap::new();
    for (label, host) in lines().filter_map(|line| setting(line, "hostname")) {
        // Said twice, the first counts.
        hosts.entry(label).or_insert(host);
    }
    let names = lines().filter_map(|line| setting(line, "name"));
    let address = |(label, name): (String, String)| {
        let address = format!("{name}@{}", hosts.get(&label)?);
        Some((label, address))
    };
    Ok(names.filter_map(address).collect())
}
