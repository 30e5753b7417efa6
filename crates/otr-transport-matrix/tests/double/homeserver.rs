use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What is asked of the double.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Without the query, percent-decoded by segment.
    pub(crate) path: Vec<String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) token: Option<String>,
    pub(crate) body: Value,
}

impl Asked {
    /// The last word that names the endpoint.
    pub(crate) fn is(&self, endpoint: &str) -> bool {
        self.path.iter().any(|part| part == endpoint)
    }
}

/// What a homeserver knows.
#[derive(Debug, Default)]
pub(crate) struct Homeserver {
    /// Tells its tokens from those of others.
    pub(crate) port: u16,
    counter: u64,
    /// Token to user and device.
    pub(crate) tokens: BTreeMap<String, (String, String)>,
    pub(crate) logins: Vec<Value>,
    pub(crate) events: Vec<Stored>,
    transactions: BTreeMap<(String, String, String), String>,
    pub(crate) account_data: BTreeMap<String, Value>,
    pub(crate) presence: Vec<(u64, Value)>,
    pub(crate) asked: Vec<Asked>,
    /// Long polls that wait for news.
    pub(crate) waiting: usize,
}

/// An event in the one stream of all.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) place: u64,
    pub(crate) room: String,
    pub(crate) event: Value,
    token: Option<String>,
    transaction: Option<String>,
}

/// An answer: status and body.
pub(crate) type Answer = (u16, Value);

pub(crate) fn refusal(status: u16, code: &str) -> Answer {
    (status, json!({"errcode": code, "error": "the double refuses"}))
}

impl Homeserver {
    /// The answer to anything but `/sync`, which may have to wait.
    pub(crate) fn answer(&mut self, asked: &Asked) -> Answer {
        let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
        let method = asked.method.as_str();
        match (method, path.as_slice()) {
            ("GET", ["_matrix", "client", "versions"]) => return (200, json!({"versions": ["v1.1", "v1.99"]})),
            ("POST", [.., "login"]) => return self.login(asked),
            ("GET", [.., "profile", user]) => return self.profile(user),
            _ => {}
        }
        let Some((user, device)) = asked.token.as_ref().and_then(|token| self.tokens.get(token)).cloned() else {
            return refusal(401, "M_UNKNOWN_TOKEN");
        };
        match (method, path.as_slice()) {
            ("GET", [.., "whoami"]) => (200, json!({"user_id": user, "device_id": device})),
            ("POST", [.., "logout"]) => {
                self.tokens.remove(asked.token.as_deref().unwrap_or_default());
                (200, json!({}))
            }
            ("GET", [.., "account_data", _]) => {
                self.account_data.get(&user).cloned().map_or(refusal(404, "M_NOT_FOUND"), |data| (200, data))
            }
            ("PUT", [.., "account_data", _]) => {
                self.account_data.insert(user, asked.body.clone());
                (200, json!({}))
            }
            ("GET", [.., "joined_rooms"]) => (200, json!({"joined_rooms": self.rooms_of(&user, "join")})),
            ("POST", [.., "createRoom"]) => self.create(&user, &asked.body),
            ("POST", [.., room, "join"]) => self.join(&user, room),
            ("GET", [.., room, "members"]) => self.members(&user, room),
            ("GET", [.., room, "state", kind, _]) => self.state(&user, room, kind),
            ("GET", [.., room, "messages"]) => self.messages(&user, room, asked),
            ("PUT", [.., room, "send", kind, transaction]) => self.send(&user, room, kind, transaction, asked),
            _ => refusal(404, "M_UNRECOGNIZED"),
        }
    }

