use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{Sink, Stream as _};
use otr_transport::Error;
use tokio::time::{Instant, timeout_at};
use tokio_xmpp::minidom::Element;

use super::metered::Carrier;
use super::received::Received;
use super::stream::{Stream, arrival};

/// A stream that is set up: elements out and in at the same time.
pub(crate) struct Link {
    stream: Stream<Box<dyn Carrier>>,
    /// What has not been handed to the stream yet.
    queue: VecDeque<Element>,
    /// By when all that was pushed must have been written; `None` while nothing waits.
    deadline: Option<Instant>,
    patience: Duration,
    /// Why nothing can be written any more. What the server said before that is still read.
    broken: Option<Error>,
}

/// What became of waiting for a [`Link`].
#[derive(Debug)]
pub(crate) enum Step {
    /// An element came.
    Arrived(Received),
    /// Everything that was pushed has been written.
    Written,
    /// Nothing has come for a while: it is time to ask whether the server is still there.
    Silent,
}

impl Link {
    /// The server has `patience` to take what is written.
    pub(crate) fn new(stream: Stream<Box<dyn Carrier>>, patience: Duration) -> Self {
        Self { stream, queue: VecDeque::new(), deadline: None, patience, broken: None }
    }

    /// Hands over an element to be written by [`step`](Self::step).
    pub(crate) fn push(&mut self, element: impl Into<Element>) {
        self.queue.push_back(element.into());
        let patience = self.patience;
        self.deadline.get_or_insert_with(|| Instant::now() + patience);
    }

    /// How many elements wait to be written.
    pub(crate) fn backlog(&self) -> usize {
        self.queue.len()
    }

    /// Whether everything has been written.
    pub(crate) fn is_idle(&self) -> bool {
        self.deadline.is_none()
    }

    /// Writes what waits and, if `reading`, reads, until one of them has come to something. Dropping the future loses
    /// nothing.
    ///
    /// # Errors
    ///
    /// Why the connection is over.
    pub(crate) async fn step(&mut self, reading: bool) -> Result<Step, Error> {
        let Some(deadline) = self.deadline else {
            return poll_fn(|context| self.poll_step(reading, context)).await;
        };
        match timeout_at(deadline, poll_fn(|context| self.poll_step(reading, context))).await {
            Ok(step) => step,
            Err(_) => Err(self.broken.unwrap_or(Error::TimedOut)),
        }
    }

    fn poll_step(&mut self, reading: bool, context: &mut Context<'_>) -> Poll<Result<Step, Error>> {
        if self.deadline.is_some() && self.broken.is_none() {
            match self.poll_write(context) {
                Poll::Ready(Ok(())) => {
                    self.deadline = None;
                    return Poll::Ready(Ok(Step::Written));
                }
                Poll::Ready(Err(error)) => self.broken = Some(Error::ConnectionLost(error.kind())),
                Poll::Pending => {}
            }
        }
        if reading {
            return self.poll_read(context);
        }
        self.broken.map_or(Poll::Pending, |error| Poll::Ready(Err(error)))
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let mut stream = Pin::new(&mut self.stream);
        while let Some(next) = self.queue.front() {
            ready!(Sink::<&Element>::poll_ready(stream.as_mut(), context))?;
            stream.as_mut().start_send(next)?;
            self.queue.pop_front();
        }
        Sink::<&Element>::poll_flush(stream, context)
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Step, Error>> {
        let next = ready!(Pin::new(&mut self.stream).poll_next(context));
        self.stream.get_stream().refill();
        Poll::Ready(arrival(next).map(|received| received.map_or(Step::Silent, Step::Arrived)))
    }

    /// Ends the stream in order: our end is closed, then whatever comes is passed over until the server closes its own.
    ///
    /// # Errors
    ///
    /// [`Error::ConnectionLost`] where our end could not be closed.
    pub(crate) async fn shut_down(mut self) -> Result<(), Error> {
        self.stream.shutdown().await.map_err(|error| Error::ConnectionLost(error.kind()))?;
        while poll_fn(|context| self.poll_read(context)).await.is_ok() {}
        Ok(())
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("backlog", &self.queue.len()).finish_non_exhaustive()
    }
}
