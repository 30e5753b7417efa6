//! What one answer of `/sync` says to the host.

use std::collections::BTreeMap;

use otr_transport::{Event, Incoming, Origin, Presence};
use ruma::events::presence::PresenceEvent;
use ruma::presence::PresenceState;
use ruma::serde::Raw;
use ruma::{OwnedRoomId, OwnedUserId, UserId};

use crate::gap::Gap;
use crate::invitation::from_peer;
use crate::listener::{Freshness, Halt, Invitation, Listener};
use crate::members::Members;
use crate::sync::{InvitedRoom, Response, Timeline};
use crate::timeline::{Entry, Membership, Message, What, read};

/// Invitations that wait to be accepted, and rooms whose first events we expect after that.
const MAX_INVITATIONS: usize = 64;

impl Listener {
    /// Hands up what is new in `answer`, in order, and says whether anything was.
    ///
    /// Where that fails half way, the same answer can be taken again: what was handed up is not handed up twice.
    pub(crate) async fn take(&mut self, answer: Response, freshness: Freshness) -> Result<bool, Halt> {
        let mut news = self.note_invitations(&answer.rooms.invite, freshness);
        for event in &answer.presence.events {
            news |= self.take_presence(event).await?;
        }
        for room in answer.rooms.leave.keys() {
            self.invitations.remove(room);
            self.welcomed.remove(room);
            self.changed(room).await?;
        }
        for (room, joined) in answer.rooms.join {
            news |= self.take_room(&room, joined.timeline, freshness).await?;
        }
        Ok(news)
    }

    /// Takes of the very first answer who is there and who waits for us.
    pub(crate) async fn begin_here(&mut self, answer: Response) -> Result<bool, Halt> {
        self.note_invitations(&answer.rooms.invite, Freshness::Old);
        for event in &answer.presence.events {
            self.take_presence(event).await?;
        }
        Ok(true)
    }

    async fn take_presence(&mut self, event: &Raw<PresenceEvent>) -> Result<bool, Halt> {
        let Ok(event) = event.deserialize() else { return Ok(false) };
        let presence = match event.content.presence {
            PresenceState::Online => Presence::Online,
            PresenceState::Unavailable => Presence::Away,
            PresenceState::Offline => Presence::Offline,
            _ => return Ok(false),
        };
        if !self.peers.contains(&event.sender) {
            return Ok(false);
        }
        if self.presence.insert(event.sender.clone(), presence) == Some(presence) {
            return Ok(false);
        }
        self.say(Event::Presence { of: event.sender.into(), presence }).await?;
        Ok(true)
    }

    fn note_invitations(&mut self, invited: &BTreeMap<OwnedRoomId, InvitedRoom>, freshness: Freshness) -> bool {
        let mut news = false;
        for (room, invited) in invited {
            let Some(inviter) = from_peer(invited, &self.identity.user, &self.peers) else { continue };
            if self.invitations.len() < MAX_INVITATIONS && !self.welcomed.contains_key(room) {
                self.invitations.insert(room.clone(), Invitation { inviter, freshness });
                news = true;
            }
        }
        if self.welcomed.len() >= MAX_INVITATIONS {
            self.welcomed.clear();
        }
        news
    }

    async fn take_room(&mut self, room: &OwnedRoomId, timeline: Timeline, freshness: Freshness) -> Result<bool, Halt> {
        let welcome = self.welcomed.get(room).copied();
        let entries = self.whole(room, timeline, welcome).await?;
        let mut news = false;
        let joins = entries.iter().any(|entry| is_ours(entry, &self.identity.user, Membership::Joined));
        // Before we accepted an invitation, what was said to us is as fresh as the invitation was.
        let mut now = welcome.filter(|_| joins).unwrap_or(freshness);
        for Entry { id, what } in entries {
            if self.seen.contains(&id) {
                continue;
            }
            match what {
                What::Message(message) => self.take_message(room, message, now).await?,
                What::Member { user, membership } => {
                    if user == self.identity.user && membership == Membership::Joined {
                        now = freshness;
                    }
                    self.rooms.changed(room, user, membership);
                    self.tell_change(room).await?;
                }
                What::Encrypted => self.tell_change(room).await?,
            }
            self.seen.remember(id);
            news = true;
        }
        if joins {
            self.welcomed.remove(room);
        }
        Ok(news)
    }

