//! `otr engine`: one account, driven by JSON-RPC 2.0 over standard input and output, one object a line.
//!
//! It opens no network connection: whoever drives it carries the messages. What a request causes is written before its
//! response. No input ends it except its end; then every session is ended, and those last messages are written too.

mod identity;
mod lines;
mod methods;
mod notify;
mod params;
mod rpc;

use std::io::{self, BufWriter, Write};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use otr_session::{Account, Comparison, Config, Event, Meaning, Output, Policy, SessionChange};
use otr_store::How;
use otr_wire::Versions;
use serde_json::value::RawValue;

use crate::args::{self, AVAILABLE, Place, PolicyName, Suites};
use crate::error::Error;
use crate::outside::Clock;
use crate::profile::{CaughtUp, Profile, log};
use identity::Announcer;
use lines::Line;
use rpc::{Fault, Request, Writer};

/// How long the account is left alone at most. What it has to do in time is done in time; this lets it tidy up.
const TIDY_INTERVAL: Duration = Duration::from_secs(60);

/// The arguments of `otr engine`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// The account's name on its network
    #[arg(long, value_name = "NAME", value_parser = args::parse_name)]
    account: String,
    /// libotr's name of the network's protocol
    #[arg(long, value_name = "NAME", default_value = "prpl-jabber", value_parser = args::parse_name)]
    protocol: String,
    /// When private conversations are used
    #[arg(long, value_enum, default_value = "opportunistic")]
    policy: PolicyName,
    /// The protocol versions that may be spoken, such as 3; 25519 alone speaks the Curve25519 suite from the start, with
    /// others that do the same
    #[arg(long, value_name = "LIST", value_parser = args::parse_versions)]
    versions: Option<Versions>,
    #[command(flatten)]
    suites: Suites,
    /// The account's address as its contacts write it; binds conversations in the Curve25519 suite to both addresses, if
    /// both sides give theirs
    #[arg(long, value_name = "ADDRESS", value_parser = args::parse_name)]
    address: Option<String>,
    /// The longest message the network carries, in bytes; longer ones are sent in pieces; 0 for no limit
    #[arg(long, value_name = "N", default_value = "0", value_parser = args::parse_message_size)]
    max_message_size: usize,
}

impl Args {
    fn config(&self) -> Config {
        Config {
            policy: Policy::from(self.policy),
            versions: self.versions.unwrap_or(AVAILABLE),
            max_message_size: (self.max_message_size > 0).then_some(self.max_message_size),
            address: self.address.clone(),
            ..Config::default()
        }
    }
}

/// Serves requests until standard input ends.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let config = args.config();
    let suite = args.suites.curve25519(config.versions)?;
    let home = args.place.directory()?;
    let mut profile = Profile::new(args.place.open(home.as_deref())?, &args.account, &args.protocol);
    let account = profile.load(config, suite)?;
    let lines = lines::from(io::stdin()).map_err(|error| Error::Start(error.kind()))?;
    let out = Writer::new(BufWriter::new(io::stdout().lock()));
    let mut engine = Engine { account, profile, clock: Clock::start(), out };
    loop {
        match lines.recv_timeout(engine.patience()) {
            Ok(line) => engine.take(line)?,
            Err(RecvTimeoutError::Timeout) => engine.tick()?,
            Err(RecvTimeoutError::Disconnected) => return engine.finish(),
        }
    }
}

/// The account and what stands around it.
struct Engine<W> {
    account: Account,
    profile: Profile,
    clock: Clock,
    out: Writer<W>,
}

impl<W: Write> Engine<W> {
    /// How long to wait for input before time itself is the news.
    fn patience(&self) -> Duration {
        let next = self.account.next_timeout().map(|at| at.saturating_sub(self.clock.now()));
        next.unwrap_or(TIDY_INTERVAL).min(TIDY_INTERVAL)
    }

    fn take(&mut self, line: Line) -> Result<(), Error> {
        let request = match &line {
            Line::Whole(bytes) => Request::parse(bytes),
            Line::TooLong => Err((None, Fault::invalid_request("the line is longer than 32 MiB"))),
        };
        match request {
            Ok(request) => self.serve(&request),
            Err((id, fault)) => self.out.failure(id, &fault),
        }
    }

    /// Does what is asked, writes what it causes, and answers, unless the request has no id to answer to.
    fn serve(&mut self, request: &Request<'_>) -> Result<(), Error> {
        self.catch_up()?;
        let outcome = self.call(request.method.as_ref(), request.params);
        let stored = self.drain()?;
        let outcome = outcome.and_then(|result| stored.map(|()| result).map_err(|error| Fault::storage(&error)));
        match (request.id, outcome) {
            (Some(id), Ok(result)) => self.out.success(id, &result),
            (Some(id), Err(fault)) => self.out.failure(Some(id), &fault),
            (None, Ok(_)) => Ok(()),
            (None, Err(fault)) => {
                // Its message may quote what came, which has no place in a log.
                log(&format!("a request without an id failed with error {}", fault.number()));
                Ok(())
            }
        }
    }

    fn call(&mut self, method: &str, params: Option<&RawValue>) -> Result<serde_json::Value, Fault> {
        let now = self.clock.now();
        methods::call(method, params, &mut self.account, &mut self.profile, now)
    }

    /// Takes over what was decided in another program, and tells it.
    fn catch_up(&mut self) -> Result<(), Error> {
        let CaughtUp { decisions, trouble } = self.profile.catch_up(&mut self.account, self.clock);
        if let Some(error) = trouble {
            log(&format!("what others have stored cannot be read: {error}"));
        }
        decisions.iter().try_for_each(|decision| self.out.notify(&notify::decision(decision)))
    }

    fn tick(&mut self) -> Result<(), Error> {
        self.catch_up()?;
        self.account.tick(self.clock.now());
        self.drain_by_itself()
    }

    fn finish(mut self) -> Result<(), Error> {
        self.account.end_all(self.clock.now());
        self.drain_by_itself()
    }

    fn drain_by_itself(&mut self) -> Result<(), Error> {
        if let Err(error) = self.drain()? {
            log(&format!("cannot store what is known of a contact: {error}"));
        }
        Ok(())
    }

    /// Writes everything the account has to say; the inner result is that of storing what is to be kept.
    fn drain(&mut self) -> Result<Result<(), otr_store::Error>, Error> {
        let mut stored = Ok(());
        let mut announcer = Announcer::default();
        while let Some(output) = self.account.poll() {
            match output {
                Output::Transmit { peer, message } => self.out.notify(&notify::inject(&peer, &message))?,
                Output::Event { peer, event } => {
                    stored = stored.and(self.keep(&peer, &event));
                    for notification in announcer.event(&peer, &event) {
                        self.out.notify(&notification)?;
                    }
                }
            }
        }
        Ok(stored)
    }

    /// Stores what is to be known the next time.
    fn keep(&mut self, peer: &str, event: &Event) -> Result<(), otr_store::Error> {
        match event {
            Event::NewFingerprint { fingerprint, .. } => self.profile.save_new(peer, *fingerprint),
            Event::Session(SessionChange { conversation: Some(conversation), .. }) => {
                self.profile.save_conversation(peer, conversation)
            }
            Event::Comparison(comparison) if comparison.event == Comparison::Succeeded(Meaning::PeerVerified) => {
                self.profile.verify(peer, comparison.their_fingerprint, How::Smp)
            }
            _ => Ok(()),
        }
    }
}
