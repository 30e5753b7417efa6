//! `otr.private_key`: `(privkeys (account (name N) (protocol P) (private-key (dsa (p #..#) (q ..) (g ..) (y ..) (x ..)))) ...)`.

use std::collections::HashSet;

use otr_crypto::{IdentityKey, IdentityParts};
use zeroize::Zeroizing;

use crate::file::Contents;
use crate::sexp::{self, Node, Parsed};
use crate::{AccountName, Error, name};

/// Room for one account with the largest key, so that writing one does not leave copies behind by growing.
const ACCOUNT_SIZE: usize = 8 * 1024;

/// The identity key of an account. If it is there twice, the later one counts, as it does for libotr.
///
/// An account that stands whole in a damaged file is found.
pub(crate) fn find(contents: &Contents, account: &str, protocol: &str) -> Result<Option<IdentityKey>, Error> {
    let parsed = parse(contents)?;
    let entries = entries(contents, &parsed.root)?;
    let found = entries.iter().rev().find(|entry| entry.is_of(account, protocol));
    match found {
        Some(entry) => entry.key(contents).map(Some),
        // The account may be behind what cannot be read: to say that it has no key would be a guess.
        None => all_readable(contents, &parsed, &entries).map(|()| None),
    }
}

/// The accounts and their keys, in the order of the file, and the places where none could be read.
pub(crate) fn all(contents: &Contents) -> Result<Vec<AccountKey>, Error> {
    let parsed = parse(contents)?;
    let entries = entries(contents, &parsed.root)?;
    let behind = (parsed.error.as_ref())
        .map(|error| AccountKey::unreadable(contents, contents.line_at(error.offset), error.problem));
    Ok(entries.iter().map(|entry| entry.account_key(contents)).chain(behind).collect())
}

/// The names of the accounts, each once, in the order of the file.
pub(crate) fn accounts(contents: &Contents) -> Result<Vec<AccountName>, Error> {
    let parsed = parse(contents)?;
    let mut seen = HashSet::new();
    let names = entries(contents, &parsed.root)?.into_iter().filter_map(|entry| entry.name());
    Ok(names.filter(|name| seen.insert(name.clone())).collect())
}

/// The file with the account's key in it.
pub(crate) fn save(
    contents: Option<&Contents>,
    account: &str,
    protocol: &str,
    key: &IdentityKey,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    name::check_account(account, protocol)?;
    let parts = key.hazmat_parts().ok_or(Error::KeyOfAnotherKind { wanted: "DSA" })?;
    let entry = write_entry(account, protocol, &parts);
    let Some(contents) = contents else {
        return Ok(concat(&[b"(privkeys\n ", &entry, b"\n)\n"]));
    };
    let parsed = parse(contents)?;
    let root = &parsed.root;
    let entries = entries(contents, root)?;
    all_readable(contents, &parsed, &entries)?;
    let bytes = contents.bytes.as_slice();
    let replaced = entries.iter().rev().find(|entry| entry.is_of(account, protocol)).map(|entry| entry.node);
    let new = match replaced {
        Some(old) => splice(bytes, old.start, old.end, &[&entry]),
        None => {
            let closing = root.end.saturating_sub(1);
            splice(bytes, closing, closing, &[b" ", &entry, b"\n"])
        }
    };
    Ok(new)
}

/// Whether the account has a key that `key` would replace, or something in place of one that cannot be read.
pub(crate) fn has_another(contents: &Contents, account: &str, protocol: &str, key: &IdentityKey) -> bool {
    match find(contents, account, protocol) {
        Ok(Some(old)) => old.public_key().fingerprint() != key.public_key().fingerprint(),
        Ok(None) => false,
        Err(_) => true,
    }
}

/// One of our accounts, and its DSA key.
#[derive(Debug)]
#[non_exhaustive]
pub struct AccountKey {
    /// The account. Empty where it could not be read; then there is no key either.
    pub account: String,
    /// Its protocol, as the program names it that wrote the file.
    pub protocol: String,
    /// The line where it begins, counted from 1.
    pub line: usize,
    /// The key, or why there is none.
    pub key: Result<IdentityKey, Error>,
}

impl AccountKey {
    fn unreadable(contents: &Contents, line: usize, problem: &'static str) -> Self {
        let key = Err(contents.damaged_line(line, problem));
        Self { account: String::new(), protocol: String::new(), line, key }
    }
}

/// One account as it stands in the file.
struct Entry<'n, 'a> {
    node: &'n Node<'a>,
    /// The line where it begins, counted from 1.
    line: usize,
    /// `None` where one of the three parts is missing.
    parts: Option<Parts<'n, 'a>>,
}

struct Parts<'n, 'a> {
    account: Zeroizing<Vec<u8>>,
    protocol: Zeroizing<Vec<u8>>,
    private_key: &'n [Node<'a>],
}

impl Entry<'_, '_> {
    fn is_of(&self, account: &str, protocol: &str) -> bool {
        self.parts.as_ref().is_some_and(|parts| {
            (parts.account.as_slice(), parts.protocol.as_slice()) == (account.as_bytes(), protocol.as_bytes())
        })
    }

