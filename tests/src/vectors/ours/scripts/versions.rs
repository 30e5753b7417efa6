//! Versions 2 and 3: which is spoken, and version 2 in all that version 3 has.

use otr_wire::{MAX_MESSAGE, armour};

use super::{
    super::conversations::{Does, Recorder, Setup, Who},
    BOTH_VERSIONS, Done, PADDED, Script, USUAL, VERSION_2, VERSION_2_SHORT_LINES, begin, held_back, script,
};
use crate::vectors::Problem;
use Who::{Alice, Bob};

const VERSION_2_PADDED: fn(&mut Setup) = |setup| {
    PADDED(setup);
    VERSION_2(setup);
};
const TWO: &[&str] = &["\"version\":2", "Encrypted"];

pub(super) const SCRIPTS: &[Script] = &[
    script("keys rotate many times in version 2", TWO, VERSION_2, super::ping_pong),
    script("one side talks for long in version 2", TWO, VERSION_2, super::monologue),
    script("messages under way both ways at once in version 2", TWO, VERSION_2, super::crossing_texts),
    script("a conversation of version 2 is refreshed", &["\"refreshed\":true"], VERSION_2, super::refreshed),
    script("a heartbeat in version 2", TWO, VERSION_2, super::heartbeat),
    script("a padded heartbeat in version 2", TWO, VERSION_2_PADDED, super::heartbeat),
    script("text in clear carries a tag of version 2", TWO, VERSION_2, super::tagged),
    script("a verified identity in version 2", &["Verified"], VERSION_2, super::verified),
    script("both start at once in version 2", TWO, VERSION_2, crossing),
    script("a message is lost in version 2", TWO, VERSION_2, super::lost),
    script("both versions here, version 2 there", &["\"olderVersion\":{\"version\":2}"], BOTH_VERSIONS, |r| {
        speaking(r, Bob, "2")
    }),
    script("version 2 here, both there", &["\"olderVersion\":{\"version\":2}"], BOTH_VERSIONS, |r| {
        speaking(r, Alice, "2")
    }),
    script("version 3 here, both there", &["\"version\":3"], BOTH_VERSIONS, |r| speaking(r, Alice, "3")),
    script("a step back that is allowed", &["\"downgrade\":{\"from\":3,\"to\":2}"], BOTH_VERSIONS, |r| {
        stepping_back(r, true)
    }),
    script("the extra symmetric key in version 2", TWO, VERSION_2, super::extra_key),
    script("a step back that is not allowed", &["DowngradeRefused"], BOTH_VERSIONS, |r| stepping_back(r, false)),
    script("an edited query", &["DowngradeRefused"], BOTH_VERSIONS, |r| edited(r, "?OTRv2?")),
    script("an edited tag", &["DowngradeRefused"], BOTH_VERSIONS, |r| {
        edited(r, "hi \t  \t\t\t\t \t \t \t    \t\t  \t ")
    }),
    script("a D-H Commit of version 2 after version 3 was spoken", &["DowngradeRefused"], BOTH_VERSIONS, old_commit),
    script("no version in common", &["UnsupportedVersion"], BOTH_VERSIONS, nothing_in_common),
    script("a version that was taken back", &["UnsupportedVersion"], BOTH_VERSIONS, taken_back),
    script("a replay of an old key's message in version 2", &["Unreadable"], VERSION_2, super::replayed_late),
    script("messages out of order in version 2", &["Replayed"], VERSION_2, super::out_of_order),
    script("one bit of a MAC turned in version 2", &["Unreadable"], VERSION_2, |r| super::forged(r, 6)),
    script("one bit of the next key turned in version 2", &["Unreadable"], VERSION_2, |r| super::forged(r, 200)),
    script("a message of version 2 is cut short", &["Malformed"], VERSION_2, super::cut_short),
    script("a fragment of version 2 is lost", &["FragmentDropped"], VERSION_2_SHORT_LINES, super::lost_fragment),
    script(
        "a fragment of version 2 comes twice",
        &["FragmentDropped"],
        VERSION_2_SHORT_LINES,
        super::repeated_fragment,
    ),
    script(
        "our own message comes back in version 2, which names no client",
        &["Unreadable"],
        VERSION_2,
        super::reflected,
    ),
    script("a message of version 2 after the end", &["NotInPrivate"], VERSION_2, super::after_the_end),
    script("text in clear in a private conversation of version 2", &["UnencryptedReceived"], VERSION_2, |r| {
        super::clear_in_private(r)
    }),
    script("a Reveal Signature of version 2 is forged", &["Malformed"], VERSION_2, super::forged_exchange),
    script("a message of version 3 with the header of version 2", &["NotInPrivate"], BOTH_VERSIONS, |r| {
        header(r, "3", "23")
    }),
    script("the same where only version 3 is spoken", &["UnsupportedVersion"], USUAL, |r| header(r, "3", "3")),
    script("a message of version 2 with the header of version 3", &["NotInPrivate"], BOTH_VERSIONS, |r| {
        header(r, "2", "23")
    }),
    script("a message of version 4", &["UnsupportedVersion"], BOTH_VERSIONS, |r| of_version(r, 4)),
    script("a message of version 1", &["UnsupportedVersion"], BOTH_VERSIONS, |r| of_version(r, 1)),
];

