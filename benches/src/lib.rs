//! What the benchmarks have in common: two accounts in one process, joined by an in-memory queue.

#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark that does not work stops")]

mod comparison;

pub use comparison::Comparison;

use std::time::Duration;

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use otr_crypto::IdentityKey;
use otr_session::{Account, Config, Event, Incoming, Output, Sent};
use otr_wire::InstanceTag;

/// Two accounts that know each other's keys.
#[derive(Debug)]
pub struct Pair {
    accounts: [Account; 2],
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
    pub fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let config = Config { padding: 0, ..Config::default() };
        let accounts = [0x1001, 0x2002].map(|tag| {
            let key = IdentityKey::generate(&mut rng);
            Account::new(key, InstanceTag::new(tag).expect("a legal tag"), config.clone())
        });
        Self { accounts, rng, now: Duration::from_secs(1) }
    }

    /// A whole key exchange, from the query until both are encrypted, between contacts that have met before.
    ///
    /// # Panics
    ///
    /// When it does not complete.
    pub fn exchange(&mut self) {
        // Time passes, so that the budget for exchanges is full again.
        self.now += Duration::from_secs(120);
        self.accounts[0].end("peer", self.now);
        self.accounts[1].end("peer", self.now);
        self.run();
        self.accounts[0].start("peer", self.now).expect("the policy allows it");
        self.run();
    }

    /// Encrypts a text from one account; what goes over the network.
    ///
    /// # Panics
    ///
    /// When it does not go out encrypted.
    pub fn encrypt(&mut self, from: usize, text: &str) -> String {
        assert_eq!(self.accounts[from].send("peer", text, self.now), Sent::Encrypted);
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
        self.accounts[to].receive("peer", Incoming::direct(message.as_bytes()), self.now, &mut self.rng);
        match self.accounts[to].poll() {
            Some(Output::Event { event: Event::Message(message), .. }) => message.text.as_bytes().len(),
            other => panic!("not accepted: {other:?}"),
        }
    }

    fn run(&mut self) {
        let mut quiet = false;
        while !quiet {
            quiet = true;
            for from in [0, 1] {
                while let Some(output) = self.accounts[from].poll() {
                    if let Output::Transmit { message, .. } = output {
                        let incoming = Incoming::direct(message.as_bytes());
                        self.accounts[1 - from].receive("peer", incoming, self.now, &mut self.rng);
                        quiet = false;
                    }
                }
            }
        }
    }
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}
