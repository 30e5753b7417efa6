//! The layout of a file: Wycheproof's, with a kind for every group.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::Problem;

/// A file of vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VectorFile {
    /// What the vectors are about.
    pub algorithm: String,
    /// What made them.
    pub generator_version: String,
    /// What there is to know about them.
    pub header: Vec<String>,
    /// Whose behaviour they show.
    pub origin: String,
    /// How many cases there are in all groups together.
    pub number_of_tests: usize,
    /// The groups.
    pub test_groups: Vec<Group>,
}

/// Cases of one kind that share something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The kind, which says how the cases are checked.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the cases share.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
    /// The cases.
    pub tests: Vec<Case>,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its number: each from 1 to the number of cases stands once in a file.
    #[serde(rename = "tcId")]
    pub id: u64,
    /// What it shows.
    pub comment: String,
    /// Catchwords.
    pub flags: Vec<String>,
    /// What is to come of it.
    pub result: Verdict,
    /// Everything else, by kind.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// Whether what a case holds is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is accepted.
    Valid,
    /// It is refused, in whole or in part.
    Invalid,
}

impl VectorFile {
    /// Reads a file and checks its layout.
    ///
    /// # Errors
    ///
    /// When it is not JSON of this layout, or its cases are not numbered from 1 to the number it names.
    pub fn parse(text: &[u8]) -> Result<Self, Problem> {
        let file: Self = serde_json::from_slice(text)?;
        let mut ids: Vec<u64> = file.test_groups.iter().flat_map(|group| &group.tests).map(|case| case.id).collect();
        if ids.len() != file.number_of_tests {
            let found = ids.len();
            return Err(Problem::new(format!("numberOfTests is {}, there are {found}", file.number_of_tests)));
        }
        ids.sort_unstable();
        if !ids.into_iter().eq(1..=u64::try_from(file.number_of_tests)?) {
            return Err(Problem::new("the tcIds are not 1 to numberOfTests"));
        }
        Ok(file)
    }

    /// The file's text.
    ///
    /// # Errors
    ///
    /// When a value cannot be written as JSON.
    pub fn to_text(&self) -> Result<Vec<u8>, Problem> {
        let mut text = Vec::new();
        let format = serde_json::ser::PrettyFormatter::with_indent(b" ");
        self.serialize(&mut serde_json::Serializer::with_formatter(&mut text, format))?;
        text.push(b'\n');
        Ok(text)
    }
}

impl Group {
    /// What the cases share, as the type that its kind needs. Unknown and missing fields are errors where `T` denies
    /// them, and every `T` here does.
    pub(crate) fn fields<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        typed(&self.fields)
    }
}

impl Case {
    /// What the case holds, as the type that its kind needs.
    pub(crate) fn fields<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        typed(&self.fields)
    }

    pub(crate) const fn is_valid(&self) -> bool {
        matches!(self.result, Verdict::Valid)
    }

    pub(crate) fn has_flag(&self, flag: &str) -> bool {
        self.flags.iter().any(|own| own == flag)
    }
}

fn typed<T: DeserializeOwned>(fields: &Map<String, Value>) -> Result<T, Problem> {
    Ok(T::deserialize(&Value::Object(fields.clone()))?)
}

/// For groups whose cases share nothing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Writes a file from the top, numbering the cases.
#[derive(Debug)]
pub(crate) struct Builder(VectorFile);

impl Builder {
    pub(crate) fn new(algorithm: &str, header: &[&str]) -> Self {
        Self(VectorFile {
            algorithm: algorithm.into(),
            generator_version: "otr-tests 1".into(),
            header: header.iter().map(|&line| line.into()).collect(),
            origin: "otr".into(),
            number_of_tests: 0,
            test_groups: Vec::new(),
        })
    }

    pub(crate) fn group(&mut self, kind: &str, shared: &impl Serialize) -> Result<(), Problem> {
        self.0.test_groups.push(Group { kind: kind.into(), fields: object(shared)?, tests: Vec::new() });
        Ok(())
    }

    /// Adds a case to the last group.
    pub(crate) fn case(
        &mut self,
        comment: impl Into<String>,
        flags: &[&str],
        result: Verdict,
        fields: &impl Serialize,
    ) -> Result<(), Problem> {
        let group = self.0.test_groups.last_mut().ok_or_else(|| Problem::new("a case without a group"))?;
        self.0.number_of_tests += 1;
        group.tests.push(Case {
            id: u64::try_from(self.0.number_of_tests)?,
            comment: comment.into(),
            flags: flags.iter().map(|&flag| flag.into()).collect(),
            result,
            fields: object(fields)?,
        });
        Ok(())
    }

    pub(crate) fn finish(self) -> VectorFile {
        self.0
    }
}

fn object(value: &impl Serialize) -> Result<Map<String, Value>, Problem> {
    match serde_json::to_value(value)? {
        Value::Object(map) => Ok(map),
        _ => Err(Problem::new("the fields of a case are an object")),
    }
}
