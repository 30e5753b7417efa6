//! What the user decides about the other side's identity, and what there is to decide by.

use otr_crypto::Fingerprint;
use otr_session::Trust;
use otr_store::How;

use super::room::Room;
use super::words::{self, note, trouble};
use crate::error::Error;
use crate::profile::Decision;

impl Room {
    pub(super) fn trust(&mut self, trust: Trust) -> Result<(), Error> {
        let Some(fingerprint) = self.fingerprint_meant()? else { return Ok(()) };
        if let Err(reason) = self.account.set_trust(&self.peer, fingerprint, trust, self.clock.now()) {
            return self.show([trouble(reason.to_string())]);
        }
        let stored = match trust {
            Trust::Verified => self.profile.verify(&self.peer, fingerprint, How::ByHand),
            Trust::Unverified => self.profile.distrust(&self.peer, fingerprint),
        };
        if let Err(error) = stored {
            self.show([trouble(format!("{error}; it holds until you leave"))])?;
        }
        let status = self.account.status(&self.peer);
        let state = words::state(status.state, status.conversation.as_ref());
        let mark = match trust {
            Trust::Verified => "marked as verified",
            Trust::Unverified => "no longer marked as verified",
        };
        self.show([note(format!("{fingerprint} is {mark}")), note(state)])?;
        self.show(
            status
                .conversation
                .iter()
                .flat_map(|conversation| words::suite(&self.peer, conversation))
                .collect::<Vec<_>>(),
        )
    }

    /// Takes over what was decided in another program.
    pub(super) fn catch_up(&mut self) -> Result<(), Error> {
        let caught_up = self.profile.catch_up(&mut self.account, self.clock);
        if let Some(error) = caught_up.trouble {
            self.show([trouble(format!("what others have stored cannot be read: {error}"))])?;
        }
        for Decision { contact, fingerprint, trust } in caught_up.decisions {
            if contact != self.peer {
                continue;
            }
            let status = self.account.status(&self.peer);
            let state = words::state(status.state, status.conversation.as_ref());
            let mark = match trust {
                Trust::Verified => "marked as verified",
                Trust::Unverified => "no longer marked as verified",
            };
            self.show([note(format!("{fingerprint} was {mark} in another program")), note(state)])?;
        }
        Ok(())
    }

    pub(super) fn accept(&mut self) -> Result<(), Error> {
        let Some(fingerprint) = self.fingerprint_meant()? else { return Ok(()) };
        match self.account.accept_identity(&self.peer, fingerprint, self.clock.now()) {
            Ok(()) => self.show([note(format!("{fingerprint} is accepted until you leave, though not verified"))]),
            Err(reason) => self.show([trouble(reason.to_string())]),
        }
    }

    /// The fingerprint that the user means: the one of this conversation, if that is the one on the screen.
    fn fingerprint_meant(&mut self) -> Result<Option<Fingerprint>, Error> {
        let Some(conversation) = self.account.status(&self.peer).conversation else {
            self.show([trouble("there is no private conversation, so there is no fingerprint to decide about")])?;
            return Ok(None);
        };
        let current = conversation.their_fingerprint;
        if self.shown == Some(current) {
            return Ok(Some(current));
        }
        self.shown = Some(current);
        self.show([
            trouble("nothing is changed: look at the fingerprint first, then say it again"),
            words::their_fingerprint(&self.peer, current),
        ])?;
        Ok(None)
    }

    pub(super) fn status(&mut self) -> Result<(), Error> {
        let connection = if self.connected { "connected to" } else { "not connected to" };
        self.show([note(format!("{connection} {}", self.peer))])?;
        self.show(words::status(&self.peer, &self.account.status(&self.peer)))
    }

    pub(super) fn fingerprints(&mut self) -> Result<(), Error> {
        self.show([words::our_fingerprint(self.account.fingerprint())])?;
        self.show(self.account.curve25519_fingerprint().map(words::our_suite_fingerprint))?;
        match self.account.status(&self.peer).conversation {
            Some(conversation) => {
                self.shown = Some(conversation.their_fingerprint);
                self.show([words::their_fingerprint(&self.peer, conversation.their_fingerprint)])?;
                self.show(words::suite(&self.peer, &conversation))
            }
            None => self.show([note(format!("{}'s is shown when the conversation is private", self.peer))]),
        }
    }
}
