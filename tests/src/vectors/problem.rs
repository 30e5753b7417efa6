//! What can be wrong with a vector.

use std::fmt;

/// Why a case does not hold, in words for whoever runs the vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    /// A problem in these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every error on the way is a problem of the case, so `?` serves for all of them.
impl<E: std::error::Error> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// A problem, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The file, relative to the directory of the vectors.
    pub file: String,
    /// The case in it; `None` when the file as a whole or a group is wrong.
    pub case: Option<u64>,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.case {
            Some(id) => write!(f, "{}: tcId {id}: {}", self.file, self.problem),
            None => write!(f, "{}: {}", self.file, self.problem),
        }
    }
}

/// Demands that what we have is what the vector says.
pub(crate) fn same<T: PartialEq + fmt::Debug>(what: &str, ours: T, vector: T) -> Result<(), Problem> {
    if ours == vector {
        return Ok(());
    }
    Err(Problem(format!("{what}: we have {}, the vector has {}", short(&ours), short(&vector))))
}

/// Demands that something holds.
pub(crate) fn holds(what: &str, condition: bool) -> Result<(), Problem> {
    if condition { Ok(()) } else { Err(Problem(format!("does not hold: {what}"))) }
}

fn short(value: &impl fmt::Debug) -> String {
    const LONGEST: usize = 200;
    let text = format!("{value:?}");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
