use std::collections::BTreeMap;
use std::sync::Arc;

use otr_transport::{Error, Event, Receipt, Transport};
use ruma::api::client::session::logout;
use ruma::{OwnedUserId, UserId};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::account::{MatrixAccount, Secret};
use crate::api::Client;
use crate::delivery::{Courier, Outgoing};
use crate::direct::Directory;
use crate::dispatcher::{Dispatcher, Transactions};
use crate::enter::{Entered, enter};
use crate::failure::Failure;
use crate::http::Bounds;
use crate::item::Item;
use crate::keeper::Keeper;
use crate::limits::SMALL;
use crate::link::Link;
use crate::listener::{Health, Listener, Place};
use crate::members::Rooms;
use crate::seen::Seen;
use crate::size::in_json;
use crate::state_file::Stored;
use crate::sync::Response;

/// Rooms with news for the half that sends; while it has not looked, no more is read.
const MAX_CHANGES: usize = 64;

/// One account on Matrix, in rooms with one other user each.
///
/// A task behind it does the work. Dropping it closes it too, but only
/// [`close`](otr_transport::Transport::close) waits until what was handed over is sent and the state is stored.
#[derive(Debug)]
pub struct MatrixTransport {
    address: String,
    max_message_size: usize,
    /// How many messages may still be handed over.
    places: Arc<Semaphore>,
    /// `None` once we have closed.
    outbox: Option<mpsc::Sender<Outgoing>>,
    items: mpsc::Receiver<Item>,
    /// The next event, if it was looked at already.
    held: Option<Event>,
    /// Up to where the host has taken all.
    taken: watch::Sender<Option<String>>,
    task: Option<JoinHandle<Result<(), Error>>>,
}

impl Transport for MatrixTransport {
    type Account = MatrixAccount;

    async fn connect(account: MatrixAccount) -> Result<Self, Error> {
        let peers: Result<Vec<OwnedUserId>, _> = account.peers.iter().map(UserId::parse).collect();
        let peers = peers.map_err(|_| Error::InvalidAddress)?;
        let entered = enter(&account).await?;
        let options = account.options.clone();
        let address = entered.identity.user.to_string();
        let waiting = options.waiting.clamp(1, Semaphore::MAX_PERMITS);
        let (outbox, outgoing) = mpsc::channel(waiting);
        let (taken, taken_up_to) = watch::channel(None);
        let (events, items) = mpsc::channel(options.queue.max(1));
        let task = Task::prepare(account, entered, peers, outgoing, events, taken_up_to).await?;
        Ok(Self {
            address,
            max_message_size: options.max_message_size,
            places: Arc::new(Semaphore::new(waiting)),
            outbox: Some(outbox),
            items,
            held: None,
            taken,
            task: Some(tokio::spawn(task.run())),
        })
    }

    fn address(&self) -> &str {
        &self.address
    }

    fn max_message_size(&self, _to: &str) -> Option<usize> {
        Some(self.max_message_size)
    }

    fn send(&mut self, to: &str, body: &str) -> Receipt {
        match self.hand_over(to, body) {
            Ok(receipt) => receipt,
            Err(error) => Receipt::known(Err(error)),
        }
    }

    async fn next_event(&mut self) -> Option<Event> {
        if let Some(event) = self.held.take() {
            return Some(event);
        }
        loop {
            match self.items.recv().await? {
                Item::Event(event) => return Some(event),
                Item::Taken(place) => drop(self.taken.send_replace(Some(place))),
            }
        }
    }

    async fn close(&mut self) -> Result<(), Error> {
        self.note_what_was_taken();
        self.outbox = None;
        match self.task.take() {
            Some(task) => task.await.unwrap_or(Err(Error::Closed)),
            None => Ok(()),
        }
    }
}

impl MatrixTransport {
    /// A host that closes has done with the events that it took, though it has not come for the next.
    fn note_what_was_taken(&mut self) {
        while self.held.is_none() {
            match self.items.try_recv() {
                Ok(Item::Taken(place)) => drop(self.taken.send_replace(Some(place))),
                Ok(Item::Event(event)) => self.held = Some(event),
                Err(_) => return,
            }
        }
    }

