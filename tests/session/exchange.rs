//! Key exchanges between accounts: crossing, repeated, flooded, forged.

use std::time::Duration;

use otr_session::{Config, Event, Policy, Role, Sent, SessionState, Warning};
use otr_tests::{
    hostile::Exchange,
    pair::{Pair, Side, Who, pick, rng, unarmour},
};
use otr_wire::armour;
use rand_core::Rng;

const NOW: Duration = Duration::from_secs(5);

// attack: AKE-4, AKE-9, AKE-14
#[test]
fn crossing_starts_always_complete_on_one_session() {
    let mut random = rng(110);
    for seed in 0..60 {
        let mut pair = Pair::new(110 + seed, Config::default());
        // Both commits are under way before either arrives.
        pair.inject(Who::Alice, "?OTRv3?");
        pair.inject(Who::Bob, "?OTRv3?");
        while !(pair.alice.inbox.is_empty() && pair.bob.inbox.is_empty()) {
            let who = if random.next_u32().is_multiple_of(2) { Who::Alice } else { Who::Bob };
            pair.deliver(who);
        }
        assert_eq!(pair.alice.state(), SessionState::Encrypted, "seed {seed}");
        assert_eq!(pair.alice.session_id(), pair.bob.session_id(), "seed {seed}");
        for side in [&pair.alice, &pair.bob] {
            let begun = side.events.iter().filter(|event| matches!(event, Event::Session(_))).count();
            assert_eq!(begun, 1, "seed {seed}: told once");
        }
        let roles =
            [&pair.alice, &pair.bob].map(|side| side.account.status(side.peer).conversation.expect("in private").role);
        assert!(roles.contains(&Role::Initiator) && roles.contains(&Role::Responder));
        assert!(pair.alice.sent.len() + pair.bob.sent.len() <= 12);
        pair.assert_talk_works();
    }
}

// attack: AKE-5
#[test]
fn several_instances_answer_one_query() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let commit = side.receive("?OTRv3?", NOW).remove(0);
    for tag in [0x2001, 0x2002, 0x2003, 0x2004] {
        let mut exchange = Exchange::new(&side, 1, tag, u64::from(tag));
        let otr_ake::Outcome::Reply(dh_key) = exchange.receive(&commit, NOW) else { panic!("no D-H Key") };
        let reveal = side.receive(&armour::encode(&dh_key), NOW).remove(0);
        let otr_ake::Outcome::Established(_, Some(signature)) = exchange.receive(&reveal, NOW) else {
            panic!("not established")
        };
        side.receive(&armour::encode(&signature), NOW);
        assert_eq!(side.account.status("bob").their_instance.map(otr_wire::InstanceTag::get), Some(tag));
    }
    // The offer is worth nothing after its time.
    let late = NOW + otr_ake::ATTEMPT_LIFETIME;
    let mut exchange = Exchange::new(&side, 1, 0x2005, 5);
    let otr_ake::Outcome::Reply(dh_key) = exchange.receive(&commit, late) else { panic!("no D-H Key") };
    assert!(side.receive(&armour::encode(&dh_key), late).is_empty());
}

// attack: AKE-6, AKE-7
#[test]
fn an_exchange_leaves_no_secrets_behind_and_the_next_has_its_own() {
    let mut pair = Pair::private(111);
    pair.wait(otr_ake::ATTEMPT_LIFETIME);
    for side in [&pair.alice, &pair.bob] {
        let state = side.snapshot();
        assert!(state.contains("offer: None"), "{state}");
        assert!(state.contains("initiator: Idle") && state.contains("responder: Idle"));
    }
    pair.start(Who::Alice);
    pair.run();
    let commits: Vec<_> = pair.bob.sent.iter().filter(|body| body.starts_with("?OTR:AAMC")).collect();
    assert_eq!(commits.len(), 2);
    assert_ne!(commits[0], commits[1]);
}

// attack: AKE-7
#[test]
fn a_second_query_soon_after_an_exchange_makes_fresh_keys() {
    let mut pair = Pair::private(112);
    let first = pair.alice.session_id();
    pair.end(Who::Alice);
    pair.end(Who::Bob);
    pair.run();
    pair.start(Who::Alice);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Encrypted);
    assert_ne!(pair.alice.session_id(), first);
    assert_eq!(pair.alice.session_id(), pair.bob.session_id());
    let commits: std::collections::BTreeSet<_> =
        pair.bob.sent.iter().filter(|body| body.starts_with("?OTR:AAMC")).collect();
    assert_eq!(commits.len(), 2);
}

// attack: AKE-12
#[test]
fn a_whole_recorded_exchange_played_again_leads_nowhere() {
    let mut pair = Pair::private(113);
    let recorded: Vec<String> = pair.bob.sent.clone();
    let mut fresh = Side::new(0, 0x1001, "bob", Config::default(), 999);
    for body in &recorded {
        fresh.receive(body, NOW);
    }
    assert_eq!(fresh.state(), SessionState::Plaintext);
    let id = pair.alice.session_id();
    for body in &recorded {
        let now = pair.now;
        pair.alice.receive(body, now);
    }
    assert_eq!(pair.alice.session_id(), id);
    pair.assert_talk_works();
}

