use std::io;

use otr_transport::{Backoff, Error, Outcome};
use ruma::api::client::message::send_message_event;
use ruma::events::room::message::RoomMessageEventContent;
use ruma::{OwnedRoomId, OwnedTransactionId, OwnedUserId};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::sleep;

use crate::Options;
use crate::direct::{Directory, Found};
use crate::failure::Failure;
use crate::link::Link;
use crate::size::in_json;

/// Meaningless answers to one message after which we stop asking.
const MAX_STRANGE: u32 = 5;
/// How often a room made just now may be unknown to the part of the server that we talk to.
const MAX_SETTLING: u32 = 5;

/// A message on its way out.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) to: OwnedUserId,
    pub(crate) body: String,
    pub(crate) outcome: Outcome,
    /// Its place among those that may wait.
    pub(crate) place: OwnedSemaphorePermit,
}

/// The room where a peer is spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) id: OwnedRoomId,
    /// Whether nothing has changed there since it was looked at.
    pub(crate) certain: bool,
}

/// What it takes to deliver.
#[derive(Clone)]
pub(crate) struct Courier {
    pub(crate) directory: Directory,
    pub(crate) link: watch::Receiver<Link>,
    pub(crate) nudge: mpsc::Sender<()>,
    pub(crate) closing: watch::Receiver<bool>,
    pub(crate) options: Options,
}

/// What is known when a delivery has ended.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) to: OwnedUserId,
    pub(crate) room: Option<OwnedRoomId>,
}

impl Courier {
    /// Sees one message through: it is sent again, with the same transaction id, until the server has taken it, has
    /// refused it for good, or we close (client-server API, "Transaction identifiers").
    pub(crate) async fn deliver(
        self,
        outgoing: Outgoing,
        transaction: OwnedTransactionId,
        room: Option<Room>,
    ) -> Delivered {
        let Outgoing { to, body, outcome, place } = outgoing;
        let Self { directory, link, nudge, mut closing, options } = self;
        let size = in_json(&body);
        let content = RoomMessageEventContent::text_plain(body);
        let delivery = Delivery {
            backoff: Backoff::new(options.retry_first, options.retry_max, &transaction.as_str()),
            directory,
            link,
            nudge,
            options,
            to,
            size,
            content,
            transaction,
            room,
            looked: false,
            settling: 0,
            strange: 0,
            fate: None,
        };
        let mut delivery = delivery;
        let result = tokio::select! {
            result = delivery.tries() => result,
            _ = closing.wait_for(|closing| *closing) => Err(Error::Closed),
        };
        // Once it may have arrived, no later refusal makes that certain again.
        outcome.say(result.map_err(|error| delivery.fate.unwrap_or(error)));
        drop(place);
        let room = delivery.room.map(|room| room.id).filter(|_| result.is_ok());
        Delivered { to: delivery.to, room }
    }
}

struct Delivery {
    directory: Directory,
    link: watch::Receiver<Link>,
    nudge: mpsc::Sender<()>,
    options: Options,
    backoff: Backoff,
    to: OwnedUserId,
    size: usize,
    content: RoomMessageEventContent,
    transaction: OwnedTransactionId,
    room: Option<Room>,
    /// Whether the room was looked for on behalf of this very message.
    looked: bool,
    settling: u32,
    strange: u32,
    /// What happened when the server may have taken it without our knowing.
    fate: Option<Error>,
}

impl Delivery {
    async fn tries(&mut self) -> Result<(), Error> {
        loop {
            let gave_up = self.link.borrow_and_update().gave_up;
            if let Some(error) = gave_up {
                return Err(error);
            }
            let Err(failure) = self.attempt().await else { return Ok(()) };
            self.after(failure).await?;
        }
    }

    async fn attempt(&mut self) -> Result<(), Failure> {
        let room = self.room().await?;
        let request = send_message_event::v3::Request::new(room, self.transaction.clone(), &self.content)
            .map_err(|_| Failure::Refused(Error::NotAllowed))?;
        let before = self.fate.replace(Error::ConnectionLost(io::ErrorKind::ConnectionAborted));
        let outcome = self.directory.client.call(request).await;
        let Err(failure) = outcome else { return Ok(()) };
        self.fate = match failure {
            Failure::Trouble(error) if error.may_have_arrived() => Some(error),
            Failure::Oversized => Some(failure.into_error()),
            _ => before,
        };
        Err(failure)
    }

    async fn room(&mut self) -> Result<OwnedRoomId, Failure> {
        if let Some(Room { id, certain: true }) = &self.room {
            return Ok(id.clone());
        }
        self.looked = true;
        let found = self.directory.find(&self.to, self.room.as_ref().map(|room| &room.id)).await?;
        let id = match found {
            Found::Room(id) => id,
            Found::New(id) => {
                self.settling = MAX_SETTLING;
                id
            }
        };
        self.room = Some(Room { id: id.clone(), certain: true });
        Ok(id)
    }

    /// Waits until it makes sense to try again, or says why it does not.
    async fn after(&mut self, failure: Failure) -> Result<(), Error> {
        match failure {
            Failure::Trouble(Error::Malformed(_)) | Failure::Oversized => {
                self.strange += 1;
                if self.strange > MAX_STRANGE {
                    return Err(failure.into_error());
                }
                self.pause().await;
            }
            Failure::Trouble(_) => self.pause().await,
            Failure::TokenRefused => self.pause().await,
            Failure::RateLimited(wait) => {
                let wait = wait.unwrap_or_default();
                if wait > self.options.rate_limit_max {
                    return Err(Error::RateLimited { wait: Some(wait) });
                }
                sleep(wait.max(self.backoff.next_delay())).await;
            }
            Failure::Forbidden | Failure::NotFound if self.settling > 0 => {
                self.settling -= 1;
                sleep(self.backoff.next_delay()).await;
            }
            // The room is not what it was: there may be another one.
            Failure::Forbidden | Failure::NotFound if !self.looked && self.fate.is_none() => self.room = None,
            Failure::Forbidden => return Err(Error::NotAllowed),
            Failure::NotFound => return Err(Error::NoSuchPeer),
            Failure::TooLarge => {
                let limit = self.options.max_message_size.min(self.size.saturating_sub(1));
                return Err(Error::MessageTooLarge { size: self.size, limit });
            }
            Failure::Refused(error) => return Err(error),
        }
        Ok(())
    }

    /// Waits, but not longer than until the connection is there again. The other half is asked to look.
    async fn pause(&mut self) {
        // One question at a time is enough.
        let _ = self.nudge.try_send(());
        let wait = self.backoff.next_delay();
        tokio::select! {
            () = sleep(wait) => {}
            Ok(()) = self.link.changed() => {}
        }
    }
}
