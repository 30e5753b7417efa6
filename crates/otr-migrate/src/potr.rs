//! potr's files, of WeeChat and Gajim: `ACCOUNT.key3` has one key and no name; `ACCOUNT.fpr` beside it is as libotr's
//! `otr.fingerprints`.

use otr_store::{Error, ForeignFile};

use crate::dsa;
use crate::found::{Found, FoundKey, Name};
use crate::reading::Reading;
use crate::{Program, gajim};

/// Whether these bytes are a key, or the beginning of one.
pub(crate) fn looks_like_it(bytes: &[u8]) -> bool {
    // Type 0, and the length of p, which is less than 1 KiB.
    matches!(bytes, [0, 0, 0, 0, 0..=3, _, ..] | [0, 0])
}

pub(crate) fn read(file: &ForeignFile, how: &Reading<'_>, found: &mut Found) -> Result<(), Error> {
    let key = dsa::from_mpis(file.bytes()).map_err(|problem| file.damaged(0, problem))?;
    found.keys.push(FoundKey { name: name(file, how)?, key });
    Ok(())
}

/// Whose key it is: what the fingerprints beside it say, then what Gajim's configuration says of an account of that
/// label, then the name of the file.
fn name(file: &ForeignFile, how: &Reading<'_>) -> Result<Name, Error> {
    let stem = file.path().file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let beside = ForeignFile::read(&file.path().with_extension("fpr"))?;
    if let Some(record) = beside.and_then(|beside| beside.fingerprints().records.into_iter().next()) {
        return Ok(Name::new(record.account, record.protocol));
    }
    let configured = how.places.map(|places| gajim::account(places, stem)).transpose()?.flatten();
    if let (Some(Program::Gajim) | None, Some(account)) = (how.program, configured) {
        return Ok(Name::new(account, "xmpp"));
    }
    let protocol = match how.program {
        Some(Program::WeeChat) => "irc",
        Some(Program::Gajim) => "xmpp",
        _ => "",
    };
    Ok(Name::new(stem, protocol))
}