// attack: AKE-8, AKE-10
#[test]
fn exchanges_complete_under_forged_messages_within_a_few_restarts() {
    let mut random = rng(114);
    let mut completed = 0;
    let runs = 40;
    for seed in 0..runs {
        let mut pair = Pair::new(500 + seed, Config::default());
        let mut noise = Pair::new(900 + seed, Config::default());
        noise.start(Who::Alice);
        noise.run();
        let forged: Vec<String> = noise.alice.sent.iter().chain(&noise.bob.sent).cloned().collect();
        for _ in 0..10 {
            pair.start(Who::Alice);
            for _ in 0..20 {
                for who in [Who::Bob, Who::Alice] {
                    if random.next_u32().is_multiple_of(2) {
                        let body = pick(&forged, &mut random);
                        pair.inject(who, body);
                    }
                    pair.deliver(who);
                }
            }
            let agreed = pair.alice.session_id().is_some() && pair.alice.session_id() == pair.bob.session_id();
            if agreed {
                completed += 1;
                break;
            }
            pair.wait(Duration::from_secs(61));
        }
    }
    assert!(completed * 100 >= runs * 95, "{completed} of {runs}");
}

// attack: AKE-17
#[test]
fn text_typed_during_the_exchange_does_not_start_it_again() {
    let mut pair = Pair::new(115, Config { policy: Policy::ALWAYS, ..Config::default() });
    for number in 0..10 {
        assert_eq!(pair.send(Who::Alice, &format!("{number}")), Sent::Queued);
    }
    assert_eq!(pair.bob.inbox.len(), 1, "one query");
    pair.deliver(Who::Bob);
    pair.deliver(Who::Alice);
    assert_eq!(pair.send(Who::Alice, "10"), Sent::Queued);
    pair.run();
    assert_eq!(pair.bob.shown(), (0..=10).map(|number| number.to_string()).collect::<Vec<_>>());
    let queries = pair.alice.sent.iter().filter(|body| body.starts_with("?OTRv")).count();
    assert_eq!(queries, 1);
}

// attack: AKE-20
#[test]
fn a_stranger_who_merely_asks_learns_no_identity() {
    let side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut exchange = Exchange::new(&side, 1, 0x2002, 1);
    let mut asked = Side::new(0, 0x1001, "bob", Config::default(), 2);
    let commit = exchange.commit(NOW);
    let reply = asked.receive(&commit, NOW).remove(0);
    // A D-H Key holds a fresh number and nothing else; the identity follows only the peer's own proof.
    assert!(reply.starts_with("?OTR:AAMK"));
    assert!(unarmour(&reply).len() <= 11 + 4 + 192);
}

// attack: PARSE-10, PARSE-5
#[test]
fn the_version_cannot_change_in_the_middle_of_an_exchange() {
    let mut pair = Pair::new(116, Config::default());
    pair.start(Who::Alice);
    pair.deliver(Who::Bob);
    pair.deliver(Who::Alice);
    pair.deliver(Who::Bob);
    let reveal = pair.alice.inbox.pop_back().expect("a Reveal Signature");
    let bytes = unarmour(&reveal);
    let as_version_2 = [&[0, 2, bytes[2]][..], &bytes[11..]].concat();
    let before = pair.alice.snapshot();
    for (version, body) in [(2, as_version_2), (4, [&[0, 4][..], &bytes[2..]].concat())] {
        pair.inject(Who::Alice, &armour::encode(&body));
        assert_eq!(pair.alice.snapshot(), before, "version {version}");
    }
    // In version 2 there is no exchange that it could belong to.
    assert_eq!(pair.alice.warnings(), [Warning::UnsupportedVersion]);
    pair.inject(Who::Alice, &reveal);
    assert_eq!(pair.alice.state(), SessionState::Encrypted);
}

// attack: DOS-1, G-7
#[test]
fn a_flood_of_commits_is_answered_within_the_budget() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let template = unarmour(&Exchange::new(&side, 1, 0x2002, 1).commit(NOW));
    let mut answers = 0;
    for number in 0..10_000_u32 {
        let mut commit = template.clone();
        commit[3..7].copy_from_slice(&(0x1_0000 + number).to_be_bytes());
        answers += side.receive(&armour::encode(&commit), NOW).len();
        side.events.clear();
    }
    assert_eq!(answers, 10);
    let later = NOW + Duration::from_secs(12);
    let mut commit = template;
    commit[3..7].copy_from_slice(&0x9_0000_u32.to_be_bytes());
    assert_eq!(side.receive(&armour::encode(&commit), later).len(), 1);
}
