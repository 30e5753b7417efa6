//! `otr chat`: a private chat between two terminals, over TCP.

mod command;
mod decisions;
mod input;
mod lines;
mod network;
mod news;
mod post;
mod room;
mod screen;
mod traffic;
mod words;

use std::time::Duration;

use otr_session::{Config, Policy};
use otr_transport::Transport;
use otr_transport_tcp::{Listener, Names, TcpAccount, TcpTransport};
use tokio::time::sleep;

use crate::args::{self, AVAILABLE, Place, PolicyName, Suites};
use crate::error::Error;
use crate::outside::Clock;
use crate::profile::Profile;
use input::{Input, Typed};
use network::Network;
use room::{Meeting, Room};

/// The name under which the keys of this kind of account are kept.
const PROTOCOL: &str = "otr-tcp";

/// How long text that waits for a private conversation is given at the end of piped input.
const LAST_CHANCE: Duration = Duration::from_secs(10);

/// How long the account is left alone at most.
const TIDY_INTERVAL: Duration = Duration::from_secs(60);

/// The arguments of `otr chat`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Wait at this address, such as 127.0.0.1:5000, for the other side to call
    #[arg(long, value_name = "ADDR", conflicts_with = "connect", required_unless_present = "connect")]
    listen: Option<String>,
    /// Call the other side at this address, such as example.org:5000
    #[arg(long, value_name = "ADDR")]
    connect: Option<String>,
    #[command(flatten)]
    place: Place,
    /// What we are called here; keys are kept under this name
    #[arg(long, value_name = "ME", default_value = "me", value_parser = args::parse_name)]
    name: String,
    /// What the other side is called here; its fingerprint is remembered under this name [default: the address called,
    /// or "caller"]
    #[arg(long, value_name = "NAME", value_parser = args::parse_name)]
    peer: Option<String>,
    /// When private conversations are used; with "always" nothing is sent in clear
    #[arg(long, value_enum, default_value = "always")]
    policy: PolicyName,
    #[command(flatten)]
    suites: Suites,
}

impl Args {
    fn peer(&self) -> String {
        let given = self.peer.as_ref().or(self.connect.as_ref());
        given.map_or_else(|| "caller".to_owned(), |name| crate::readable::one_line(name))
    }
}

/// Chats until the user leaves.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Error::Start(error.kind()))?.block_on(chat(args))
}

async fn chat(args: &Args) -> Result<(), Error> {
    let names = Names::new(args.name.clone(), args.peer());
    let (line, network) = open(args, names).await?;
    let mut profile = Profile::open(args.place.directory()?.as_deref(), &args.name, PROTOCOL)?;
    let config = Config { policy: Policy::from(args.policy), versions: AVAILABLE, ..Config::default() };
    let account = profile.load(config, args.suites.curve25519(AVAILABLE)?)?;
    let (input, screen) = input::open(&args.name)?;
    let meeting = Meeting { peer: args.peer(), address: args.peer(), begins: args.connect.is_some() };
    let mut room = Room::new(account, profile, network, screen, Clock::start(), meeting);
    room.welcome(&line)?;
    talk(&mut room, input).await?;
    room.leave().await
}

/// Gets the network, and the line that says so.
async fn open(args: &Args, names: Names) -> Result<(String, Network), Error> {
    let (line, account) = match &args.connect {
        Some(address) => (format!("calling {}", shown(address)), TcpAccount::calling(address, names)),
        None => {
            let address = args.listen.as_deref().unwrap_or_default();
            let listener = Listener::bind(address).await;
            let listener = listener.map_err(|source| Error::Listen { address: shown(address), source })?;
            let line = format!("listening on {}, waiting for the other side to call", listener.local_addr());
            (line, TcpAccount::listening(listener, names))
        }
    };
    let connected = TcpTransport::connect(account).await;
    let address = || shown(args.connect.as_deref().unwrap_or_default());
    let transport = connected.map_err(|source| Error::Connect { address: address(), source })?;
    Ok((line, Network::Tcp(transport)))
}

fn shown(address: &str) -> String {
    crate::readable::one_line(address)
}

/// Whatever happens next, until the user leaves.
async fn talk(room: &mut Room, mut input: Input) -> Result<(), Error> {
    loop {
        let patience = room.next_timeout().map_or(TIDY_INTERVAL, |next| next.min(TIDY_INTERVAL));
        let takes_lines = room.takes_lines();
        tokio::select! {
            happening = room.next() => {
                if room.on_happening(happening)?.is_break() {
                    return Ok(());
                }
            }
            typed = input.next(), if takes_lines => match typed {
                Typed::Line(line) => {
                    if room.on_line(&line)?.is_break() {
                        return Ok(());
                    }
                    input.ready();
                }
                Typed::End => {
                    if input.is_piped() {
                        // Time running out is no failure: what still waits is given back, and said.
                        room.flush(LAST_CHANCE).await?;
                    }
                    return Ok(());
                }
            },
            () = sleep(patience) => room.on_time()?,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}
