//! What happens, in words.

use otr_crypto::Fingerprint;
use otr_session::{
    Comparison, ComparisonOf, Conversation, Event, Meaning, Protection, Refusal, Role, SessionChange, SessionState,
    Status, Trust, Warning,
};
use otr_transport::Recovery;
use otr_wire::Version;

use crate::accounts::Network;
use crate::readable;

/// A line for the user.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It goes as it should.
    Say(String),
    /// It does not.
    Complain(String),
}

/// A line of ours; no text of the other side begins like it.
pub(crate) fn note(text: impl AsRef<str>) -> Line {
    Line::Say(format!("* {}", text.as_ref()))
}

/// A line of ours about something that is wrong.
pub(crate) fn trouble(text: impl AsRef<str>) -> Line {
    Line::Complain(format!("! {}", text.as_ref()))
}

/// What `speaker` says; every line of it begins with the name, so that it cannot look like one of ours.
pub(crate) fn speech(speaker: &str, text: &str) -> impl Iterator<Item = String> {
    readable::lines(text).into_iter().map(move |line| format!("{speaker}: {line}"))
}

/// The state in words.
pub(crate) fn state(state: SessionState, conversation: Option<&Conversation>) -> &'static str {
    match (state, conversation.map(|conversation| conversation.trust)) {
        (SessionState::Encrypted, Some(Trust::Verified)) => "private (verified)",
        (SessionState::Encrypted, Some(Trust::Unverified) | None) => "private (unverified)",
        (SessionState::Plaintext, _) => "plain",
        (SessionState::Finished, _) => "finished",
    }
}

/// The name of a version.
const fn version_name(version: Version) -> &'static str {
    match version {
        Version::Two => "version 2",
        Version::Three => "version 3",
        Version::Curve25519 => "the Curve25519 suite",
    }
}

/// The name of a version, and what it is made of where that is not in the books.
const fn made_of(version: Version) -> &'static str {
    match version {
        Version::Curve25519 => "the Curve25519 suite: X25519, ML-KEM-768, Ed25519",
        Version::Two | Version::Three => version_name(version),
    }
}

/// What an event of the account says about `peer`.
pub(crate) fn event(peer: &str, event: &Event) -> Vec<Line> {
    match event {
        Event::Message(message) => received(peer, message.protection, &message.text.to_string_lossy()),
        Event::Session(change) => session(peer, change),
        Event::NewFingerprint { other_known: false, .. } => {
            vec![note(format!("{peer}'s fingerprint is seen for the first time"))]
        }
        Event::NewFingerprint { .. } => vec![
            trouble(format!("{peer} shows a fingerprint that is not the one known before")),
            trouble("a new device, a new key, or somebody else: ask before you trust it"),
        ],
        Event::IdentityChanged { old, new, blocked } => changed(peer, *old, *new, *blocked),
        Event::IdentityOfAnother { fingerprint, other, trust } => of_another(peer, *fingerprint, other, *trust),
        Event::ExtraKey { usage, .. } => {
            vec![note(format!("{peer} announces a use of the extra key ({usage}) that this program does not have"))]
        }
        Event::Comparison(comparison) => compared(peer, comparison),
        Event::NotDelivered { text, certain } => given_back(text, *certain),
        Event::QueuedSent { .. } => Vec::new(),
        Event::Downgrade { from: from @ Version::Curve25519, to } => vec![
            trouble(format!(
                "this conversation stays in {}, although {peer} has or had {}",
                version_name(*to),
                version_name(*from)
            )),
            trouble("another program, the suite turned off there, or somebody who holds messages back"),
        ],
        Event::Downgrade { from, to } => vec![trouble(format!(
            "this conversation is in {}, although {peer} spoke {} before",
            version_name(*to),
            version_name(*from)
        ))],
        Event::OlderVersion { version } => {
            vec![note(format!("{peer}'s program speaks only {} of the protocol", version_name(*version)))]
        }
        Event::StaleKeys => vec![note("the keys have been the same for a day; an answer or /start replaces them")],
        Event::Warning(warning) => warned(peer, warning),
        Event::Repeated { warning, count } => {
            let mut lines = vec![trouble(format!("{count} times more within the last minute:"))];
            lines.extend(warned(peer, warning));
            lines
        }
        _ => vec![note("something happened that this version has no words for")],
    }
}

/// A text that the session hands back.
pub(crate) fn given_back(text: &str, certain: bool) -> Vec<Line> {
    let how =
        if certain { "! not delivered, and given back to you" } else { "! perhaps not read, and given back to you" };
    speech(how, text).map(Line::Say).collect()
}

/// A text that the network did not take.
pub(crate) fn not_delivered(text: &str, error: otr_transport::Error) -> Vec<Line> {
    let how = if error.may_have_arrived() { "perhaps not delivered" } else { "not delivered" };
    speech(&format!("! {how} ({error})"), text).map(Line::Say).collect()
}

