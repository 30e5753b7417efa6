//! A running program: what it says line by line, and what it is told.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::leash::spawn;

/// How many of the last lines are shown of a program that does not say what it should.
const SHOWN: usize = 12;

/// A running program. It is killed when dropped.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    said: Arc<Said>,
}

/// Where a line was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
}

/// A line that a program wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where.
    pub stream: Stream,
    /// Without its end.
    pub text: String,
}

/// A program did not say within the time allowed what was waited for, or ended before.
#[derive(Debug, thiserror::Error)]
#[error("{name} does not say {what}{}{}", if *.ended { ", and has ended" } else { "" }, .last)]
pub struct Silent {
    /// The program.
    pub name: String,
    /// What was waited for.
    pub what: String,
    /// Whether it will never say anything more.
    pub ended: bool,
    /// The last that it said, on lines of their own.
    pub last: String,
}

#[derive(Debug)]
struct Said {
    record: Mutex<Record>,
    grown: Condvar,
}

#[derive(Debug)]
struct Record {
    lines: Vec<Line>,
    /// How many of its two streams it still has.
    open: u8,
}

impl Program {
    /// Starts `command` under a name for reports.
    ///
    /// # Errors
    ///
    /// When the system does not start it.
    pub fn start(name: impl Into<String>, mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = spawn(command)?;
        let input = child.stdin.take();
        let said = Arc::new(Said { record: Mutex::new(Record { lines: Vec::new(), open: 2 }), grown: Condvar::new() });
        // Both are read all the time, so the program never waits for us to read.
        follow(child.stdout.take(), Stream::Output, &said);
        follow(child.stderr.take(), Stream::Errors, &said);
        Ok(Self { name: name.into(), child, input, said })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long its threads have had a processor (Linux: `schedstat` of each).
    ///
    /// # Errors
    ///
    /// When the system does not say.
    pub fn processor_time(&self) -> io::Result<Duration> {
        let mut whole = Duration::ZERO;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let said = fs::read_to_string(thread?.path().join("schedstat"))?;
            let nanoseconds = said.split(' ').next().and_then(|first| first.parse().ok());
            whole += nanoseconds.map(Duration::from_nanos).ok_or(io::ErrorKind::InvalidData)?;
        }
        Ok(whole)
    }

    /// Writes a line to its standard input.
    ///
    /// # Errors
    ///
    /// When it takes no more.
    pub fn tell(&mut self, line: &str) -> io::Result<()> {
        let Some(input) = &mut self.input else { return Err(io::ErrorKind::BrokenPipe.into()) };
        input.write_all(format!("{line}\n").as_bytes())?;
        input.flush()
    }

    /// Takes its standard input away, so that another thread can write there.
    pub fn take_input(&mut self) -> Option<ChildStdin> {
        self.input.take()
    }

    /// How many lines it has said so far: where to wait from for what comes next.
    #[must_use]
    pub fn said(&self) -> usize {
        self.said.lock().lines.len()
    }

    /// What it has said from line number `from` on.
    #[must_use]
    pub fn lines(&self, from: usize) -> Vec<Line> {
        self.said.lock().lines.get(from..).unwrap_or_default().to_vec()
    }

    /// Waits for a line that is `wanted`, beginning with line number `from`, and returns the number of the one after it.
    ///
    /// # Errors
    ///
    /// When none comes within `patience`, or none will. `what` says what was wanted.
    pub fn wait(
        &self,
        from: usize,
        patience: Duration,
        what: &str,
        mut wanted: impl FnMut(&Line) -> bool,
    ) -> Result<usize, Silent> {
        let mut next = from;
        self.wait_until(patience, what, |lines| {
            let new = lines.get(next..).unwrap_or_default();
            let found = new.iter().position(&mut wanted);
            next = found.map_or(lines.len(), |at| next.saturating_add(at).saturating_add(1));
            found.is_some()
        })?;
        Ok(next)
    }

