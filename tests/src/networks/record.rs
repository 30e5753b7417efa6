//! What was typed and said, kept for people.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where records are kept, if they are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Records<'a>(Option<&'a Path>);

/// The record of one program, written when it is closed.
#[derive(Debug, Default)]
pub(super) struct Record {
    file: Option<PathBuf>,
    /// What was typed, and how many lines had been said before.
    typed: Vec<(usize, String)>,
}

impl<'a> Records<'a> {
    /// In this directory, which is made if missing.
    pub(super) const fn at(directory: Option<&'a Path>) -> Self {
        Self(directory)
    }

    /// A new one, in a file of its own that begins with `name`.
    pub(super) fn open(self, name: &str) -> io::Result<Record> {
        let Some(directory) = self.0 else { return Ok(Record::default()) };
        fs::create_dir_all(directory)?;
        let mut files = (1..).map(|number: u32| directory.join(format!("{name}-{number}.txt")));
        // Taken at once, so that nobody else takes it.
        let file = files.find(|file| fs::File::create_new(file).is_ok() || !directory.is_dir());
        Ok(Record { file, typed: Vec::new() })
    }
}

impl Record {
    /// A line was typed after `said` lines had been said.
    pub(super) fn typed(&mut self, said: usize, line: &str) {
        if self.file.is_some() {
            self.typed.push((said, line.to_owned()));
        }
    }

    /// Writes it, with all that was said.
    pub(super) fn close(&self, said: &[String]) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut text = String::new();
        let mut typed = self.typed.iter().peekable();
        for place in 0..=said.len() {
            while let Some((_, line)) = typed.next_if(|(before, _)| *before <= place) {
                let _ = writeln!(text, "> {line}");
            }
            if let Some(line) = said.get(place) {
                let _ = writeln!(text, "{line}");
            }
        }
        fs::write(file, text)
    }
}
