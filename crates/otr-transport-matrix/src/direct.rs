use std::collections::BTreeSet;

use otr_transport::Error;
use ruma::api::Direction;
use ruma::api::client::config::{get_global_account_data, set_global_account_data};
use ruma::api::client::membership::joined_rooms;
use ruma::api::client::message::get_message_events;
use ruma::api::client::profile::get_profile;
use ruma::api::client::room::create_room;
use ruma::events::GlobalAccountDataEventType;
use ruma::events::direct::DirectEventContent;
use ruma::{MilliSecondsSinceUnixEpoch, OwnedRoomId, OwnedUserId, uint};

use crate::api::Client;
use crate::failure::Failure;
use crate::http::Bounds;
use crate::limits::EVENTS;
use crate::members::{ask, is_encrypted};

/// Rooms that are looked at to find one for a peer. Beyond it a new room is made.
const MAX_LOOKED_AT: usize = 256;
/// Rooms of one peer among which the latest is chosen.
const MAX_COMPARED: usize = 16;

/// Finds the room for each peer (client-server API, "Direct Messaging").
#[derive(Clone)]
pub(crate) struct Directory {
    pub(crate) client: Client,
    pub(crate) me: OwnedUserId,
}

/// Where the search for a room ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Room(OwnedRoomId),
    /// Made just now: other processes of the server may not know it yet.
    New(OwnedRoomId),
}

/// Rooms where there are just we and the peer.
#[derive(Default)]
struct Candidates {
    clear: Vec<OwnedRoomId>,
    encrypted: bool,
}

impl Directory {
    /// The room for `peer`: the one used so far if it still is one for us two, else one that `m.direct` names, else any
    /// where there are only we two, else a new one. Of several, the one with the latest message.
    pub(crate) async fn find(&self, peer: &OwnedUserId, so_far: Option<&OwnedRoomId>) -> Result<Found, Failure> {
        let mut candidates = Candidates::default();
        if let Some(room) = so_far {
            self.consider(&mut candidates, peer, [room]).await?;
        }
        if candidates.clear.is_empty() {
            let direct = self.direct().await?.unwrap_or_default();
            let named = direct.iter().filter(|(user, _)| user.as_str() == peer.as_str()).flat_map(|(_, rooms)| rooms);
            self.consider(&mut candidates, peer, named.collect::<BTreeSet<_>>()).await?;
        }
        if candidates.clear.is_empty() {
            let joined = self.client.call(joined_rooms::v3::Request::new()).await?.joined_rooms;
            self.consider(&mut candidates, peer, &joined).await?;
        }
        match candidates.clear.as_slice() {
            [] if candidates.encrypted => Err(Failure::Refused(Error::NotSupported(
                "an unencrypted room with this peer: the one there is has end-to-end encryption by Matrix",
            ))),
            [] => self.create(peer).await.map(Found::New),
            [only] => Ok(Found::Room(only.clone())),
            [first, rest @ ..] => self.latest(first, rest).await.map(Found::Room),
        }
    }

    async fn consider(
        &self,
        candidates: &mut Candidates,
        peer: &OwnedUserId,
        rooms: impl IntoIterator<Item = &OwnedRoomId>,
    ) -> Result<(), Failure> {
        for room in rooms.into_iter().take(MAX_LOOKED_AT) {
            if ask(&self.client, room).await?.peer_of(&self.me) != Some(peer) {
                continue;
            }
            if is_encrypted(&self.client, room).await? {
                candidates.encrypted = true;
            } else {
                candidates.clear.push(room.clone());
            }
        }
        Ok(())
    }

    async fn latest(&self, first: &OwnedRoomId, rest: &[OwnedRoomId]) -> Result<OwnedRoomId, Failure> {
        let mut best = (self.last_spoken(first).await?, first);
        for room in rest.iter().take(MAX_COMPARED) {
            best = best.max((self.last_spoken(room).await?, room));
        }
        Ok(best.1.clone())
    }

    async fn last_spoken(&self, room: &OwnedRoomId) -> Result<Option<MilliSecondsSinceUnixEpoch>, Failure> {
        let mut request = get_message_events::v3::Request::new(room.clone(), Direction::Backward);
        request.limit = uint!(1);
        request.filter.types = Some(vec!["m.room.message".to_owned()]);
        match self.client.call(request).await {
            Ok(answer) => Ok(answer.chunk.first().and_then(|event| event.get_field("origin_server_ts").ok().flatten())),
            Err(Failure::Forbidden | Failure::NotFound | Failure::Refused(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn create(&self, peer: &OwnedUserId) -> Result<OwnedRoomId, Failure> {
        // A server invites users that do not exist without a word.
        let profile = self.client.call(get_profile::v3::Request::new(peer.clone())).await;
        if matches!(profile, Err(Failure::NotFound)) {
            return Err(Failure::NotFound);
        }
        let mut request = create_room::v3::Request::new();
        request.preset = Some(create_room::v3::RoomPreset::TrustedPrivateChat);
        request.is_direct = true;
        request.invite = vec![peer.clone()];
        let room = self.client.call(request).await?.room_id;
        self.record(peer, &room).await;
        Ok(room)
    }

    /// Notes in `m.direct` that `room` is the one for `peer`, for our other clients and the next start. Where that fails
    /// the room is found by its members.
    pub(crate) async fn record(&self, peer: &OwnedUserId, room: &OwnedRoomId) {
        let Ok(Some(mut direct)) = self.direct().await else { return };
        let rooms = direct.entry(peer.into()).or_default();
        if rooms.contains(room) {
            return;
        }
        rooms.push(room.clone());
        if let Ok(request) = set_global_account_data::v3::Request::new(self.me.clone(), &direct) {
            // Without it things work all the same.
            let _ = self.client.call(request).await;
        }
    }

    /// `None` where it is there and not as it should be, so that it is not overwritten.
    async fn direct(&self) -> Result<Option<DirectEventContent>, Failure> {
        let kind = GlobalAccountDataEventType::Direct;
        let request = get_global_account_data::v3::Request::new(self.me.clone(), kind);
        let bounds = Bounds { size: EVENTS, ..self.client.bounds };
        match self.client.call_within(request, bounds).await {
            Ok(answer) => Ok(answer.account_data.deserialize_as_unchecked().ok()),
            Err(Failure::NotFound) => Ok(Some(DirectEventContent::default())),
            Err(Failure::Forbidden | Failure::Refused(_) | Failure::Oversized) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}
