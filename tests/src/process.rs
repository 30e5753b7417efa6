//! A program that speaks the engine contract (`otr engine` and its peers), run as a child process.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// How long an answer may take, on a busy machine that is making a DSA key.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much of the end of a child's standard error a report shows, in bytes.
const SHOWN_STDERR: usize = 2000;

/// A running program. It is killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    requests: Option<ChildStdin>,
    lines: Receiver<io::Result<String>>,
    stderr: Arc<Mutex<String>>,
    last_id: u64,
}

/// What a program said by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// Its kind.
    pub method: String,
    /// What it says.
    pub params: Value,
}

/// The response to a request, and the notifications that came before it.
#[derive(Debug)]
pub struct Answer {
    /// The result, or the error.
    pub outcome: Result<Value, ErrorAnswer>,
    /// In the order they were written.
    pub notifications: Vec<Notification>,
}

/// A JSON-RPC error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error {code}: {message}")]
pub struct ErrorAnswer {
    /// Its number.
    pub code: i64,
    /// Its text.
    pub message: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program could not be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// Its path.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// Reading from or writing to the program failed.
    #[error("the pipe broke: {source}{stderr}")]
    Pipe {
        /// How.
        source: io::Error,
        /// What it wrote to standard error.
        stderr: String,
    },
    /// The program ended, or closed its standard output.
    #[error("the program ended{stderr}")]
    Ended {
        /// What it wrote to standard error.
        stderr: String,
    },
    /// Nothing came for 20 seconds.
    #[error("no answer to {request} within {PATIENCE:?}{stderr}")]
    Silent {
        /// What was asked.
        request: String,
        /// What it wrote to standard error.
        stderr: String,
    },
    /// A line that is not what the contract says.
    #[error("not a line of the contract: {line}")]
    Line {
        /// The line.
        line: String,
    },
    /// The program ended with a status other than 0.
    #[error("the program left with {status}{stderr}")]
    Status {
        /// Its status.
        status: String,
        /// What it wrote to standard error.
        stderr: String,
    },
}

impl Process {
    /// Starts `program` with `arguments`.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(program: &Path, arguments: &[String]) -> Result<Self, ProcessError> {
        let start = |source| ProcessError::Start { program: program.display().to_string(), source };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(start)?;
        let requests = child.stdin.take();
        let stdout = child.stdout.take().ok_or_else(|| start(io::ErrorKind::BrokenPipe.into()))?;
        let errors = child.stderr.take().ok_or_else(|| start(io::ErrorKind::BrokenPipe.into()))?;

