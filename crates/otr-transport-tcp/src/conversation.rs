use otr_transport::{Error, Event, Incoming, Origin};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::Options;
use crate::frame::FrameReader;
use crate::supervisor::Outgoing;

/// One connection from its start to its end: messages out, messages in, at the same time.
#[derive(Debug)]
pub(crate) struct Conversation<'a> {
    pub(crate) peer: &'a str,
    pub(crate) outbox: &'a mut mpsc::Receiver<Outgoing>,
    pub(crate) events: &'a mpsc::Sender<Event>,
    pub(crate) options: &'a Options,
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// [`Error::Closed`] when the host closed.
    pub(crate) reason: Error,
    /// Whether at least one whole message came from the peer.
    pub(crate) heard_peer: bool,
    /// Whether our own closing went in good order.
    pub(crate) goodbye: Result<(), Error>,
}

impl Conversation<'_> {
    pub(crate) async fn run(self, stream: TcpStream) -> Ended {
        let (read_half, mut write_half) = stream.into_split();
        let mut ear = Ear {
            frames: FrameReader::new(read_half, self.options.max_message_size),
            peer: self.peer,
            events: self.events,
            announced: false,
            heard: false,
        };
        let mut reason = tokio::select! {
            reason = ear.listen() => reason,
            reason = talk(&mut write_half, self.outbox, self.options) => reason,
        };
        if let Error::ConnectionLost(_) = reason {
            // What the peer said before sending failed is still handed up.
            let rest = timeout(self.options.close_timeout, ear.listen()).await;
            reason = rest.ok().filter(|rest| *rest == Error::Closed).unwrap_or(reason);
        }
        let goodbye = match reason {
            Error::Closed => say_goodbye(&mut write_half, &mut ear.frames, self.options).await,
            _ => Ok(()),
        };
        Ended { reason, heard_peer: ear.heard, goodbye }
    }
}

/// The receiving side.
struct Ear<'a> {
    frames: FrameReader<OwnedReadHalf>,
    peer: &'a str,
    events: &'a mpsc::Sender<Event>,
    /// Whether the host has been told that there is a connection.
    announced: bool,
    /// Whether a whole message came.
    heard: bool,
}

impl Ear<'_> {
    /// Hands up messages until there can be no more, and says why.
    async fn listen(&mut self) -> Error {
        loop {
            // First a place to put it, then the reading: nothing piles up here.
            let Ok(place) = self.events.reserve().await else {
                return Error::Closed;
            };
            if !self.announced {
                self.announced = true;
                place.send(Event::Connected { resumed: false });
                continue;
            }
            match self.frames.next().await {
                Ok(Some(body)) => {
                    self.heard = true;
                    place.send(Event::Message(Incoming::new(self.peer, body, Origin::Live)));
                }
                Ok(None) => return Error::ClosedByPeer,
                Err(error) => return error,
            }
        }
    }
}

/// Sends what is in the outbox until that fails or the host closes, and says which.
async fn talk(stream: &mut OwnedWriteHalf, outbox: &mut mpsc::Receiver<Outgoing>, options: &Options) -> Error {
    while let Some(outgoing) = outbox.recv().await {
        let sent = match timeout(options.send_timeout, stream.write_all(&outgoing.frame)).await {
            Ok(written) => written.map_err(|error| Error::ConnectionLost(error.kind())),
            Err(_) => Err(Error::TimedOut),
        };
        outgoing.outcome.say(sent);
        if let Err(error) = sent {
            return error;
        }
    }
    Error::Closed
}

/// Says that we are done and reads until the other end is as well. To close with bytes unread would reset the
/// connection, and take back what we sent last.
async fn say_goodbye(
    stream: &mut OwnedWriteHalf,
    frames: &mut FrameReader<OwnedReadHalf>,
    options: &Options,
) -> Result<(), Error> {
    stream.shutdown().await.map_err(|error| Error::ConnectionLost(error.kind()))?;
    // A peer that does not close has had its time; that is no failure of ours.
    let _ = timeout(options.close_timeout, frames.drain()).await;
    Ok(())
}
