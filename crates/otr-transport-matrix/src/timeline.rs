use ruma::events::room::message::{MessageType, Relation, RoomMessageEventContent};
use ruma::serde::Raw;
use ruma::{OwnedEventId, OwnedUserId, UserId};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::limits::{EVENT, EVENT_ID};

/// An event of a room, as far as it concerns us.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: OwnedEventId,
    pub(crate) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    Message(Message),
    /// Somebody's membership is another one than before.
    Member {
        user: OwnedUserId,
        membership: Membership,
    },
    /// From here on the room is encrypted by the servers' own scheme.
    Encrypted,
}

/// A text that somebody wrote.
#[derive(PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) sender: OwnedUserId,
    pub(crate) body: String,
    /// Written by a program (`m.notice`), and never to be answered by one.
    pub(crate) notice: bool,
    /// We sent it ourselves, with the token that we use now.
    pub(crate) from_this_device: bool,
}

/// Shows the body's size only.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("sender", &self.sender)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Membership {
    Joined,
    Invited,
    /// Left, banned, or knocking: not there.
    Out,
}

impl From<&str> for Membership {
    fn from(name: &str) -> Self {
        match name {
            "join" => Self::Joined,
            "invite" => Self::Invited,
            _ => Self::Out,
        }
    }
}

#[derive(Deserialize)]
struct Head {
    event_id: OwnedEventId,
    sender: OwnedUserId,
    #[serde(rename = "type")]
    kind: String,
    state_key: Option<String>,
    content: Raw<Anything>,
    unsigned: Option<Raw<Anything>>,
}

/// The content of a membership event.
#[derive(Deserialize)]
pub(crate) struct MemberContent {
    pub(crate) membership: String,
}

/// Marks JSON that is looked into later.
#[derive(Deserialize)]
pub(crate) struct Anything {}

/// What an event says to us. Odd ones, those of kinds that we do not know, edits and redacted ones say nothing: `None`.
///
/// An edit (`m.replace`) is not a new message: it must not make us say a second time what was said once.
pub(crate) fn read<T>(event: &Raw<T>) -> Option<Entry> {
    let head: Head = event.deserialize_as_unchecked().ok()?;
    if head.event_id.as_str().len() > EVENT_ID {
        return None;
    }
    let Head { event_id: id, sender, kind, state_key, content, unsigned } = head;
    let what = match (kind.as_str(), state_key) {
        ("m.room.message", None) => {
            let (body, notice) = text(&content)?;
            let from_this_device = unsigned.and_then(|unsigned| field::<String>(&unsigned, "transaction_id")).is_some();
            What::Message(Message { sender, body, notice, from_this_device })
        }
        ("m.room.member", Some(user)) => member(&user, &content, unsigned.as_ref())?,
        ("m.room.encryption", Some(key)) if key.is_empty() => What::Encrypted,
        _ => return None,
    };
    Some(Entry { id, what })
}

fn text(content: &Raw<Anything>) -> Option<(String, bool)> {
    let content: RoomMessageEventContent = content.deserialize_as_unchecked().ok()?;
    if matches!(content.relates_to, Some(Relation::Replacement(_))) {
        return None;
    }
    let (body, notice) = match content.msgtype {
        MessageType::Text(text) => (text.body, false),
        MessageType::Emote(emote) => (emote.body, false),
        MessageType::Notice(notice) => (notice.body, true),
        _ => return None,
    };
    // Larger than any event can be.
    (body.len() <= EVENT).then_some((body, notice))
}

fn member(user: &str, content: &Raw<Anything>, unsigned: Option<&Raw<Anything>>) -> Option<What> {
    let user = UserId::parse(user).ok()?;
    let MemberContent { membership } = content.deserialize_as_unchecked().ok()?;
    let before = unsigned
        .and_then(|unsigned| field::<Raw<Anything>>(unsigned, "prev_content"))
        .and_then(|before| field::<String>(&before, "membership"));
    // A new name or picture changes nothing.
    if before.as_deref() == Some(&membership) {
        return None;
    }
    Some(What::Member { user, membership: membership.as_str().into() })
}

