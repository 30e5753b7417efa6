use std::io;

use otr_transport::Error;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::link::Link;
use crate::state_file::{StateFile, Stored};

/// Keeps what the next start needs in the file, if there is one.
pub(crate) struct Keeper {
    file: Option<StateFile>,
    stored: Stored,
    /// Whether the token is for the file, or brought by the user for each start.
    keeps_token: bool,
    link: watch::Receiver<Link>,
    taken: watch::Receiver<Option<String>>,
    writing: Option<JoinHandle<io::Result<()>>>,
    outcome: Result<(), Error>,
}

impl Keeper {
    pub(crate) fn new(
        file: Option<StateFile>,
        stored: Stored,
        keeps_token: bool,
        link: watch::Receiver<Link>,
        taken: watch::Receiver<Option<String>>,
    ) -> Self {
        Self { file, stored, keeps_token, link, taken, writing: None, outcome: Ok(()) }
    }

    /// Stores each login, and each place in the stream that the host has reached. The last one counts, so a slow disk
    /// delays nothing.
    pub(crate) async fn run(&mut self) {
        loop {
            tokio::select! {
                Ok(()) = self.taken.changed() => {}
                Ok(()) = self.link.changed() => {}
                else => return,
            }
            // The last outcome is told in the end.
            let _ = self.save().await;
        }
    }

    /// Stores what is known now, and says whether it is on disk.
    pub(crate) async fn save(&mut self) -> Result<(), Error> {
        self.written().await;
        if self.keeps_token {
            self.stored.access_token = Some(self.link.borrow_and_update().token.expose().to_owned());
        }
        let taken = self.taken.borrow_and_update().clone();
        if taken.is_some() {
            self.stored.next_batch = taken;
        }
        if let Some(file) = self.file.clone() {
            let stored = self.stored.clone();
            self.writing = Some(spawn_blocking(move || file.write(&stored)));
        }
        self.written().await;
        self.outcome
    }

    /// Waits until nothing is being written.
    async fn written(&mut self) {
        let Some(writing) = &mut self.writing else { return };
        let outcome = writing.await.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
        self.outcome = outcome.map_err(|error| Error::System(error.kind()));
        self.writing = None;
    }

    /// The login has ended: nothing is left to keep.
    pub(crate) async fn forget(&mut self) -> Result<(), Error> {
        self.written().await;
        match &self.file {
            Some(file) => file.remove().map_err(|error| Error::System(error.kind())),
            None => Ok(()),
        }
    }
}
