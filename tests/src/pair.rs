//! Two accounts and the network between them: messages can be dropped, repeated, held and changed, and the clock is
//! moved by hand.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "test code: a broken expectation is a failed test"
)]

use std::{collections::VecDeque, sync::LazyLock, time::Duration};

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use otr_crypto::IdentityKey;
use otr_session::{
    Account, Comparison, ComparisonOf, Config, Event, Incoming, KnownFingerprint, Output, Sent, SessionState, Text,
    Warning,
};
use otr_wire::{Data, InstanceTag, Message, Payload, Version, armour};
use rand_core::Rng;

/// A random generator with a fixed seed.
#[must_use]
pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// One of `choices`.
///
/// # Panics
///
/// When there are none.
pub fn pick<'a, T>(choices: &'a [T], random: &mut impl Rng) -> &'a T {
    let number = usize::try_from(random.next_u32()).expect("32 bits fit");
    &choices[number % choices.len()]
}

/// Identity keys take long to make, so a few are made once.
static KEYS: LazyLock<[IdentityKey; 3]> =
    LazyLock::new(|| [1, 2, 3].map(|seed| IdentityKey::generate(&mut rng(0x4b45_5953 + seed))));

/// One of three identity keys: 0 for Alice, 1 for Bob, 2 for Mallory.
///
/// # Panics
///
/// For other numbers.
#[must_use]
pub fn identity(number: usize) -> IdentityKey {
    let parts = KEYS[number].hazmat_parts().expect("a DSA key");
    IdentityKey::from_parts(&parts.p, &parts.q, &parts.g, &parts.y, &parts.x).expect("a key that was made here")
}

/// The Ed25519 identity of the same number.
#[must_use]
pub fn ed25519(number: usize) -> IdentityKey {
    IdentityKey::from_ed25519_seed([u8::try_from(number).unwrap_or(u8::MAX); 32])
}

/// One end of a conversation.
#[derive(Debug)]
pub struct Side {
    /// The account.
    pub account: Account,
    /// What the other side is called here.
    pub peer: &'static str,
    /// What the network holds for this side, oldest first.
    pub inbox: VecDeque<String>,
    /// Everything this side has put on the network.
    pub sent: Vec<String>,
    /// Events not yet taken.
    pub events: Vec<Event>,
    rng: ChaCha20Rng,
}

impl Side {
    /// An account with this identity (see [`identity`]), instance tag and configuration.
    #[must_use]
    pub fn new(number: usize, tag: u32, peer: &'static str, config: Config, seed: u64) -> Self {
        let tag = InstanceTag::new(tag).expect("a legal tag");
        Self {
            account: Account::new(identity(number), tag, config),
            peer,
            inbox: VecDeque::new(),
            sent: Vec::new(),
            events: Vec::new(),
            rng: rng(seed),
        }
    }

    /// Switches the Curve25519 suite on.
    ///
    /// # Panics
    ///
    /// Never: the key is of that suite.
    #[must_use]
    pub fn with_curve25519(mut self, number: usize) -> Self {
        self.account.use_curve25519(ed25519(number)).expect("an Ed25519 key");
        self
    }

    /// The version of the conversation, while there is one.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.account.status(self.peer).conversation.map(|conversation| conversation.version)
    }

    /// Hands a body to the account as coming from the peer.
    pub fn receive(&mut self, body: &str, now: Duration) -> Vec<String> {
        self.receive_incoming(Incoming::direct(body.as_bytes()), now)
    }

    /// Hands a body to the account and returns what it puts on the network.
    pub fn receive_incoming(&mut self, incoming: Incoming<'_>, now: Duration) -> Vec<String> {
        self.account.receive(self.peer, incoming, now, &mut self.rng);
        self.drain()
    }

    /// Empties the account's outputs: events are kept, messages returned.
    pub fn drain(&mut self) -> Vec<String> {
        let mut messages = Vec::new();
        while let Some(output) = self.account.poll() {
            match output {
                Output::Transmit { message, .. } => messages.push(message),
                Output::Event { event, .. } => self.events.push(event),
            }
        }
        self.sent.extend(messages.iter().cloned());
        messages
    }

    /// The state of the conversation.
    #[must_use]
    pub fn state(&self) -> SessionState {
        self.account.status(self.peer).state
    }

    /// The session id, while there is one.
    #[must_use]
    pub fn session_id(&self) -> Option<[u8; 8]> {
        self.account.status(self.peer).conversation.map(|conversation| *conversation.session_id.as_bytes())
    }

    /// The texts of the messages shown since the last call; other events are dropped.
    pub fn shown(&mut self) -> Vec<String> {
        let texts = self.events.drain(..).filter_map(|event| match event {
            Event::Message(message) => Some(message.text.to_string()),
            _ => None,
        });
        texts.collect()
    }

    /// The warnings raised since the last call; other events are dropped.
    pub fn warnings(&mut self) -> Vec<Warning> {
        let warnings = self.events.drain(..).filter_map(|event| match event {
            Event::Warning(warning) => Some(warning),
            _ => None,
        });
        warnings.collect()
    }

    /// Everything the account remembers, as text, without what a refused message may change: budgets, statistics, the
    /// warnings of the last minute, the list of messages that could not be read, and rows of keys that were computed but never used.
    #[must_use]
    pub fn snapshot(&self) -> String {
        let text = format!("{:#?}", self.account);
        let mut kept: Vec<&str> = Vec::new();
        let mut skipping: Option<usize> = None;
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            if let Some(depth) = skipping {
                if indent <= depth {
                    skipping = None;
                }
                continue;
            }
            let name = line.trim_start();
            if name.starts_with("budgets: ")
                || name.starts_with("exchanges: ")
                || name.starts_with("known_keys: ")
                || name.starts_with("loss: ")
                || name.starts_with("repeats: ")
            {
                skipping = Some(indent);
            } else if !name.starts_with("unreadable: ") && !name.starts_with("failures: ") {
                kept.push(name);
            }
        }
        let mut lines = Vec::new();
        let mut rest = kept.as_slice();
        while let Some((line, after)) = rest.split_first() {
            let row_end = rest.iter().position(|line| *line == "),").unwrap_or(0);
            let row = &rest[..row_end];
            let unused = ["sent: 0,", "received: 0,", "verified: false,", "exposed: false,"];
            if *line == "Some(" && after.first() == Some(&"Row {") && unused.iter().all(|field| row.contains(field)) {
                lines.push("None,");
                rest = &rest[row_end + 1..];
            } else {
                lines.push(line);
                rest = after;
            }
        }
        lines.join("\n")
    }
}

