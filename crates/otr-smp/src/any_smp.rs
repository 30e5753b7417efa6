//! The same machine over the group that a conversation turns out to need.

use std::time::Duration;

use otr_crypto::{ComparedSecret, Modp1536, Ristretto255, Suite};
use rand_core::CryptoRng;

use crate::{DecodeError, Error, Message, Received, RunId, Smp, State};

/// An [`Smp`] whose group is chosen when a run begins: [`Modp1536`] in [`Suite::Otr`], [`Ristretto255`] in
/// [`Suite::Curve25519`].
///
/// A run keeps its group until it ends. Whatever arrives for it is handled with that group, also when the conversation
/// has gone over to another suite in between.
#[derive(Debug)]
pub struct AnySmp(Inner);

#[derive(Debug)]
enum Inner {
    Otr(Smp<Modp1536>),
    Curve25519(Smp<Ristretto255>),
}

/// The same call, whichever machine it is.
macro_rules! either {
    ($inner:expr, $smp:ident => $call:expr) => {
        match $inner {
            Inner::Otr($smp) => $call,
            Inner::Curve25519($smp) => $call,
        }
    };
}

impl AnySmp {
    /// No run.
    #[must_use]
    pub const fn new() -> Self {
        Self(Inner::Otr(Smp::new()))
    }

    /// The suite of the run under way. An answer's secret is made in this one.
    #[must_use]
    pub const fn suite(&self) -> Option<Suite> {
        match &self.0 {
            Inner::Otr(smp) if smp.is_active() => Some(Suite::Otr),
            Inner::Curve25519(smp) if smp.is_active() => Some(Suite::Curve25519),
            Inner::Otr(_) | Inner::Curve25519(_) => None,
        }
    }

    /// Where the run stands.
    #[must_use]
    pub const fn state(&self) -> State {
        either!(&self.0, smp => smp.state())
    }

    /// Whether a run is under way.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        either!(&self.0, smp => smp.is_active())
    }

    /// As [`Smp::start`], over the group of this suite. The secret is one of this suite.
    ///
    /// # Errors
    ///
    /// As [`Smp::start`]; [`Error::UnderWay`] whatever the suites are.
    pub fn start(
        &mut self,
        suite: Suite,
        secret: ComparedSecret,
        question: Option<&str>,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Message, Error> {
        self.choose(suite);
        either!(&mut self.0, smp => smp.start(secret, question, now, rng))
    }

    /// As [`Smp::answer`]. The secret is one of the [`suite`](Self::suite) of the run.
    ///
    /// # Errors
    ///
    /// As [`Smp::answer`].
    pub fn answer(
        &mut self,
        run: RunId,
        secret: ComparedSecret,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Message, Error> {
        either!(&mut self.0, smp => smp.answer(run, secret, now, rng))
    }

    /// As [`Smp::abort`].
    pub fn abort(&mut self) -> Option<Message> {
        either!(&mut self.0, smp => smp.abort())
    }

    /// As [`Smp::expire`].
    pub fn expire(&mut self, now: Duration) -> Received {
        either!(&mut self.0, smp => smp.expire(now))
    }

    /// As [`Smp::next_timeout`].
    #[must_use]
    pub fn next_timeout(&self) -> Option<Duration> {
        either!(&self.0, smp => smp.next_timeout())
    }

    /// As [`Smp::receive`], for a message that came while the conversation was in this suite.
    pub fn receive(
        &mut self,
        suite: Suite,
        message: &Result<Message, DecodeError>,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Received {
        self.choose(suite);
        either!(&mut self.0, smp => smp.receive(message, now, rng))
    }

    /// Takes the machine of this suite, unless a run is under way.
    fn choose(&mut self, suite: Suite) {
        if !self.is_active() {
            self.0 = match suite {
                Suite::Otr => Inner::Otr(Smp::new()),
                Suite::Curve25519 => Inner::Curve25519(Smp::new()),
            };
        }
    }
}

impl Default for AnySmp {
    fn default() -> Self {
        Self::new()
    }
}
