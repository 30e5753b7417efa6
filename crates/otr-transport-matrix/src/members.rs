use std::collections::BTreeMap;

use ruma::api::client::membership::get_member_events;
use ruma::api::client::state::get_state_event_for_key;
use ruma::events::StateEventType;
use ruma::events::room::member::MembershipState;
use ruma::{OwnedRoomId, OwnedUserId, UserId};
use serde::Deserialize;

use crate::api::Client;
use crate::failure::Failure;
use crate::timeline::{MemberContent, Membership};

/// A room with more members is not watched for having two again.
const MAX_MEMBERS: usize = 16;
/// Rooms whose members are remembered; beyond it all are forgotten and asked for anew.
const MAX_ROOMS: usize = 1024;

/// Who is in a room: joined, or invited to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Members {
    Few(BTreeMap<OwnedUserId, Membership>),
    /// So many that they do not matter, or it is unknown how many: never a room of two.
    Many,
}

impl Members {
    /// The other one, in a room of exactly two where we are one of them.
    pub(crate) fn peer_of(&self, me: &UserId) -> Option<&OwnedUserId> {
        let Self::Few(members) = self else { return None };
        if members.len() != 2 || members.get(me) != Some(&Membership::Joined) {
            return None;
        }
        members.keys().find(|user| *user != me)
    }

    fn apply(&mut self, user: OwnedUserId, membership: Membership) {
        let Self::Few(members) = self else { return };
        match membership {
            Membership::Out => drop(members.remove(&user)),
            there => drop(members.insert(user, there)),
        }
        if members.len() > MAX_MEMBERS {
            *self = Self::Many;
        }
    }
}

#[derive(Deserialize)]
struct Member {
    state_key: OwnedUserId,
    content: MemberContent,
}

/// Asks who is in `room`. Where we are not, or where the answer is odd or large, that is [`Members::Many`].
pub(crate) async fn ask(client: &Client, room: &OwnedRoomId) -> Result<Members, Failure> {
    let mut request = get_member_events::v3::Request::new(room.clone());
    request.not_membership = Some(MembershipState::Leave);
    let answer = match client.call(request).await {
        Ok(answer) => answer,
        Err(Failure::Oversized | Failure::Forbidden | Failure::NotFound | Failure::Refused(_)) => {
            return Ok(Members::Many);
        }
        Err(failure) => return Err(failure),
    };
    let mut members = Members::Few(BTreeMap::new());
    for event in &answer.chunk {
        let Ok(Member { state_key, content }) = event.deserialize_as_unchecked() else { return Ok(Members::Many) };
        members.apply(state_key, content.membership.as_str().into());
    }
    Ok(members)
}

/// Whether `room` is encrypted by the servers' own scheme, which we do not speak.
pub(crate) async fn is_encrypted(client: &Client, room: &OwnedRoomId) -> Result<bool, Failure> {
    let kind = StateEventType::RoomEncryption;
    let request = get_state_event_for_key::v3::Request::new(room.clone(), kind, String::new());
    match client.call(request).await {
        Ok(_) => Ok(true),
        Err(Failure::NotFound) => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// What is known of rooms, kept up by the events in them.
#[derive(Debug, Default)]
pub(crate) struct Rooms(BTreeMap<OwnedRoomId, Members>);

impl Rooms {
    pub(crate) async fn members(&mut self, client: &Client, room: &OwnedRoomId) -> Result<&Members, Failure> {
        if !self.0.contains_key(room) {
            let members = ask(client, room).await?;
            if self.0.len() >= MAX_ROOMS {
                self.0.clear();
            }
            self.0.insert(room.clone(), members);
        }
        Ok(self.0.get(room).unwrap_or(&Members::Many))
    }

    /// Somebody came or went.
    pub(crate) fn changed(&mut self, room: &OwnedRoomId, user: OwnedUserId, membership: Membership) {
        if let Some(members) = self.0.get_mut(room) {
            members.apply(user, membership);
        }
    }

    /// Something happened there that we have not seen.
    pub(crate) fn forget(&mut self, room: &OwnedRoomId) {
        self.0.remove(room);
    }
}

#[cfg(test)]
mod tests {
    use ruma::owned_user_id;

    use super::*;

    fn few(users: &[(&str, Membership)]) -> Members {
        Members::Few(users.iter().map(|(user, membership)| (UserId::parse(user).unwrap(), *membership)).collect())
    }

    #[test]
    fn only_two_are_a_direct_room_and_we_are_in_it() {
        use Membership::{Invited, Joined};
        let me = owned_user_id!("@me:a");
        let you = owned_user_id!("@you:a");
        let peer = |members: &Members| members.peer_of(&me).cloned();
        assert_eq!(peer(&few(&[("@me:a", Joined), ("@you:a", Joined)])), Some(you.clone()));
        assert_eq!(peer(&few(&[("@me:a", Joined), ("@you:a", Invited)])), Some(you.clone()));
        assert_eq!(peer(&few(&[("@me:a", Invited), ("@you:a", Joined)])), None);
        assert_eq!(peer(&few(&[("@me:a", Joined)])), None);
        assert_eq!(peer(&few(&[("@he:a", Joined), ("@you:a", Joined)])), None);
        assert_eq!(peer(&few(&[("@me:a", Joined), ("@he:a", Joined), ("@you:a", Joined)])), None);
        assert_eq!(peer(&Members::Many), None);
    }

    #[test]
    fn who_comes_and_goes_is_followed() {
        let me = owned_user_id!("@me:a");
        let mut members = few(&[("@me:a", Membership::Joined), ("@you:a", Membership::Joined)]);
        members.apply(owned_user_id!("@he:a"), Membership::Invited);
        assert_eq!(members.peer_of(&me), None);
        members.apply(owned_user_id!("@he:a"), Membership::Out);
        assert_eq!(members.peer_of(&me), Some(&owned_user_id!("@you:a")));
        for n in 0..MAX_MEMBERS {
            members.apply(UserId::parse(format!("@u{n}:a")).unwrap(), Membership::Joined);
        }
        assert_eq!(members, Members::Many);
        members.apply(owned_user_id!("@u1:a"), Membership::Out);
        assert_eq!(members, Members::Many);
    }
}
