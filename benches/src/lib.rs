//! What the benchmarks have in common: two accounts in one process, joined by an in-memory queue.

#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark that does not work stops")]

mod comparison;
mod signing;

pub use comparison::Comparison;
pub use signing::Signing;

use std::time::Duration;

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use otr_crypto::IdentityKey;
use otr_session::{Account, Comparison as ComparisonEvent, Config, Event, Incoming, Output, Sent};
use otr_wire::{InstanceTag, Version, Versions};

/// Two accounts that talk to each other in one version of the protocol.
#[derive(Debug)]
pub struct Pair {
    accounts: [Account; 2],
    /// What each calls the other.
    peer: String,
    version: Version,
    rng: ChaCha20Rng,
    now: Duration,
}

impl Pair {
    /// Two accounts with fresh identity keys, without padding, so that sizes are those of the texts.
    ///
    /// # Panics
    ///
    /// When an instance tag is not legal, which cannot be.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self::with_limit(version, Config::default().message_limit)
    }

    /// The same for messages of at most `limit` characters, encoded.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    #[must_use]
    pub fn with_limit(version: Version, limit: usize) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let versions = Versions::only(version);
        let config = Config { padding: 0, versions, message_limit: limit, ..Config::default() };
        let accounts = [0x1001, 0x2002].map(|tag| {
            let key = IdentityKey::generate(&mut rng);
            let mut account = Account::new(key, InstanceTag::new(tag).expect("a legal tag"), config.clone());
            if version == Version::Curve25519 {
                account.use_curve25519(IdentityKey::generate_ed25519(&mut rng)).expect("an Ed25519 key");
            }
            account
        });
        Self { accounts, peer: "peer 0".to_owned(), version, rng, now: Duration::from_secs(1) }
    }

    /// A whole key exchange, from the query until both are encrypted.
    ///
    /// # Panics
    ///
    /// When it does not complete.
    pub fn exchange(&mut self) {
        self.accounts[0].start(&self.peer, self.now).expect("the policy allows it");
        self.settle();
        for account in &self.accounts {
            let version = account.status(&self.peer).conversation.map(|conversation| conversation.version);
            assert_eq!(version, Some(self.version));
        }
    }

    /// The conversation ends; the contacts stay known to each other.
    pub fn end(&mut self) {
        self.accounts[0].end(&self.peer, self.now);
        self.accounts[1].end(&self.peer, self.now);
        self.settle();
        // Time passes, so that the budget for exchanges is full again.
        self.now += Duration::from_secs(120);
    }

    /// The conversation ends, and the next is between contacts that have never met.
    pub fn become_strangers(&mut self) {
        self.end();
        // With the identity keys they have, under a name that neither has heard of.
        self.peer = format!("peer {}", self.now.as_secs());
    }

    /// The next conversation is with somebody else, and those there are go on.
    pub fn meet_somebody_else(&mut self) {
        self.now += Duration::from_secs(120);
        self.peer = format!("peer {}", self.now.as_secs());
        for account in &mut self.accounts {
            account.tick(self.now);
            while account.poll().is_some() {}
        }
    }

    /// A whole comparison of secrets, in a private conversation.
    ///
    /// # Panics
    ///
    /// When the secrets are not found equal.
    pub fn compare(&mut self) {
        const SECRET: &str = "in the bakery";
        // Time passes, so that the budget for comparisons is full again, but not so much that a heartbeat is due.
        self.now += Duration::from_secs(10);
        self.accounts[0]
            .start_comparison(&self.peer, SECRET, None, self.now, &mut self.rng)
            .expect("the conversation is private");
        let asked = self.settle().into_iter().find_map(|event| match event {
            ComparisonEvent::Asked { run, .. } => Some(run),
            _ => None,
        });
        let run = asked.expect("the other side is asked for the secret");
        self.accounts[1]
            .answer_comparison(&self.peer, run, SECRET, self.now, &mut self.rng)
            .expect("the run waits for an answer");
        let events = self.settle();
        assert_eq!(events.iter().filter(|event| matches!(event, ComparisonEvent::Succeeded(_))).count(), 2);
    }

    /// Encrypts a text from one account; what goes over the network.
    ///
    /// # Panics
    ///
    /// When it does not go out encrypted.
    pub fn encrypt(&mut self, from: usize, text: &str) -> String {
        assert_eq!(self.accounts[from].send(&self.peer, text, self.now), Sent::Encrypted);
        match self.accounts[from].poll() {
            Some(Output::Transmit { message, .. }) => message,
            other => panic!("no message: {other:?}"),
        }
    }

    /// Decrypts a message at an account; returns the length of its text.
    ///
    /// # Panics
    ///
    /// When it is not accepted.
    pub fn decrypt(&mut self, to: usize, message: &str) -> usize {
        self.accounts[to].receive(&self.peer, Incoming::direct(message.as_bytes()), self.now, &mut self.rng);
        match self.accounts[to].poll() {
            Some(Output::Event { event: Event::Message(message), .. }) => message.text.as_bytes().len(),
            other => panic!("not accepted: {other:?}"),
        }
    }

    /// Hands over messages until there are none; what came of a comparison of secrets.
    fn settle(&mut self) -> Vec<ComparisonEvent> {
        let mut events = Vec::new();
        let mut quiet = false;
        while !quiet {
            quiet = true;
            for from in [0, 1] {
                while let Some(output) = self.accounts[from].poll() {
                    match output {
                        Output::Transmit { message, .. } => {
                            let incoming = Incoming::direct(message.as_bytes());
                            self.accounts[1 - from].receive(&self.peer, incoming, self.now, &mut self.rng);
                            quiet = false;
                        }
                        Output::Event { event: Event::Comparison(comparison), .. } => events.push(comparison.event),
                        Output::Event { .. } => {}
                    }
                }
            }
        }
        events
    }
}