/// Alice and Bob.
#[derive(Debug)]
pub struct Pair {
    /// The side with identity 0.
    pub alice: Side,
    /// The side with identity 1.
    pub bob: Side,
    /// The time.
    pub now: Duration,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Alice.
    Alice,
    /// Bob.
    Bob,
}

impl Who {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Alice => Self::Bob,
            Self::Bob => Self::Alice,
        }
    }
}

impl Pair {
    /// Two accounts that have not talked yet.
    #[must_use]
    pub fn new(seed: u64, config: Config) -> Self {
        Self {
            alice: Side::new(0, 0x1000 + 1, "bob", config.clone(), seed.wrapping_mul(2)),
            bob: Side::new(1, 0xf000_0002, "alice", config, seed.wrapping_mul(2) + 1),
            now: Duration::from_secs(1_000_000),
        }
    }

    /// The same with the Curve25519 suite on at both.
    #[must_use]
    pub fn with_curve25519(seed: u64, config: Config) -> Self {
        let Self { alice, bob, now } = Self::new(seed, config);
        Self { alice: alice.with_curve25519(0), bob: bob.with_curve25519(1), now }
    }

    /// Two accounts in a private conversation that Alice asked for.
    #[must_use]
    pub fn private(seed: u64) -> Self {
        Self::private_with(seed, Config::default())
    }

    /// Two accounts with this configuration in a private conversation that Alice asked for.
    ///
    /// # Panics
    ///
    /// When the exchange does not complete.
    #[must_use]
    pub fn private_with(seed: u64, config: Config) -> Self {
        let mut pair = Self::new(seed, config);
        pair.start(Who::Alice);
        pair.run();
        assert_eq!(pair.alice.state(), SessionState::Encrypted);
        assert_eq!(pair.bob.state(), SessionState::Encrypted);
        assert_eq!(pair.alice.session_id(), pair.bob.session_id());
        pair.alice.events.clear();
        pair.bob.events.clear();
        pair
    }

    /// One side.
    pub const fn side(&mut self, who: Who) -> &mut Side {
        match who {
            Who::Alice => &mut self.alice,
            Who::Bob => &mut self.bob,
        }
    }

    /// A side's program is started anew: it has its key, its tag and the identities it knew, and nothing else. What the
    /// network holds for it is still delivered.
    ///
    /// # Panics
    ///
    /// Never: the names and numbers are those of before.
    pub fn restart(&mut self, who: Who) {
        let seed = u64::try_from(self.alice.sent.len() + self.bob.sent.len()).expect("64 bits fit");
        let number = usize::from(who == Who::Bob);
        let side = self.side(who);
        let (tag, config) = (side.account.instance_tag(), side.account.config().clone());
        let known = side.account.known_fingerprints(side.peer);
        let has_curve25519 = side.account.curve25519_fingerprint().is_some();
        side.account = Account::new(identity(number), tag, config);
        if has_curve25519 {
            side.account.use_curve25519(ed25519(number)).expect("an Ed25519 key");
        }
        side.rng = rng(seed.wrapping_mul(31) + 7);
        for KnownFingerprint { fingerprint, trust, version } in known {
            side.account.remember(side.peer, fingerprint, trust).expect("a name");
            if let Some(version) = version {
                side.account.remember_version(side.peer, fingerprint, version).expect("on record");
            }
        }
    }

