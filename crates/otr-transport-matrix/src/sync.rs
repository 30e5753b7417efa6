use std::time::Duration;

use ruma::api::client::filter::{Filter as Events, FilterDefinition, RoomEventFilter, RoomFilter};
use ruma::api::client::sync::sync_events;
use ruma::{OwnedUserId, UInt};

use crate::api::Client;
use crate::failure::Failure;
use crate::http::Bounds;
use crate::limits::EVENTS;

pub(crate) use sync_events::v3::{InvitedRoom, Response, Timeline};

/// Events of one room that are asked for at once; of more, the rest is asked for afterwards.
pub(crate) const MOST_EVENTS: u32 = 25;

/// What happens in rooms that concerns us.
pub(crate) fn kinds() -> Vec<String> {
    ["m.room.message", "m.room.member", "m.room.encryption"].map(str::to_owned).into()
}

/// One question for what is new (client-server API, "Syncing").
#[derive(Debug)]
pub(crate) struct Question<'a> {
    /// From where on; from the start if nowhere.
    pub(crate) since: Option<&'a str>,
    /// How long the server may wait for something to happen.
    pub(crate) wait: Duration,
    /// Events of one room at once.
    pub(crate) events: u32,
    /// Whose presence is of interest.
    pub(crate) peers: &'a [OwnedUserId],
}

impl Question<'_> {
    pub(crate) async fn ask(&self, client: &Client) -> Result<Response, Failure> {
        let mut request = sync_events::v3::Request::new();
        request.since = self.since.map(str::to_owned);
        request.timeout = Some(self.wait);
        request.filter = Some(sync_events::v3::Filter::FilterDefinition(self.filter()));
        let bounds = Bounds { size: EVENTS, time: client.bounds.time.saturating_add(self.wait) };
        client.call_within(request, bounds).await
    }

    fn filter(&self) -> FilterDefinition {
        let mut timeline = RoomEventFilter::empty();
        timeline.types = Some(kinds());
        timeline.limit = Some(UInt::from(self.events));
        let mut room = RoomFilter::empty();
        room.timeline = timeline;
        room.state = RoomEventFilter::ignore_all();
        room.ephemeral = RoomEventFilter::ignore_all();
        room.account_data = RoomEventFilter::ignore_all();
        let mut presence = Events::empty();
        match self.peers {
            [] => presence = Events::ignore_all(),
            peers => presence.senders = Some(peers.to_vec()),
        }
        let mut filter = FilterDefinition::empty();
        filter.account_data = Events::ignore_all();
        filter.presence = presence;
        filter.room = room;
        filter
    }
}