/// A fingerprint by which a key is told from others here; for comparing there is the whole of it.
pub(crate) fn short(fingerprint: Fingerprint) -> String {
    fingerprint.to_string().chars().take_while(|c| !c.is_whitespace()).collect()
}

/// There is a connection.
pub(crate) fn connected(network: Network, peer: &str, again: bool) -> String {
    let again = if again { " again" } else { "" };
    match network {
        Network::Tcp => format!("connected to {peer}{again}"),
        Network::Irc | Network::Xmpp | Network::Matrix => format!("connected to the server{again}"),
    }
}

/// There is none.
pub(crate) fn disconnected(network: Network, peer: &str, error: otr_transport::Error, recovery: Recovery) -> Line {
    let plan = match (recovery, network) {
        (Recovery::RetryIn(_), Network::Tcp) => "calling again from time to time",
        (Recovery::RetryIn(_), _) => "trying again from time to time",
        (Recovery::Waiting, _) => "waiting for the next call",
        _ => "that was all",
    };
    match (network, error) {
        (Network::Tcp, otr_transport::Error::ClosedByPeer) => note(format!("{peer} has left; {plan}")),
        (_, error) => trouble(format!("no connection: {error}; {plan}")),
    }
}

/// A text of the other side's.
pub(crate) fn received(peer: &str, protection: Protection, text: &str) -> Vec<Line> {
    let speaker = match protection {
        Protection::Encrypted => peer.to_owned(),
        Protection::Plain => format!("{peer} (in clear)"),
    };
    speech(&speaker, text).map(Line::Say).collect()
}

fn session(peer: &str, change: &SessionChange) -> Vec<Line> {
    let conversation = change.conversation.as_ref();
    let state = state(change.state, conversation);
    match (change.state, conversation) {
        (SessionState::Encrypted, Some(conversation)) if conversation.suite_fingerprint.is_some() => {
            let mut lines = vec![note(format!("{state}, now with {}", made_of(conversation.version)))];
            lines.extend(suite(peer, conversation));
            lines.push(session_id(conversation));
            lines
        }
        (SessionState::Encrypted, Some(conversation)) if change.refreshed => {
            vec![note(format!("{state}, with fresh keys")), session_id(conversation)]
        }
        (SessionState::Encrypted, Some(conversation)) => established(peer, state, conversation),
        (SessionState::Finished, _) => vec![
            note(format!("{state}: {peer} has ended the private conversation")),
            note("nothing you write is sent until you /start another one or /end this one"),
        ],
        (SessionState::Plaintext | SessionState::Encrypted, _) => {
            vec![note(format!("{state}: the private conversation has ended"))]
        }
    }
}

fn established(peer: &str, state: &str, conversation: &Conversation) -> Vec<Line> {
    let mut lines =
        vec![note(state), their_fingerprint(peer, conversation.their_fingerprint), session_id(conversation)];
    if conversation.trust == Trust::Unverified {
        lines.push(note("compare a secret (/secret, /ask), or fingerprints by phone or in person and then /verify"));
    }
    lines
}

fn compared(peer: &str, comparison: &ComparisonOf) -> Vec<Line> {
    let who = if comparison.is_verified { "" } else { " (not verified yet)" };
    match &comparison.event {
        Comparison::Asked { question: None, .. } => vec![
            note(format!("{peer}{who} wants to compare a secret that you both know")),
            note("/answer TEXT if you know it, /abort if not"),
        ],
        Comparison::Asked { question: Some(question), .. } => {
            let mut lines = vec![note(format!("{peer}{who} wants to know that it is you, and asks:"))];
            lines.extend(speech(peer, &String::from_utf8_lossy(question)).map(Line::Say));
            lines.push(note("/answer TEXT if you know it, /abort if not"));
            lines
        }
        Comparison::InProgress { .. } => vec![note("comparing ...")],
        Comparison::Succeeded(Meaning::PeerVerified) => {
            vec![note(format!("the secrets are the same: {peer} is verified"))]
        }
        Comparison::Succeeded(Meaning::AnsweredRightly) => vec![
            note("your answer was right"),
            note(format!("that verifies you to {peer}; to verify {peer}, ask something yourself")),
        ],
        Comparison::Failed => vec![
            trouble("the secrets are not the same: a slip of the pen, or somebody else"),
            trouble("what was verified before stays so"),
        ],
        Comparison::Aborted => vec![note("the comparison was given up; it says nothing")],
        Comparison::TimedOut => vec![note("the comparison was not finished in time; it says nothing")],
        Comparison::Cheated => vec![trouble("the other side broke the rules of the comparison; it says nothing")],
    }
}

