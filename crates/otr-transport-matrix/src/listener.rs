use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use otr_transport::{Backoff, Error, Event, Presence};
use ruma::api::client::membership::join_room_by_id;
use ruma::{OwnedDeviceId, OwnedRoomId, OwnedUserId};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use crate::Options;
use crate::api::Client;
use crate::clock;
use crate::direct::Directory;
use crate::enter::Identity;
use crate::failure::Failure;
use crate::item::Item;
use crate::link::Link;
use crate::members::Rooms;
use crate::seen::Seen;
use crate::sync::{MOST_EVENTS, Question, Response};

/// An answer without news that comes sooner than this was given without waiting for any.
const HASTE: Duration = Duration::from_secs(1);
/// The waits after such answers, so that a server that gives nothing but them does not keep us busy.
const PACE_FIRST: Duration = Duration::from_millis(50);
const PACE_MAX: Duration = Duration::from_secs(2);
/// Answers without news after which the place in the stream is stored all the same. At 30 s each, 10 min.
const IDLE_MARK: u32 = 20;

/// Whether what arrives was sent just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    Live,
    Old,
}

/// An invitation that we mean to accept.
#[derive(Debug)]
pub(crate) struct Invitation {
    pub(crate) inviter: OwnedUserId,
    pub(crate) freshness: Freshness,
}

/// Why a round of listening was not finished.
#[derive(Debug)]
pub(crate) enum Halt {
    HostGone,
    Failed(Failure),
    /// The server does not know the place in the stream from which we asked on.
    PlaceUnknown,
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The half that listens: asks for what is new, hands it up, and keeps the connection and the login up.
pub(crate) struct Listener {
    pub(crate) client: Client,
    pub(crate) directory: Directory,
    pub(crate) identity: Identity,
    pub(crate) device: Option<OwnedDeviceId>,
    pub(crate) link: watch::Sender<Link>,
    pub(crate) events: mpsc::Sender<Item>,
    /// Rooms in which somebody came or went, or that are encrypted now, for the half that sends.
    pub(crate) changes: mpsc::Sender<OwnedRoomId>,
    /// The half that sends is in trouble: is the connection still there?
    pub(crate) nudges: mpsc::Receiver<()>,
    pub(crate) peers: Vec<OwnedUserId>,
    pub(crate) options: Options,
    pub(crate) place: Place,
    pub(crate) rooms: Rooms,
    pub(crate) seen: Seen,
    /// Not accepted yet.
    pub(crate) invitations: BTreeMap<OwnedRoomId, Invitation>,
    /// Accepted, and how fresh what was said there before that is.
    pub(crate) welcomed: BTreeMap<OwnedRoomId, Freshness>,
    pub(crate) presence: BTreeMap<OwnedUserId, Presence>,
    pub(crate) health: Health,
}

/// Where we are in the stream of events.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) since: Option<String>,
    /// Whether what comes next was sent while we were away.
    pub(crate) catching_up: bool,
    /// When the server answered last.
    pub(crate) answered: SystemTime,
}

impl Place {
    pub(crate) fn at(since: Option<String>) -> Self {
        Self { catching_up: since.is_some(), since, answered: clock::now() }
    }
}

/// How well it goes.
#[derive(Debug)]
pub(crate) struct Health {
    pub(crate) backoff: Backoff,
    pace: Backoff,
    /// Whether the host has been told that there is no connection.
    pub(crate) down: bool,
    /// Whether something may have been missed.
    pub(crate) missed: bool,
    /// Whether the token is new, and the server has not accepted it yet.
    pub(crate) unproven: bool,
    /// Whether the next question is to be answered at once.
    pub(crate) hurried: bool,
    /// Events of one room to ask for at once.
    pub(crate) most_events: u32,
    idle: u32,
}

impl Health {
    pub(crate) fn new(options: &Options, user: &OwnedUserId) -> Self {
        Self {
            backoff: Backoff::new(options.retry_first, options.retry_max, &user.as_str()),
            pace: Backoff::new(PACE_FIRST, PACE_MAX, &user.as_str()),
            down: false,
            missed: false,
            unproven: false,
            hurried: false,
            most_events: MOST_EVENTS,
            idle: 0,
        }
    }

    /// Events of one room to ask for. Where there is no place to go on from, what was said is of no concern.
    fn events(&self, since: Option<&str>) -> u32 {
        if since.is_some() { self.most_events } else { 1 }
    }
}