    fn unique(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    fn login(&mut self, asked: &Asked) -> Answer {
        self.logins.push(asked.body.clone());
        let user = asked.body["identifier"]["user"].as_str().unwrap_or_default().to_owned();
        if asked.body["password"] != json!(format!("pw-{user}")) {
            return refusal(403, "M_FORBIDDEN");
        }
        let n = self.unique();
        let device = asked.body["device_id"].as_str().map_or(format!("DEVICE{n}"), str::to_owned);
        let token = format!("secret-token-{}-{n}", self.port);
        self.tokens.retain(|_, (owner, of)| (owner.as_str(), of.as_str()) != (&user, &device));
        self.tokens.insert(token.clone(), (user.clone(), device.clone()));
        (200, json!({"user_id": user, "access_token": token, "device_id": device}))
    }

    fn profile(&self, user: &str) -> Answer {
        if user.starts_with("@nobody") { refusal(404, "M_NOT_FOUND") } else { (200, json!({})) }
    }

    /// A login made by hand.
    pub(crate) fn token_for(&mut self, user: &str, device: &str) -> String {
        let n = self.unique();
        let token = format!("secret-token-{}-{n}", self.port);
        self.tokens.insert(token.clone(), (user.to_owned(), device.to_owned()));
        token
    }

    pub(crate) fn forget_tokens(&mut self) {
        self.tokens.clear();
    }

    fn create(&mut self, user: &str, body: &Value) -> Answer {
        let room = format!("!room{}:double", self.unique());
        self.member(&room, user, user, "join", false);
        let direct = body["is_direct"] == json!(true);
        for invited in body["invite"].as_array().cloned().unwrap_or_default() {
            self.member(&room, user, invited.as_str().unwrap_or_default(), "invite", direct);
        }
        (200, json!({"room_id": room}))
    }

    /// A room where all of `users` are.
    pub(crate) fn room(&mut self, users: &[&str]) -> String {
        let room = format!("!room{}:double", self.unique());
        for user in users {
            self.member(&room, user, user, "join", false);
        }
        room
    }

    pub(crate) fn member(&mut self, room: &str, sender: &str, user: &str, membership: &str, direct: bool) {
        let mut content = json!({"membership": membership});
        if direct {
            content["is_direct"] = json!(true);
        }
        self.state_event(room, sender, "m.room.member", user, content);
    }

    pub(crate) fn state_event(&mut self, room: &str, sender: &str, kind: &str, key: &str, content: Value) {
        let event = json!({"type": kind, "sender": sender, "state_key": key, "content": content});
        self.append(room, event);
    }

    /// Adds an event with an id and a time, and gives its id.
    pub(crate) fn append(&mut self, room: &str, mut event: Value) -> String {
        let n = self.unique();
        let id = format!("$event{n}");
        if event.get("event_id").is_none() {
            event["event_id"] = json!(id);
        }
        event["origin_server_ts"] = json!(n);
        self.events.push(Stored { place: n, room: room.to_owned(), event, token: None, transaction: None });
        id
    }

    /// A text in a room, said by `sender` in some other program.
    pub(crate) fn say(&mut self, room: &str, sender: &str, text: &str) -> String {
        self.append(room, text_event(sender, text))
    }

    fn send(&mut self, user: &str, room: &str, kind: &str, transaction: &str, asked: &Asked) -> Answer {
        if self.membership(room, user) != "join" {
            return refusal(403, "M_FORBIDDEN");
        }
        let token = asked.token.clone().unwrap_or_default();
        let device = self.tokens.get(&token).map(|(_, device)| device.clone()).unwrap_or_default();
        let key = (device, room.to_owned(), transaction.to_owned());
        if let Some(id) = self.transactions.get(&key) {
            return (200, json!({"event_id": id}));
        }
        let event = json!({"type": kind, "sender": user, "content": asked.body});
        if event.to_string().len() > 65_000 {
            return refusal(413, "M_TOO_LARGE");
        }
        let id = self.append(room, event);
        if let Some(last) = self.events.last_mut() {
            (last.token, last.transaction) = (Some(token), Some(transaction.to_owned()));
        }
        self.transactions.insert(key, id.clone());
        (200, json!({"event_id": id}))
    }

    fn join(&mut self, user: &str, room: &str) -> Answer {
        match self.membership(room, user).as_str() {
            "join" => {}
            "invite" => self.member(room, user, user, "join", false),
            _ => return refusal(403, "M_FORBIDDEN"),
        }
        (200, json!({"room_id": room}))
    }

    fn membership(&self, room: &str, user: &str) -> String {
        let last = self.events.iter().rev().find(|stored| {
            stored.room == room && stored.event["type"] == "m.room.member" && stored.event["state_key"] == user
        });
        last.and_then(|stored| stored.event["content"]["membership"].as_str()).unwrap_or("leave").to_owned()
    }

    fn rooms_of(&self, user: &str, membership: &str) -> Vec<String> {
        let mut rooms: Vec<String> = self.events.iter().map(|stored| stored.room.clone()).collect();
        rooms.sort();
        rooms.dedup();
        rooms.retain(|room| self.membership(room, user) == membership);
        rooms
    }

    fn members(&self, user: &str, room: &str) -> Answer {
        if self.membership(room, user) != "join" {
            return refusal(403, "M_FORBIDDEN");
        }
        let mut latest = BTreeMap::new();
        for stored in self.events.iter().filter(|stored| stored.room == room) {
            if stored.event["type"] == "m.room.member" {
                latest.insert(stored.event["state_key"].to_string(), stored.event.clone());
            }
        }
        latest.retain(|_, event| event["content"]["membership"] != "leave");
        (200, json!({"chunk": latest.into_values().collect::<Vec<_>>()}))
    }

    fn state(&self, user: &str, room: &str, kind: &str) -> Answer {
        if self.membership(room, user) != "join" {
            return refusal(403, "M_FORBIDDEN");
        }
        let found = self.events.iter().rev().find(|stored| stored.room == room && stored.event["type"] == kind);
        found.map_or(refusal(404, "M_NOT_FOUND"), |stored| (200, stored.event["content"].clone()))
    }

    fn messages(&self, user: &str, room: &str, asked: &Asked) -> Answer {
        if self.membership(room, user) != "join" {
            return refusal(403, "M_FORBIDDEN");
        }
        let from = asked.query.get("from").map_or(u64::MAX, |token| place(token));
        let to = asked.query.get("to").map_or(0, |token| place(token));
        let limit = asked.query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10);
        let types =
            types(&serde_json::from_str(&asked.query.get("filter").cloned().unwrap_or_default()).unwrap_or_default());
        let mut older: Vec<&Stored> = self
            .events
            .iter()
            .filter(|stored| stored.room == room && stored.place <= from && stored.place > to && wanted(stored, &types))
            .collect();
        older.reverse();
        let rest = older.len() > limit;
        older.truncate(limit);
        let chunk: Vec<Value> = older.iter().map(|stored| shown(stored, asked)).collect();
        let mut answer = json!({"start": format!("s{from}"), "chunk": chunk});
        if let Some(last) = older.last().filter(|_| rest) {
            answer["end"] = json!(format!("s{}", last.place - 1));
        }
        (200, answer)
    }

