//! Lines from the user: edited at a prompt, or read as they come where standard input is no terminal.

use std::io::{self, BufRead, IsTerminal};
use std::sync::mpsc as sync;
use std::thread;
use std::time::Duration;

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use tokio::sync::mpsc;

use super::screen::Screen;
use crate::error::Error;
use crate::profile::log;

/// How long the prompt stays away at most while a line is handled. It comes back by itself then, because a line that
/// is to appear above it may be waiting for it.
const HANDLING: Duration = Duration::from_secs(1);

/// What comes from the user.
#[derive(Debug)]
pub(crate) enum Typed {
    Line(String),
    /// End of input, Ctrl-D or Ctrl-C.
    End,
}

/// The user's end of the chat.
#[derive(Debug)]
pub(crate) struct Input {
    lines: mpsc::Receiver<String>,
    /// Brings the prompt back; when it is dropped, no further prompt is shown.
    prompt: Option<sync::Sender<()>>,
}

/// Opens the terminal, with `name` as the prompt.
pub(crate) fn open(name: &str) -> Result<(Input, Screen), Error> {
    if io::stdin().is_terminal()
        && io::stdout().is_terminal()
        && let Some(opened) = open_editor(name)?
    {
        return Ok(opened);
    }
    let (sender, lines) = mpsc::channel(1);
    start(move || read_lines(&sender))?;
    Ok((Input { lines, prompt: None }, Screen::Plain))
}

impl Input {
    /// Whatever comes next. Losing the future loses nothing.
    pub(crate) async fn next(&mut self) -> Typed {
        self.lines.recv().await.map_or(Typed::End, Typed::Line)
    }

    /// Says that the last line has been handled.
    pub(crate) fn ready(&self) {
        if let Some(prompt) = &self.prompt {
            // Without a reader there is no prompt to bring back.
            let _ = prompt.send(());
        }
    }

    /// Whether lines come from something that is no terminal.
    pub(crate) const fn is_piped(&self) -> bool {
        self.prompt.is_none()
    }
}

/// `None` where the terminal is too simple for an editor.
fn open_editor(name: &str) -> Result<Option<(Input, Screen)>, Error> {
    let mut editor = DefaultEditor::new()?;
    let Ok(printer) = editor.create_external_printer() else { return Ok(None) };
    let prompt = format!("{}> ", crate::readable::one_line(name));
    let (sender, lines) = mpsc::channel(1);
    let (ready, handled) = sync::channel();
    start(move || edit_lines(editor, &prompt, &sender, &handled))?;
    Ok(Some((Input { lines, prompt: Some(ready) }, Screen::Prompt(Box::new(printer)))))
}

fn start(reader: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let started = thread::Builder::new().name("input".to_owned()).spawn(reader);
    started.map(|_| ()).map_err(|error| Error::Start(error.kind()))
}

/// What was typed is kept for the arrow keys and nowhere else.
fn edit_lines(mut editor: DefaultEditor, prompt: &str, lines: &mpsc::Sender<String>, handled: &sync::Receiver<()>) {
    loop {
        let line = match editor.readline(prompt) {
            Ok(line) => line,
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => return,
            Err(ReadlineError::Signal(_)) => continue,
            Err(error) => return log(&format!("the terminal fails: {error}")),
        };
        // A line that the arrow keys cannot bring back is no loss.
        let _ = editor.add_history_entry(&line);
        if lines.blocking_send(line).is_err() {
            return;
        }
        if handled.recv_timeout(HANDLING) == Err(sync::RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

fn read_lines(lines: &mpsc::Sender<String>) {
    let mut input = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        match input.read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => return log(&format!("standard input ends: {error}")),
        }
        let text = String::from_utf8_lossy(&line);
        if lines.blocking_send(text.trim_end_matches(['\r', '\n']).to_owned()).is_err() {
            return;
        }
    }
}
