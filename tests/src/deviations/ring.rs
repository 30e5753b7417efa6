//! The hostile peer and its victim, facing each other.

use super::{
    deviation::Stage,
    drafts::{Draft, record},
    peer::{Began, Peer, Said},
    smp_run,
    victim::{Output, Status, Trouble, Victim},
};

/// What a victim did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// How many deviating bodies it got.
    pub bodies: usize,
    /// What it sent, as the peer understands it.
    pub sent: Vec<Said>,
    /// What it told its user.
    pub told: Vec<Output>,
}

/// A meeting of the two.
pub struct Ring<'a> {
    /// The hostile peer.
    pub peer: Peer,
    /// The peer's side of a comparison of secrets.
    pub smp: smp_run::Run,
    victim: &'a mut dyn Victim,
    observed: Observed,
    before: (Status, String),
    texts: u32,
}

impl std::fmt::Debug for Ring<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl<'a> Ring<'a> {
    /// `peer` and `victim` before anything was said.
    ///
    /// # Errors
    ///
    /// When the victim cannot be asked.
    pub fn new(peer: Peer, victim: &'a mut dyn Victim) -> Result<Self, Trouble> {
        let before = (victim.status()?, victim.memory()?);
        Ok(Self { peer, smp: smp_run::Run::default(), victim, observed: Observed::default(), before, texts: 0 })
    }

    /// The peer sends a deviating body.
    ///
    /// # Errors
    ///
    /// When it cannot be carried, or the victim is gone.
    pub fn strike(&mut self, body: impl AsRef<[u8]>) -> Result<(), Trouble> {
        let outputs = self.victim.receive(body.as_ref())?;
        self.observed.bodies += 1;
        // Whatever exchange the victim may have begun over it, the correct one is the one to go on with.
        let known = self.peer.victim_dh.clone();
        let (sent, told) = self.take(outputs);
        self.peer.victim_dh = known.or_else(|| self.peer.victim_dh.take());
        self.observed.sent.extend(sent);
        self.observed.told.extend(told);
        Ok(())
    }

    /// The peer sends a correct body, before it deviates; what comes of it is not held against the victim.
    ///
    /// # Errors
    ///
    /// When the victim is gone.
    pub fn honest(&mut self, body: impl AsRef<[u8]>) -> Result<(Vec<Said>, Vec<Output>), Trouble> {
        let outputs = self.victim.receive(body.as_ref())?;
        let taken = self.take(outputs);
        self.look()?;
        Ok(taken)
    }

    /// The peer sends a D-H Commit that only its opening will show to be wrong. Whether the victim has answered it; if
    /// not, that is its answer to the deviation.
    ///
    /// # Errors
    ///
    /// When the victim is gone.
    pub fn lead(&mut self, commit: impl AsRef<[u8]>) -> Result<bool, Trouble> {
        let outputs = self.victim.receive(commit.as_ref())?;
        let (sent, told) = self.take(outputs);
        if sent == [Said::Exchange("D-H Key")] && told.is_empty() {
            self.look()?;
            return Ok(true);
        }
        self.observed.bodies += 1;
        self.observed.sent.extend(sent);
        self.observed.told.extend(told);
        Ok(false)
    }

    /// The same, and then the peer opens it and proves its identity, correctly.
    ///
    /// # Errors
    ///
    /// When the victim is gone.
    pub fn lead_and_prove(&mut self, commit: impl AsRef<[u8]>) -> Result<(), Trouble> {
        if !self.lead(commit)? {
            return Ok(());
        }
        let proof = self.peer.honest_proof(Began::Peer).text();
        self.strike(proof)
    }