        // Both are read all the time, so the program never waits for us to read.
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&stderr);
        thread::spawn(move || keep(errors, &kept));
        Ok(Self { child, requests, lines, stderr, last_id: 0 })
    }

    /// Asks, and waits for the response.
    ///
    /// # Errors
    ///
    /// When no response comes, or something that is none. A JSON-RPC error is a response.
    pub fn request(&mut self, method: &str, params: &Value) -> Result<Answer, ProcessError> {
        self.last_id = self.last_id.saturating_add(1);
        let id = self.last_id;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        self.write(&request)?;
        let mut notifications = Vec::new();
        loop {
            let line = match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => line.map_err(|source| self.pipe(source))?,
                Err(RecvTimeoutError::Timeout) => {
                    return Err(ProcessError::Silent { request, stderr: self.stderr() });
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            };
            match parse(&line).ok_or(ProcessError::Line { line })? {
                Line::Notification(notification) => notifications.push(notification),
                Line::Response { id: answered, outcome } if answered == id => {
                    return Ok(Answer { outcome, notifications });
                }
                Line::Response { id, .. } => {
                    return Err(ProcessError::Line { line: format!("a response to request {id}, after {request}") });
                }
            }
        }
    }

    /// Kills the program where it stands, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// When the system does not let us.
    pub fn kill(&mut self) -> Result<(), ProcessError> {
        let gone = self.child.kill().and_then(|()| self.child.wait());
        gone.map(|_| ()).map_err(|source| self.pipe(source))
    }

    /// Closes standard input, as a host does that is done, and waits for the end.
    ///
    /// # Errors
    ///
    /// When the program does not end with status 0.
    pub fn finish(mut self) -> Result<Vec<Notification>, ProcessError> {
        drop(self.requests.take());
        let mut notifications = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    let line = line.map_err(|source| self.pipe(source))?;
                    let Some(Line::Notification(notification)) = parse(&line) else {
                        return Err(ProcessError::Line { line });
                    };
                    notifications.push(notification);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let request = "the end of input".to_owned();
                    return Err(ProcessError::Silent { request, stderr: self.stderr() });
                }
            }
        }
        let status = self.child.wait().map_err(|source| self.pipe(source))?;
        if status.success() {
            return Ok(notifications);
        }
        Err(ProcessError::Status { status: status.to_string(), stderr: self.stderr() })
    }

    /// The end of what the program wrote to standard error, on lines of their own; empty if nothing.
    #[must_use]
    pub fn stderr(&self) -> String {
        let kept = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let from = kept.ceil_char_boundary(kept.len().saturating_sub(SHOWN_STDERR));
        let mut shown = String::new();
        for line in kept.get(from..).unwrap_or_default().lines() {
            let _ = write!(shown, "\n    stderr: {line}");
        }
        shown
    }

    fn write(&mut self, line: &str) -> Result<(), ProcessError> {
        let Some(requests) = &mut self.requests else { return Err(self.ended()) };
        let written = writeln!(requests, "{line}").and_then(|()| requests.flush());
        written.map_err(|source| self.pipe(source))
    }

    fn pipe(&self, source: io::Error) -> ProcessError {
        ProcessError::Pipe { source, stderr: self.stderr() }
    }

    fn ended(&self) -> ProcessError {
        ProcessError::Ended { stderr: self.stderr() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

enum Line {
    Notification(Notification),
    Response { id: u64, outcome: Result<Value, ErrorAnswer> },
}

fn parse(line: &str) -> Option<Line> {
    let mut value: Value = serde_json::from_str(line).ok()?;
    if value.get("jsonrpc")?.as_str()? != "2.0" {
        return None;
    }
    if let Some(method) = value.get("method") {
        let method = method.as_str()?.to_owned();
        return Some(Line::Notification(Notification { method, params: value.get_mut("params")?.take() }));
    }
    let id = value.get("id")?.as_u64()?;
    let outcome = match (value.get("result"), value.get("error")) {
        (Some(result), None) => Ok(result.clone()),
        (None, Some(error)) => {
            Err(ErrorAnswer { code: error.get("code")?.as_i64()?, message: error.get("message")?.as_str()?.to_owned() })
        }
        _ => return None,
    };
    Some(Line::Response { id, outcome })
}

fn keep(mut errors: impl Read, kept: &Mutex<String>) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = errors.read(&mut buffer) {
        let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default());
        kept.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        Process::start(Path::new("/bin/sh"), &["-c".to_owned(), script.to_owned()]).unwrap()
    }

    #[test]
    fn notifications_come_before_their_response() {
        let mut process = shell(
            r#"read line
               echo '{"jsonrpc":"2.0","method":"inject","params":{"peer":"bob"}}'
               echo '{"jsonrpc":"2.0","id":1,"result":{"line":true}}'"#,
        );
        let answer = process.request("start", &json!({})).unwrap();
        assert_eq!(answer.outcome, Ok(json!({"line": true})));
        assert_eq!(answer.notifications, [Notification { method: "inject".into(), params: json!({"peer": "bob"}) }]);
        assert!(process.finish().unwrap().is_empty());
    }

    #[test]
    fn an_error_is_an_answer() {
        let mut process = shell(r#"read line; echo '{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"who?"}}'"#);
        let answer = process.request("start", &json!({})).unwrap();
        assert_eq!(answer.outcome, Err(ErrorAnswer { code: 3, message: "who?".into() }));
    }

    #[test]
    fn a_death_shows_the_last_words() {
        let mut process = shell("read line; echo goodbye >&2; sleep 0.1; exit 1");
        let error = process.request("start", &json!({})).unwrap_err().to_string();
        assert!(error.contains("ended") && error.contains("stderr: goodbye"), "{error}");
        assert!(matches!(process.finish(), Err(ProcessError::Status { .. })));
    }

    #[test]
    fn nonsense_and_foreign_answers_are_refused() {
        for line in
            ["hello", "{}", r#"{"jsonrpc":"2.0","id":7,"result":{}}"#, r#"{"jsonrpc":"1.0","id":1,"result":{}}"#]
        {
            let mut process = shell(&format!("read line; echo '{line}'"));
            let error = process.request("start", &json!({})).unwrap_err();
            assert!(matches!(error, ProcessError::Line { .. }), "{line}: {error}");
        }
    }
}
