//! `otr.ed25519_keys`: account, protocol, 64 hexadecimal digits of the seed. A file of ours that libotr does not know.

use otr_crypto::IdentityKey;
use zeroize::Zeroizing;

use crate::file::Contents;
use crate::lines::{self, Change, Line};
use crate::{Error, name};

/// How long a seed is, in bytes.
const SEED: usize = 32;
/// The first line of a new file.
const HEADER: &str = "# Secret keys of the Curve25519 suite, beside those in otr.private_key.";

/// The key of one account, as a line has it.
struct Entry<'a> {
    account: &'a str,
    protocol: &'a str,
    /// Not decoded before it is needed, so that there are no copies to wipe.
    hex: &'a str,
}

impl Entry<'_> {
    fn is_of(&self, account: &str, protocol: &str) -> bool {
        (self.account, self.protocol) == (account, protocol)
    }
}

/// The key of an account; the last line about it counts. Its public part is computed from the seed (attack rule NEW-3).
///
/// A key that stands whole in a damaged file is found. One behind something that cannot be read must not be taken for
/// missing, or it would be made anew.
pub(crate) fn find(contents: &Contents, account: &str, protocol: &str) -> Result<Option<IdentityKey>, Error> {
    let readable = lines::lines(&contents.bytes).filter_map(|line| parse(&line).ok().flatten());
    let found = readable.filter(|entry| entry.is_of(account, protocol)).last();
    match found.and_then(|entry| seed(entry.hex)) {
        Some(seed) => Ok(Some(IdentityKey::from_ed25519_seed(*seed))),
        None => all_readable(contents).map(|()| None),
    }
}

/// The file with the account's key in it.
pub(crate) fn save(
    contents: Option<&Contents>,
    account: &str,
    protocol: &str,
    key: &IdentityKey,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    name::check_account(account, protocol)?;
    let seed = key.hazmat_ed25519_seed().ok_or(Error::KeyOfAnotherKind { wanted: "Ed25519" })?;
    let mut digits = Zeroizing::new([0; 2 * SEED]);
    let hex = base16ct::lower::encode_str(seed, digits.as_mut_slice()).unwrap_or_default();
    let line = lines::join(&[account, protocol, hex])?;
    contents.map_or(Ok(()), all_readable)?;
    let change = |old: &Line<'_>| match parse(old) {
        Ok(Some(entry)) if entry.is_of(account, protocol) => Change::Replace(&line),
        _ => Change::Keep,
    };
    lines::rewrite(contents, HEADER, change, Some(&line))
}

/// What is wrong with the file.
pub(crate) fn damage(contents: &Contents) -> Vec<Error> {
    if contents.bytes.is_empty() {
        return vec![contents.damaged(0, "the file is empty")];
    }
    let lines = lines::lines(&contents.bytes);
    let lines = lines.filter_map(|line| parse(&line).err().map(|problem| contents.damaged_line(line.number, problem)));
    lines::once_each(lines.chain(lines::require_whole(contents).err()))
}

fn all_readable(contents: &Contents) -> Result<(), Error> {
    damage(contents).into_iter().next().map_or(Ok(()), Err)
}

fn parse<'a>(line: &Line<'a>) -> Result<Option<Entry<'a>>, &'static str> {
    let Some(fields) = line.fields()? else { return Ok(None) };
    let &[account, protocol, hex] = fields.as_slice() else { return Err("a record has three fields") };
    seed(hex).ok_or("the seed is not 64 hexadecimal digits")?;
    Ok(Some(Entry { account, protocol, hex }))
}

fn seed(hex: &str) -> Option<Zeroizing<[u8; SEED]>> {
    let mut seed = Zeroizing::new([0; SEED]);
    let decoded = base16ct::mixed::decode(hex, seed.as_mut_slice()).ok()?.len();
    (decoded == SEED).then_some(seed)
}
