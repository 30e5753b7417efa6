//! libotr's three files, under whatever names.

use otr_store::{Error, ForeignFile};

use crate::found::{Found, FoundFingerprint, FoundKey, FoundTag, Name};
use crate::{adium, dsa};

pub(crate) fn private_keys(file: &ForeignFile, found: &mut Found) -> Result<(), Error> {
    let names = adium::Accounts::beside(file)?;
    for record in file.private_keys()? {
        let at_line = |problem| Error::Damaged { file: file.path().to_owned(), line: record.line, problem };
        match record.key.and_then(|key| dsa::check(key).map_err(at_line)) {
            Ok(key) => found.keys.push(FoundKey { name: names.name(record.account, record.protocol), key }),
            Err(error) => found.problems.push(error.into()),
        }
    }
    Ok(())
}

pub(crate) fn fingerprints(file: &ForeignFile, found: &mut Found) -> Result<(), Error> {
    let names = adium::Accounts::beside(file)?;
    let known = file.fingerprints();
    found.fingerprints.extend(known.records.into_iter().map(|record| FoundFingerprint {
        contact: record.contact,
        name: names.name(record.account, record.protocol),
        fingerprint: record.fingerprint,
        trust: record.trust,
    }));
    found.problems.extend(known.problems.iter().map(|problem| at(file, problem).into()));
    Ok(())
}

pub(crate) fn instance_tags(file: &ForeignFile, found: &mut Found) -> Result<(), Error> {
    let names = adium::Accounts::beside(file)?;
    let tags = file.instance_tags();
    let found_tags = tags.records.into_iter();
    found.instance_tags.extend(
        found_tags
            .map(|record| FoundTag { name: Name { ..names.name(record.account, record.protocol) }, tag: record.tag }),
    );
    found.problems.extend(tags.problems.iter().map(|problem| at(file, problem).into()));
    Ok(())
}

fn at(file: &ForeignFile, problem: &otr_store::Problem) -> Error {
    Error::Damaged { file: file.path().to_owned(), line: problem.line, problem: problem.what }
}