    /// Waits until all it has said so far is as `enough` wants it.
    ///
    /// # Errors
    ///
    /// When that is not so within `patience`, or never will be.
    pub fn wait_until(
        &self,
        patience: Duration,
        what: &str,
        mut enough: impl FnMut(&[Line]) -> bool,
    ) -> Result<(), Silent> {
        let mut is_enough = false;
        let record = self.said.lock();
        let waited = self.said.grown.wait_timeout_while(record, patience, |record| {
            is_enough = enough(&record.lines);
            !is_enough && record.open > 0
        });
        let (record, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if is_enough { Ok(()) } else { Err(self.silent(what, &record)) }
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    ///
    /// When it does not within `patience`.
    pub fn wait_end(&mut self, patience: Duration) -> Result<ExitStatus, Silent> {
        let record = self.said.lock();
        let waited = self.said.grown.wait_timeout_while(record, patience, |record| record.open > 0);
        let (record, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if record.open > 0 {
            return Err(self.silent("goodbye", &record));
        }
        drop(record);
        self.child.wait().map_err(|error| self.silent(&format!("goodbye: {error}"), &self.said.lock()))
    }

    /// Closes its standard input, as a host does that is done, and waits for the end.
    ///
    /// # Errors
    ///
    /// When it does not end within `patience`.
    pub fn finish(&mut self, patience: Duration) -> Result<ExitStatus, Silent> {
        drop(self.input.take());
        self.wait_end(patience)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// When the system does not let us, or it is gone.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.ok_or(io::ErrorKind::NotFound)?, signal).map_err(io::Error::from)
    }

    /// Kills it where it stands, and waits until it is gone.
    pub fn kill(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn silent(&self, what: &str, record: &Record) -> Silent {
        let from = record.lines.len().saturating_sub(SHOWN);
        let last = record.lines.get(from..).unwrap_or_default();
        let last = last.iter().map(|line| format!("\n    {}: {}", self.name, shortened(&line.text))).collect();
        Silent { name: self.name.clone(), what: what.to_owned(), ended: record.open == 0, last }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Said {
    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn follow(pipe: Option<impl Read + Send + 'static>, stream: Stream, said: &Arc<Said>) {
    let said = Arc::clone(said);
    thread::spawn(move || {
        let mut pipe = pipe.map(BufReader::new);
        let mut bytes = Vec::new();
        while let Some(Ok(1..)) = pipe.as_mut().map(|pipe| pipe.read_until(b'\n', &mut bytes)) {
            let text = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
            said.lock().lines.push(Line { stream, text });
            said.grown.notify_all();
            bytes.clear();
        }
        let mut record = said.lock();
        record.open = record.open.saturating_sub(1);
        said.grown.notify_all();
    });
}

/// The beginning of a line that may be very long.
fn shortened(line: &str) -> String {
    const LENGTH: usize = 200;
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{} ... ({} bytes)", line.get(..end).unwrap_or_default(), line.len()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::leash;
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn shell(script: &str) -> Program {
        let mut command = leash::command(Path::new("/bin/sh"));
        command.args(["-c", script]);
        Program::start("sh", command).unwrap()
    }

    #[test]
    fn lines_of_both_streams_are_waited_for() {
        let mut program = shell("read line; echo \"$line?\"; echo trouble >&2; read rest; exit 3");
        program.tell("ready").unwrap();
        program.wait(0, PATIENCE, "ready?", |line| line.text == "ready?").unwrap();
        let is_trouble = |line: &Line| line.stream == Stream::Errors && line.text == "trouble";
        program.wait(0, PATIENCE, "trouble", is_trouble).unwrap();
        assert_eq!(program.said(), 2);
        assert_eq!(program.finish(PATIENCE).unwrap().code(), Some(3));
        let error = program.wait(2, PATIENCE, "more", |_| true).unwrap_err();
        assert!(error.ended && error.to_string().starts_with("sh does not say more, and has ended"), "{error}");
    }

    #[test]
    fn a_program_outlives_the_thread_that_asked_for_it_and_is_killed_when_dropped() {
        let mut program = thread::spawn(|| shell("while read line; do echo \"$line\"; done")).join().unwrap();
        program.tell("still here").unwrap();
        program.wait(0, PATIENCE, "an echo", |line| line.text == "still here").unwrap();
        let pid = program.child.id();
        drop(program);
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }

    #[test]
    fn a_signal_ends_it() {
        let mut program = shell("echo up; exec sleep 600");
        program.wait(0, PATIENCE, "up", |line| line.text == "up").unwrap();
        program.signal(Signal::TERM).unwrap();
        assert!(!program.wait_end(PATIENCE).unwrap().success());
    }
}
