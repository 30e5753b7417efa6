use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::Error;

/// What becomes of a message that was handed to a [`Transport`](crate::Transport): a future.
///
/// `Ok` means that the network has taken it, not that the peer has read it. An error says by
/// [`may_have_arrived`](Error::may_have_arrived) whether it is certain that nobody has got it. The message goes its way
/// whether or not somebody waits here.
#[derive(Debug)]
pub struct Receipt(Fate);

#[derive(Debug)]
enum Fate {
    Known(Result<(), Error>),
    Open(oneshot::Receiver<Result<(), Error>>),
}

/// Where a transport says what became of a message. One that is dropped says that the connection was lost.
#[derive(Debug)]
pub struct Outcome(oneshot::Sender<Result<(), Error>>);

impl Receipt {
    /// The receipt of a message that is under way, and where its outcome is said.
    pub fn open() -> (Outcome, Self) {
        let (sender, receiver) = oneshot::channel();
        (Outcome(sender), Self(Fate::Open(receiver)))
    }

    /// The receipt of a message whose fate is known at once.
    pub const fn known(outcome: Result<(), Error>) -> Self {
        Self(Fate::Known(outcome))
    }
}

impl Outcome {
    /// Says what became of the message. Where nobody waits for it any more, nothing happens.
    pub fn say(self, outcome: Result<(), Error>) {
        let _ = self.0.send(outcome);
    }
}

impl Future for Receipt {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Fate::Known(outcome) => Poll::Ready(*outcome),
            Fate::Open(receiver) => Pin::new(receiver).poll(context).map(|outcome| {
                let outcome = outcome.unwrap_or(Err(Error::ConnectionLost(io::ErrorKind::ConnectionAborted)));
                self.0 = Fate::Known(outcome);
                outcome
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_receipt_says_the_outcome_also_when_asked_again() {
        let (outcome, mut receipt) = Receipt::open();
        outcome.say(Err(Error::NoSuchPeer));
        assert_eq!((&mut receipt).await, Err(Error::NoSuchPeer));
        assert_eq!(receipt.await, Err(Error::NoSuchPeer));
        assert_eq!(Receipt::known(Ok(())).await, Ok(()));
    }

    #[tokio::test]
    async fn an_outcome_never_said_is_a_lost_connection() {
        let (outcome, receipt) = Receipt::open();
        drop(outcome);
        let lost = receipt.await;
        assert_eq!(lost, Err(Error::ConnectionLost(io::ErrorKind::ConnectionAborted)));
        assert!(lost.is_err_and(|error| error.may_have_arrived()));
    }
}
