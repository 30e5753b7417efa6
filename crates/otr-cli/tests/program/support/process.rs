//! A running `otr` with pipes at its ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// After this long without a line something hangs, and the test ends.
const HANGS: Duration = Duration::from_secs(60);

/// The program with these arguments, whose default home is nowhere in particular.
pub(crate) fn otr(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otr"));
    command.args(args).env_remove("XDG_DATA_HOME").env_remove("HOME");
    command
}

/// A running program.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
}

impl Process {
    pub(crate) fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        let stdin = child.stdin.take();
        Self { child, stdin, stdout, stderr }
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(crate) fn line(&mut self, line: &str) {
        self.write(format!("{line}\n").as_bytes());
    }

    pub(crate) fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().unwrap()
    }

    /// The next line of standard output, or `None` at its end.
    pub(crate) fn next(&mut self) -> Option<String> {
        next(&self.stdout)
    }

    /// The next line of standard error, or `None` at its end.
    pub(crate) fn next_error(&mut self) -> Option<String> {
        next(&self.stderr)
    }

    /// Reads until a line contains `part`, and returns that line.
    pub(crate) fn expect(&mut self, part: &str) -> String {
        let mut seen = Vec::new();
        while let Some(line) = self.next() {
            if line.contains(part) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line with {part:?} in {seen:#?}");
    }

    pub(crate) fn expect_error(&mut self, part: &str) -> String {
        let mut seen = Vec::new();
        while let Some(line) = self.next_error() {
            if line.contains(part) {
                return line;
            }
            seen.push(line);
        }
        panic!("no error line with {part:?} in {seen:#?}");
    }

    /// Closes standard input.
    pub(crate) fn close(&mut self) {
        self.stdin = None;
    }

    /// Closes standard input and waits for the end: all further output, all further errors, the exit status.
    pub(crate) fn finish(mut self) -> (Vec<String>, Vec<String>, ExitStatus) {
        self.close();
        let output = std::iter::from_fn(|| next(&self.stdout)).collect();
        let errors = std::iter::from_fn(|| next(&self.stderr)).collect();
        let status = self.child.wait().unwrap();
        (output, errors, status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind; one that did not has waited for the end already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next(lines: &Receiver<Vec<u8>>) -> Option<String> {
    match lines.recv_timeout(HANGS) {
        Ok(line) => Some(String::from_utf8(line).expect("output is UTF-8")),
        Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("the program hangs"),
    }
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n') {
            if line.is_err() || sender.send(line.unwrap()).is_err() {
                return;
            }
        }
    });
    receiver
}