    /// `None` if it has none, or one that is no text, which nobody can ask for.
    fn name(&self) -> Option<AccountName> {
        let parts = self.parts.as_ref()?;
        let text = |bytes| str::from_utf8(bytes).ok().filter(|text| name::problem(text).is_none()).map(str::to_owned);
        Some(AccountName { account: text(&parts.account)?, protocol: text(&parts.protocol)? })
    }

    fn account_key(&self, contents: &Contents) -> AccountKey {
        let Some(AccountName { account, protocol }) = self.name() else {
            let problem = "this is not an account with name, protocol and key, or a name cannot be read";
            return AccountKey::unreadable(contents, self.line, problem);
        };
        AccountKey { account, protocol, line: self.line, key: self.key(contents) }
    }

    fn check(&self, contents: &Contents) -> Result<(), Error> {
        match &self.parts {
            Some(_) => Ok(()),
            None => Err(contents.damaged_line(self.line, "this is not an account with name, protocol and key")),
        }
    }

    fn key(&self, contents: &Contents) -> Result<IdentityKey, Error> {
        let incomplete = || contents.damaged_line(self.line, "the account's DSA key is not complete");
        let dsa = self.parts.as_ref().and_then(|parts| sexp::find(parts.private_key, b"dsa")).ok_or_else(incomplete)?;
        let number = |name: &[u8]| match sexp::find(dsa, name) {
            Some([number]) => number.number().ok_or_else(incomplete),
            _ => Err(incomplete()),
        };
        let [p, q, g] = [number(b"p")?, number(b"q")?, number(b"g")?];
        let [y, x] = [number(b"y")?, number(b"x")?];
        IdentityKey::from_parts(unsigned(&p), unsigned(&q), unsigned(&g), unsigned(&y), unsigned(&x))
            .map_err(|source| Error::Key { file: contents.path.clone(), line: self.line, source })
    }
}

fn parse(contents: &Contents) -> Result<Parsed<'_>, Error> {
    sexp::parse(&contents.bytes).map_err(|error| contents.damaged(error.offset, error.problem))
}

fn entries<'n, 'a>(contents: &Contents, root: &'n Node<'a>) -> Result<Vec<Entry<'n, 'a>>, Error> {
    let accounts =
        root.named(b"privkeys").ok_or_else(|| contents.damaged(root.start, "this is not a list of private keys"))?;
    // Counted from one account to the next: there may be very many.
    let (mut line, mut counted) = (1, 0);
    let entry = |node: &'n Node<'a>| {
        let between = contents.bytes.get(counted..node.start).unwrap_or_default();
        line += between.iter().filter(|byte| **byte == b'\n').count();
        counted = node.start;
        Entry { node, line, parts: parts(node) }
    };
    Ok(accounts.iter().map(entry).collect())
}

fn parts<'n, 'a>(node: &'n Node<'a>) -> Option<Parts<'n, 'a>> {
    let fields = node.named(b"account")?;
    Some(Parts {
        account: text(sexp::find(fields, b"name")?)?,
        protocol: text(sexp::find(fields, b"protocol")?)?,
        private_key: sexp::find(fields, b"private-key")?,
    })
}

/// Names may be written as any kind of atom: libgcrypt chooses by the characters.
fn text(nodes: &[Node<'_>]) -> Option<Zeroizing<Vec<u8>>> {
    match nodes {
        [text] => text.bytes(),
        _ => None,
    }
}

fn all_readable(contents: &Contents, parsed: &Parsed<'_>, entries: &[Entry<'_, '_>]) -> Result<(), Error> {
    if let Some(error) = &parsed.error {
        return Err(contents.damaged(error.offset, error.problem));
    }
    entries.iter().try_for_each(|entry| entry.check(contents))
}

/// Without the zero byte that keeps a large number from looking negative.
fn unsigned(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// One account with the line breaks of libotr, from parenthesis to parenthesis.
fn write_entry(account: &str, protocol: &str, key: &IdentityParts) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(ACCOUNT_SIZE));
    out.extend_from_slice(b"(account\n(name ");
    sexp::write_text(&mut out, account.as_bytes());
    out.extend_from_slice(b")\n(protocol ");
    sexp::write_text(&mut out, protocol.as_bytes());
    out.extend_from_slice(b")\n(private-key \n (dsa \n");
    let numbers: [(&[u8], &[u8]); 5] = [(b"p", &key.p), (b"q", &key.q), (b"g", &key.g), (b"y", &key.y), (b"x", &key.x)];
    for (name, number) in numbers {
        out.extend_from_slice(b"  (");
        out.extend_from_slice(name);
        out.push(b' ');
        sexp::write_number(&mut out, number);
        out.extend_from_slice(b")\n");
    }
    out.extend_from_slice(b"  )\n )\n )");
    out
}

/// `bytes` with what stands from `start` to `end` exchanged.
fn splice(bytes: &[u8], start: usize, end: usize, inserted: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let before = bytes.get(..start).unwrap_or_default();
    let after = bytes.get(end..).unwrap_or_default();
    concat(&[&[before], inserted, &[after]].concat())
}

/// In one allocation of the right size.
fn concat(pieces: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(pieces.concat())
}
