//! A program that is stopped before and after each of its system calls.

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

/// A program under our eyes. It is killed when the watch ends before it does.
#[derive(Debug)]
pub struct Traced {
    pid: Pid,
    ended: bool,
}

impl Traced {
    /// Begins to watch a program, which has one thread and waits for input.
    ///
    /// # Errors
    ///
    /// When the system does not let us.
    pub fn begin(pid: i32) -> Result<Self, Errno> {
        let pid = Pid::from_raw(pid);
        ptrace::seize(pid, Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL)?;
        ptrace::interrupt(pid)?;
        waitpid(pid, None)?;
        Ok(Self { pid, ended: false })
    }

    /// Lets it run to the next beginning or end of a system call. Whether it still lives.
    ///
    /// # Errors
    ///
    /// When the system does not let us.
    pub fn step(&mut self) -> Result<bool, Errno> {
        if self.ended {
            return Ok(false);
        }
        ptrace::syscall(self.pid, None)?;
        self.ended = matches!(waitpid(self.pid, None)?, WaitStatus::Exited(..) | WaitStatus::Signaled(..));
        Ok(!self.ended)
    }

    /// Kills it where it stands: of a system call that it is about to make, nothing happens.
    ///
    /// # Errors
    ///
    /// When the system does not let us.
    pub fn kill(mut self) -> Result<(), Errno> {
        if self.ended {
            return Ok(());
        }
        nix::sys::signal::kill(self.pid, nix::sys::signal::Signal::SIGKILL)?;
        while !self.ended {
            self.ended = matches!(waitpid(self.pid, None)?, WaitStatus::Exited(..) | WaitStatus::Signaled(..));
        }
        Ok(())
    }
}