/// Our fingerprint.
pub(crate) fn our_fingerprint(fingerprint: Fingerprint) -> Line {
    note(format!("your fingerprint:   {fingerprint}"))
}

/// The other side's fingerprint.
pub(crate) fn their_fingerprint(peer: &str, fingerprint: Fingerprint) -> Line {
    note(format!("{:<19} {fingerprint}", format!("{peer}'s:")))
}

/// Our fingerprint in the Curve25519 suite.
pub(crate) fn our_suite_fingerprint(fingerprint: Fingerprint) -> Line {
    note(format!("your Ed25519:       {fingerprint}"))
}

/// The other side's fingerprint in the Curve25519 suite, if the conversation is there, and the one that it is verified
/// through, if it is.
pub(crate) fn suite(peer: &str, conversation: &Conversation) -> Vec<Line> {
    let Some(fingerprint) = conversation.suite_fingerprint else { return Vec::new() };
    let mut lines = vec![note(format!("{:<19} {fingerprint}", format!("{peer}'s Ed25519:")))];
    if conversation.trust == Trust::Verified {
        lines.push(note(format!("verified through    {}", conversation.their_fingerprint)));
    }
    lines
}

/// The session id with our half in brackets.
pub(crate) fn session_id(conversation: &Conversation) -> Line {
    let [a, b, c, d, e, f, g, h] = conversation.session_id.as_bytes();
    let first = format!("{a:02x}{b:02x}{c:02x}{d:02x}");
    let second = format!("{e:02x}{f:02x}{g:02x}{h:02x}");
    let marked = match conversation.role {
        Role::Initiator => format!("[{first}] {second}"),
        Role::Responder => format!("{first} [{second}]"),
    };
    note(format!("session id:         {marked}  (the half in brackets is yours to read out)"))
}

fn changed(peer: &str, old: Fingerprint, new: Fingerprint, blocked: bool) -> Vec<Line> {
    let mut lines = vec![
        trouble(format!("{peer}'s identity has changed")),
        trouble(format!("it was:             {old}")),
        trouble(format!("it is now:          {new}")),
    ];
    if blocked {
        lines.push(trouble("you had verified the old one: nothing is sent until you /verify or /accept the new one"));
    }
    lines
}

fn of_another(peer: &str, fingerprint: Fingerprint, other: &str, trust: Trust) -> Vec<Line> {
    let other = readable::one_line(other);
    let verified = match trust {
        Trust::Verified => ", and verified as that",
        Trust::Unverified => "",
    };
    vec![
        trouble(format!("{peer} shows a key that is on record as {other}'s{verified}")),
        trouble(format!("it is:              {fingerprint}")),
        trouble(format!(
            "{other} by another name, or somebody with another name's key: it is not verified as {peer}'s"
        )),
    ]
}

/// What was refused, and what to do.
pub(crate) fn refused(reason: Refusal) -> Line {
    trouble(match reason {
        Refusal::Finished => {
            "not sent: the other side has ended the private conversation; /end it too or /start anew".into()
        }
        Refusal::IdentityChanged => {
            "not sent: the other side's identity has changed; /verify or /accept it first".into()
        }
        reason => format!("not sent: {reason}"),
    })
}

/// How things stand.
pub(crate) fn status(peer: &str, status: &Status) -> Vec<Line> {
    let mut lines = vec![note(format!("state: {}", state(status.state, status.conversation.as_ref())))];
    if status.blocked {
        lines.push(trouble("the identity has changed: nothing is sent until you /verify or /accept it"));
    }
    if let Some(conversation) = &status.conversation {
        lines.push(note(format!("protocol:           {}", made_of(conversation.version))));
        lines.extend(suite(peer, conversation));
        lines.push(session_id(conversation));
    }
    if status.unreadable > 0 {
        lines.push(trouble(format!("{} messages could not be read", status.unreadable)));
    }
    lines
}

