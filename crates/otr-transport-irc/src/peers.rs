use std::collections::VecDeque;

use otr_transport::{Event, Presence};

use crate::isupport::PresenceBy;
use crate::names::CaseMapping;

/// Peers whose presence is followed. Servers limit such lists to 100 or so; the one not written to for longest goes.
const MAX_PEERS: usize = 64;
/// Bytes of nicks in one line that names several.
const MAX_NAMES: usize = 400;

/// The peers that we have written to: how the host spells them, and whether they are there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Peers {
    /// The one written to last is last.
    known: VecDeque<Peer>,
    /// Which names each question asked for that is not answered yet. No more are asked until all are.
    asked: VecDeque<Vec<String>>,
}

#[derive(Debug, Clone)]
struct Peer {
    name: String,
    /// Until the server has said so on this connection.
    presence: Option<Presence>,
}

impl Peers {
    /// Forgets what an earlier connection told.
    pub(crate) fn on_new_connection(&mut self) {
        self.known.iter_mut().for_each(|peer| peer.presence = None);
        self.asked.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// A message goes to `to`. The lines that make the server follow it from now on, if it is a new one.
    pub(crate) fn written_to(&mut self, to: &str, by: PresenceBy, case: CaseMapping) -> Vec<String> {
        if self.known.back().is_some_and(|peer| peer.name == to) {
            return Vec::new();
        }
        let place = self.place(to, case);
        let presence = place.and_then(|place| self.known.remove(place)).and_then(|peer| peer.presence);
        self.known.push_back(Peer { name: to.to_owned(), presence });
        if place.is_some() {
            return Vec::new();
        }
        let removed = if self.known.len() > MAX_PEERS { self.known.pop_front() } else { None };
        let end = removed.and_then(|peer| follow(by, Follow::Stop, &[peer.name]));
        let begin = follow(by, Follow::Start, &[to.to_owned()]);
        end.into_iter().chain(begin).collect()
    }

    /// The lines that make the server follow all of them.
    pub(crate) fn follow_all(&self, by: PresenceBy) -> Vec<String> {
        self.in_lines().iter().filter_map(|names| follow(by, Follow::Start, names)).collect()
    }

    /// The lines that ask who is there, unless the last ones were not answered yet.
    pub(crate) fn ask(&mut self) -> Vec<String> {
        if !self.asked.is_empty() {
            return Vec::new();
        }
        self.asked = self.in_lines().into();
        self.asked.iter().map(|names| format!("ISON :{}", names.join(" "))).collect()
    }

    /// The answer to one question; the rest of those asked for are not there.
    pub(crate) fn answered(&mut self, present: &str, case: CaseMapping) -> Vec<Event> {
        let asked = self.asked.pop_front().unwrap_or_default();
        let is_there = |name: &str| present.split(' ').any(|there| case.same(there, name));
        let presence = |name: &str| if is_there(name) { Presence::Online } else { Presence::Offline };
        asked.iter().filter_map(|name| self.saw(name, presence(name), case)).collect()
    }

    /// Takes in whether `nick` is there. The event, if it is one of them and the host does not know yet.
    pub(crate) fn saw(&mut self, nick: &str, presence: Presence, case: CaseMapping) -> Option<Event> {
        let place = self.place(nick, case)?;
        let peer = self.known.get_mut(place).filter(|peer| peer.presence != Some(presence))?;
        peer.presence = Some(presence);
        Some(Event::Presence { of: peer.name.clone(), presence })
    }

    /// How the host spells `nick`.
    pub(crate) fn spelling<'a>(&'a self, nick: &'a str, case: CaseMapping) -> &'a str {
        let known = self.place(nick, case).and_then(|place| self.known.get(place));
        known.map_or(nick, |peer| peer.name.as_str())
    }

    /// `from` goes by `to` from now on. The lines that make the server follow the new name.
    pub(crate) fn rename(&mut self, from: &str, to: &str, by: PresenceBy, case: CaseMapping) -> Vec<String> {
        let Some(peer) = self.place(from, case).and_then(|place| self.known.remove(place)) else {
            return Vec::new();
        };
        if let Some(other) = self.place(to, case) {
            self.known.remove(other);
        }
        let names = [peer.name];
        self.known.push_back(Peer { name: to.to_owned(), presence: Some(Presence::Online) });
        let stop = follow(by, Follow::Stop, &names);
        stop.into_iter().chain(follow(by, Follow::Start, &[to.to_owned()])).collect()
    }

    fn place(&self, nick: &str, case: CaseMapping) -> Option<usize> {
        self.known.iter().position(|peer| case.same(&peer.name, nick))
    }

    /// All names, as many together as fit into a line.
    fn in_lines(&self) -> Vec<Vec<String>> {
        let mut lines: Vec<Vec<String>> = Vec::new();
        let mut length = MAX_NAMES;
        for peer in &self.known {
            length += peer.name.len() + 2;
            match lines.last_mut().filter(|_| length <= MAX_NAMES) {
                Some(line) => line.push(peer.name.clone()),
                None => {
                    length = peer.name.len();
                    lines.push(vec![peer.name.clone()]);
                }
            }
        }
        lines
    }
}

#[derive(Clone, Copy)]
enum Follow {
    Start,
    Stop,
}

/// The line that starts or stops following, where the server knows one.
fn follow(by: PresenceBy, what: Follow, names: &[String]) -> Option<String> {
    let sign = match what {
        Follow::Start => '+',
        Follow::Stop => '-',
    };
    match by {
        PresenceBy::Asking => None,
        PresenceBy::Monitor => Some(format!("MONITOR {sign} {}", names.join(","))),
        PresenceBy::Watch => {
            let names: Vec<String> = names.iter().map(|name| format!("{sign}{name}")).collect();
            Some(format!("WATCH {}", names.join(" ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: CaseMapping = CaseMapping::Rfc1459;

    fn peers(names: &[&str]) -> Peers {
        let mut peers = Peers::default();
        for name in names {
            peers.written_to(name, PresenceBy::Asking, CASE);
        }
        peers
    }

    fn event(of: &str, presence: Presence) -> Event {
        Event::Presence { of: of.to_owned(), presence }
    }

    #[test]
    fn changes_are_told_once_and_by_the_name_that_the_host_uses() {
        let mut peers = peers(&["Bob[1]"]);
        assert_eq!(peers.spelling("bob{1}", CASE), "Bob[1]");
        assert_eq!(peers.spelling("eve", CASE), "eve");
        assert_eq!(peers.saw("bob{1}", Presence::Online, CASE), Some(event("Bob[1]", Presence::Online)));
        assert_eq!(peers.saw("BOB[1]", Presence::Online, CASE), None);
        assert_eq!(peers.saw("BOB[1]", Presence::Offline, CASE), Some(event("Bob[1]", Presence::Offline)));
        assert_eq!(peers.saw("eve", Presence::Online, CASE), None);
        peers.on_new_connection();
        assert_eq!(peers.saw("bob[1]", Presence::Offline, CASE), Some(event("Bob[1]", Presence::Offline)));
    }

    #[test]
    fn asking_tells_who_is_there_and_who_is_not() {
        let mut peers = peers(&["bob", "eve"]);
        assert_eq!(peers.ask(), ["ISON :bob eve"]);
        assert_eq!(peers.ask(), [""; 0], "not before the answer");
        let told = peers.answered("BOB mallory ", CASE);
        assert_eq!(told, [event("bob", Presence::Online), event("eve", Presence::Offline)]);
        assert_eq!(peers.answered("eve", CASE), [], "nobody asked");
        assert_eq!(peers.ask(), ["ISON :bob eve"]);
        assert_eq!(peers.answered("bob", CASE), []);
    }

    #[test]
    fn many_are_asked_for_in_several_lines_and_not_too_many_are_kept() {
        let names: Vec<String> = (0..100).map(|number| format!("a-rather-long-nick-{number:03}")).collect();
        let mut peers = peers(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let lines = peers.ask();
        assert!(lines.iter().all(|line| line.len() <= 410), "{lines:?}");
        let asked: Vec<&str> = lines.iter().flat_map(|line| line["ISON :".len()..].split(' ')).collect();
        assert_eq!(asked, names[36..]);
        assert_eq!(lines.iter().map(|_| peers.answered("", CASE).len()).sum::<usize>(), 64);
    }

    #[test]
    fn a_server_that_follows_by_itself_is_told_whom() {
        let mut peers = Peers::default();
        let mut written = |to: &str, by| peers.written_to(to, by, CASE);
        assert_eq!(written("bob", PresenceBy::Monitor), ["MONITOR + bob"]);
        assert_eq!(written("BOB", PresenceBy::Monitor), [""; 0]);
        assert_eq!(written("eve", PresenceBy::Watch), ["WATCH +eve"]);
        for number in 0..62 {
            assert_eq!(written(&format!("n{number}"), PresenceBy::Monitor).len(), 1);
        }
        assert_eq!(written("last", PresenceBy::Monitor), ["MONITOR - BOB", "MONITOR + last"]);
        assert_eq!(peers.rename("eve", "adam", PresenceBy::Watch, CASE), ["WATCH -eve", "WATCH +adam"]);
        assert_eq!(peers.follow_all(PresenceBy::Asking), [""; 0]);
        let all = peers.follow_all(PresenceBy::Watch);
        assert_eq!(all.concat().matches('+').count(), 64);
        assert!(all.iter().all(|line| line.len() < 480 && line.starts_with("WATCH +")), "{all:?}");
    }

    #[test]
    fn a_new_name_takes_the_place_of_the_old_one() {
        let mut peers = peers(&["bob", "robert"]);
        assert_eq!(peers.rename("BOB", "Robert", PresenceBy::Asking, CASE), [""; 0]);
        assert_eq!(peers.rename("nobody", "somebody", PresenceBy::Asking, CASE), [""; 0]);
        assert_eq!(peers.ask(), ["ISON :Robert"]);
    }
}
