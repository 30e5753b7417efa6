use std::collections::BTreeMap;

use otr_transport::Presence;
use tokio_xmpp::jid::{BareJid, FullJid, Jid};

/// Peers that are kept in mind. A list of contacts is far shorter; whoever sends more presences than this means harm.
const MAX_PEERS: usize = 4096;
/// Devices of all peers together that are kept in mind.
const MAX_DEVICES: usize = 8192;
/// The longest name of a program that is kept, in bytes.
const MAX_PROGRAM: usize = 128;

/// Who is there, with which programs, and to which of a peer's devices we talk.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    peers: BTreeMap<BareJid, Peer>,
    /// By peer and resource.
    devices: BTreeMap<(BareJid, String), Device>,
}

#[derive(Debug, Default)]
struct Peer {
    /// The device that our messages go to: the last one that talked to us (RFC 6121, 5.1).
    locked: Option<FullJid>,
    /// What the host has been told.
    told: Option<Presence>,
}

#[derive(Debug)]
struct Device {
    away: bool,
    program: Option<String>,
}

/// What a presence says about one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It is there.
    Available {
        /// Its user is not.
        away: bool,
        /// The program it runs (XEP-0115, `node`).
        program: Option<String>,
    },
    /// It is not there.
    Unavailable,
}

impl Contacts {
    /// Takes note of a device's presence; the peer's own, where that has changed by it.
    pub(crate) fn presence(&mut self, from: &Jid, state: State) -> Option<Presence> {
        let bare = from.to_bare();
        if !self.has_room_for(&bare) {
            return None;
        }
        let key = (bare, from.resource().map(|resource| resource.as_str().to_owned()).unwrap_or_default());
        match state {
            State::Available { away, program } => {
                if self.devices.len() < MAX_DEVICES || self.devices.contains_key(&key) {
                    let program = program.filter(|program| program.len() <= MAX_PROGRAM);
                    self.devices.insert(key.clone(), Device { away, program });
                }
            }
            State::Unavailable => drop(self.devices.remove(&key)),
        }
        let now = self.current(&key.0);
        let peer = self.peers.entry(key.0).or_default();
        peer.locked.take_if(|locked| *locked == *from);
        (peer.told.replace(now) != Some(now)).then_some(now)
    }

    /// The peer talks to us from this device: answers go there from now on.
    pub(crate) fn heard(&mut self, from: &FullJid) {
        let bare = from.to_bare();
        if self.has_room_for(&bare) {
            self.peers.entry(bare).or_default().locked = Some(from.clone());
        }
    }

    /// A message could not be delivered there.
    pub(crate) fn unlock(&mut self, from: &Jid) {
        if let Some(peer) = self.peers.get_mut(&from.to_bare()) {
            peer.locked = None;
        }
    }

    /// The host has been told that the peer cannot be reached.
    pub(crate) fn told_offline(&mut self, bare: &BareJid) {
        if let Some(peer) = self.peers.get_mut(bare) {
            peer.told = Some(Presence::Offline);
        }
    }

    /// Where a message to the peer goes.
    pub(crate) fn target(&self, bare: &BareJid) -> Jid {
        let locked = self.peers.get(bare).and_then(|peer| peer.locked.clone());
        locked.map_or_else(|| bare.clone().into(), Jid::from)
    }

    /// The program that the peer runs: that of the device we talk to, or of one that is there.
    pub(crate) fn program(&self, bare: &BareJid) -> Option<&str> {
        let locked = self.peers.get(bare).and_then(|peer| peer.locked.as_ref());
        let of_locked = locked.and_then(|locked| {
            self.devices.get(&(bare.clone(), locked.resource().as_str().to_owned()))?.program.as_deref()
        });
        of_locked.or_else(|| self.devices_of(bare).find_map(|device| device.program.as_deref()))
    }

    /// A new session knows nobody: everything is forgotten. Those who had been there, because the host must be told.
    pub(crate) fn forget(&mut self) -> Vec<BareJid> {
        self.devices.clear();
        let peers = std::mem::take(&mut self.peers).into_iter();
        let gone = peers.filter(|(_, peer)| peer.told.is_some_and(|told| told != Presence::Offline));
        gone.map(|(bare, _)| bare).collect()
    }

    fn current(&self, bare: &BareJid) -> Presence {
        if self.devices_of(bare).any(|device| !device.away) {
            Presence::Online
        } else if self.devices_of(bare).next().is_some() {
            Presence::Away
        } else {
            Presence::Offline
        }
    }

    fn devices_of(&self, bare: &BareJid) -> impl Iterator<Item = &Device> {
        let first = (bare.clone(), String::new());
        self.devices.range(first..).take_while(move |((owner, _), _)| owner == bare).map(|(_, device)| device)
    }

