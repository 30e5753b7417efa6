//! How many messages a second go over each network, in clear and with OTR, through two `otr chat`.
//!
//! One types as fast as the program takes lines, and what is timed ends when the other has shown the last of them. Turns
//! in clear and with OTR alternate, so that what else the machine does meets both alike. The programs, their pipes and the
//! server share the machine; what differs between the two is OTR alone. How much that is, the processor's time of the two
//! programs tells better than the clock, which waits for pipes and servers.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::chatter::{Chatter, Encryption, Place};
use super::record::Records;
use super::stage::marker;
use super::{ALICE, Account, BOB, Kind, Server, words};

/// Turns in clear, and as many with OTR.
const TURNS: usize = 5;

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A connection from one to the other.
    Tcp,
    /// A server.
    Network(Kind),
}

/// What was measured over one carrier.
#[derive(Debug)]
pub struct Rate {
    /// Over what.
    pub carrier: Carrier,
    /// How many messages a turn had.
    pub messages: u32,
    /// The turns without OTR.
    pub clear: Vec<Turn>,
    /// Those with OTR.
    pub private: Vec<Turn>,
}

/// What was measured in one turn.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Messages a second.
    pub rate: f64,
    /// Processor time of both programs for a message, in microseconds.
    pub cost: f64,
}

impl Carrier {
    /// All there are.
    pub const ALL: [Self; 4] =
        [Self::Tcp, Self::Network(Kind::Prosody), Self::Network(Kind::Ngircd), Self::Network(Kind::Synapse)];

    /// How many messages a turn has that lasts long enough to be measured and not longer, where `messages` make one: the
    /// carriers differ a thousandfold. Prosody's archive, which keeps what is in clear only, slows it down from 10,000
    /// messages on.
    #[must_use]
    pub const fn turn(self, messages: u32) -> u32 {
        match self {
            Self::Tcp | Self::Network(Kind::Ngircd) => messages.saturating_mul(20),
            Self::Network(Kind::Prosody) => messages,
            Self::Network(Kind::Synapse) => messages.div_ceil(10),
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Network(Kind::Prosody) => "XMPP (Prosody)",
            Self::Network(Kind::Ngircd) => "IRC (ngircd)",
            Self::Network(Kind::Synapse) => "Matrix (Synapse)",
        }
    }
}

impl Rate {
    /// The part of the programs' work for a message that is OTR's: 0 where it cannot be told.
    #[must_use]
    pub fn share(&self) -> f64 {
        (1.0 - middle(&self.clear).cost / middle(&self.private).cost).max(0.0)
    }
}

/// The middle ones of all rates and of all costs.
#[must_use]
pub fn middle(turns: &[Turn]) -> Turn {
    let of = |value: fn(&Turn) -> f64| {
        let mut values: Vec<f64> = turns.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Turn { rate: of(|turn| turn.rate), cost: of(|turn| turn.cost) }
}

/// Measures one carrier with turns of `messages`.
///
/// # Errors
///
/// When the messages do not all arrive.
pub fn measure(carrier: Carrier, otr: &Path, messages: u32) -> Result<Rate, String> {
    let scene = Scene::set(carrier, otr)?;
    let mut rate = Rate { carrier, messages, clear: Vec::new(), private: Vec::new() };
    for _ in 0..TURNS {
        rate.clear.push(scene.turn("never", messages)?);
        rate.private.push(scene.turn("always", messages)?);
    }
    Ok(rate)
}

struct Scene {
    otr: PathBuf,
    server: Option<Server>,
    homes: TempDir,
}

impl Scene {
    fn set(carrier: Carrier, otr: &Path) -> Result<Self, String> {
        let server = match carrier {
            Carrier::Tcp => None,
            Carrier::Network(kind) => Some(Server::start(kind).map_err(|error| error.to_string())?),
        };
        let homes = tempfile::Builder::new().prefix("otr-").tempdir();
        let homes = homes.map_err(|error: io::Error| format!("no homes: {error}"))?;
        Ok(Self { otr: otr.to_path_buf(), server, homes })
    }

    fn turn(&self, policy: &str, messages: u32) -> Result<Turn, String> {
        let further = ["--policy".to_owned(), policy.to_owned()];
        let (mut alice, mut bob) = match &self.server {
            None => self.call(&further)?,
            Some(server) => (self.chat(server, ALICE, BOB, &further)?, self.chat(server, BOB, ALICE, &further)?),
        };
        for chatter in [&alice, &bob] {
            chatter.wait(0, "that it is connected", words::is_connected)?;
        }
        if policy == "always" {
            alice.say("/start")?;
            for chatter in [&alice, &bob] {
                chatter.wait(0, "that the conversation is private", words::is_private)?;
            }
        }
        let before = alice.processor_time()? + bob.processor_time()?;
        let time = timed(&mut alice, &bob, messages)?;
        let cost = (alice.processor_time()? + bob.processor_time()?).saturating_sub(before);
        alice.leave()?;
        bob.leave()?;
        let messages = f64::from(messages);
        Ok(Turn { rate: messages / time.as_secs_f64(), cost: cost.as_secs_f64() * 1e6 / messages })
    }

    fn chat(&self, server: &Server, me: Account, peer: Account, further: &[String]) -> Result<Chatter, String> {
        let (kind, homes) = (server.kind(), self.homes.path());
        let records = Records::default();
        let place = Place { otr: &self.otr, kind, server: server.address(), homes, authorities: None, records };
        place.chat(me, peer, Encryption::None, further)
    }

    /// Bob listens, Alice calls.
    fn call(&self, further: &[String]) -> Result<(Chatter, Chatter), String> {
        const LISTENING: &str = "listening on ";
        let start =
            |me, peer, address: &str| Chatter::over_tcp(&self.otr, self.homes.path(), me, peer, address, further);
        let bob = start(BOB, ALICE, "tcp:listen:127.0.0.1:0")?;
        let next = bob.wait(0, "where it listens", |line| line.contains(LISTENING))?;
        let line = bob.lines().into_iter().nth(next.saturating_sub(1)).unwrap_or_default();
        let address = line.split(LISTENING).nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
        Ok((start(ALICE, BOB, &format!("tcp:{address}"))?, bob))
    }
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn timed(alice: &mut Chatter, bob: &Chatter, messages: u32) -> Result<Duration, String> {
    let marker = marker(0);
    let from = bob.said();
    let begun = Instant::now();
    for number in 0..messages {
        alice.say(&format!("{marker} {number} a line as people type it"))?;
    }
    let mut next = from;
    for number in 0..messages {
        let what = format!("{number} of {messages} messages");
        next = bob.wait(next, &what, |line| line.starts_with(bob.peer()) && line.contains(&marker))?;
    }
    Ok(begun.elapsed())
}
