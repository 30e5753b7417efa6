//! `otr.instance_tags`: account, protocol, 8 hexadecimal digits.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::file::Contents;
use crate::lines::{self, Problem, Record};
use crate::{Error, name};

/// Smaller values have other uses in the protocol.
const MIN_TAG: u32 = 0x100;
/// The first line of a new file. It has no tab, so that every program passes over it.
const HEADER: &str = "# Tells this computer from your others. Do not copy this file to another computer.";

/// The tag of one of our accounts on one computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTag {
    /// The account.
    pub account: String,
    /// Its protocol, as the program names it that wrote the file.
    pub protocol: String,
    /// The instance tag, 0x100 or above.
    pub tag: u32,
}

/// All that a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountTags {
    /// Its records, in the order of the file. No account occurs twice: the later line counts.
    pub records: Vec<AccountTag>,
    /// Lines that are none.
    pub problems: Vec<Problem>,
}

impl Record for AccountTag {
    type Key<'a> = (&'a str, &'a str);

    fn key(&self) -> Self::Key<'_> {
        (&self.account, &self.protocol)
    }

    fn parse(fields: &[&str]) -> Result<Self, &'static str> {
        let &[account, protocol, hex] = fields else { return Err("a record has three fields") };
        let tag = parse_tag(hex).ok_or("the tag is not 8 hexadecimal digits, or below 100")?;
        Ok(Self { account: account.to_owned(), protocol: protocol.to_owned(), tag })
    }
}

pub(crate) fn load(contents: &Contents) -> AccountTags {
    let (records, problems) = lines::load(&ended(contents));
    AccountTags { records, problems }
}

/// What is wrong with the file.
pub(crate) fn damage(contents: &Contents) -> Vec<Error> {
    lines::damage::<AccountTag>(&ended(contents))
}

/// The file with an end to its last line, which other programs leave out, and libotr reads all the same. Where it was cut
/// short that completes no record: of a tag all eight digits are there, or it is none.
fn ended(contents: &Contents) -> Cow<'_, Contents> {
    match contents.bytes.last() {
        None | Some(b'\n') => Cow::Borrowed(contents),
        Some(_) => {
            let mut ended = contents.clone();
            ended.bytes.push(b'\n');
            Cow::Owned(ended)
        }
    }
}

/// The tag of an account; the last line about it counts. Lines that are no records are passed over: a tag that cannot
/// be read is made anew, without harm.
pub(crate) fn find(contents: &Contents, account: &str, protocol: &str) -> Option<u32> {
    load(contents).records.iter().find(|record| record.key() == (account, protocol)).map(|record| record.tag)
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
    let record = AccountTag { account: account.to_owned(), protocol: protocol.to_owned(), tag };
    let contents = contents.filter(|contents| !contents.bytes.is_empty()).map(ended);
    lines::put(contents.as_deref(), HEADER, &record, &line)
}

fn parse_tag(hex: &str) -> Option<u32> {
    let digits = hex.len() == 8 && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
    let tag = u32::from_str_radix(hex, 16).ok().filter(|_| digits)?;
    (tag >= MIN_TAG).then_some(tag)
}
