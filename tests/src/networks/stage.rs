//! What the scenarios of one network are played on: a server, a wire to each client, and the rows they make.

use std::path::PathBuf;
use std::time::Instant;

use tempfile::TempDir;

use super::chatter::{Chatter, Encryption, Place};
use super::record::Records;
use super::secrecy::Sought;
use super::{ALICE, BOB, Kind, Plan, Proxy, Row, Server, words};

/// Both of a talk.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) alice: Chatter,
    pub(super) bob: Chatter,
}

/// A server without TLS, and a wire to it for each of two.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) server: Server,
    alice: Proxy,
    bob: Proxy,
    otr: PathBuf,
    records: Option<PathBuf>,
    homes: TempDir,
    /// A word that begins every text of ours, and is in nobody else's.
    pub(super) marker: String,
}

/// Which of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Alice,
    Bob,
}

/// Where rows go as they come.
pub(super) struct Rows<'a> {
    kind: Kind,
    tell: &'a dyn Fn(Row),
}

impl Stage {
    /// Starts all of it.
    pub(super) fn set(kind: Kind, plan: &Plan) -> Result<Self, String> {
        let server = Server::start(kind).map_err(|error| error.to_string())?;
        let files = |error: std::io::Error| format!("no stage: {error}");
        let wire = || Proxy::start(server.address()).map_err(files);
        let homes = tempfile::Builder::new().prefix("otr-").tempdir().map_err(files)?;
        let Plan { otr, records, seed, .. } = plan.clone();
        Ok(Self { alice: wire()?, bob: wire()?, server, otr, records, homes, marker: marker(seed) })
    }

    /// Starts both programs, and waits until both are logged in.
    pub(super) fn connect(&self, further: &[String]) -> Result<Pair, String> {
        Ok(Pair { alice: self.start(Side::Alice, further)?, bob: self.start(Side::Bob, further)? })
    }

    fn start(&self, side: Side, further: &[String]) -> Result<Chatter, String> {
        let (me, peer) = match side {
            Side::Alice => (ALICE, BOB),
            Side::Bob => (BOB, ALICE),
        };
        let kind = self.server.kind();
        let (otr, homes, records) = (&self.otr, self.homes.path(), Records::at(self.records.as_deref()));
        let place = Place { otr, kind, server: self.wire(side).address(), homes, authorities: None, records };
        let chatter = place.chat(me, peer, Encryption::None, further)?;
        chatter.wait(0, "that it is connected", words::is_connected)?;
        Ok(chatter)
    }

    /// The same, and asks for a private conversation.
    pub(super) fn meet(&self) -> Result<Pair, String> {
        let mut pair = self.connect(&[])?;
        pair.alice.say("/start")?;
        pair.wait_private()?;
        Ok(pair)
    }

    /// The same, but asks before the other is there.
    pub(super) fn meet_later(&self) -> Result<Pair, String> {
        let mut alice = self.start(Side::Alice, &[])?;
        let said = alice.said();
        alice.say("/start")?;
        alice.wait(said, "that it asks", words::is_asking)?;
        let pair = Pair { alice, bob: self.start(Side::Bob, &[])? };
        pair.wait_private()?;
        Ok(pair)
    }

    /// The wire of one.
    pub(super) const fn wire(&self, side: Side) -> &Proxy {
        match side {
            Side::Alice => &self.alice,
            Side::Bob => &self.bob,
        }
    }

    /// Looks for our texts in all that went over the wires and in all that the server has stored.
    pub(super) fn search(&self) -> Result<String, String> {
        let sought = Sought::new(&self.marker);
        let (mut passed, mut encrypted) = (0_usize, 0_usize);
        for (side, wire) in [("alice", &self.alice), ("bob", &self.bob)] {
            for recording in wire.recordings() {
                for (way, bytes) in [("says", &recording.up), ("is told", &recording.down)] {
                    if sought.is_in(bytes) {
                        return Err(format!("a text stands in clear in what {side} {way}"));
                    }
                    passed = passed.saturating_add(bytes.len());
                    encrypted = encrypted.saturating_add(memchr::memmem::find_iter(bytes, "?OTR").count());
                }
            }
        }
        if encrypted == 0 {
            return Err("nothing of OTR went over the wires".to_owned());
        }
        let stored = self.server.stored().map_err(|error| format!("the server's files: {error}"))?;
        for (path, bytes) in &stored {
            if sought.is_in(bytes) {
                return Err(format!("a text stands in clear in {}", path.display()));
            }
        }
        let kept: usize = stored.iter().map(|(_, bytes)| bytes.len()).sum();
        Ok(format!("{} KB passed with {encrypted} pieces of OTR, {} KB stored", passed / 1024, kept / 1024))
    }
}

impl Pair {
    /// One of both.
    pub(super) const fn one(&mut self, side: Side) -> &mut Chatter {
        match side {
            Side::Alice => &mut self.alice,
            Side::Bob => &mut self.bob,
        }
    }

    fn wait_private(&self) -> Result<(), String> {
        for chatter in [&self.alice, &self.bob] {
            chatter.wait(0, "that the conversation is private", words::is_private)?;
        }
        Ok(())
    }

    /// Ends both programs in good order.
    pub(super) fn leave(&mut self) -> Result<(), String> {
        self.alice.leave()?;
        self.bob.leave()
    }
}

impl Side {
    /// Alice, then Bob.
    pub(super) const BOTH: [Self; 2] = [Self::Alice, Self::Bob];

    /// Her or his name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Alice => ALICE.name,
            Self::Bob => BOB.name,
        }
    }
}

impl<'a> Rows<'a> {
    /// Those of one network.
    pub(super) const fn new(kind: Kind, tell: &'a dyn Fn(Row)) -> Self {
        Self { kind, tell }
    }

    /// Makes a row of a check, and hands on what it gives besides.
    #[expect(clippy::disallowed_methods, reason = "how long a check takes is for whoever waits for it")]
    pub(super) fn check<T>(
        &mut self,
        what: impl Into<String>,
        check: impl FnOnce() -> Result<(T, String), String>,
    ) -> Option<T> {
        let begun = Instant::now();
        let (value, outcome) = match check() {
            Ok((value, seen)) => (Some(value), Ok(seen)),
            Err(reason) => (None, Err(reason)),
        };
        (self.tell)(Row { kind: self.kind, what: what.into(), outcome, time: begun.elapsed() });
        value
    }
}

/// A word of eight consonants, a different one for each seed.
pub(super) fn marker(seed: u64) -> String {
    const LETTERS: [char; 16] = ['b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'q', 'r', 's', 't'];
    let digits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let letters = digits.iter().filter_map(|byte| LETTERS.get(usize::from(byte >> 4)));
    let word: String = letters.collect();
    format!("zx{word}")
}