impl Listener {
    /// The first answer: from the stored place on, or just where the stream is now.
    pub(crate) async fn begin(&mut self) -> Result<Response, Error> {
        loop {
            match self.question(Duration::ZERO).ask(&self.client).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Oversized) if self.asks_for_less() => {}
                Err(Failure::Refused(Error::NotAllowed)) if self.place.since.is_some() => self.place = Place::at(None),
                Err(failure) => return Err(failure.into_error()),
            }
        }
    }

    /// Listens until the host is gone, or there is no way to get in again.
    pub(crate) async fn run(mut self, first: Response) {
        let resumed = self.place.since.is_some();
        if self.say(Event::Connected { resumed }).await.is_err() {
            return;
        }
        let mut answer = Some(first);
        loop {
            let step = match self.round(answer.take()).await {
                Ok(()) => Ok(()),
                Err(Halt::Failed(failure)) => self.recover(failure).await,
                Err(Halt::PlaceUnknown) => self.start_over().await,
                Err(Halt::HostGone) => return,
            };
            if step.is_err() {
                return;
            }
        }
    }

    /// One question and what comes of its answer.
    async fn round(&mut self, first: Option<Response>) -> Result<(), Halt> {
        self.accept_invitations().await?;
        let asked = Instant::now();
        let waits = !(self.health.down || self.health.hurried);
        let answer = match first {
            Some(answer) => answer,
            None => match self.poll(waits).await? {
                Some(answer) => answer,
                None => return Ok(()),
            },
        };
        let freshness = self.freshness();
        self.proved_good().await?;
        let next = answer.next_batch.clone();
        let news = if self.place.since.is_none() {
            // Where the stream begins for us. What was said before is not for us to tell.
            self.place.since = Some(next.clone());
            self.begin_here(answer).await?
        } else {
            self.take(answer, freshness).await?
        };
        self.accept_invitations().await?;
        self.place.since = Some(next.clone());
        self.place.catching_up = false;
        self.mark(next, news).await?;
        self.keep_pace(news, waits && asked.elapsed() < HASTE).await;
        Ok(())
    }

    /// The next answer, or `None` if there is reason to ask again at once.
    async fn poll(&mut self, waits: bool) -> Result<Option<Response>, Halt> {
        self.health.hurried = false;
        let wait = if waits { self.options.poll } else { Duration::ZERO };
        let since = self.place.since.as_deref();
        let question = Question { since, wait, events: self.health.events(since), peers: &self.peers };
        let outcome = tokio::select! {
            outcome = question.ask(&self.client) => outcome,
            Some(()) = self.nudges.recv(), if waits => {
                self.health.hurried = true;
                return Ok(None);
            }
        };
        match outcome {
            Ok(answer) => Ok(Some(answer)),
            Err(Failure::Refused(Error::NotAllowed)) if self.place.since.is_some() => Err(Halt::PlaceUnknown),
            Err(failure) => Err(Halt::Failed(failure)),
        }
    }

    fn question(&self, wait: Duration) -> Question<'_> {
        let since = self.place.since.as_deref();
        Question { since, wait, events: self.health.events(since), peers: &self.peers }
    }

    /// What came while we were away, or while nobody could tell us for long, was not sent just now. The times that
    /// events bear are the senders' and prove nothing.
    fn freshness(&mut self) -> Freshness {
        let now = clock::now();
        let quiet = now.duration_since(self.place.answered).unwrap_or_default();
        self.place.answered = now;
        let long = quiet > self.options.live_within.saturating_add(self.options.poll);
        if long || self.place.catching_up { Freshness::Old } else { Freshness::Live }
    }

    async fn proved_good(&mut self) -> Result<(), Halt> {
        self.health.backoff.reset();
        self.health.unproven = false;
        self.health.most_events = MOST_EVENTS;
        if self.health.down {
            self.health.down = false;
            self.link.send_modify(|link| link.epoch = link.epoch.wrapping_add(1));
            let resumed = !std::mem::take(&mut self.health.missed);
            self.say(Event::Connected { resumed }).await?;
        }
        Ok(())
    }

    /// Lets the place be stored once the host has taken what came before it.
    async fn mark(&mut self, next: String, news: bool) -> Result<(), Halt> {
        self.health.idle = if news { 0 } else { self.health.idle + 1 };
        if news || self.health.idle >= IDLE_MARK {
            self.health.idle = 0;
            self.events.send(Item::Taken(next)).await.map_err(|_| Halt::HostGone)?;
        }
        Ok(())
    }

    async fn keep_pace(&mut self, news: bool, hasty: bool) {
        if news || !hasty {
            self.health.pace.reset();
        } else {
            sleep(self.health.pace.next_delay()).await;
        }
    }

    /// Joins the rooms that peers invited us to. After a failure that may pass, the next round tries again.
    async fn accept_invitations(&mut self) -> Result<(), Halt> {
        while let Some((room, invitation)) = self.invitations.first_key_value() {
            let (room, inviter, freshness) = (room.clone(), invitation.inviter.clone(), invitation.freshness);
            match self.client.call(join_room_by_id::v3::Request::new(room.clone())).await {
                Ok(_) => {
                    self.welcomed.insert(room.clone(), freshness);
                    self.directory.record(&inviter, &room).await;
                }
                // It was taken back, or is not ours to accept.
                Err(Failure::Forbidden | Failure::NotFound | Failure::Refused(_) | Failure::TooLarge) => {}
                Err(failure) => return Err(Halt::Failed(failure)),
            }
            self.invitations.remove(&room);
        }
        Ok(())
    }

    pub(crate) async fn say(&self, event: Event) -> Result<(), Halt> {
        self.events.send(Item::Event(event)).await.map_err(|_| Halt::HostGone)
    }
}
