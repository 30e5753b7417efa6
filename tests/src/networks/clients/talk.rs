//! One talk: our program and a client, each with its user.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::super::Proxy;
use super::client::{Act, Client, Habits, Key, Nobody, THEIRS};
use super::home::{Home, output};
use super::ours::{Mark, Ours};
use super::seen::{Screens, Seen};
use super::wait::until;
use crate::interop::Failure;

/// The home of the client that comes back without what it kept.
pub(super) const ANEW: &str = "theirs-anew";

/// Both sides, and where they talk.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) habits: &'static Habits,
    pub(super) ours: Ours,
    pub(super) theirs: Box<dyn Client>,
    /// Between the client and its server.
    pub(super) wire: Proxy,
    /// What was written in private.
    pub(super) written: Vec<String>,
    is_private: bool,
    otr: PathBuf,
    server: SocketAddr,
    folder: PathBuf,
    /// What those have shown that have left.
    earlier: Screens,
    lines: u32,
}

impl Talk {
    /// Starts both.
    pub(super) fn begin(
        habits: &'static Habits,
        otr: &Path,
        server: SocketAddr,
        folder: &Path,
    ) -> Result<Self, Failure> {
        let wire = Proxy::start(server).map_err(|error| Failure(format!("no wire: {error}")))?;
        let theirs = (habits.start)(&Home::make(folder.join("theirs"))?, wire.address().port(), Key::Made)?;
        let ours = Ours::start(otr, &Home::make(folder.join("ours"))?, habits.kind, server)?;
        Ok(Self {
            habits,
            ours,
            theirs,
            wire,
            written: Vec::new(),
            is_private: false,
            otr: otr.to_path_buf(),
            server,
            folder: folder.to_path_buf(),
            earlier: Screens::default(),
            lines: 0,
        })
    }

    /// Everything that was to be seen on either side.
    pub(super) fn screens(&mut self) -> Screens {
        let mut screens = self.earlier.clone();
        screens.ours.extend(self.ours.record().iter().cloned());
        screens.theirs.extend(self.theirs.shown().unwrap_or_else(|Failure(reason)| vec![reason]));
        screens
    }

    /// Our side leaves in good order and comes back with what is kept under this name.
    pub(super) fn we_come_back(&mut self, home: &str) -> Result<(), Failure> {
        self.is_private = false;
        self.ours.quit()?;
        self.earlier.ours.extend(self.ours.record().iter().cloned());
        self.earlier.ours.push(format!("--- comes back with what is kept in {home}"));
        if self.habits.starts_anew.is_some() {
            self.they_come_back("theirs", Key::There)?;
        }
        self.ours = Ours::start(&self.otr, &Home::make(self.folder.join(home))?, self.habits.kind, self.server)?;
        Ok(())
    }

    /// The client leaves and comes back with what is kept under this name.
    pub(super) fn they_come_back(&mut self, home: &str, key: Key) -> Result<(), Failure> {
        self.is_private = false;
        let shown = self.theirs.shown()?;
        self.earlier.theirs.extend(shown);
        self.earlier.theirs.push(format!("--- comes back with what is kept in {home}"));
        let home = Home::make(self.folder.join(home))?;
        // The old one leaves before the new one comes, or its name is taken.
        self.theirs = Box::new(Nobody);
        self.theirs = (self.habits.start)(&home, self.wire.address().port(), key)?;
        Ok(())
    }

    /// The client leaves.
    pub(super) fn they_leave(&mut self) -> Result<(), Failure> {
        self.is_private = false;
        let shown = self.theirs.shown()?;
        self.earlier.theirs.extend(shown);
        self.theirs = Box::new(Nobody);
        Ok(())
    }

    /// The client that has left comes back with what it kept.
    pub(super) fn they_return(&mut self, home: &Home) -> Result<(), Failure> {
        self.earlier.theirs.push("--- comes back with what it kept".to_owned());
        self.theirs = (self.habits.start)(home, self.wire.address().port(), Key::There)?;
        Ok(())
    }

    /// The home of the client that came anew.
    pub(super) fn their_home(&self) -> Result<Home, Failure> {
        Home::make(self.folder.join(ANEW))
    }

    /// A folder for something of ours, which is made.
    pub(super) fn our_home(&self, name: &str) -> Result<Home, Failure> {
        Home::make(self.folder.join(name))
    }

    /// Runs our program to its end; what it says.
    pub(super) fn otr(&self, home: &Home, arguments: &[&str]) -> Result<String, Failure> {
        output(home.command(&self.otr.display().to_string()).args(arguments))
    }

    /// A line that was never written before.
    pub(super) fn fresh_line(&mut self, words: &str) -> String {
        self.lines = self.lines.saturating_add(1);
        format!("{words} {}", self.lines)
    }

    /// What the client shows now, to tell what it shows later from it.
    pub(super) fn seen(&mut self) -> Result<Seen, Failure> {
        Ok(Seen(self.theirs.shown()?))
    }

    /// Waits until the client shows one of these words in a line that it did not show before.
    pub(super) fn they_show(&mut self, seen: &Seen, words: &[&str]) -> Result<String, Failure> {
        let found = until(&format!("{words:?} at the client"), || {
            let fresh = seen.fresh(self.theirs.shown()?);
            Ok(fresh.into_iter().find(|line| words.iter().any(|words| line.contains(words))))
        });
        found.map(|line| line.trim().to_owned()).map_err(|Failure(reason)| {
            let fresh = self.theirs.shown().map(|shown| seen.fresh(shown)).unwrap_or_default();
            Failure(format!("{reason}; since then it shows:\n    {}", fresh.join("\n    ")))
        })
    }

