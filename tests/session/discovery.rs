//! Queries, tags, versions.

use std::time::Duration;

use otr_session::{Config, Event, Incoming, Origin, Policy, Refusal, Sent, SessionState, Warning};
use otr_tests::pair::{Pair, Side, Who};
use otr_wire::{Version, Versions};

const NOW: Duration = Duration::from_secs(5);
const BASE: &str = " \t  \t\t\t\t \t \t \t  ";
const V3: &str = "  \t\t  \t\t";
const V2: &str = "  \t\t  \t ";
const V1: &str = " \t \t  \t ";

fn side(policy: Policy) -> Side {
    Side::new(0, 0x1001, "bob", Config { policy, ..Config::default() }, 1)
}

// attack: VER-2, G-12, VER-4
#[test]
fn version_1_and_odd_offers_get_no_reply_and_no_state() {
    let bodies = [
        "?OTR?",
        "?OTR?v?",
        "?OTRv?",
        "?OTRv1?",
        "?OTR:AAEKAAAA.",
        "?OTR:AAEDAAAA.",
        "?OTR:AAEK",
        "?OTRv",
        "?OTR",
        "?OTRv24x",
        "?OTRv4?",
        "?OTRvx?",
        "?OTR v3?",
        "?otrv3?",
        "?OTR?v",
        "?OTRv 3?",
        "?OTRv3",
    ];
    for body in bodies {
        let mut side = side(Policy::OPPORTUNISTIC);
        let before = side.snapshot();
        assert!(side.receive(body, NOW).is_empty(), "{body}");
        assert_eq!(side.snapshot(), before, "{body}");
    }
}

// attack: VER-4
#[test]
fn every_way_to_offer_version_3_is_answered() {
    for body in [
        "?OTRv3?",
        "?OTRv23?",
        "?OTR?v23?",
        "?OTRv32?",
        "?OTRv333?",
        "?OTRv24x3?",
        "?OTRv3?<b>please</b>",
        "?OTRv3?\nsecond line",
    ] {
        let mut side = side(Policy::MANUAL);
        let replies = side.receive(body, NOW);
        assert_eq!(replies.len(), 1, "{body}");
        assert!(replies[0].starts_with("?OTR:AAMC"), "{body}");
    }
}

// attack: VER-5
#[test]
fn a_tag_is_taken_out_exactly_and_starts_the_exchange_by_policy() {
    for (policy, starts) in [(Policy::MANUAL, false), (Policy::OPPORTUNISTIC, true), (Policy::ALWAYS, true)] {
        for (tag, offers_ours) in [
            ([BASE, V3].concat(), true),
            ([BASE, V2, V3].concat(), true),
            ([BASE, V1, "\t\t\t\t\t\t\t\t", V3].concat(), true),
            ([BASE, V2].concat(), true),
            ([BASE, V1].concat(), false),
            (BASE.to_owned(), false),
        ] {
            let mut side = side(policy);
            let replies = side.receive(&format!("before{tag}after"), NOW);
            assert_eq!(!replies.is_empty(), starts && offers_ours, "{policy:?} {tag:?}");
            let text = match side.events.as_slice() {
                [Event::Message(message)] => message.text.to_string(),
                [Event::Warning(Warning::UnencryptedReceived(text))] => text.to_string(),
                other => panic!("{other:?}"),
            };
            assert_eq!(text, "beforeafter");
        }
    }
}

// attack: VER-6
#[test]
fn tags_stop_when_the_contact_does_not_know_them() {
    let mut pair = Pair::new(90, Config::default());
    assert_eq!(pair.send(Who::Alice, "hi"), Sent::Plain);
    assert_eq!(pair.bob.inbox.pop_back().expect("sent"), format!("hi{BASE}{V2}{V3}"));
    pair.inject(Who::Alice, "what are all these blanks?");
    assert_eq!(pair.send(Who::Alice, "sorry"), Sent::Plain);
    assert_eq!(pair.bob.inbox.pop_back().expect("sent"), "sorry");
    // Only the user brings them back.
    pair.start(Who::Alice);
    pair.bob.inbox.clear();
    pair.wait(otr_session::START_PATIENCE);
    assert_eq!(pair.send(Who::Alice, "again"), Sent::Plain);
    assert_eq!(pair.bob.inbox.pop_back().expect("sent"), format!("again{BASE}{V2}{V3}"));
}

// attack: VER-6
#[test]
fn two_opportunistic_sides_find_each_other_by_a_tag() {
    let mut pair = Pair::new(91, Config::default());
    assert_eq!(pair.send(Who::Alice, "hello"), Sent::Plain);
    pair.run();
    assert_eq!(pair.bob.shown(), ["hello"]);
    assert_eq!(pair.alice.state(), SessionState::Encrypted);
    assert_eq!(pair.alice.session_id(), pair.bob.session_id());
}

// attack: VER-7
#[test]
fn queries_do_not_disturb_a_private_conversation() {
    let mut pair = Pair::private(92);
    let id = pair.alice.session_id();
    let mut commits = 0;
    for _ in 0..100 {
        pair.inject(Who::Alice, "?OTRv3?");
        assert_eq!(pair.alice.state(), SessionState::Encrypted);
        assert_eq!(pair.alice.session_id(), id);
    }
    commits += pair.bob.inbox.drain(..).filter(|body| body.starts_with("?OTR:AAMC")).count();
    assert_eq!(commits, 1);
    pair.assert_talk_works();
    pair.wait(Duration::from_secs(60));
    pair.inject(Who::Alice, "?OTRv3?");
    assert_eq!(pair.bob.inbox.len(), 1);
}