fn warned(peer: &str, warning: &Warning) -> Vec<Line> {
    let text = match warning {
        Warning::UnencryptedReceived(text) => {
            let speaker = format!("! {peer} (in clear, although this should be private)");
            return speech(&speaker, &text.to_string_lossy()).map(Line::Say).collect();
        }
        Warning::PeerError(text) => {
            let speaker = format!("! {peer}'s program reports, unauthenticated");
            return speech(&speaker, &text.to_string_lossy()).map(Line::Complain).collect();
        }
        Warning::Resent(text) => {
            return speech("* sent again, because it could not be read", &text.to_string_lossy())
                .map(Line::Say)
                .collect();
        }
        Warning::Unreadable => "a message could not be read; new keys are being agreed on",
        Warning::Replayed => "a message came a second time, or out of order, and was dropped",
        Warning::NotInPrivate => "an encrypted message came, but there is no private conversation; /start one",
        Warning::Malformed => "a damaged message came and was dropped",
        Warning::ForOtherInstance => "a message for another program of yours came and was left alone",
        Warning::UnsupportedVersion => "a message of a version that is not spoken here came and was dropped",
        Warning::FragmentDropped => "a piece of a long message is missing; the message is lost",
        Warning::Reflected => "our own message came back to us and was dropped",
        Warning::LiveKeyRevealed => "the other side published a key still in use; the keys are being replaced",
        Warning::DowngradeRefused { from, to } => {
            return vec![trouble(format!(
                "{} was asked for and not answered, because {peer} spoke {} before",
                version_name(*to),
                version_name(*from)
            ))];
        }
        Warning::MoreMayBeUnread => "texts before that may not have been read either",
        Warning::NoAnswer => {
            "the other side's program does not answer; it may have lost its keys, new ones are asked for"
        }
        Warning::TooManyComparisons => "the other side began another comparison too soon; it was not answered",
        Warning::TooManyExchanges => "the other side asks for new keys too often; some requests are not answered",
        _ => "something is wrong that this version has no words for",
    };
    vec![trouble(text)]
}

#[cfg(test)]
mod tests {
    use super::*;

    // attack: TEXT-1, TEXT-4
    #[test]
    fn markup_and_formats_are_shown_literally() {
        for payload in ["<b>hi</b>", "<script>alert(1)</script>", "&lt;", "%s%n%08x", "{} {0} {peer}", "$(id) `id`"] {
            assert_eq!(speech("bob", payload).collect::<Vec<_>>(), [format!("bob: {payload}")]);
        }
    }

    // attack: DOS-6
    #[test]
    fn joined_warnings_are_told_with_their_number() {
        let lines = event("bob", &Event::Repeated { warning: Warning::Malformed, count: 12 });
        let expected = ["! 12 times more within the last minute:", "! a damaged message came and was dropped"];
        assert_eq!(lines, expected.map(|line| Line::Complain(line.to_owned())));
    }

    fn conversation(trust: Trust) -> Conversation {
        let [ours, theirs] = [(); 2].map(|()| otr_crypto::DhKeyPair::generate(&mut crate::outside::randomness()));
        Conversation {
            version: Version::Curve25519,
            their_fingerprint: Fingerprint::from_bytes([0xdd; 20]),
            trust,
            suite_fingerprint: Some(Fingerprint::from_bytes([0xed; 20])),
            session_id: ours.agree(theirs.public()).unwrap().ake_keys().session_id(),
            role: Role::Initiator,
        }
    }

    #[test]
    fn a_move_is_told_with_the_key_it_is_verified_through() {
        let told = |trust| {
            let conversation = conversation(trust);
            let Line::Say(id) = session_id(&conversation) else { panic!("no id") };
            let change = SessionChange {
                state: SessionState::Encrypted,
                conversation: Some(conversation),
                refreshed: true,
                instance: None,
            };
            let lines = event("bob", &Event::Session(change)).into_iter().map(|line| match line {
                Line::Say(line) => line,
                Line::Complain(line) => panic!("{line}"),
            });
            let mut lines: Vec<_> = lines.collect();
            assert_eq!(lines.pop(), Some(id));
            lines
        };
        let ed25519 = "* bob's Ed25519:      EDEDEDED EDEDEDED EDEDEDED EDEDEDED EDEDEDED";
        let made_of = "now with the Curve25519 suite: X25519, ML-KEM-768, Ed25519";
        assert_eq!(told(Trust::Unverified), [&format!("* private (unverified), {made_of}"), ed25519]);
        let through = "* verified through    DDDDDDDD DDDDDDDD DDDDDDDD DDDDDDDD DDDDDDDD";
        assert_eq!(told(Trust::Verified), [&format!("* private (verified), {made_of}"), ed25519, through]);
    }

    #[test]
    fn a_suite_that_does_not_come_back_is_told() {
        let lines = event("bob", &Event::Downgrade { from: Version::Curve25519, to: Version::Three });
        let expected = [
            "! this conversation stays in version 3, although bob has or had the Curve25519 suite",
            "! another program, the suite turned off there, or somebody who holds messages back",
        ];
        assert_eq!(lines, expected.map(|line| Line::Complain(line.to_owned())));
    }

    // attack: TEXT-3
    #[test]
    fn what_the_other_side_says_cannot_look_like_ours() {
        let lines: Vec<String> = speech("bob", "hi\n* private (verified)\r\x1b[2J").collect();
        assert_eq!(lines, ["bob: hi", "bob: * private (verified)", "bob: \u{fffd}[2J"]);
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let Line::Complain(line) = refused(Refusal::Finished) else { panic!() };
        assert!(line.starts_with("! not sent: ") && line.contains("/end") && line.contains("/start"), "{line}");
    }
}