    fn hand_over(&self, to: &str, body: &str) -> Result<Receipt, Error> {
        let outbox = self.outbox.as_ref().ok_or(Error::Closed)?;
        let to = UserId::parse(to).map_err(|_| Error::InvalidAddress)?;
        if to.as_str() == self.address {
            return Err(Error::NoSuchPeer);
        }
        let size = in_json(body);
        if size > self.max_message_size {
            return Err(Error::MessageTooLarge { size, limit: self.max_message_size });
        }
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Error::QueueFull)?;
        let (outcome, receipt) = Receipt::open();
        let outgoing = Outgoing { to, body: body.to_owned(), outcome, place };
        outbox.try_send(outgoing).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::QueueFull,
            mpsc::error::TrySendError::Closed(_) => Error::Closed,
        })?;
        Ok(receipt)
    }
}

/// The work behind a transport.
struct Task {
    dispatcher: Dispatcher,
    listener: Listener,
    first: Response,
    keeper: Keeper,
    client: Client,
}

impl Task {
    async fn prepare(
        account: MatrixAccount,
        entered: Entered,
        peers: Vec<OwnedUserId>,
        outbox: mpsc::Receiver<Outgoing>,
        events: mpsc::Sender<Item>,
        taken: watch::Receiver<Option<String>>,
    ) -> Result<Self, Error> {
        let MatrixAccount { login, state, options, .. } = account;
        let Entered { identity, api, session, next_batch } = entered;
        let mut stored = Stored::new(identity.user.as_str(), api.base.as_str());
        stored.device_id = session.device.as_ref().map(ToString::to_string);
        stored.next_batch.clone_from(&next_batch);
        let (link, linked) = watch::channel(Link::new(session.token));
        let keeps_token = matches!(login.0, Secret::Password(_));
        let mut keeper = Keeper::new(state, stored, keeps_token, linked.clone(), taken);
        // At once, so that whatever happens next the login is not made again.
        keeper.save().await?;

        let bounds = Bounds { size: SMALL, time: options.request_timeout };
        let client = Client { api, link: linked.clone(), bounds };
        let directory = Directory { client: client.clone(), me: identity.user.clone() };
        let (nudge, nudges) = mpsc::channel(1);
        let (change, changes) = mpsc::channel(MAX_CHANGES);
        let (closing, closed) = watch::channel(false);
        let health = Health::new(&options, &identity.user);
        let courier =
            Courier { directory: directory.clone(), link: linked, nudge, closing: closed, options: options.clone() };
        let dispatcher = Dispatcher::new(outbox, changes, courier, closing, Transactions::new()?);
        let mut listener = Listener {
            client: client.clone(),
            directory,
            identity,
            device: session.device,
            link,
            events,
            changes: change,
            nudges,
            peers,
            options,
            place: Place::at(next_batch),
            rooms: Rooms::default(),
            seen: Seen::default(),
            invitations: BTreeMap::new(),
            welcomed: BTreeMap::new(),
            presence: BTreeMap::new(),
            health,
        };
        // From this answer on nothing is missed, so whoever has a transport can be spoken to.
        let first = listener.begin().await?;
        Ok(Self { dispatcher, listener, first, keeper, client })
    }

    async fn run(self) -> Result<(), Error> {
        let Self { mut dispatcher, listener, first, mut keeper, client } = self;
        let options = listener.options.clone();
        let background = async {
            tokio::join!(listener.run(first), keeper.run());
            std::future::pending().await
        };
        tokio::select! {
            () = dispatcher.run() => {}
            () = background => {}
        }
        if !options.log_out {
            return keeper.save().await;
        }
        let logout = timeout(options.close_timeout, client.call(logout::v3::Request::new())).await;
        match logout.map_err(|_| Error::TimedOut)? {
            // A token that is refused has ended already.
            Ok(_) | Err(Failure::TokenRefused) => keeper.forget().await,
            Err(failure) => Err(failure.into_error()),
        }
    }
}