    /// The answer to `/sync`, and whether it has anything new.
    pub(crate) fn sync(&self, asked: &Asked) -> Result<(Value, bool), Answer> {
        let Some((user, _)) = asked.token.as_ref().and_then(|token| self.tokens.get(token)) else {
            return Err(refusal(401, "M_UNKNOWN_TOKEN"));
        };
        let since = asked.query.get("since").map(|token| place(token));
        let filter: Value =
            asked.query.get("filter").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let types = types(&filter["room"]["timeline"]);
        let limit =
            filter["room"]["timeline"]["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(10);
        let mut join = serde_json::Map::new();
        for room in self.rooms_of(user, "join") {
            if let Some(timeline) = self.timeline(user, &room, since, &types, limit, asked) {
                join.insert(room, json!({"timeline": timeline}));
            }
        }
        let mut invite = serde_json::Map::new();
        for room in self.rooms_of(user, "invite") {
            let event =
                self.events.iter().rev().find(|stored| stored.room == room && stored.event["state_key"] == *user);
            if let Some(stored) = event.filter(|stored| stored.place > since.unwrap_or(0)) {
                invite.insert(room, json!({"invite_state": {"events": [stored.event]}}));
            }
        }
        let senders = filter["presence"]["senders"].as_array().cloned().unwrap_or_default();
        let presence: Vec<&Value> = self
            .presence
            .iter()
            .filter(|(place, event)| *place > since.unwrap_or(0) && senders.contains(&event["sender"]))
            .map(|(_, event)| event)
            .collect();
        let new = since.is_none() || !join.is_empty() || !invite.is_empty() || !presence.is_empty();
        let next = format!("s{}", self.counter);
        let answer = json!({
            "next_batch": next,
            "rooms": {"join": join, "invite": invite},
            "presence": {"events": presence},
            "device_one_time_keys_count": {"signed_curve25519": 0},
            "org.example.unknown": [1, 2, 3],
        });
        Ok((answer, new))
    }

    fn timeline(
        &self,
        user: &str,
        room: &str,
        since: Option<u64>,
        types: &Option<Vec<String>>,
        limit: usize,
        asked: &Asked,
    ) -> Option<Value> {
        let all: Vec<&Stored> =
            self.events.iter().filter(|stored| stored.room == room && wanted(stored, types)).collect();
        let since = since.unwrap_or(0);
        let joined = all.iter().any(|stored| {
            stored.place > since
                && stored.event["state_key"] == *user
                && stored.event["content"]["membership"] == "join"
        });
        // As in real servers, a room that we came to just now is told with what was said there before.
        let from = if joined { 0 } else { since };
        let new: Vec<&Stored> = all.into_iter().filter(|stored| stored.place > from).collect();
        if new.is_empty() {
            return None;
        }
        let shown_from = new.len().saturating_sub(limit);
        let last = new.get(shown_from..).unwrap_or_default();
        let before = last.first().map_or(0, |stored| stored.place - 1);
        let events: Vec<Value> = last.iter().map(|stored| shown(stored, asked)).collect();
        Some(json!({"events": events, "limited": shown_from > 0 || joined, "prev_batch": format!("s{before}")}))
    }

    pub(crate) fn set_presence(&mut self, user: &str, presence: &str) {
        let n = self.unique();
        let event = json!({"type": "m.presence", "sender": user, "content": {"presence": presence}});
        self.presence.push((n, event));
    }

    /// The texts in a room, in order.
    pub(crate) fn texts(&self, room: &str) -> Vec<String> {
        let said = self.events.iter().filter(|stored| stored.room == room && stored.event["type"] == "m.room.message");
        said.map(|stored| stored.event["content"]["body"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub(crate) fn rooms(&self) -> Vec<String> {
        let mut rooms: Vec<String> = self.events.iter().map(|stored| stored.room.clone()).collect();
        rooms.sort();
        rooms.dedup();
        rooms
    }

    pub(crate) fn count(&self, endpoint: &str) -> usize {
        self.asked.iter().filter(|asked| asked.is(endpoint)).count()
    }
}

pub(crate) fn text_event(sender: &str, text: &str) -> Value {
    json!({"type": "m.room.message", "sender": sender, "content": {"msgtype": "m.text", "body": text}})
}

fn place(token: &str) -> u64 {
    token.trim_start_matches('s').parse().unwrap_or(0)
}

fn types(filter: &Value) -> Option<Vec<String>> {
    let types = filter["types"].as_array()?;
    Some(types.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect())
}

fn wanted(stored: &Stored, types: &Option<Vec<String>>) -> bool {
    let kind = stored.event["type"].as_str().unwrap_or_default();
    types.as_ref().is_none_or(|types| types.iter().any(|wanted| wanted == kind))
}

/// The sender's own device is shown the transaction by which it sent the event.
fn shown(stored: &Stored, asked: &Asked) -> Value {
    let mut event = stored.event.clone();
    if let Some(transaction) = stored.transaction.as_ref().filter(|_| stored.token == asked.token) {
        event["unsigned"] = json!({"age": 1, "transaction_id": transaction});
    }
    event
}