// attack: VER-8
#[test]
fn only_what_comes_directly_can_be_answered() {
    let query = "?OTRv3?";
    let tagged = format!("hello{BASE}{V3}");
    let commit = side(Policy::MANUAL).receive(query, NOW).remove(0);
    for origin in [Origin::Delayed, Origin::Group, Origin::Copy, Origin::Own] {
        for body in [query, tagged.as_str(), commit.as_str()] {
            let mut side = Side::new(1, 0x2002, "alice", Config::default(), 1);
            let replies = side.receive_incoming(Incoming { body: body.as_bytes(), origin }, NOW);
            assert!(replies.is_empty(), "{origin:?} {body}");
        }
    }
    // Nor is anything, where the host does not want to be noticed by that contact.
    for body in [query, tagged.as_str(), commit.as_str()] {
        let mut side = Side::new(1, 0x2002, "alice", Config::default(), 1);
        side.account.set_may_reply("alice", false).expect("a name");
        assert!(side.receive(body, NOW).is_empty());
    }
    let mut side = Side::new(1, 0x2002, "alice", Config::default(), 1);
    assert_eq!(side.receive(&commit, NOW).len(), 1);
}

// attack: VER-9
#[test]
fn a_query_inside_typed_text_is_text() {
    let mut pair = Pair::private(93);
    let text = "type ?OTRv3? to start";
    let message = pair.encrypt(Who::Alice, text);
    pair.inject(Who::Bob, &message);
    assert_eq!(pair.bob.shown(), [text]);

    let mut clear = Pair::new(93, Config { policy: Policy::MANUAL, ..Config::default() });
    assert_eq!(clear.send(Who::Alice, "?OTRv3? is how it starts"), Sent::Refused(Refusal::LooksLikeOtr));
    assert!(clear.bob.inbox.is_empty());
    assert_eq!(clear.send(Who::Alice, text), Sent::Plain);
    clear.run();
    assert_eq!(clear.bob.shown(), [text]);
    assert!(clear.alice.inbox.is_empty(), "a marker inside a text starts nothing");
}

// attack: VER-10
#[test]
fn our_query_names_nobody() {
    let mut side = Side::new(0, 0x1001, "bob-the-contact", Config::default(), 1);
    side.account.start("bob-the-contact", NOW).expect("allowed");
    let query = side.drain().remove(0);
    assert!(query.starts_with("?OTRv23? "));
    assert!(!query.contains("bob") && !query.contains('<'));
}

// attack: PARSE-6
#[test]
fn markers_count_only_at_the_start() {
    for body in [" ?OTRv3?", "x?OTRv3?", "he wrote: ?OTR:AAMC", "\n?OTR Error: no", "a ?OTR|1|2,1,1,x,"] {
        let mut side = side(Policy::MANUAL);
        assert!(side.receive(body, NOW).is_empty());
        assert_eq!(side.shown(), [body]);
    }
    let mut side = side(Policy::MANUAL);
    side.receive("?OTR:AAMC.?OTR:AAMC.", NOW);
    side.receive("?OTR:AAMC. and some words", NOW);
    assert_eq!(side.warnings(), [Warning::Malformed, Warning::Malformed]);
}

// attack: PARSE-9, TEXT-6
#[test]
fn a_nul_and_other_odd_bytes_in_clear_text_are_passed_on_and_told() {
    let mut side = side(Policy::MANUAL);
    side.receive_incoming(Incoming::direct(b"a\0b"), NOW);
    side.receive_incoming(Incoming::direct(b"\0?OTRv3?"), NOW);
    side.receive_incoming(Incoming::direct(b"\xff\xfe"), NOW);
    let texts: Vec<_> = side
        .events
        .iter()
        .map(|event| match event {
            Event::Message(message) => (message.text.as_bytes().to_vec(), message.text.is_clean()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts, [(b"a\0b".to_vec(), false), (b"\0?OTRv3?".to_vec(), false), (b"\xff\xfe".to_vec(), false)]);
    side.events.clear();
    side.receive_incoming(Incoming::direct(b"?OTR:AAMC\0."), NOW);
    assert_eq!(side.warnings(), [Warning::Malformed]);
}

// attack: ERR-1, ERR-2, ERR-3, TEXT-3
#[test]
fn error_messages_are_quoted_and_start_nothing() {
    let mut side = side(Policy::ALWAYS);
    let body = [b"?OTR Error: \x1b[31mtype\x07 this\xe2\x80\xae \xff".as_slice(), &[b'x'; 1000]].concat();
    assert!(side.receive_incoming(Incoming::direct(&body), NOW).is_empty());
    let warnings = side.warnings();
    let [Warning::PeerError(text)] = warnings.as_slice() else { panic!("{warnings:?}") };
    let text = text.to_string();
    assert!(text.starts_with("[31mtype this \u{fffd}xxx"), "{text}");
    assert_eq!(text.chars().count(), 256);
}

#[test]
fn versions_can_be_set_for_one_contact() {
    let mut side = side(Policy::MANUAL);
    side.account.set_versions("bob", Some(Versions::NONE)).expect("a name");
    assert!(side.receive("?OTRv3?", NOW).is_empty());
    assert_eq!(side.warnings(), [Warning::UnsupportedVersion]);
    side.account.set_versions("bob", Some(Versions::only(Version::Three))).expect("a name");
    assert_eq!(side.receive("?OTRv3?", NOW).len(), 1);
}

// attack: TEXT-8
#[test]
fn names_that_are_none_are_refused() {
    for name in ["", "a\tb", "a\nb", "a\0", &"x".repeat(1025)] {
        let mut side = side(Policy::MANUAL);
        assert_eq!(side.account.send(name, "hi", NOW), Sent::Refused(Refusal::BadName));
        assert!(side.account.start(name, NOW).is_err());
        assert!(side.drain().is_empty());
    }
}
