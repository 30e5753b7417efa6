//! The two parties, the network between them, and what is shown of it.

use std::io::Write;

use otr_transport::Transport;

use super::columns::Columns;
use super::party::Party;
use super::tape::{Side, Tape};
use crate::error::Error;

/// Everything on stage.
#[derive(Debug)]
pub(crate) struct Stage<W> {
    alice: Party,
    bob: Party,
    tape: Tape,
    columns: Columns<W>,
}

impl<W: Write> Stage<W> {
    pub(crate) fn new(alice: Party, bob: Party, columns: Columns<W>) -> Self {
        Self { alice, bob, tape: Tape::default(), columns }
    }

    pub(crate) fn head(&mut self) -> Result<(), Error> {
        self.columns.row(["ALICE", "THE NETWORK", "BOB"])?;
        self.columns.rule()?;
        let (alice, bob) = (self.alice.fingerprint(), self.bob.fingerprint());
        self.columns.row([&format!("(my fingerprint:\n{alice})"), "", &format!("(my fingerprint:\n{bob})")])?;
        self.columns.rule()
    }

    /// Alice asks for a private conversation, and gets one.
    pub(crate) async fn start(&mut self) -> Result<(), Error> {
        self.alice.start()?;
        self.settle(Side::Alice, "asks for privacy").await
    }

    /// Whether both are in the Curve25519 suite.
    pub(crate) fn has_moved(&self) -> bool {
        self.alice.has_moved() && self.bob.has_moved()
    }

    pub(crate) async fn say(&mut self, side: Side, text: &str) -> Result<(), Error> {
        self.party(side).send(text)?;
        self.settle(side, &format!("types: {text}")).await
    }

    /// Alice ends the private conversation.
    pub(crate) async fn end(&mut self) -> Result<(), Error> {
        self.alice.end();
        self.settle(Side::Alice, "ends it").await
    }

    /// Hangs up, and gives away the tape.
    pub(crate) async fn finish(mut self) -> Result<Tape, Error> {
        self.columns.gap()?;
        let (mut alice, mut bob) = (self.alice.into_transport(), self.bob.into_transport());
        let (left, right) = tokio::join!(alice.close(), bob.close());
        left.and(right).map_err(Error::Loopback)?;
        Ok(self.tape)
    }

    /// Carries messages until nobody has anything to say, a row each. `what` is what made `side` speak.
    async fn settle(&mut self, side: Side, what: &str) -> Result<(), Error> {
        let mut what = what.to_owned();
        let mut speaker = side;
        loop {
            if let Some(message) = self.party(speaker).next_message() {
                self.carry(speaker, message, &std::mem::take(&mut what)).await?;
            } else if let Some(message) = self.party(opposite(speaker)).next_message() {
                speaker = opposite(speaker);
                self.carry(speaker, message, "").await?;
            } else {
                return self.columns.rule();
            }
        }
    }

    /// One message: from its sender through the network to its receiver, who takes it in.
    async fn carry(&mut self, from: Side, message: String, what: &str) -> Result<(), Error> {
        let news = self.party(from).news();
        let what = [what, &news].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
        self.party(from).transmit(&message).await?;
        self.party(opposite(from)).receive().await?;
        let read = self.party(opposite(from)).news();
        let seen = format!("{} {}", arrow(from), self.tape.record(from, message));
        match from {
            Side::Alice => self.columns.row([&what, &seen, &read]),
            Side::Bob => self.columns.row([&read, &seen, &what]),
        }
    }

    const fn party(&mut self, side: Side) -> &mut Party {
        match side {
            Side::Alice => &mut self.alice,
            Side::Bob => &mut self.bob,
        }
    }
}

const fn arrow(from: Side) -> &'static str {
    match from {
        Side::Alice => "-->",
        Side::Bob => "<--",
    }
}

const fn opposite(side: Side) -> Side {
    match side {
        Side::Alice => Side::Bob,
        Side::Bob => Side::Alice,
    }
}
