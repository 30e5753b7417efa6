//! CoyIM's `accounts.json`: keys as otr3 writes them, in base64.

use base64ct::{Base64, Encoding};
use otr_crypto::{Fingerprint, IdentityKey};
use otr_store::{Error, ForeignFile};
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::dsa;
use crate::found::{Found, FoundFingerprint, FoundKey, FoundTag, Name};

/// What libotr's programs call XMPP, the one network of CoyIM.
const PROTOCOL: &str = "prpl-jabber";
/// Smaller instance tags have other uses in the protocol.
const MIN_TAG: u32 = 0x100;

#[derive(Deserialize)]
struct File<'a> {
    /// As they stand in the file, so that each has its place there.
    #[serde(rename = "Accounts", borrow)]
    accounts: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    account: String,
    /// Of versions before there could be several.
    private_key: Option<Zeroizing<String>>,
    private_keys: Option<Vec<Zeroizing<String>>>,
    peers: Option<Vec<Peer>>,
    known_fingerprints: Option<Vec<OldFingerprint>>,
    instance_tag: Option<u32>,
}

#[derive(Deserialize)]
struct Peer {
    #[serde(rename = "UserID")]
    user: String,
    #[serde(rename = "Fingerprints")]
    fingerprints: Option<Vec<PeerFingerprint>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PeerFingerprint {
    fingerprint_hex: String,
    #[serde(default)]
    trusted: bool,
}

/// Of versions before peers were stored; trusted unless it says otherwise.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OldFingerprint {
    #[serde(rename = "UserID")]
    user: String,
    fingerprint_hex: String,
    #[serde(default)]
    untrusted: bool,
}

pub(crate) fn read(file: &ForeignFile, found: &mut Found) -> Result<(), Error> {
    let damaged = |line, problem| Error::Damaged { file: file.path().to_owned(), line, problem };
    let contents: File<'_> = serde_json::from_slice(file.bytes())
        .map_err(|error| damaged(error.line().max(1), "this is no list of CoyIM's accounts"))?;
    let mut lines = Lines { bytes: file.bytes(), position: 0, line: 1 };
    for account in contents.accounts.unwrap_or_default() {
        let line = lines.of(account.get());
        let account: Account = match serde_json::from_str(account.get()) {
            Ok(account) => account,
            Err(error) => {
                let line = line + error.line().saturating_sub(1);
                found.problems.push(damaged(line, "this is no account of CoyIM's").into());
                continue;
            }
        };
        let name = Name::new(account.account.as_str(), PROTOCOL);
        let Contents { key, fingerprints, tag, problems } = Contents::of(account, &name);
        found.keys.extend(key.map(|key| FoundKey { name: name.clone(), key }));
        found.fingerprints.extend(fingerprints);
        found.instance_tags.extend(tag.map(|tag| FoundTag { name, tag }));
        found.problems.extend(problems.into_iter().map(|problem| damaged(line, problem).into()));
    }
    Ok(())
}

/// The lines of parts of the file, asked for in their order, so that all of them together take one pass.
struct Lines<'a> {
    bytes: &'a [u8],
    position: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line, counted from 1, where `part` of these bytes begins.
    fn of(&mut self, part: &str) -> usize {
        let position = part.as_ptr().addr().saturating_sub(self.bytes.as_ptr().addr());
        let passed = self.bytes.get(self.position..position).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.position = self.position.max(position);
        self.line
    }
}

/// What an account comes to.
struct Contents {
    key: Option<IdentityKey>,
    fingerprints: Vec<FoundFingerprint>,
    tag: Option<u32>,
    problems: Vec<&'static str>,
}

impl Contents {
    fn of(account: Account, name: &Name) -> Self {
        let mut contents = Self { key: None, fingerprints: Vec::new(), tag: None, problems: Vec::new() };
        for encoded in account.private_keys.into_iter().flatten().chain(account.private_key) {
            match key(&encoded) {
                Ok(key) if contents.key.is_none() => contents.key = Some(key),
                Ok(_) => {}
                Err(problem) => contents.problems.push(problem),
            }
        }
        for peer in account.peers.into_iter().flatten() {
            for fingerprint in peer.fingerprints.into_iter().flatten() {
                contents.add(name, &peer.user, &fingerprint.fingerprint_hex, fingerprint.trusted);
            }
        }
        for old in account.known_fingerprints.into_iter().flatten() {
            contents.add(name, &old.user, &old.fingerprint_hex, !old.untrusted);
        }
        contents.tag = account.instance_tag.filter(|tag| *tag >= MIN_TAG);
        contents
    }

    fn add(&mut self, name: &Name, contact: &str, hex: &str, trusted: bool) {
        match hex.parse::<Fingerprint>() {
            Ok(fingerprint) => self.fingerprints.push(FoundFingerprint {
                contact: contact.to_owned(),
                name: name.clone(),
                fingerprint,
                trust: if trusted { "verified".to_owned() } else { String::new() },
            }),
            Err(_) => self.problems.push("a fingerprint is not 40 hexadecimal digits"),
        }
    }
}

fn key(encoded: &str) -> Result<IdentityKey, &'static str> {
    let mut bytes = Zeroizing::new(vec![0; encoded.len()]);
    let bytes = Base64::decode(encoded, &mut bytes).map_err(|_| "a private key is not in base64")?;
    dsa::from_mpis(bytes)
}