    /// Fails if the client shows this in a line that it did not show before.
    pub(super) fn they_do_not_show(&mut self, seen: &Seen, text: &str) -> Result<(), Failure> {
        let fresh = seen.fresh(self.theirs.shown()?);
        match fresh.iter().find(|shown| shown.contains(text)) {
            None => Ok(()),
            Some(shown) => Err(Failure(format!("they show what was not to be sent: {shown}"))),
        }
    }

    /// A line typed by us is shown by them as `shown`; the line that shows it.
    pub(super) fn we_write(&mut self, line: &str, shown: &str) -> Result<String, Failure> {
        let (mark, seen) = (self.ours.mark(), self.seen()?);
        self.ours.type_line(line)?;
        self.ours.wait_sent(mark, line)?;
        self.written.push(line.to_owned());
        let there = self.they_show(&seen, &[shown])?;
        if there.ends_with(shown) { Ok(there) } else { Err(Failure(format!("they show {there:?} for {line:?}"))) }
    }

    /// A line typed by them is shown by us as it was typed; the line that shows it.
    pub(super) fn they_write(&mut self, line: &str) -> Result<String, Failure> {
        let mark = self.ours.mark();
        self.theirs.type_line(line)?;
        let shown = self.ours.wait(mark, &[&format!("{THEIRS}: ")])?;
        self.written.push(line.to_owned());
        if shown == format!("{THEIRS}: {line}") {
            return Ok(shown);
        }
        Err(Failure(format!("we show {shown:?} for {line:?}")))
    }

    /// Both.
    pub(super) fn a_line_each_way(&mut self) -> Result<(), Failure> {
        let (from_us, from_them) = (self.fresh_line("the kettle sings"), self.fresh_line("rain on the roof"));
        self.we_write(&from_us, &from_us)?;
        self.they_write(&from_them)?;
        Ok(())
    }

    /// A line typed by them reaches us unencrypted, and we say so.
    pub(super) fn they_wrote_in_clear(&mut self, mark: Mark, line: &str) -> Result<String, Failure> {
        let shown = self.ours.wait(mark, &[&format!("{THEIRS} (in clear"), &format!("! {THEIRS} (in clear")])?;
        if shown.ends_with(&format!(": {line}")) { Ok(shown) } else { Err(Failure(format!("we show {shown:?}"))) }
    }

    /// Makes the conversation private, if it is not: we ask.
    pub(super) fn private(&mut self) -> Result<(), Failure> {
        if !self.is_private {
            self.we_start()?;
        }
        Ok(())
    }

    /// Ends what there is of a private conversation: we do.
    pub(super) fn plain(&mut self) -> Result<(), Failure> {
        if self.is_private {
            self.we_end()?;
        }
        Ok(())
    }

    /// Sees to it that we hold their key verified.
    pub(super) fn verify(&mut self) -> Result<(), Failure> {
        let mark = self.ours.mark();
        self.ours.type_line("/status")?;
        if self.ours.wait(mark, &["* state: "])?.contains("(verified)") {
            return Ok(());
        }
        self.ours.type_line("/verify")?;
        self.ours.wait(mark, &["* private (verified)"]).map(|_| ())
    }

    /// Fails unless we hold their key verified.
    pub(super) fn verified(&mut self) -> Result<(), Failure> {
        let mark = self.ours.mark();
        self.ours.type_line("/status")?;
        let state = self.ours.wait(mark, &["* state: "])?;
        if state.contains("(verified)") { Ok(()) } else { Err(Failure(format!("another key of theirs: {state}"))) }
    }

    /// We ask for a private conversation; what they show.
    pub(super) fn we_start(&mut self) -> Result<String, Failure> {
        let (mark, seen) = (self.ours.mark(), self.seen()?);
        self.ours.type_line("/start")?;
        self.begun(mark, &seen)
    }

    /// They ask for a private conversation; what they show.
    pub(super) fn they_start(&mut self) -> Result<String, Failure> {
        let (mark, seen) = (self.ours.mark(), self.seen()?);
        self.theirs.act(Act::Start)?;
        self.begun(mark, &seen)
    }

    fn begun(&mut self, mark: Mark, seen: &Seen) -> Result<String, Failure> {
        self.ours.wait(mark, &["* private ("])?;
        let shown = self.they_show(seen, self.habits.private)?;
        self.is_private = true;
        Ok(shown)
    }

    /// We end it; what they show, if they do.
    pub(super) fn we_end(&mut self) -> Result<Option<String>, Failure> {
        let (mark, seen) = (self.ours.mark(), self.seen()?);
        self.is_private = false;
        self.ours.type_line("/end")?;
        self.ours.wait(mark, &["* plain"])?;
        let is_told = !self.habits.ended.is_empty();
        is_told.then(|| self.they_show(&seen, self.habits.ended)).transpose()
    }

    /// They end it; what we show.
    pub(super) fn they_end(&mut self) -> Result<String, Failure> {
        let mark = self.ours.mark();
        self.is_private = false;
        self.theirs.act(Act::End)?;
        self.ours.wait(mark, &["* finished"])
    }

    /// After a failure nothing is known of the state: both end what there may be.
    pub(super) fn clear_up(&mut self) {
        self.is_private = false;
        // It is the next check that says whether the talk can go on.
        let _ = self.ours.type_line("/end");
        let _ = self.theirs.act(Act::End);
    }
}
