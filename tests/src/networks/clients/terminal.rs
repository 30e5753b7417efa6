//! A terminal with a program in it, by a tmux of its own.

use std::process::Command;

use super::super::Program;
use super::home::{Home, output};
use super::wait::until;
use crate::interop::Failure;

/// Wide enough that no line is broken, and high enough that a whole talk stays on the screen.
const WIDTH: &str = "240";
const HEIGHT: &str = "250";

/// What tmux is told: no line of its own on the screen, nothing kept of the keys.
const SETTINGS: &str = "set -g status off\nset -g escape-time 0\nset -g remain-on-exit on\n";

/// How much of the end of a line has to be seen in the input line before it is sent off. Longer ones are scrolled.
const SEEN_TYPED: usize = 20;

/// A terminal. The program in it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Terminal {
    home: Home,
    _server: Program,
}

impl Terminal {
    /// Opens one with `program` in it.
    pub(super) fn open(home: &Home, program: &str, arguments: &[&str]) -> Result<Self, Failure> {
        home.write("tmux.conf", SETTINGS)?;
        let mut command = home.command("tmux");
        command.env("TERM", "screen-256color").args(["-S", "tmux", "-f", "tmux.conf", "-D"]);
        let terminal = Self { home: home.clone(), _server: Home::start("tmux", command)? };
        let mut inside = home.command(program);
        inside.args(arguments);
        until(&format!("a terminal with {program}"), || {
            let mut open = terminal.tmux("new-session");
            open.args(["-d", "-s", "it", "-x", WIDTH, "-y", HEIGHT]).arg(inside.get_program()).args(inside.get_args());
            Ok(output(&mut open).ok())
        })?;
        Ok(terminal)
    }

    /// What is on the screen, without blank lines and blanks at the end.
    pub(super) fn screen(&self) -> Result<Vec<String>, Failure> {
        let screen = output(self.tmux("capture-pane").args(["-p", "-t", "it"]))?;
        let lines = screen.lines().map(str::trim_end).filter(|line| !line.is_empty());
        Ok(lines.map(str::to_owned).collect())
    }

    /// Waits for a line that has one of these words in it.
    pub(super) fn wait_for(&self, words: &[&str]) -> Result<(), Failure> {
        let what = format!("{words:?} on the screen");
        let seen = until(&what, || {
            let screen = self.screen()?;
            Ok(screen.iter().any(|line| words.iter().any(|words| line.contains(words))).then_some(()))
        });
        seen.map_err(|Failure(reason)| {
            let screen = self.screen().map(|lines| lines.join("\n    ")).unwrap_or_default();
            Failure(format!("{reason}; it shows:\n    {screen}"))
        })
    }

    /// Types a line as a person does, and Enter once it stands in the input line.
    pub(super) fn type_line(&self, line: &str) -> Result<(), Failure> {
        self.type_text(line)?;
        self.press("Enter")
    }

    /// Types, and waits until it stands there.
    fn type_text(&self, text: &str) -> Result<(), Failure> {
        // tmux takes a ';' at the end for one of its own.
        let typed = text.strip_suffix(';').map_or_else(|| text.to_owned(), |rest| format!("{rest}\\;"));
        output(self.tmux("send-keys").args(["-t", "it", "-l", "--", &typed]))?;
        let from = text.char_indices().rev().nth(SEEN_TYPED).map_or(0, |(at, _)| at);
        let end = text.get(from..).unwrap_or_default().trim_end();
        until(&format!("{text:?} in the input line"), || {
            Ok(self.screen()?.last().is_some_and(|last| last.ends_with(end)).then_some(()))
        })
    }

    /// Presses a key, by tmux's name of it.
    pub(super) fn press(&self, key: &str) -> Result<(), Failure> {
        output(self.tmux("send-keys").args(["-t", "it", key])).map(|_| ())
    }

    /// A command for our server. It starts none (`-N`): that one would outlive us.
    fn tmux(&self, command: &str) -> Command {
        let mut tmux = self.home.command("tmux");
        tmux.args(["-N", "-S", "tmux", command]);
        tmux
    }
}
