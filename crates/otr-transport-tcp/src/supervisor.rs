use std::time::Duration;

use otr_transport::{Backoff, Error, Event, Outcome, Recovery};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::Options;
use crate::conversation::{Conversation, Ended};
use crate::source::Source;

/// A message on its way out, and where its outcome is said.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) frame: Vec<u8>,
    pub(crate) outcome: Outcome,
}

/// The task behind one transport: it gets a connection, lets it talk until it ends, and gets the next.
///
/// It stops when the host has dropped its end of `outbox`, which is how closing is asked for.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pub(crate) source: Source,
    pub(crate) peer: String,
    pub(crate) outbox: mpsc::Receiver<Outgoing>,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) backoff: Backoff,
    pub(crate) options: Options,
}

impl Supervisor {
    /// Runs until the host closes; `first` is a connection that is there already.
    pub(crate) async fn run(mut self, first: Option<TcpStream>) -> Result<(), Error> {
        let mut stream = match first {
            Some(stream) => stream,
            None => match self.next_stream(None).await {
                Some(stream) => stream,
                None => return Ok(()),
            },
        };
        loop {
            let started = Instant::now();
            let ended = self.converse(stream).await;
            let error = match ended.reason {
                Error::Closed => return ended.goodbye,
                error => error,
            };
            // A busy listener accepts and closes at once: that must not make us call again without pause.
            if ended.heard_peer || started.elapsed() >= self.options.retry_max {
                self.backoff.reset();
            }
            stream = match self.next_stream(Some(error)).await {
                Some(stream) => stream,
                None => return Ok(()),
            };
        }
    }

    async fn converse(&mut self, stream: TcpStream) -> Ended {
        let conversation =
            Conversation { peer: &self.peer, outbox: &mut self.outbox, events: &self.events, options: &self.options };
        tokio::select! {
            ended = conversation.run(stream) => ended,
            never = self.source.turn_others_away() => match never {},
        }
    }

    /// The next connection, or `None` when the host closes first. Until then sending is refused.
    async fn next_stream(&mut self, lost: Option<Error>) -> Option<TcpStream> {
        // What was to go out after a message that may be lost must not overtake it on the next connection.
        while let Ok(outgoing) = self.outbox.try_recv() {
            outgoing.outcome.say(Err(Error::NotConnected));
        }
        tokio::select! {
            stream = seek(&self.source, &mut self.backoff, &self.events, lost) => stream,
            () = refuse_all(&mut self.outbox) => None,
        }
    }
}

/// Tries until there is a connection, telling the host why there is none and what comes next.
async fn seek(
    source: &Source,
    backoff: &mut Backoff,
    events: &mpsc::Sender<Event>,
    lost: Option<Error>,
) -> Option<TcpStream> {
    if let Some(error) = lost {
        let recovery = source.after_loss(backoff);
        report_and_wait(events, error, recovery).await?;
    }
    loop {
        match source.attempt().await {
            Ok(stream) => return Some(stream),
            Err(error) => report_and_wait(events, error, Recovery::RetryIn(backoff.next_delay())).await?,
        }
    }
}

/// `None` when the host is gone.
async fn report_and_wait(events: &mpsc::Sender<Event>, error: Error, recovery: Recovery) -> Option<()> {
    let pause = match recovery {
        Recovery::RetryIn(pause) => pause,
        _ => Duration::ZERO,
    };
    events.send(Event::Disconnected { error, recovery }).await.ok()?;
    sleep(pause).await;
    Some(())
}

/// Answers whoever wants to send while there is no connection; ends when the host closes.
async fn refuse_all(outbox: &mut mpsc::Receiver<Outgoing>) {
    while let Some(outgoing) = outbox.recv().await {
        outgoing.outcome.say(Err(Error::NotConnected));
    }
}
