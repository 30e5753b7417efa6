//! `otr keys generate`: a DSA key, in a thread of its own, until it is there or nobody wants it any more.

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::Duration;

use otr_crypto::IdentityKey;
use otr_migrate::Name;
use otr_store::Store;
use tokio::sync::oneshot;

use super::home::Home;
use super::{Error, account};
use crate::error::Error as ProgramError;
use crate::readable::one_line;
use crate::{args, outside};

/// The arguments of `otr keys generate`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The account: xmpp:me@example.org, irc:nick@irc.example.org, matrix:@me:example.org, or any name with --protocol
    #[arg(value_name = "ACCOUNT", value_parser = args::parse_name)]
    account: String,
    /// The account's protocol, as libotr's programs call it; that of "otr chat" over TCP is otr-tcp
    #[arg(long, value_name = "NAME", value_parser = args::parse_name)]
    protocol: Option<String>,
}

/// How often the sign of progress turns.
const TURN: Duration = Duration::from_millis(100);

pub(super) fn run(home: &Home, args: &Args) -> Result<String, ProgramError> {
    let mut store = home.open()?;
    let name = account::find(&store, &args.account, args.protocol.as_deref())?;
    refuse_a_second(&store, &name)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ProgramError::Start(error.kind()))?;
    let made = worker(|| IdentityKey::generate(&mut outside::randomness()))?;
    let key = runtime.block_on(async {
        // If the system cannot tell us of Ctrl-C, Ctrl-C ends the program, which has changed nothing.
        let enough = async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending().await
            }
        };
        wait(made, enough, &mut progress(&name)).await
    })?;
    let fingerprint = key.public_key().fingerprint();
    let stored = store.identity_or(&name.account, &name.protocol, || key)?;
    if stored.public_key().fingerprint() != fingerprint {
        // Another program was quicker.
        refuse_a_second(&store, &name)?;
    }
    Ok(format!("{} ({})\n  key            {fingerprint}\n", one_line(&name.account), one_line(&name.protocol)))
}

fn refuse_a_second(store: &Store, name: &Name) -> Result<(), ProgramError> {
    match store.identity(&name.account, &name.protocol)? {
        None => Ok(()),
        Some(key) => {
            Err(Error::HasKey { account: one_line(&name.account), fingerprint: key.public_key().fingerprint() }.into())
        }
    }
}

/// What `make` gives, from a thread that nobody has to wait for.
fn worker(make: impl FnOnce() -> IdentityKey + Send + 'static) -> Result<oneshot::Receiver<IdentityKey>, Error> {
    let (sender, receiver) = oneshot::channel();
    // If nobody waits any more, the key is dropped, and with that wiped.
    let thread = thread::Builder::new().name("key".to_owned()).spawn(move || drop(sender.send(make())));
    thread.map(|_| receiver).map_err(|_| Error::NoThread)
}

/// The key, unless `enough` comes first.
async fn wait(
    mut made: oneshot::Receiver<IdentityKey>,
    enough: impl Future<Output = ()>,
    progress: &mut dyn FnMut(Step),
) -> Result<IdentityKey, Error> {
    let mut turns = tokio::time::interval(TURN);
    tokio::pin!(enough);
    let key = loop {
        tokio::select! {
            biased;
            () = &mut enough => break Err(Error::Cancelled),
            key = &mut made => break key.map_err(|_| Error::Cancelled),
            _ = turns.tick() => progress(Step::Turn),
        }
    };
    progress(Step::End);
    key
}

enum Step {
    Turn,
    End,
}

/// Shows on a terminal that something is going on.
fn progress(name: &Name) -> impl FnMut(Step) + use<> {
    let terminal = io::stderr().is_terminal();
    let account = one_line(&name.account);
    let mut signs = ['|', '/', '-', '\\'].into_iter().cycle();
    move |step| {
        if terminal {
            let sign = signs.next().unwrap_or(' ');
            // Where nobody sees it, nothing is lost.
            let _ = match step {
                Step::Turn => write!(io::stderr(), "\rmaking a key for {account} {sign} (Ctrl-C stops)"),
                Step::End => writeln!(io::stderr()),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> IdentityKey {
        IdentityKey::generate(&mut outside::randomness())
    }

    // attack: FILE-10
    #[tokio::test]
    async fn a_key_that_nobody_wants_any_more_is_none() {
        let (_sender, never) = oneshot::channel();
        let outcome = wait(never, async {}, &mut |_| {}).await;
        assert!(matches!(outcome, Err(Error::Cancelled)));
        // Also if it is there at the same moment.
        let (sender, made) = oneshot::channel();
        assert!(sender.send(key()).is_ok());
        assert!(matches!(wait(made, async {}, &mut |_| {}).await, Err(Error::Cancelled)));
    }

    #[tokio::test]
    async fn the_thread_gives_the_key_and_progress_is_shown() {
        let made = worker(key).unwrap();
        let mut turns = 0;
        let key = wait(made, std::future::pending(), &mut |step| turns += u32::from(matches!(step, Step::Turn))).await;
        assert!(key.is_ok());
        assert!(turns > 0);
    }

    #[tokio::test]
    async fn a_thread_that_dies_makes_no_key() {
        let (sender, made) = oneshot::channel();
        drop(sender);
        let outcome = wait(made, std::future::pending(), &mut |_| {}).await;
        assert!(matches!(outcome, Err(Error::Cancelled)));
    }
}