    /// Room is made by forgetting one of whom the host was told nothing but that it is away for good.
    fn has_room_for(&mut self, bare: &BareJid) -> bool {
        if self.peers.len() < MAX_PEERS || self.peers.contains_key(bare) {
            return true;
        }
        let stranger = self.peers.iter().find(|(_, peer)| peer.told.is_none_or(|told| told == Presence::Offline));
        let stranger = stranger.map(|(stranger, _)| stranger.clone());
        stranger.is_some_and(|stranger| self.peers.remove(&stranger).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: State = State::Available { away: false, program: None };

    fn jid(text: &str) -> Jid {
        Jid::new(text).unwrap()
    }

    fn bob() -> BareJid {
        BareJid::new("bob@example.org").unwrap()
    }

    #[test]
    fn a_peer_is_there_while_one_of_its_devices_is() {
        let mut contacts = Contacts::default();
        let away = State::Available { away: true, program: None };
        assert_eq!(contacts.presence(&jid("bob@example.org/desk"), away.clone()), Some(Presence::Away));
        assert_eq!(contacts.presence(&jid("bob@example.org/phone"), HERE), Some(Presence::Online));
        assert_eq!(contacts.presence(&jid("bob@example.org/phone"), HERE), None);
        assert_eq!(contacts.presence(&jid("bob@example.org.evil/phone"), State::Unavailable), Some(Presence::Offline));
        assert_eq!(contacts.presence(&jid("bob@example.org/phone"), State::Unavailable), Some(Presence::Away));
        assert_eq!(contacts.presence(&jid("bob@example.org/desk"), State::Unavailable), Some(Presence::Offline));
        assert_eq!(contacts.presence(&jid("bob@example.org/desk"), State::Unavailable), None);
    }

    #[test]
    fn messages_go_where_the_last_came_from_until_that_changes() {
        let mut contacts = Contacts::default();
        let (desk, phone) = (jid("bob@example.org/desk"), jid("bob@example.org/phone"));
        let full = |jid: &Jid| FullJid::try_from(jid.clone()).unwrap();
        assert_eq!(contacts.target(&bob()), jid("bob@example.org"));
        contacts.heard(&full(&desk));
        assert_eq!(contacts.target(&bob()), desk);
        contacts.heard(&full(&phone));
        assert_eq!(contacts.target(&bob()), phone);
        contacts.presence(&desk, State::Unavailable);
        assert_eq!(contacts.target(&bob()), phone);
        contacts.presence(&phone, HERE);
        assert_eq!(contacts.target(&bob()), jid("bob@example.org"));

        contacts.heard(&full(&phone));
        contacts.unlock(&phone);
        assert_eq!(contacts.target(&bob()), jid("bob@example.org"));
    }

    #[test]
    fn the_program_is_that_of_the_device_we_talk_to() {
        let mut contacts = Contacts::default();
        let runs = |program: &str| State::Available { away: false, program: Some(program.to_owned()) };
        contacts.presence(&jid("bob@example.org/a"), runs("http://pidgin.im/"));
        contacts.presence(&jid("bob@example.org/b"), runs("http://mcabber.com/caps"));
        assert_eq!(contacts.program(&bob()), Some("http://pidgin.im/"));
        contacts.heard(&FullJid::new("bob@example.org/b").unwrap());
        assert_eq!(contacts.program(&bob()), Some("http://mcabber.com/caps"));
        contacts.presence(&jid("bob@example.org/a"), runs(&"x".repeat(MAX_PROGRAM + 1)));
        contacts.presence(&jid("bob@example.org/b"), State::Unavailable);
        assert_eq!(contacts.program(&bob()), None);
    }

    #[test]
    fn a_new_session_forgets_and_says_who_was_there() {
        let mut contacts = Contacts::default();
        contacts.presence(&jid("bob@example.org/a"), HERE);
        contacts.presence(&jid("carol@example.org/a"), State::Unavailable);
        contacts.heard(&FullJid::new("dave@example.org/a").unwrap());
        assert_eq!(contacts.forget(), [bob()]);
        assert_eq!(contacts.target(&BareJid::new("dave@example.org").unwrap()).resource(), None);
        assert_eq!(contacts.presence(&jid("bob@example.org/a"), HERE), Some(Presence::Online));
    }

    #[test]
    fn the_tables_are_bounded_and_strangers_give_way() {
        let mut contacts = Contacts::default();
        for number in 0..2 * MAX_DEVICES {
            contacts.presence(&jid(&format!("bob@example.org/{number}")), HERE);
        }
        assert_eq!(contacts.devices.len(), MAX_DEVICES);
        for number in 0..2 * MAX_PEERS {
            contacts.heard(&FullJid::new(&format!("stranger{number}@example.org/a")).unwrap());
        }
        assert_eq!(contacts.peers.len(), MAX_PEERS);
        assert_eq!(contacts.presence(&jid("bob@example.org/0"), HERE), None, "bob has not been forgotten");
        assert_eq!(contacts.presence(&jid("carol@example.org/a"), State::Unavailable), Some(Presence::Offline));
    }
}
