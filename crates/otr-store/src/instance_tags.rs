//! `otr.instance_tags`: account, protocol, 8 hexadecimal digits.

use zeroize::Zeroizing;

use crate::file::Contents;
use crate::lines::{self, Line};
use crate::{Error, name};

/// Smaller values have other uses in the protocol.
const MIN_TAG: u32 = 0x100;
/// The first line of a new file. It has no tab, so that every program passes over it.
const HEADER: &str = "# Tells this computer from your others. Do not copy this file to another computer.";

/// The tag of an account; the last line about it counts. Lines that are no records are passed over: a tag that cannot
/// be read is made anew, without harm.
pub(crate) fn find(contents: &Contents, account: &str, protocol: &str) -> Option<u32> {
    lines::lines(&contents.bytes).filter_map(|line| tag_of(&line, account, protocol)).last()
}

/// The file with the account's tag in it.
pub(crate) fn save(
    contents: Option<&Contents>,
    account: &str,
    protocol: &str,
    tag: u32,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    name::check_account(account, protocol)?;
    if tag < MIN_TAG {
        return Err(Error::InvalidInstanceTag(tag));
    }
    let line = lines::join(&[account, protocol, &format!("{tag:08x}")])?;
    let replacement = |old: &Line<'_>| tag_of(old, account, protocol).map(|_| line.as_slice());
    match contents.filter(|contents| !contents.bytes.is_empty()) {
        Some(contents) => lines::rewrite(Some(contents), replacement, Some(&line)),
        None => Ok(Zeroizing::new([HEADER.as_bytes(), b"\n", &line, b"\n"].concat())),
    }
}

fn tag_of(line: &Line<'_>, account: &str, protocol: &str) -> Option<u32> {
    match line.fields().ok()??.as_slice() {
        [first, second, hex] if *first == account && *second == protocol => parse_tag(hex),
        _ => None,
    }
}

fn parse_tag(hex: &str) -> Option<u32> {
    let digits = hex.len() == 8 && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
    let tag = u32::from_str_radix(hex, 16).ok().filter(|_| digits)?;
    (tag >= MIN_TAG).then_some(tag)
}