fn field<F: DeserializeOwned>(object: &Raw<Anything>, name: &str) -> Option<F> {
    object.get_field(name).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(json: &str) -> Option<Entry> {
        read(&Raw::<Anything>::from_json_string(json.to_owned()).unwrap())
    }

    fn with_content(content: &str) -> Option<Entry> {
        entry(&format!(
            r#"{{"event_id":"$1","sender":"@you:server","type":"m.room.message","origin_server_ts":1,"content":{content}}}"#
        ))
    }

    fn body(content: &str) -> Option<(String, bool)> {
        match with_content(content)?.what {
            What::Message(message) => Some((message.body, message.notice)),
            _ => None,
        }
    }

    #[test]
    fn texts_pass_unchanged() {
        let said = |text: &str| Some((text.to_owned(), false));
        assert_eq!(
            body(r#"{"msgtype":"m.text","body":" \t?OTRv3?\n\u00e9\ud834\udd1e  "}"#),
            said(" \t?OTRv3?\n\u{e9}\u{1d11e}  ")
        );
        assert_eq!(
            body(
                r#"{"msgtype":"m.text","body":"> <@a:b> x\n\nreply","format":"org.matrix.custom.html","formatted_body":"<b>reply</b>","m.relates_to":{"m.in_reply_to":{"event_id":"$0"}}}"#
            ),
            said("> <@a:b> x\n\nreply")
        );
        assert_eq!(body(r#"{"msgtype":"m.text","body":""}"#), said(""));
        assert_eq!(body(r#"{"msgtype":"m.emote","body":"waves"}"#), said("waves"));
        assert_eq!(body(r#"{"msgtype":"m.notice","body":"beep"}"#), Some(("beep".to_owned(), true)));
    }

    #[test]
    fn odd_messages_say_nothing() {
        for content in [
            "{}",
            "null",
            "[]",
            "7",
            r#"{"msgtype":"m.text"}"#,
            r#"{"body":"x"}"#,
            r#"{"msgtype":"m.text","body":7}"#,
            r#"{"msgtype":"m.text","body":["x"]}"#,
            r#"{"msgtype":7,"body":"x"}"#,
            r#"{"msgtype":"m.image","body":"x"}"#,
            r#"{"msgtype":"org.example.unknown","body":"x"}"#,
            r#"{"msgtype":"m.text","body":"* y","m.new_content":{"msgtype":"m.text","body":"y"},"m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}"#,
        ] {
            assert_eq!(with_content(content), None, "{content}");
        }
        let large = format!(r#"{{"msgtype":"m.text","body":"{}"}}"#, "x".repeat(EVENT + 1));
        assert_eq!(with_content(&large), None);
    }

    #[test]
    fn odd_events_say_nothing() {
        let content = r#""content":{"msgtype":"m.text","body":"x"}"#;
        for event in [
            "{}".to_owned(),
            "[]".to_owned(),
            format!(r#"{{"event_id":"1","sender":"@a:b","type":"m.room.message",{content}}}"#),
            format!(r#"{{"event_id":"$1","sender":"nobody","type":"m.room.message",{content}}}"#),
            format!(r#"{{"event_id":"$1","sender":"@a:b","type":7,{content}}}"#),
            format!(r#"{{"event_id":"$1","sender":"@a:b","type":"m.room.encrypted",{content}}}"#),
            format!(r#"{{"event_id":"$1","sender":"@a:b","type":"m.room.message","state_key":"",{content}}}"#),
            format!(r#"{{"event_id":"${}","sender":"@a:b","type":"m.room.message",{content}}}"#, "x".repeat(EVENT_ID)),
        ] {
            assert_eq!(entry(&event), None, "{event}");
        }
    }

    #[test]
    fn what_this_device_sent_is_known_by_its_transaction() {
        let from_this_device = |unsigned: &str| {
            let event = format!(
                r#"{{"event_id":"$1","sender":"@a:b","type":"m.room.message","content":{{"msgtype":"m.text","body":"x"}},"unsigned":{unsigned}}}"#
            );
            matches!(entry(&event), Some(Entry { what: What::Message(Message { from_this_device: true, .. }), .. }))
        };
        assert!(from_this_device(r#"{"age":1,"transaction_id":"t1"}"#));
        assert!(!from_this_device(r#"{"age":1}"#));
        assert!(!from_this_device(r#"{"transaction_id":7}"#));
        assert!(!from_this_device("null"));
        assert!(!from_this_device("[]"));
    }

    #[test]
    fn memberships_and_encryption_are_told() {
        let member = |membership: &str, unsigned: &str| {
            let event = format!(
                r#"{{"event_id":"$1","sender":"@a:b","type":"m.room.member","state_key":"@c:d","content":{{"membership":{membership}}},"unsigned":{unsigned}}}"#
            );
            entry(&event).map(|entry| entry.what)
        };
        let told = |membership| Some(What::Member { user: UserId::parse("@c:d").unwrap(), membership });
        assert_eq!(member(r#""join""#, "{}"), told(Membership::Joined));
        assert_eq!(member(r#""invite""#, "null"), told(Membership::Invited));
        assert_eq!(member(r#""ban""#, "{}"), told(Membership::Out));
        assert_eq!(member(r#""join""#, r#"{"prev_content":{"membership":"invite"}}"#), told(Membership::Joined));
        assert_eq!(member(r#""join""#, r#"{"prev_content":{"membership":"join"}}"#), None);
        assert_eq!(member("7", "{}"), None);
        let encrypted =
            r#"{"event_id":"$1","sender":"@a:b","type":"m.room.encryption","state_key":"","content":{"algorithm":7}}"#;
        assert_eq!(entry(encrypted).map(|entry| entry.what), Some(What::Encrypted));
    }
}