    /// The victim's user sends a text; what comes of it is not held against the victim.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub fn user_says(&mut self, text: &str) -> Result<Vec<Said>, Trouble> {
        let outputs = self.victim.send(text)?;
        let (said, _) = self.take(outputs);
        self.look()?;
        Ok(said)
    }

    /// The victim's user asks for a comparison of secrets; what comes of it is not held against the victim.
    ///
    /// # Errors
    ///
    /// When that is refused.
    pub fn user_asks(&mut self, secret: &str) -> Result<Vec<Said>, Trouble> {
        let outputs = self.victim.ask(secret)?;
        let (said, _) = self.take(outputs);
        self.look()?;
        Ok(said)
    }

    /// The victim's user answers a question; what comes of it is not held against the victim.
    ///
    /// # Errors
    ///
    /// When that is refused.
    pub fn user_answers_with(&mut self, secret: &str) -> Result<Vec<Said>, Trouble> {
        let outputs = self.victim.answer(secret)?;
        let (said, _) = self.take(outputs);
        self.look()?;
        Ok(said)
    }

    /// How the victim sees things now.
    ///
    /// # Errors
    ///
    /// When it cannot be asked.
    pub fn status(&mut self) -> Result<Status, Trouble> {
        self.victim.status()
    }

    /// What the victim did about the deviating bodies.
    #[must_use]
    pub const fn observed(&self) -> &Observed {
        &self.observed
    }

    /// Whether what the user is told of the conversation is what it was, and whether all that can be seen of the
    /// victim's memory is.
    ///
    /// # Errors
    ///
    /// When the victim cannot be asked.
    pub fn unchanged(&mut self) -> Result<(bool, bool), Trouble> {
        let now = (self.victim.status()?, self.victim.memory()?);
        Ok((now.0 == self.before.0, now.1 == self.before.1))
    }

    /// Brings the two to `stage`.
    ///
    /// # Errors
    ///
    /// When the victim does not do its part.
    pub fn reach(&mut self, stage: Stage) -> Result<(), Trouble> {
        match stage {
            Stage::Stranger => Ok(()),
            Stage::AwaitingDhKey => self.ask_for_exchange(),
            Stage::AwaitingRevealSignature => self.commit(),
            Stage::AwaitingSignature => {
                self.ask_for_exchange()?;
                self.answer_commit()
            }
            Stage::Private => self.become_private(),
            Stage::Refreshing => {
                self.become_private()?;
                self.peer.renew();
                self.ask_for_exchange()
            }
            Stage::Finished => {
                self.become_private()?;
                let last = self.peer.say_records("", &record(1, &[])).text();
                self.honest(last)?;
                self.expect_state("finished")
            }
            Stage::SmpAsked => {
                self.become_private()?;
                self.victim_asks()
            }
            Stage::SmpAwaitingUser => {
                self.become_private()?;
                self.peer_asks()
            }
            Stage::SmpAnswered => {
                self.become_private()?;
                self.peer_asks()?;
                self.user_answers()
            }
            Stage::SmpLast => {
                self.become_private()?;
                self.victim_asks()?;
                self.peer_answers()
            }
        }
    }

    /// Goes on from `stage` as if nothing had happened, to a conversation in which both sides are understood.
    ///
    /// # Errors
    ///
    /// What does not go on.
    pub fn go_on(&mut self, stage: Stage) -> Result<(), Trouble> {
        match stage {
            Stage::Stranger => {
                self.peer.renew();
                self.become_private()
            }
            Stage::AwaitingDhKey => {
                self.answer_commit()?;
                self.prove(Began::Victim)?;
                self.talk()
            }
            Stage::AwaitingRevealSignature => {
                self.prove(Began::Peer)?;
                self.talk()
            }
            Stage::AwaitingSignature => {
                self.prove(Began::Victim)?;
                self.talk()
            }
            Stage::Private => self.talk(),
            Stage::Refreshing => {
                self.talk()?;
                self.answer_commit()?;
                self.prove(Began::Victim)?;
                self.talk()
            }
            Stage::Finished => {
                if self.victim.send("nobody may read this").is_ok() {
                    return Err(Trouble::Refused("after the end a text is sent all the same".to_owned()));
                }
                self.peer.renew();
                self.become_private()
            }
            Stage::SmpAsked | Stage::SmpAwaitingUser | Stage::SmpAnswered | Stage::SmpLast => {
                self.talk()?;
                self.compare_secrets()
            }
        }
    }

    /// Runs a whole exchange that the peer begins, and has both sides speak.
    ///
    /// # Errors
    ///
    /// What does not go on.
    pub fn become_private(&mut self) -> Result<(), Trouble> {
        self.commit()?;
        self.prove(Began::Peer)?;
        self.talk()
    }

    /// The victim is asked for an exchange, and commits.
    fn ask_for_exchange(&mut self) -> Result<(), Trouble> {
        let query = self.peer.query();
        let (said, _) = self.honest(query)?;
        expect(&said, "D-H Commit")
    }

    /// The peer commits, and the victim answers.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn commit(&mut self) -> Result<(), Trouble> {
        let commit = self.peer.commit().text();
        let (said, _) = self.honest(commit)?;
        expect(&said, "D-H Key")
    }

    /// The peer answers the victim's commit, and the victim opens it.
    fn answer_commit(&mut self) -> Result<(), Trouble> {
        let key = self.peer.dh_key().text();
        let (said, _) = self.honest(key)?;
        expect(&said, "Reveal Signature")
    }

    /// The peer proves its identity, and the conversation is private.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn prove(&mut self, began: Began) -> Result<(), Trouble> {
        let proof = self.peer.honest_proof(began).text();
        let (said, _) = self.honest(proof)?;
        if began == Began::Peer {
            expect(&said, "Signature")?;
        }
        self.expect_state("encrypted")?;
        let ours = hex::encode(&self.peer.session().session_id);
        if self.status()?.session_id.is_some_and(|theirs| theirs != ours) {
            return Err(Trouble::Refused("the two sides have different sessions".to_owned()));
        }
        Ok(())
    }

    /// Each side says something that the other understands.
    ///
    /// # Errors
    ///
    /// When one does not.
    pub fn talk(&mut self) -> Result<(), Trouble> {
        self.texts += 1;
        let text = format!("from the peer, {}", self.texts);
        let message = self.peer.say(&text).text();
        let (_, told) = self.honest(message)?;
        // A victim may have something to say besides, of what went before.
        let shown: Vec<_> = told.into_iter().filter(|told| !matches!(told, Output::Warning(..))).collect();
        if shown != [(Output::Text { text, encrypted: true })] {
            return Err(Trouble::Refused("a correct message is not shown".to_owned()));
        }
        let text = format!("from the victim, {}", self.texts);
        let said = self.user_says(&text)?;
        match said.as_slice() {
            [before @ .., Said::Data(said, _)] if *said == text && before.iter().all(is_silent) => Ok(()),
            _ => Err(Trouble::Refused("what the victim sends cannot be read".to_owned())),
        }
    }

    fn expect_state(&mut self, state: &str) -> Result<(), Trouble> {
        let is = self.status()?.state;
        if is == state { Ok(()) } else { Err(Trouble::Refused(format!("the state is {is}, not {state}"))) }
    }

    /// Sorts what a victim did into what it sent and what it told its user.
    fn take(&mut self, outputs: Vec<Output>) -> (Vec<Said>, Vec<Output>) {
        let (mut sent, mut told) = (Vec::new(), Vec::new());
        for output in outputs {
            match output {
                Output::Transmit(body) => sent.push(self.peer.hear(&body)),
                other => told.push(other),
            }
        }
        (sent, told)
    }

    /// Remembers how things stand, for [`unchanged`](Self::unchanged).
    fn look(&mut self) -> Result<(), Trouble> {
        self.before = (self.victim.status()?, self.victim.memory()?);
        Ok(())
    }
}

/// Whether it says nothing to the user. A victim may tell the peer's program by itself what it could not read.
fn is_silent(said: &Said) -> bool {
    matches!(said, Said::Data(text, _) if text.is_empty())
}

/// What a victim has to send: one message of the exchange; with new keys it may go on to what says nothing to the user.
fn expect(said: &[Said], name: &'static str) -> Result<(), Trouble> {
    match said {
        [Said::Exchange(first), rest @ ..] if *first == name && rest.iter().all(is_silent) => Ok(()),
        _ => Err(Trouble::Refused(format!("no {name} comes"))),
    }
}
