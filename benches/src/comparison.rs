//! A comparison of secrets between two parties in one process.

use std::time::Duration;

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use otr_crypto::{Group, Modp1536};
use otr_smp::{Event, Message, RunId, Secret, Smp};

/// Two parties with the same secret, somewhere in a run over a group.
#[derive(Debug)]
pub struct Comparison<G: Group = Modp1536> {
    alice: Smp<G>,
    bob: Smp<G>,
    on_the_way: Option<Message>,
    asked: Option<RunId>,
    rng: ChaCha20Rng,
}

impl<G: Group> Comparison<G> {
    /// No run has begun.
    #[must_use]
    pub fn new() -> Self {
        let rng = ChaCha20Rng::seed_from_u64(7);
        Self { alice: Smp::new(), bob: Smp::new(), on_the_way: None, asked: None, rng }
    }

    /// A whole run: six steps.
    ///
    /// # Panics
    ///
    /// When the secrets are not found equal.
    pub fn run(&mut self) {
        (0..6).for_each(|_| self.step());
        assert!(!self.alice.is_active() && !self.bob.is_active());
    }

    /// The next step: starting, checking message 1, answering, or handling message 2, 3 or 4.
    ///
    /// # Panics
    ///
    /// When it does not lead on.
    pub fn step(&mut self) {
        let secret = || Secret::hazmat_from_bytes([0x5a; 32]);
        let now = Duration::from_secs(1);
        if let Some(run) = self.asked.take() {
            let answer = self.bob.answer(run, secret(), now, &mut self.rng);
            self.on_the_way = Some(answer.expect("the run waits for an answer"));
            return;
        }
        let Some(message) = self.on_the_way.take() else {
            let start = self.alice.start(secret(), None, now, &mut self.rng);
            self.on_the_way = Some(start.expect("no run is under way"));
            return;
        };
        let receiver = match message {
            Message::One { .. } | Message::Three(_) => &mut self.bob,
            Message::Two(_) | Message::Four(_) | Message::Abort => &mut self.alice,
        };
        let received = receiver.receive(&Ok(message), now, &mut self.rng);
        self.on_the_way = received.reply;
        match received.event {
            Some(Event::Asked { run, .. }) => self.asked = Some(run),
            Some(Event::InProgress { .. } | Event::Succeeded(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

impl<G: Group> Default for Comparison<G> {
    fn default() -> Self {
        Self::new()
    }
}
