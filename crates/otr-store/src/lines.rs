//! Files of one record a line, with fields separated by tabs.

use std::collections::HashSet;
use std::hash::Hash;
use std::str;

use otr_crypto::Fingerprint;
use zeroize::Zeroizing;

use crate::Error;
use crate::file::Contents;
use crate::name;

/// The longest line that is read as a record, in bytes without its end.
pub(crate) const MAX_LINE: usize = 4096;
/// The longest line that is written, in bytes without its end: what programs that read into 1000 bytes still take whole.
pub(crate) const MAX_WRITTEN_LINE: usize = 998;

/// A line that was passed over, because it is no record. It stays in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// What a line says.
pub(crate) trait Record: Sized {
    /// What a record is about; of several about the same the latest counts.
    type Key<'a>: Eq + Hash
    where
        Self: 'a;

    /// Takes the fields of a line apart.
    fn parse(fields: &[&str]) -> Result<Self, &'static str>;

    fn key(&self) -> Self::Key<'_>;
}

/// The records of a file, in its order, and the lines that are none.
pub(crate) fn load<T: Record>(contents: &Contents) -> (Vec<T>, Vec<Problem>) {
    let mut all = Vec::new();
    let mut problems = Vec::new();
    for line in lines(&contents.bytes) {
        match line.record() {
            Ok(record) => all.extend(record),
            Err(what) => problems.push(Problem { line: line.number, what }),
        }
    }
    (without_earlier(all), problems)
}

/// What is wrong with a file of such records.
pub(crate) fn damage<T: Record>(contents: &Contents) -> Vec<Error> {
    let (_, problems) = load::<T>(contents);
    let rows = problems.into_iter().map(|problem| contents.damaged_line(problem.line, problem.what));
    let end = require_whole(contents).err();
    once_each(rows.chain(end))
}

/// The errors, of which one may have been found twice in a row.
pub(crate) fn once_each(errors: impl Iterator<Item = Error>) -> Vec<Error> {
    let mut all: Vec<Error> = errors.collect();
    all.dedup();
    all
}

/// The records without those that a later one about the same replaces.
fn without_earlier<T: Record>(all: Vec<T>) -> Vec<T> {
    let counts: Vec<bool> = {
        let mut seen = HashSet::new();
        all.iter().rev().map(|record| seen.insert(record.key())).collect()
    };
    all.into_iter().zip(counts.into_iter().rev()).filter_map(|(record, counts)| counts.then_some(record)).collect()
}

/// A field with a fingerprint: 40 hexadecimal digits, without blanks.
pub(crate) fn fingerprint(hex: &str) -> Result<Fingerprint, &'static str> {
    let digits = hex.len() == 40 && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
    hex.parse().ok().filter(|_| digits).ok_or("the fingerprint is not 40 hexadecimal digits")
}

/// One line of a file.
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: usize,
    /// All its bytes, the end of line included.
    pub(crate) raw: &'a [u8],
}

/// The lines of a file, none left out.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let split = bytes.split_inclusive(|byte| *byte == b'\n');
    split.enumerate().map(|(index, raw)| Line { number: index + 1, raw })
}

impl<'a> Line<'a> {
    /// The fields, or `None` for a line without any tab: a comment, which every program passes over.
    pub(crate) fn fields(&self) -> Result<Option<Vec<&'a str>>, &'static str> {
        let (body, _) = self.split_end();
        if !body.contains(&b'\t') {
            return Ok(None);
        }
        if self.raw.len() == body.len() {
            return Err("the line has no end: the file may have been cut short");
        }
        if body.len() > MAX_LINE {
            return Err("the line is longer than 4096 bytes");
        }
        let text = str::from_utf8(body).map_err(|_| "the line is not UTF-8")?;
        let fields: Vec<&str> = text.split('\t').collect();
        if fields.iter().any(|field| name::problem(field).is_some()) {
            return Err("a field is longer than 1024 bytes or contains a control character");
        }
        Ok(Some(fields))
    }