    /// Moves what a side has to say onto the network.
    pub fn flush(&mut self, who: Who) {
        let messages = self.side(who).drain();
        self.side(who.other()).inbox.extend(messages);
    }

    /// A side asks for a private conversation.
    ///
    /// # Panics
    ///
    /// When the policy forbids it.
    pub fn start(&mut self, who: Who) {
        let now = self.now;
        let side = self.side(who);
        side.account.start(side.peer, now).expect("the policy allows it");
        self.flush(who);
    }

    /// A side sends a text.
    pub fn send(&mut self, who: Who, text: &str) -> Sent {
        let now = self.now;
        let side = self.side(who);
        let sent = side.account.send(side.peer, text, now);
        self.flush(who);
        sent
    }

    /// A side ends the conversation.
    pub fn end(&mut self, who: Who) {
        let now = self.now;
        let side = self.side(who);
        side.account.end(side.peer, now);
        self.flush(who);
    }

    /// Sends a text that must go out encrypted, in one message, and takes it off the network.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn encrypt(&mut self, who: Who, text: &str) -> String {
        assert_eq!(self.send(who, text), Sent::Encrypted);
        self.side(who.other()).inbox.pop_back().expect("a message on the network")
    }

    /// Delivers the oldest message waiting for a side; false when there is none.
    pub fn deliver(&mut self, to: Who) -> bool {
        let now = self.now;
        let side = self.side(to);
        let Some(body) = side.inbox.pop_front() else { return false };
        let replies = side.receive(&body, now);
        self.side(to.other()).inbox.extend(replies);
        true
    }

    /// Delivers a body that is not on the network; replies go onto it.
    pub fn inject(&mut self, to: Who, body: &str) {
        let now = self.now;
        let replies = self.side(to).receive(body, now);
        self.side(to.other()).inbox.extend(replies);
    }

    /// Delivers everything, alternating, until the network is quiet.
    ///
    /// # Panics
    ///
    /// When it does not become quiet.
    pub fn run(&mut self) {
        for _ in 0..10_000 {
            let delivered = [self.deliver(Who::Bob), self.deliver(Who::Alice)];
            if delivered == [false, false] {
                return;
            }
        }
        panic!("the two never stop talking");
    }

    /// A whole comparison of secrets that a side begins, with what the other one answers.
    ///
    /// # Panics
    ///
    /// When the other side is not asked.
    pub fn compare(&mut self, who: Who, secret: &str, answer: &str) {
        let now = self.now;
        let side = self.side(who);
        side.account.start_comparison(side.peer, secret, None, now, &mut side.rng).expect("a private conversation");
        self.flush(who);
        self.run();
        let side = self.side(who.other());
        let run = side.events.iter().find_map(|event| match event {
            Event::Comparison(ComparisonOf { event: Comparison::Asked { run, .. }, .. }) => Some(*run),
            _ => None,
        });
        let run = run.expect("the other side is asked");
        side.account.answer_comparison(side.peer, run, answer, now, &mut side.rng).expect("a run that waits");
        self.flush(who.other());
        self.run();
    }

    /// Lets time pass.
    pub fn wait(&mut self, time: Duration) {
        self.now += time;
        self.alice.account.tick(self.now);
        self.bob.account.tick(self.now);
        self.flush(Who::Alice);
        self.flush(Who::Bob);
    }

    /// Asserts that a text from each side arrives at the other.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn assert_talk_works(&mut self) {
        for (who, text) in
            [(Who::Alice, "still there?"), (Who::Bob, "yes"), (Who::Alice, "good"), (Who::Bob, "so am I")]
        {
            self.side(who.other()).events.clear();
            assert_eq!(self.send(who, text), Sent::Encrypted);
            self.run();
            assert_eq!(self.side(who.other()).shown(), [text]);
        }
    }
}

/// The bytes of an encoded message.
///
/// # Panics
///
/// When it is none.
#[must_use]
pub fn unarmour(text: &str) -> Vec<u8> {
    armour::decode(text.as_bytes(), otr_wire::MAX_MESSAGE).expect("an encoded message")
}

/// Looks into a Data message.
///
/// # Panics
///
/// When it is none.
pub fn with_data<T>(text: &str, look: impl FnOnce(&Data<'_>) -> T) -> T {
    let bytes = unarmour(text);
    match Message::decode(&bytes).expect("a well-formed message").payload {
        Payload::Data(data) => look(&data),
        other => panic!("not a Data message: {other:?}"),
    }
}

/// The same message with one byte changed.
#[must_use]
pub fn with_byte_changed(text: &str, at: usize, change: u8) -> String {
    let mut bytes = unarmour(text);
    bytes[at] ^= change;
    armour::encode(&bytes)
}

/// The text inside a warning about plain text.
#[must_use]
pub fn unencrypted(warning: &Warning) -> Option<&Text> {
    match warning {
        Warning::UnencryptedReceived(text) => Some(text),
        _ => None,
    }
}
