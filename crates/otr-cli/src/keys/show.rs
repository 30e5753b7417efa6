//! `otr keys show`: fingerprints for the eye, the voice and the camera.

use std::fs;
use std::path::{Path, PathBuf};

use otr_crypto::Fingerprint;
use otr_migrate::Name;
use otr_store::{KnownIdentity, Store};

use super::home::Home;
use super::picture::Code;
use super::{Error, account, list};
use crate::error::Error as ProgramError;
use crate::readable::one_line;

/// The arguments of `otr keys show`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// An account, whose own fingerprint it is, or a contact; by default every account
    #[arg(value_name = "ACCOUNT|CONTACT")]
    who: Option<String>,
    /// Only the fingerprint that these digits are, where there are several
    #[arg(long, value_name = "DIGITS")]
    fingerprint: Option<Fingerprint>,
    /// In 20 words of the PGP word list, to be read aloud
    #[arg(long)]
    words: bool,
    /// As a QR code on the terminal
    #[arg(long)]
    qr: bool,
    /// Write a QR code to this file, as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write a QR code to this file, as PNG
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
}

/// A fingerprint and whose it is.
struct Shown {
    /// The account or the contact.
    who: Name,
    fingerprint: Fingerprint,
    /// How far it is trusted, where that is a question.
    trust: Option<String>,
}

pub(super) fn run(home: &Home, args: &Args) -> Result<String, ProgramError> {
    let store = home.open()?;
    let mut all = match &args.who {
        None => own(&store, account::all(&store)?)?,
        Some(who) => of(&store, who)?,
    };
    if let Some(wanted) = args.fingerprint {
        all.retain(|shown| shown.fingerprint == wanted);
    }
    if all.is_empty() {
        return Err(match &args.who {
            None => Error::Nothing,
            Some(who) => Error::Unknown(one_line(who)),
        }
        .into());
    }
    let mut out: String = all.iter().map(|shown| text(shown, args.words)).collect();
    if args.qr || args.svg.is_some() || args.png.is_some() {
        out.push_str(&pictures(only(&all)?, args)?);
    }
    Ok(out)
}

/// Our own fingerprint of the account, or those of the contact.
fn of(store: &Store, who: &str) -> Result<Vec<Shown>, ProgramError> {
    let ours = match account::find(store, who, None) {
        Ok(name) => own(store, vec![name])?,
        Err(ProgramError::Keys(Error::WhichAccount(_))) => Vec::new(),
        Err(error) => return Err(error),
    };
    if !ours.is_empty() {
        return Ok(ours);
    }
    let theirs = store.known_identities()?.into_iter().filter(|identity| identity.known.contact == who);
    let mut shown: Vec<Shown> = Vec::new();
    for identity in theirs.map(|identity| of_contact(&identity)) {
        // Several of our accounts may have met the same key.
        if !shown.iter().any(|other| other.fingerprint == identity.fingerprint) {
            shown.push(identity);
        }
    }
    Ok(shown)
}

fn own(store: &Store, names: Vec<Name>) -> Result<Vec<Shown>, otr_store::Error> {
    let mut all = Vec::new();
    for who in names {
        if let Some(key) = store.identity(&who.account, &who.protocol)? {
            all.push(Shown { who, fingerprint: key.public_key().fingerprint(), trust: None });
        }
    }
    Ok(all)
}

fn of_contact(identity: &KnownIdentity) -> Shown {
    Shown {
        who: Name::new(identity.known.contact.as_str(), identity.known.protocol.as_str()),
        fingerprint: identity.known.fingerprint,
        trust: Some(list::trust(identity)),
    }
}

fn only(all: &[Shown]) -> Result<&Shown, Error> {
    match all {
        [one] => Ok(one),
        _ => Err(Error::SeveralFingerprints {
            contact: all.first().map_or(String::new(), |shown| one_line(&shown.who.account)),
            known: all.iter().map(|shown| shown.fingerprint).collect(),
        }),
    }
}

fn text(shown: &Shown, words: bool) -> String {
    let who = one_line(&shown.who.account);
    let trust = shown.trust.as_ref().map_or(String::new(), |trust| format!(", {trust}"));
    let fingerprint = if words { in_words(&shown.fingerprint) } else { format!("  {}\n", shown.fingerprint) };
    format!("{who} ({}){trust}\n{fingerprint}", one_line(&shown.who.protocol))
}

/// The PGP word list: a word for each byte, from one list of 256 at even places and another at odd ones, so that a word
/// left out or exchanged is noticed. Four in a line, as many as digits in a group.
fn in_words(fingerprint: &Fingerprint) -> String {
    let words = pgp_words::to_words(fingerprint.as_bytes());
    words.chunks(4).map(|four| format!("  {}\n", four.join(" "))).collect()
}

fn pictures(shown: &Shown, args: &Args) -> Result<String, Error> {
    let link = link(&shown.who, &shown.fingerprint);
    let code = Code::of(&link).ok_or(Error::Picture)?;
    let mut out = format!("  {link}\n");
    if let Some(path) = &args.svg {
        write(path, code.svg().as_bytes())?;
    }
    if let Some(path) = &args.png {
        write(path, &code.png())?;
    }
    if args.qr {
        out.push_str(&code.terminal());
    }
    Ok(out)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(|error| Error::Write { path: path.to_owned(), kind: error.kind() })
}

/// What the QR code says. XMPP has a form for it that other programs know (XEP-0364, section "Use in XMPP URIs").
fn link(who: &Name, fingerprint: &Fingerprint) -> String {
    if who.protocol == otr_migrate::XMPP {
        format!("xmpp:{}?otr-fingerprint={fingerprint:x}", escape(&who.account))
    } else {
        format!("otr-fingerprint:{fingerprint:x}")
    }
}

/// An address as it stands in a URI (RFC 5122, section 2.2): what has a meaning there is written as `%` and two digits.
fn escape(address: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$()*+,;=@:[]".contains(&byte);
    address
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint() -> Fingerprint {
        "E582 94F2 E9A2 2748 6E8B 061B 31CC 528F D7FA 3F19".parse().unwrap()
    }

    /// The example that the word list is known by.
    #[test]
    fn words_are_those_of_the_pgp_word_list() {
        let words = "topmost istanbul pluto vagabond treadmill pacific brackish dictator goldfish medusa afflict \
                     bravado chatter revolver dupont midsummer stopwatch whimsical cowbell bottomless";
        let shown = in_words(&fingerprint()).to_lowercase();
        assert_eq!(shown.split_whitespace().collect::<Vec<_>>(), words.split_whitespace().collect::<Vec<_>>());
        assert_eq!(shown.lines().count(), 5);
    }

    #[test]
    fn no_two_bytes_have_the_same_word() {
        let words =
            |byte| pgp_words::to_words(&[byte, byte]).iter().map(|word| word.to_lowercase()).collect::<Vec<_>>();
        let mut all: Vec<String> = (0..=255_u8).flat_map(words).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 512);
    }

    #[test]
    fn the_code_says_the_whole_fingerprint_and_whose_it_is() {
        let hex = "e58294f2e9a227486e8b061b31cc528fd7fa3f19";
        for (account, protocol, text) in [
            ("you@example.org", "prpl-jabber", format!("xmpp:you@example.org?otr-fingerprint={hex}")),
            ("a'b?c@example.org", "prpl-jabber", format!("xmpp:a%27b%3Fc@example.org?otr-fingerprint={hex}")),
            ("you", "prpl-irc", format!("otr-fingerprint:{hex}")),
        ] {
            assert_eq!(link(&Name::new(account, protocol), &fingerprint()), text);
        }
    }
}