    /// What the line says; `None` for a comment.
    pub(crate) fn record<T: Record>(&self) -> Result<Option<T>, &'static str> {
        self.fields()?.map(|fields| T::parse(&fields)).transpose()
    }

    /// The line's own end: `\n`, `\r\n`, or nothing at the end of a file.
    pub(crate) fn end(&self) -> &'a [u8] {
        self.split_end().1
    }

    fn split_end(&self) -> (&'a [u8], &'a [u8]) {
        let body = self.raw.strip_suffix(b"\n").map(|body| body.strip_suffix(b"\r").unwrap_or(body));
        self.raw.split_at(body.unwrap_or(self.raw).len())
    }
}

/// Refuses a file whose last line has no end. To add a line would complete a record that nobody finished writing.
pub(crate) fn require_whole(contents: &Contents) -> Result<(), Error> {
    match contents.bytes.last() {
        None | Some(b'\n') => Ok(()),
        Some(_) => {
            let problem = "the line has no end: the file may have been cut short";
            Err(contents.damaged(contents.bytes.len(), problem))
        }
    }
}

/// One line from its fields, without an end.
pub(crate) fn join(fields: &[&str]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let line = Zeroizing::new(fields.join("\t").into_bytes());
    if line.len() > MAX_WRITTEN_LINE {
        return Err(Error::RecordTooLong { limit: MAX_WRITTEN_LINE });
    }
    Ok(line)
}

/// What becomes of a line when a file is written anew.
pub(crate) enum Change<'l> {
    /// It stands as it was, byte for byte.
    Keep,
    /// These bytes stand there instead, with the line's own end.
    Replace(&'l [u8]),
    /// It goes.
    Remove,
}

/// The bytes of a file in which each line is changed as `change` says. If none was replaced, `otherwise` is added at the
/// end; if there is no file, below `header`.
///
/// What is as long as what it replaces leaves no copy behind.
pub(crate) fn rewrite<'l>(
    contents: Option<&Contents>,
    header: &str,
    change: impl Fn(&Line<'_>) -> Change<'l>,
    otherwise: Option<&[u8]>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let old = contents.map_or(header.len(), |contents| contents.bytes.len());
    let added = otherwise.map_or(0, <[u8]>::len);
    let mut new = Zeroizing::new(Vec::with_capacity(old.saturating_add(added).saturating_add(2)));
    let mut found = false;
    match contents {
        Some(contents) => {
            require_whole(contents)?;
            for line in lines(&contents.bytes) {
                match change(&line) {
                    Change::Keep => new.extend_from_slice(line.raw),
                    Change::Replace(bytes) => {
                        found = true;
                        new.extend_from_slice(bytes);
                        new.extend_from_slice(line.end());
                    }
                    Change::Remove => {}
                }
            }
        }
        None if header.is_empty() => {}
        None => {
            new.extend_from_slice(header.as_bytes());
            new.push(b'\n');
        }
    }
    if let Some(added) = otherwise.filter(|_| !found) {
        new.extend_from_slice(added);
        new.push(b'\n');
    }
    Ok(new)
}

/// The file with `record`, whose line is `line`, in place of what it says about the same.
pub(crate) fn put<T: Record>(
    contents: Option<&Contents>,
    header: &str,
    record: &T,
    line: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let change = |old: &Line<'_>| match old.record::<T>() {
        Ok(Some(old)) if old.key() == record.key() => Change::Replace(line),
        _ => Change::Keep,
    };
    rewrite(contents, header, change, Some(line))
}

/// The file without the records that `goes` is true for.
pub(crate) fn remove<T: Record>(contents: &Contents, goes: impl Fn(&T) -> bool) -> Result<Zeroizing<Vec<u8>>, Error> {
    let change = |old: &Line<'_>| match old.record::<T>() {
        Ok(Some(old)) if goes(&old) => Change::Remove,
        _ => Change::Keep,
    };
    rewrite(Some(contents), "", change, None)
}
