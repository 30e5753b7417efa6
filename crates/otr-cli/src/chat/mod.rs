//! `otr chat`: a private chat over Matrix, XMPP, IRC or TCP.

mod command;
mod connection;
mod decisions;
mod input;
mod lines;
mod news;
mod opening;
mod post;
mod room;
mod screen;
mod traffic;
mod words;

use std::time::Duration;

use otr_session::Config;
use tokio::time::sleep;

use crate::accounts::{Host, Options, Target};
use crate::args::{self, AVAILABLE, Place, PolicyName, Suites};
use crate::error::Error;
use crate::outside::Clock;
use crate::profile::Profile;
use crate::text_form::TextForm;
use input::{Input, Typed};
use opening::Plan;
use room::Room;

/// How long text that waits for a private conversation is given at the end of piped input, since something last happened.
const LAST_CHANCE: Duration = Duration::from_secs(10);

/// How long the account is left alone at most.
const TIDY_INTERVAL: Duration = Duration::from_secs(60);

/// The arguments of `otr chat`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Who we are: matrix:@me:example.org, xmpp:me@example.org, irc:nick@irc.example.org, tcp:example.org:5000 (to call),
    /// tcp:listen:127.0.0.1:5000 (to be called), or the name of an account in the config
    #[arg(
        value_name = "ACCOUNT",
        conflicts_with_all = ["connect", "listen"],
        required_unless_present_any = ["connect", "listen"]
    )]
    account: Option<Target>,
    /// Whom to talk with: @you:example.org, you@example.org, or a nick; over TCP a name for whoever is at the other end
    #[arg(long, value_name = "PEER")]
    with: Option<String>,
    /// Wait at this address, such as 127.0.0.1:5000, for the other side to call
    #[arg(long, value_name = "ADDR", conflicts_with = "connect")]
    listen: Option<Host>,
    /// Call the other side at this address, such as example.org:5000
    #[arg(long, value_name = "ADDR")]
    connect: Option<Host>,
    #[command(flatten)]
    place: Place,
    /// TCP: what we are called here; keys are kept under this name
    #[arg(long, value_name = "ME", default_value = "me", value_parser = args::parse_name)]
    name: String,
    /// What the other side is called here; its fingerprint is remembered under this name [default: what --with
    /// says, or over TCP its address, or "caller" for whoever calls]
    #[arg(long, value_name = "NAME", value_parser = args::parse_name)]
    peer: Option<String>,
    /// When private conversations are used; with "always", the default, nothing is sent in clear
    #[arg(long, value_enum)]
    policy: Option<PolicyName>,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    suites: Suites,
}

/// Chats until the user leaves.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Error::Start(error.kind()))?.block_on(chat(args))
}

async fn chat(args: &Args) -> Result<(), Error> {
    let plan = Plan::new(args)?;
    let home = args.place.directory_or(plan.home())?;
    let mut profile = Profile::new(args.place.open(home.as_deref())?, &plan.account, plan.protocol());
    let (connection, line) = plan.connect(home).await?;
    let config = Config { policy: plan.policy, versions: AVAILABLE, ..Config::default() };
    let account = profile.load(config, args.suites.curve25519(AVAILABLE)?)?;
    let (input, screen) = input::open(connection.address())?;
    let form = TextForm::new(plan.text, connection.network());
    let mut room = Room::new(account, profile, connection, form, screen, Clock::start(), plan.meeting);
    room.welcome(&line)?;
    talk(&mut room, input).await?;
    room.leave().await
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