fn crossing(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Start)?;
    r.act(Bob, Does::Start)?;
    r.settle()?;
    r.send(Alice, "hello")?;
    r.send(Bob, "hello")?;
    r.settle()
}

fn speaking(r: &mut Recorder, who: Who, versions: &str) -> Done {
    r.act(who, Does::SetVersions(versions.into()))?;
    begin(r)?;
    r.send(Alice, "hello")?;
    r.settle()
}

/// After a conversation in version 3, Bob speaks version 2 only.
fn stepping_back(r: &mut Recorder, allowed: bool) -> Done {
    begin(r)?;
    r.act(Alice, Does::End)?;
    r.settle()?;
    r.act(Bob, Does::End)?;
    r.settle()?;
    r.at += 120_000;
    r.act(Bob, Does::SetVersions("2".into()))?;
    if allowed {
        r.act(Alice, Does::AllowDowngrade(true))?;
    }
    r.act(Bob, Does::Start)?;
    r.settle()?;
    r.send(Alice, "hello")?;
    r.settle()
}

fn edited(r: &mut Recorder, body: &str) -> Done {
    begin(r)?;
    r.act(Alice, Does::End)?;
    r.settle()?;
    r.at += 120_000;
    r.receive(Alice, body)?;
    r.settle()?;
    begin(r)
}

/// Bob was made to believe that Alice speaks nothing else.
fn old_commit(r: &mut Recorder) -> Done {
    begin(r)?;
    r.act(Bob, Does::End)?;
    r.settle()?;
    r.at += 120_000;
    r.act(Bob, Does::SetVersions("2".into()))?;
    r.receive(Bob, "?OTRv2?")?;
    r.settle()?;
    r.send(Alice, "nothing has changed")?;
    r.settle()
}

fn nothing_in_common(r: &mut Recorder) -> Done {
    r.act(Alice, Does::SetVersions("2".into()))?;
    r.act(Bob, Does::SetVersions("3".into()))?;
    r.act(Alice, Does::Start)?;
    r.settle()?;
    r.act(Bob, Does::Start)?;
    r.settle()
}

/// In the middle of an exchange.
fn taken_back(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Start)?;
    let query = r.to(Bob).pop_front().ok_or_else(|| Problem::new("no query"))?;
    r.receive(Bob, &query)?;
    r.act(Alice, Does::SetVersions("2".into()))?;
    r.settle()
}

/// A text with the header of the other version in place of its own.
fn header(r: &mut Recorder, own: &str, then: &str) -> Done {
    r.act(Bob, Does::SetVersions(own.into()))?;
    begin(r)?;
    let body = held_back(r, Alice, "hello")?;
    let bytes = armour::decode(body.as_bytes(), MAX_MESSAGE)?;
    let other = if own == "3" {
        [&[0, 2, 3], &bytes[11..]].concat()
    } else {
        [&[0, 3, 3, 0, 0, 0x10, 0, 0, 0, 0x20, 0], &bytes[3..]].concat()
    };
    r.act(Bob, Does::SetVersions(then.into()))?;
    r.receive(Bob, &armour::encode(&other))?;
    r.receive(Bob, &body)?;
    r.settle()
}

fn of_version(r: &mut Recorder, version: u8) -> Done {
    begin(r)?;
    let body = held_back(r, Alice, "hello")?;
    let mut bytes = armour::decode(body.as_bytes(), MAX_MESSAGE)?;
    bytes[1] = version;
    r.receive(Bob, &armour::encode(&bytes))?;
    r.receive(Bob, &body)?;
    r.settle()
}
