use ruma::serde::Raw;
use ruma::{OwnedUserId, UserId};
use serde::Deserialize;

use crate::sync::InvitedRoom;
use crate::timeline::Anything;

#[derive(Deserialize)]
struct Head {
    sender: OwnedUserId,
    #[serde(rename = "type")]
    kind: String,
    state_key: String,
    content: Raw<Anything>,
}

#[derive(Deserialize)]
struct Content {
    membership: String,
    #[serde(default)]
    is_direct: bool,
}

/// Who invites us to a room for two, if it is one of `peers`.
///
/// The room has to be meant for two (`is_direct`), or have neither a name nor an address nor anybody else in it, as far
/// as an invitation shows (client-server API, "Stripped state"). One with end-to-end encryption is left for the user's
/// other clients: we could not read there.
pub(crate) fn from_peer(room: &InvitedRoom, me: &UserId, peers: &[OwnedUserId]) -> Option<OwnedUserId> {
    let mut inviter = None;
    let mut direct = false;
    let mut public = false;
    let mut others = Vec::new();
    for event in &room.invite_state.events {
        let Ok(Head { sender, kind, state_key, content }) = event.deserialize_as_unchecked() else { continue };
        match kind.as_str() {
            "m.room.encryption" => return None,
            "m.room.name" | "m.room.canonical_alias" => public = true,
            "m.room.member" => {
                let Ok(content) = content.deserialize_as_unchecked::<Content>() else { continue };
                if state_key == me.as_str() && content.membership == "invite" {
                    inviter = Some(sender);
                    direct = content.is_direct;
                } else {
                    others.push(state_key);
                }
            }
            _ => {}
        }
    }
    let inviter = inviter.filter(|inviter| peers.contains(inviter))?;
    let just_us = !public && others.iter().all(|user| user == inviter.as_str());
    (direct || just_us).then_some(inviter)
}

#[cfg(test)]
mod tests {
    use ruma::owned_user_id;

    use super::*;

    fn invited(events: &[&str]) -> Option<OwnedUserId> {
        let json = format!(r#"{{"invite_state":{{"events":[{}]}}}}"#, events.join(","));
        let room: InvitedRoom = serde_json::from_str(&json).unwrap();
        from_peer(&room, &owned_user_id!("@me:a"), &[owned_user_id!("@you:a")])
    }

    const DIRECT: &str = r#"{"sender":"@you:a","type":"m.room.member","state_key":"@me:a","content":{"membership":"invite","is_direct":true}}"#;
    const PLAIN: &str =
        r#"{"sender":"@you:a","type":"m.room.member","state_key":"@me:a","content":{"membership":"invite"}}"#;
    const PEER: &str =
        r#"{"sender":"@you:a","type":"m.room.member","state_key":"@you:a","content":{"membership":"join"}}"#;

    #[test]
    fn peers_may_invite_to_rooms_for_two() {
        let you = Some(owned_user_id!("@you:a"));
        assert_eq!(invited(&[PEER, DIRECT]), you);
        assert_eq!(invited(&[PLAIN]), you);
        assert_eq!(invited(&[PEER, PLAIN]), you);
    }

    #[test]
    fn nobody_else_and_nothing_else() {
        let name = r#"{"sender":"@you:a","type":"m.room.name","state_key":"","content":{"name":"Party"}}"#;
        let third = r#"{"sender":"@he:a","type":"m.room.member","state_key":"@he:a","content":{"membership":"join"}}"#;
        let encrypted = r#"{"sender":"@you:a","type":"m.room.encryption","state_key":"","content":{}}"#;
        let stranger = DIRECT.replace("@you:a", "@he:a");
        let own = DIRECT.replace("@you:a", "@me:a");
        for events in [
            &[][..],
            &["{}", "7", "null"],
            &[PEER],
            &[name, PLAIN],
            &[third, PLAIN],
            &[encrypted, DIRECT],
            &[stranger.as_str()],
            &[own.as_str()],
        ] {
            assert_eq!(invited(events), None, "{events:?}");
        }
    }
}
