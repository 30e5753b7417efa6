//! What every client can be asked to do, and what is known of each.

use std::fmt::Debug;

use super::super::{ALICE, BOB, Kind};
use super::home::Home;
use crate::interop::Failure;

/// Who sits at our program.
pub(super) const OURS: &str = ALICE.name;

/// Who sits at the client.
pub(super) const THEIRS: &str = BOB.name;

/// A client that runs, with its conversation with us open.
pub(super) trait Client: Debug {
    /// What it shows of the conversation, oldest line first, as a person reads it.
    fn shown(&mut self) -> Result<Vec<String>, Failure>;

    /// Types a line into the conversation, and Enter.
    fn type_line(&mut self, line: &str) -> Result<(), Failure>;

    /// Does what has a command or a button of its own.
    fn act(&mut self, act: Act<'_>) -> Result<(), Failure>;
}

/// A client that was started, or why not.
pub(super) type Started = Result<Box<dyn Client>, Failure>;

/// What a user of OTR does besides writing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act<'a> {
    /// Asks for a private conversation.
    Start,
    /// Ends it.
    End,
    /// Asks the client how far it trusts us, where it does not say so by itself.
    Trust,
    /// Compares a secret, by a question where the client can.
    Ask {
        /// The question.
        question: &'a str,
        /// The answer to it.
        secret: &'a str,
    },
    /// Answers a comparison of ours.
    Answer(&'a str),
}

/// The words by which it is known that something has happened in a client: any of them, anywhere in a line.
pub(super) type Words = &'static [&'static str];

/// What is known of a client.
#[derive(Debug)]
pub struct Habits {
    /// What it is called here.
    pub name: &'static str,
    /// Where it talks.
    pub kind: Kind,
    /// The programs that have to be there.
    pub(super) programs: &'static [&'static str],
    /// Starts it as [`THEIRS`], with a key, and opens its conversation with us. What it kept is kept.
    pub(super) start: fn(&Home, port: u16, key: Key) -> Started,
    /// What `otr keys` has to be told of its files.
    pub(super) files: Files,
    /// A private conversation has begun.
    pub(super) private: Words,
    /// We have ended it. Without words, it does not say so.
    pub(super) ended: Words,
    /// We compare a secret with it.
    pub(super) asked: Words,
    /// What it answered to our comparison is right.
    pub(super) answered_right: Words,
    /// What it answered to our comparison is wrong.
    pub(super) answered_wrong: Words,
    /// What we answered to its comparison is right.
    pub(super) asked_right: Words,
    /// What we answered to its comparison is wrong.
    pub(super) asked_wrong: Words,
    /// Our key is a new one.
    pub(super) new_key: Words,
    /// It trusts our key. Without words, it says only when it does not, as of a new key.
    pub(super) trusted: Option<Words>,
    /// What becomes of a line typed there once we have ended.
    pub(super) after_end: AfterEnd,
    /// Why it is started anew before it meets us with another key or at another program, if it has to be.
    pub(super) starts_anew: Option<&'static str>,
    /// Why it shows a text of ours with its entities replaced, if it does.
    pub(super) replaces_entities: Option<&'static str>,
    /// Why it compares a secret without asking a question, if it does.
    pub(super) no_question: Option<&'static str>,
}

/// Where the key comes from with which a client starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// It makes one.
    Made,
    /// It stands in its files.
    There,
}

/// What `otr keys` has to be told of the files of a client.
#[derive(Debug)]
pub(super) struct Files {
    /// The folder in the home where they are, if it is another one than every user has.
    pub(super) folder: Option<&'static str>,
    /// Its account as it is called here, if that cannot be told from the files.
    pub(super) ours: Option<&'static str>,
    /// The account as it is called there, if that cannot be told.
    pub(super) theirs: Option<&'static str>,
}

impl Files {
    /// All can be told.
    pub(super) const PLAIN: Self = Self { folder: None, ours: None, theirs: None };
}

/// What a client does with a line that is typed after the other side has ended the private conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterEnd {
    /// It says these words and sends nothing: as it should be.
    Refused(Words),
    /// It shows the line as any other, and nothing of it arrives.
    Lost,
    /// It sends it unencrypted.
    InClear,
}

/// Nobody: between one client that leaves and another that comes.
#[derive(Debug)]
pub(super) struct Nobody;

impl Client for Nobody {
    fn shown(&mut self) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn type_line(&mut self, _line: &str) -> Result<(), Failure> {
        Err(Failure("no client runs".to_owned()))
    }

    fn act(&mut self, _act: Act<'_>) -> Result<(), Failure> {
        Err(Failure("no client runs".to_owned()))
    }
}