    /// The events of a room since the last answer, those included that the server left out. Nothing from before we came.
    async fn whole(
        &mut self,
        room: &OwnedRoomId,
        timeline: Timeline,
        welcome: Option<Freshness>,
    ) -> Result<Vec<Entry>, Halt> {
        let me = self.identity.user.clone();
        let begins = if welcome.is_some() { Membership::Invited } else { Membership::Joined };
        let is_start = |entry: &Entry| is_ours(entry, &me, begins);
        let mut entries: Vec<Entry> = timeline.events.iter().filter_map(read).collect();
        if timeline.limited {
            self.changed(room).await?;
            let complete = entries.iter().any(|entry| is_start(entry) || self.seen.contains(&entry.id));
            if let Some(before) = timeline.prev_batch.filter(|_| !complete) {
                let gap = Gap { room, before, since: self.place.since.as_deref() };
                let mut filling = gap.fill(&self.client, &self.seen, is_start).await?;
                if filling.cut {
                    self.missed_some().await?;
                }
                filling.entries.append(&mut entries);
                entries = filling.entries;
            }
        }
        if let Some(start) = entries.iter().rposition(is_start) {
            entries.drain(..start);
        }
        Ok(entries)
    }

    async fn take_message(&mut self, room: &OwnedRoomId, message: Message, freshness: Freshness) -> Result<(), Halt> {
        let members = self.rooms.members(&self.client, room).await?;
        let Some((from, origin)) = origin(members, &self.identity.user, &message, freshness) else { return Ok(()) };
        let incoming = Incoming::new(from.as_str(), message.body, origin);
        self.say(Event::Message(incoming)).await
    }

    /// Something happened in a room of which we know no more.
    async fn changed(&mut self, room: &OwnedRoomId) -> Result<(), Halt> {
        self.rooms.forget(room);
        self.tell_change(room).await
    }

    async fn tell_change(&self, room: &OwnedRoomId) -> Result<(), Halt> {
        self.changes.send(room.clone()).await.map_err(|_| Halt::HostGone)
    }
}

/// From whom and of what kind a message is for the host, if it is for the host at all.
fn origin(members: &Members, me: &UserId, message: &Message, freshness: Freshness) -> Option<(OwnedUserId, Origin)> {
    let peer = members.peer_of(me);
    if message.sender == *me {
        return peer.filter(|_| !message.from_this_device).map(|peer| (peer.clone(), Origin::OwnCopy));
    }
    let origin = match freshness {
        _ if peer != Some(&message.sender) => Origin::Group,
        // Programs write these, and no program may ever answer them: that is what they are for.
        _ if message.notice => Origin::History,
        Freshness::Live => Origin::Live,
        Freshness::Old => Origin::History,
    };
    Some((message.sender.clone(), origin))
}

/// Whether we came to the room by this event, invited or joined.
fn is_ours(entry: &Entry, me: &UserId, becoming: Membership) -> bool {
    matches!(&entry.what, What::Member { user, membership } if user == me && *membership == becoming)
}

#[cfg(test)]
mod tests {
    use ruma::{owned_user_id, user_id};

    use super::*;

    fn message(sender: &str) -> Message {
        let sender = UserId::parse(sender).unwrap();
        Message { sender, body: "x".to_owned(), notice: false, from_this_device: false }
    }

    // attack: VER-8
    #[test]
    fn only_what_the_peer_of_a_room_for_two_says_now_is_live() {
        let me = user_id!("@me:a");
        let joined = |users: &[&str]| {
            Members::Few(users.iter().map(|user| (UserId::parse(user).unwrap(), Membership::Joined)).collect())
        };
        let two = joined(&["@me:a", "@you:a"]);
        let three = joined(&["@me:a", "@you:a", "@he:a"]);
        let you = message("@you:a");
        let of = |members: &Members, message: &Message, freshness| {
            origin(members, me, message, freshness).map(|(from, origin)| (from.to_string(), origin))
        };
        let from = |user: &str, origin| Some((user.to_owned(), origin));
        assert_eq!(of(&two, &you, Freshness::Live), from("@you:a", Origin::Live));
        assert_eq!(of(&two, &you, Freshness::Old), from("@you:a", Origin::History));
        for many in [three, Members::Many, joined(&["@me:a"]), joined(&["@you:a", "@he:a"])] {
            let many = &many;
            assert_eq!(of(many, &you, Freshness::Live), from("@you:a", Origin::Group));
            assert_eq!(of(many, &message("@me:a"), Freshness::Live), None);
        }
        assert_eq!(of(&two, &message("@he:a"), Freshness::Live), from("@he:a", Origin::Group));
        let notice = Message { notice: true, ..message("@you:a") };
        assert_eq!(of(&two, &notice, Freshness::Live), from("@you:a", Origin::History));
        assert_eq!(of(&two, &message("@me:a"), Freshness::Live), from("@you:a", Origin::OwnCopy));
        let ours = Message { from_this_device: true, sender: owned_user_id!("@me:a"), ..message("@me:a") };
        assert_eq!(of(&two, &ours, Freshness::Live), None);
    }
}
