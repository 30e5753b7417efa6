//! Programs that end when this process does, however it ends.

use std::io;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

/// Asks the kernel for a signal when the thread that started a program ends. It is part of Linux's usual equipment;
/// elsewhere a program outlives a harness that is killed.
const SETPRIV: &str = "/usr/bin/setpriv";

struct Order {
    command: Command,
    done: Sender<io::Result<Child>>,
}

/// The thread that starts every program. It lives as long as the process, so that a program does not die with whoever
/// asked for it.
static STARTER: LazyLock<Mutex<Sender<Order>>> = LazyLock::new(|| {
    let (orders, waiting) = channel();
    thread::spawn(move || start(&waiting));
    Mutex::new(orders)
});

fn start(waiting: &Receiver<Order>) {
    for mut order in waiting {
        // Whoever asked may be gone.
        let _ = order.done.send(order.command.spawn());
    }
}

/// A command that runs `program` so that the kernel kills it when this process is gone.
///
/// That holds for the program itself, not for what it starts, and not for a program that changes its user.
pub fn command(program: &Path) -> Command {
    leashed(program, &[])
}

/// The same for a program that would change its user from root to somebody else: it begins as nobody.
pub fn command_as_nobody(program: &Path) -> Command {
    if rustix::process::geteuid().is_root() {
        leashed(program, &["--reuid=nobody", "--regid=nogroup", "--clear-groups"])
    } else {
        leashed(program, &[])
    }
}

fn leashed(program: &Path, user: &[&str]) -> Command {
    if !Path::new(SETPRIV).is_file() {
        return Command::new(program);
    }
    let mut command = Command::new(SETPRIV);
    command.args(user).args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Starts a program, such as `leash::command` describes.
///
/// # Errors
///
/// When the system does not start it.
pub fn spawn(command: Command) -> io::Result<Child> {
    let (done, started) = channel();
    let orders = STARTER.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
    orders.send(Order { command, done }).map_err(|_| gone())?;
    started.recv().map_err(|_| gone())?
}
