//! The files themselves: reading, checking, bringing ours up to date.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{Failure, Problem, VectorFile, Verdict, kinds, ours};

/// Where every file's digest stands, in the format of `sha256sum`.
pub const DIGESTS: &str = "SHA256SUMS";

/// Where the files lie that we make ourselves.
const OURS: &str = "otr/";

/// All files, by their path below the directory of the vectors.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// The JSON files.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The digests as they stand in their file.
    pub digests: String,
}

/// What checking has shown.
#[derive(Debug, Default)]
pub struct Report {
    /// One entry per file.
    pub files: Vec<FileReport>,
    /// Everything that is wrong.
    pub failures: Vec<Failure>,
}

/// What there was in a file.
#[derive(Debug)]
pub struct FileReport {
    /// The file.
    pub file: String,
    /// How many cases are accepted.
    pub valid: usize,
    /// How many cases are refused.
    pub invalid: usize,
    /// How many failures it has.
    pub failures: usize,
}

/// The directory of the vectors.
#[must_use]
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

impl Library {
    /// Reads every file below `directory`.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn load(directory: &Path) -> io::Result<Self> {
        let mut library = Self::default();
        library.read(directory, "")?;
        library.digests = fs::read_to_string(directory.join(DIGESTS)).or_else(if_missing)?;
        Ok(library)
    }

    fn read(&mut self, directory: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.read(&entry.path(), &format!("{name}/"))?;
            } else if name.ends_with(".json") {
                self.files.insert(name, fs::read(entry.path())?);
            }
        }
        Ok(())
    }

    /// A file of this library.
    ///
    /// # Errors
    ///
    /// When there is no such file, or its layout is wrong.
    pub fn parse(&self, name: &str) -> Result<VectorFile, Problem> {
        VectorFile::parse(self.files.get(name).ok_or_else(|| Problem::new(format!("there is no {name}")))?)
    }

    /// Checks everything: digests, layouts, cases, and that our files are what we would make today.
    #[must_use]
    pub fn check(&self) -> Report {
        let mut report = Report::default();
        for name in self.files.keys() {
            let (file, failures) = self.check_file(name);
            report.files.push(file);
            report.failures.extend(failures);
        }
        report.failures.extend(self.check_digests());
        report.failures.extend(self.check_generated());
        report
    }

    /// Checks layout and cases of one file.
    #[must_use]
    pub fn check_file(&self, name: &str) -> (FileReport, Vec<Failure>) {
        let failure = |case, problem| Failure { file: name.into(), case, problem };
        let (file, failures) = match self.parse(name) {
            Ok(file) => {
                let problems = file.test_groups.iter().flat_map(|group| kinds::check(group, self));
                let failures = problems.map(|(case, problem)| failure(case, problem)).collect();
                (Some(file), failures)
            }
            Err(problem) => (None, vec![failure(None, problem)]),
        };
        let count = |verdict| {
            let cases = file.iter().flat_map(|file| &file.test_groups).flat_map(|group| &group.tests);
            cases.filter(|case| case.result == verdict).count()
        };
        let (valid, invalid) = (count(Verdict::Valid), count(Verdict::Invalid));
        (FileReport { file: name.into(), valid, invalid, failures: failures.len() }, failures)
    }

    /// Compares every file with its digest, and the list with the files there are.
    #[must_use]
    pub fn check_digests(&self) -> Vec<Failure> {
        let failure = |file: &str, words: &str| Failure { file: file.into(), case: None, problem: Problem::new(words) };
        let listed = match parse_digests(&self.digests) {
            Ok(listed) => listed,
            Err(problem) => return vec![Failure { file: DIGESTS.into(), case: None, problem }],
        };
        let mut failures = Vec::new();
        for (name, text) in &self.files {
            match listed.get(name.as_str()) {
                Some(&digest) if digest == hex_digest(text) => {}
                Some(_) => failures.push(failure(name, "the digest is another")),
                None => failures.push(failure(name, "the file is not in the list of digests")),
            }
        }
        let missing = listed.keys().filter(|&&name| !self.files.contains_key(name));
        failures.extend(missing.map(|name| failure(name, "the file is missing")));
        if self.digests != write_digests(&listed) {
            failures.push(failure(DIGESTS, "the list is not sorted, or not as it is written"));
        }
        failures
    }

    /// Makes our files anew, in memory, and compares them byte for byte.
    #[must_use]
    pub fn check_generated(&self) -> Vec<Failure> {
        let failure = |file: &str, problem| Failure { file: file.into(), case: None, problem };
        let made = match self.generate() {
            Ok(made) => made,
            Err(problem) => return vec![failure(OURS, problem)],
        };
        let mut failures = Vec::new();
        for (name, text) in &made {
            if self.files.get(name) != Some(text) {
                failures.push(failure(name, Problem::new("the file is not what we would make today: see --bless")));
            }
        }
        let stale = self.files.keys().filter(|name| name.starts_with(OURS) && !made.contains_key(*name));
        failures.extend(stale.map(|name| failure(name, Problem::new("nothing makes this file"))));
        failures
    }

    /// Our files as we make them today.
    fn generate(&self) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
        let made = ours::GENERATORS.iter().map(|(name, generate)| Ok((name.to_string(), generate(self)?.to_text()?)));
        made.collect()
    }

    /// Writes our files anew, and their digests. A recorded file keeps the digest it has, so that a change of it shows:
    /// whoever records a file again takes its line out of the list first.
    ///
    /// # Errors
    ///
    /// When a file cannot be made or written.
    pub fn bless(&mut self, directory: &Path) -> Result<(), Problem> {
        let made = self.generate()?;
        let stale = self.files.keys().filter(|name| name.starts_with(OURS) && !made.contains_key(*name));
        for name in stale {
            fs::remove_file(directory.join(name))?;
        }
        self.files.retain(|name, _| !name.starts_with(OURS));
        for (name, text) in made {
            let path = directory.join(&name);
            fs::create_dir_all(path.parent().unwrap_or(directory))?;
            fs::write(path, &text)?;
            self.files.insert(name, text);
        }
        self.digests = self.fresh_digests()?;
        fs::write(directory.join(DIGESTS), &self.digests)?;
        Ok(())
    }

    fn fresh_digests(&self) -> Result<String, Problem> {
        let listed = parse_digests(&self.digests)?;
        let fresh: BTreeMap<&str, String> =
            self.files.iter().map(|(name, text)| (name.as_str(), hex_digest(text))).collect();
        let kept = |name: &str| listed.get(name).filter(|_| !name.starts_with(OURS)).copied();
        Ok(write_digests(&fresh.iter().map(|(name, digest)| (*name, kept(name).unwrap_or(digest))).collect()))
    }
}

fn if_missing(error: io::Error) -> io::Result<String> {
    if error.kind() == io::ErrorKind::NotFound { Ok(String::new()) } else { Err(error) }
}

fn hex_digest(text: &[u8]) -> String {
    hex::encode(Sha256::digest(text))
}

/// Lines of a digest, two blanks and a name.
fn parse_digests(text: &str) -> Result<BTreeMap<&str, &str>, Problem> {
    let pairs = text.lines().map(|line| {
        let (digest, name) = line.split_once("  ").ok_or_else(|| Problem::new("a line without a digest"))?;
        Ok((name, digest))
    });
    pairs.collect()
}

fn write_digests(digests: &BTreeMap<&str, &str>) -> String {
    digests.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
}
