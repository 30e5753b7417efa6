//! A terminal with a program in it: script(1) makes one.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// After this long without a sign something hangs, and the test ends.
const HANGS: Duration = Duration::from_secs(60);

/// A running program whose ends are a terminal.
pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    shows: Receiver<Vec<u8>>,
    shown: String,
}

impl Terminal {
    /// `otr` with these arguments, none of which has a blank in it, and this home.
    pub(crate) fn open(home: &Path, args: &[&str]) -> Self {
        Self::run(home, &format!("{} {}", env!("CARGO_BIN_EXE_otr"), args.join(" ")))
    }

    /// What a shell understands, with this home, and in it.
    pub(crate) fn run(home: &Path, command: &str) -> Self {
        let mut script = Command::new("script");
        let command = format!("tty; exec {command}");
        script.current_dir(home);
        script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
        script.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).env("HOME", home);
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script(1) is missing");
        let mut output = child.stdout.take().unwrap();
        let (sender, shows) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = child.stdin.take().unwrap();
        let mut terminal = Self { child, keys, shows, shown: String::new() };
        terminal.wait_for("\n");
        terminal
    }

    /// Waits until this is to be seen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        while !self.shown.contains(text) {
            let more = self.shows.recv_timeout(HANGS);
            let more = more.unwrap_or_else(|_| panic!("no {text:?} in {:?}", self.shown));
            self.shown.push_str(&String::from_utf8_lossy(&more));
        }
    }

    /// Waits until nothing that is typed is shown.
    pub(crate) fn wait_unseen(&self) {
        let name = self.shown.lines().next().unwrap_or_default();
        loop {
            let settings = Command::new("stty").args(["-F", name, "-a"]).output().unwrap();
            if String::from_utf8_lossy(&settings.stdout).split_whitespace().any(|word| word == "-echo") {
                return;
            }
            assert!(settings.status.success(), "the terminal is gone: {:?}", self.shown);
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end: the exit code, and all that was to be seen.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        loop {
            match self.shows.recv_timeout(HANGS) {
                Ok(more) => self.shown.push_str(&String::from_utf8_lossy(&more)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it hangs; it shows {:?}", self.shown),
            }
        }
        (self.child.wait().unwrap().code(), self.shown)
    }
}
