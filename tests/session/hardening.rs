//! What an adversary tries who can inject messages, or who completes exchanges with keys of its own.

use std::time::Duration;

use otr_session::{
    Config, Event, Incoming, MAX_INSTANCES, Policy, Refusal, START_PATIENCE, Sent, SessionState, Trust, Warning,
};
use otr_tests::{
    hostile::{Exchange, Forged, Hostile},
    pair::{Pair, Side, Who, rng, unarmour},
};
use otr_wire::{Tlv, TlvType, armour};
use rand_core::Rng;

const NOW: Duration = Duration::from_secs(5);
const SECRET: &str = "the secret that must not leave in clear";

fn forged(kind: u8, sender: u32, receiver: u32, fields: &[&[u8]]) -> String {
    let mut bytes = [&[0, 3, kind][..], &sender.to_be_bytes(), &receiver.to_be_bytes()].concat();
    for field in fields {
        bytes.extend_from_slice(&u32::try_from(field.len()).expect("short").to_be_bytes());
        bytes.extend_from_slice(field);
    }
    armour::encode(&bytes)
}

fn forged_commit(sender: u32, receiver: u32) -> String {
    forged(0x02, sender, receiver, &[&[7; 5], &[0x55; 32]])
}

fn forged_dh_key(sender: u32, receiver: u32, gy: &[u8]) -> String {
    forged(0x0a, sender, receiver, &[gy])
}

fn bye() -> Vec<Tlv<'static>> {
    vec![Tlv::new(TlvType::DISCONNECTED, b"").expect("short")]
}

// attack: G-3, STATE-1, DOS-3
#[test]
fn forged_exchanges_do_not_end_the_finished_state() {
    let mut pair = Pair::private(200);
    pair.end(Who::Bob);
    pair.run();
    pair.wait(Duration::from_secs(1));
    for tag in 0..30 {
        pair.inject(Who::Alice, &forged_commit(0x9000 + tag, 0x1001));
        pair.inject(Who::Alice, &forged_dh_key(0xa000 + tag, 0x1001, &[1]));
        pair.wait(Duration::from_secs(7));
        assert_eq!(pair.alice.state(), SessionState::Finished);
        assert_eq!(pair.send(Who::Alice, SECRET), Sent::Refused(Refusal::Finished));
    }
}

// attack: G-1
#[test]
fn a_refused_message_from_a_new_instance_drives_nobody_out() {
    let mut pair = Pair::private(201);
    pair.wait(Duration::from_secs(61));
    pair.inject(Who::Alice, "?OTRv3?");
    for tag in 0..8 {
        pair.inject(Who::Alice, &forged_commit(0x9000 + tag, 0x1001));
    }
    let before = pair.alice.snapshot();
    for gy in [&[][..], &[1], &[0xff; 192]] {
        pair.inject(Who::Alice, &forged_dh_key(0x9999, 0x1001, gy));
        assert_eq!(pair.alice.snapshot(), before);
    }
}

// attack: TAG-8, STATE-1
#[test]
fn when_the_verified_peer_ends_text_does_not_go_to_a_stranger() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut mallory = Hostile::connect(&mut side, 2, 0x6666, NOW);
    let mut bob = Hostile::connect(&mut side, 1, 0x2002, NOW + Duration::from_secs(1));
    let shown = side.account.status("bob").conversation.expect("in private").their_fingerprint;
    side.account.set_trust("bob", shown, Trust::Verified, NOW).expect("known");
    assert_eq!(side.account.send("bob", "hello", NOW + Duration::from_secs(1)), Sent::Encrypted);
    side.drain();
    let goodbye = bob.data(&Forged { tlvs: bye(), ..Forged::default() });
    let now = NOW + Duration::from_secs(2);
    side.receive(&goodbye, now);
    let chatter = mallory.say("I am still here");
    side.receive(&chatter, now);
    assert_eq!(side.state(), SessionState::Finished);
    assert_eq!(side.account.send("bob", SECRET, now), Sent::Refused(Refusal::Finished));
}

// attack: TAG-8, STATE-1
#[test]
fn when_the_peer_ends_text_goes_on_to_the_same_identity_only() {
    for (other_identity, goes_on) in [(1, true), (2, false)] {
        let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
        let _other = Hostile::connect(&mut side, other_identity, 0x6666, NOW);
        let mut bob = Hostile::connect(&mut side, 1, 0x2002, NOW + Duration::from_secs(1));
        assert_eq!(side.account.send("bob", "hello", NOW + Duration::from_secs(1)), Sent::Encrypted);
        side.drain();
        let goodbye = bob.data(&Forged { tlvs: bye(), ..Forged::default() });
        side.receive(&goodbye, NOW + Duration::from_secs(2));
        let sent = side.account.send("bob", SECRET, NOW + Duration::from_secs(2));
        assert_eq!(sent == Sent::Encrypted, goes_on);
        assert_eq!(sent == Sent::Refused(Refusal::Finished), !goes_on);
    }
}

// attack: STATE-1
#[test]
fn a_stranger_who_ends_its_own_session_does_not_end_ours() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut mallory = Hostile::connect(&mut side, 2, 0x6666, NOW);
    let mut bob = Hostile::connect(&mut side, 1, 0x2002, NOW + Duration::from_secs(1));
    let goodbye = mallory.data(&Forged { tlvs: bye(), ..Forged::default() });
    let hello = bob.say("hello");
    side.receive(&hello, NOW + Duration::from_secs(2));
    side.receive(&goodbye, NOW + Duration::from_secs(3));
    assert_eq!(side.account.send("bob", "hi", NOW + Duration::from_secs(3)), Sent::Encrypted);
}

// attack: G-2, G-3, STATE-15
#[test]
fn a_policy_is_no_way_out_of_a_private_conversation() {
    let mut pair = Pair::private(202);
    pair.alice.account.set_policy("bob", Some(Policy::Never)).expect("a name");
    let message = pair.encrypt(Who::Alice, SECRET);
    pair.inject(Who::Bob, &message);
    assert_eq!(pair.bob.shown(), [SECRET]);
    let reply = pair.encrypt(Who::Bob, "read");
    pair.inject(Who::Alice, &reply);
    assert_eq!(pair.alice.shown(), ["read"]);
    pair.end(Who::Bob);
    pair.run();
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Refused(Refusal::Finished));
    pair.end(Who::Alice);
    assert_eq!(pair.send(Who::Alice, "in clear now"), Sent::Plain);
}

// attack: AKE-8, AKE-17
#[test]
fn asking_again_cures_a_forged_dh_key() {
    let mut pair = Pair::new(203, Config::default());
    pair.start(Who::Alice);
    pair.deliver(Who::Bob);
    pair.inject(Who::Bob, &forged_dh_key(0x1001, 0xf000_0002, &[4]));
    pair.run();
    assert_eq!(pair.bob.state(), SessionState::Plaintext);
    pair.wait(Duration::from_secs(6));
    pair.start(Who::Alice);
    pair.run();
    assert_eq!(pair.bob.state(), SessionState::Encrypted);
    assert_eq!(pair.alice.session_id(), pair.bob.session_id());
}

// attack: AKE-8, REL-2
#[test]
fn a_peer_that_restarts_in_the_middle_of_an_exchange_gets_in() {
    let mut pair = Pair::new(204, Config::default());
    pair.start(Who::Alice);
    pair.deliver(Who::Bob);
    pair.deliver(Who::Alice);
    pair.deliver(Who::Bob);
    pair.alice = Side::new(0, 0x1001, "bob", Config::default(), 4711);
    pair.wait(Duration::from_secs(6));
    pair.start(Who::Alice);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Encrypted);
    assert_eq!(pair.alice.session_id(), pair.bob.session_id());
}

// attack: DOS-1, AKE-8
#[test]
fn a_trickle_of_forged_messages_does_not_lock_the_user_out() {
    for commits in [false, true] {
        let forge = |n: u32| match commits {
            false => forged_dh_key(0x9000 + n, 0xf000_0002, &[4]),
            true => forged_commit(0x9000 + n, 0xf000_0002),
        };
        let mut pair = Pair::new(205, Config::default());
        for n in 0..10 {
            pair.inject(Who::Bob, &forge(n));
        }
        for n in 0..10 {
            pair.wait(Duration::from_secs(6));
            pair.inject(Who::Bob, &forge(20 + n));
        }
        pair.alice.inbox.clear();
        pair.start(Who::Bob);
        pair.run();
        assert_eq!(pair.bob.state(), SessionState::Encrypted, "commits: {commits}");
    }
}

// attack: DOS-3
#[test]
fn strangers_together_get_no_more_than_the_budget_of_the_account() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut random = rng(1);
    let commit = Exchange::new(&side, 1, 0x2002, 1).commit(NOW);
    let mut answers = 0;
    for number in 0..300 {
        let name = format!("stranger {number}");
        side.account.receive(&name, Incoming::direct(commit.as_bytes()), NOW, &mut random);
        answers += side.drain().len();
    }
    assert_eq!(answers, 100);
}

// attack: AKE-17
#[test]
fn asking_and_then_typing_sends_one_query() {
    let mut pair = Pair::new(206, Config::default());
    pair.start(Who::Alice);
    assert_eq!(pair.send(Who::Alice, "x"), Sent::Queued);
    assert_eq!(pair.alice.sent.iter().filter(|body| body.starts_with("?OTRv")).count(), 1);
}

// attack: AKE-17, RESEND-2
#[test]
fn forged_commits_do_not_silence_our_queries() {
    let mut pair = Pair::new(207, Config { policy: Policy::Always, ..Config::default() });
    let mut asked = false;
    for _ in 0..3 {
        pair.inject(Who::Alice, &forged_commit(0x9000, 0x1001));
        pair.bob.inbox.clear();
        let _ = pair.send(Who::Alice, "x");
        asked |= !pair.bob.inbox.is_empty();
        pair.wait(Duration::from_secs(59));
        asked |= pair.bob.inbox.iter().any(|body| body.starts_with("?OTRv3?"));
    }
    assert!(asked);
}

// attack: RESEND-2
#[test]
fn waiting_text_asks_again_when_the_query_was_lost_but_not_for_ever() {
    let mut pair = Pair::new(208, Config { policy: Policy::Always, ..Config::default() });
    assert_eq!(pair.send(Who::Alice, "x"), Sent::Queued);
    pair.bob.inbox.clear();
    pair.wait(Duration::from_secs(60));
    pair.run();
    assert_eq!(pair.bob.shown(), ["x"]);

    let mut alone = Pair::new(208, Config { policy: Policy::Always, ..Config::default() });
    assert_eq!(alone.send(Who::Alice, "x"), Sent::Queued);
    for _ in 0..60 {
        assert!(alone.alice.account.next_timeout().is_none_or(|at| at > alone.now), "nothing is left undone");
        alone.wait(Duration::from_secs(60));
    }
    assert_eq!(alone.bob.inbox.len(), 10);
}

/// A contact whose verified key is Alice's; identity 1 is at the other end now, accepted but not verified.
fn accepted_without_verifying() -> Side {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let verified = side.account.fingerprint();
    side.account.remember("bob", verified, Trust::Verified).expect("a name");
    let _ = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let there = side.account.status("bob").conversation.expect("in private").their_fingerprint;
    assert_eq!(side.account.send("bob", "hi", NOW), Sent::Refused(Refusal::IdentityChanged));
    side.account.accept_identity("bob", there, NOW).expect("known");
    assert_eq!(side.account.send("bob", "hi", NOW), Sent::Encrypted);
    side.drain();
    side.events.clear();
    side
}

// attack: AKE-13
#[test]
fn an_accepted_identity_stays_accepted_over_a_refresh() {
    let mut side = accepted_without_verifying();
    let later = NOW + Duration::from_secs(61);
    let _ = Hostile::connect(&mut side, 1, 0x2002, later);
    assert!(!side.events.iter().any(|event| matches!(event, Event::IdentityChanged { .. })));
    assert_eq!(side.account.send("bob", "hi", later), Sent::Encrypted);
}

// attack: AKE-13, TAG-8
#[test]
fn a_blocked_newcomer_does_not_stop_the_accepted_session() {
    let mut side = accepted_without_verifying();
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, NOW + Duration::from_secs(1));
    assert_eq!(side.account.send("bob", "hi", NOW + Duration::from_secs(2)), Sent::Encrypted);
    assert_eq!(side.account.status("bob").their_instance.map(otr_wire::InstanceTag::get), Some(0x2002));
}

// attack: STATE-10
#[test]
fn waiting_text_goes_when_the_identity_is_accepted() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let verified = side.account.fingerprint();
    side.account.remember("bob", verified, Trust::Verified).expect("a name");
    assert_eq!(side.account.send("bob", "first", NOW), Sent::Queued);
    side.drain();
    let _ = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let there = side.account.status("bob").conversation.expect("in private").their_fingerprint;
    side.drain();
    side.account.accept_identity("bob", there, NOW).expect("known");
    assert_eq!(side.drain().len(), 1);
}

// attack: STATE-10, TAG-9, RESEND-1
#[test]
fn waiting_text_is_given_back_where_another_identity_than_the_known_one_comes() {
    let mut side = Side::new(0, 0x1001, "bob", Config { policy: Policy::Always, ..Config::default() }, 1);
    let known = side.account.fingerprint();
    side.account.remember("bob", known, Trust::Unverified).expect("a name");
    assert_eq!(side.account.send("bob", SECRET, NOW), Sent::Queued);
    side.drain();
    let _ = Hostile::connect(&mut side, 2, 0x6666, NOW);
    assert!(!side.sent.iter().any(|body| body.starts_with("?OTR:AAMD")));
    assert!(side.events.iter().any(|event| matches!(event, Event::NotDelivered { text } if text == SECRET)));
}

// attack: DOS-3, STATE-6
#[test]
fn exchanges_of_a_stranger_never_drive_out_a_verified_session() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut bob = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let shown = side.account.status("bob").conversation.expect("in private").their_fingerprint;
    side.account.set_trust("bob", shown, Trust::Verified, NOW).expect("known");
    let mut now = NOW;
    side.events.clear();
    for number in 0..30 {
        now += Duration::from_secs(7);
        let _ = Hostile::connect(&mut side, 2, 0x7000 + number, now);
    }
    assert!(side.snapshot().matches("role: Responder").count() <= MAX_INSTANCES);
    let ended = |event: &Event| matches!(event, Event::Session(change) if change.state == SessionState::Finished);
    assert_eq!(side.events.iter().filter(|event| ended(event)).count(), 31 - MAX_INSTANCES, "each one is told");
    side.events.clear();
    let message = bob.say("hello");
    side.receive(&message, now);
    assert_eq!(side.shown(), ["hello"]);
    assert_eq!(side.account.send("bob", "hi", now), Sent::Encrypted);
}

// attack: AKE-4, AKE-9
#[test]
fn crossing_refreshes_amid_talk_always_agree() {
    let mut random = rng(5);
    for seed in 0..20 {
        let mut pair = Pair::private(3000 + seed);
        for round in 0..3 {
            pair.wait(Duration::from_secs(61));
            pair.inject(Who::Alice, "?OTRv3?");
            pair.inject(Who::Bob, "?OTRv3?");
            while !(pair.alice.inbox.is_empty() && pair.bob.inbox.is_empty()) {
                let who = if random.next_u32().is_multiple_of(2) { Who::Alice } else { Who::Bob };
                if random.next_u32().is_multiple_of(4) {
                    assert_eq!(pair.send(who, "x"), Sent::Encrypted);
                }
                if random.next_u32().is_multiple_of(6) && pair.side(who).inbox.len() > 1 {
                    pair.side(who).inbox.rotate_left(1);
                }
                pair.deliver(who);
            }
            assert_eq!(pair.alice.session_id(), pair.bob.session_id(), "seed {seed} round {round}");
            pair.assert_talk_works();
        }
    }
}

// attack: FRAG-4, DOS-3
#[test]
fn half_messages_of_strangers_do_not_stop_a_friend() {
    let mut pair = Pair::private_with(209, Config { max_message_size: Some(150), ..Config::default() });
    let mut random = rng(1);
    for size in [200_000, 50_000, 10_000, 1000, 100, 20] {
        let piece = "x".repeat(size);
        for name in 0..17 {
            for tag in 0..10 {
                let body = format!("?OTR|{:08x}|f0000002,1,9,{piece},", 0x9000 + tag);
                let (name, now) = (format!("stranger {size} {name}"), pair.now);
                pair.bob.account.receive(&name, Incoming::direct(body.as_bytes()), now, &mut random);
                pair.bob.drain();
            }
        }
    }
    pair.bob.events.clear();
    assert_eq!(pair.send(Who::Alice, "hi"), Sent::Encrypted);
    pair.run();
    assert_eq!(pair.bob.shown(), ["hi"]);
}

// attack: REV-4
#[test]
fn a_live_key_that_was_revealed_brings_new_keys_whatever_was_asked_before() {
    let mut side = Side::new(0, 0x1001, "mallory", Config::default(), 9);
    let mut hostile = Hostile::connect(&mut side, 2, 0x2002, NOW);
    side.receive("?OTRv3?", NOW);
    side.drain();
    let established = hostile.established();
    let (ours, theirs) = (established.our_dh.public(), &established.their_dh);
    let key = established.shared.data_keys(theirs, ours).receiving.reveal().as_bytes().to_vec();
    let message = hostile.data(&Forged { text: b"oops", revealed: key, ..Forged::default() });
    let replies = side.receive(&message, NOW + Duration::from_secs(1));
    assert!(replies.iter().any(|body| body.starts_with("?OTR:AAMC")));
}

// attack: AKE-13, DATA-13
#[test]
fn a_blocked_session_sends_nothing_by_itself() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let verified = side.account.fingerprint();
    side.account.remember("bob", verified, Trust::Verified).expect("a name");
    let mut mallory = Hostile::connect(&mut side, 2, 0x6666, NOW);
    let message = mallory.say("are you there?");
    assert!(side.receive(&message, NOW + Duration::from_secs(120)).is_empty());
}

#[test]
fn a_contact_kept_in_the_dark_still_gets_the_answers_the_user_asked_for() {
    let mut pair = Pair::new(210, Config::default());
    pair.alice.account.set_may_reply("bob", false).expect("a name");
    pair.start(Who::Alice);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Encrypted);
}

#[test]
fn the_next_moment_of_work_is_always_named() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    assert_eq!(side.account.next_timeout(), None);
    side.receive("?OTR|0000abcd|00001001,1,9,xx,", NOW);
    assert_eq!(side.account.next_timeout(), Some(NOW + otr_wire::MAX_PARTIAL_AGE));
    side.account.start("bob", NOW).expect("allowed");
    assert_eq!(side.account.next_timeout(), Some(NOW + START_PATIENCE));
    let mut pair = Pair::private(211);
    pair.wait(Duration::from_secs(61));
    let stale = pair.alice.account.next_timeout().expect("keys go stale");
    assert!(stale > pair.now + Duration::from_secs(80_000));
}

// attack: G-1, DOS-1
#[test]
fn messages_for_nobody_we_know_leave_nothing_behind() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let before = side.snapshot();
    for body in [
        forged_dh_key(0x9000, 0x1001, &[4]),
        forged(0x11, 0x9000, 0x1001, &[&[1; 16], &[2; 300]]),
        "?OTR|00009000|00001001,2,3,xx,".to_owned(),
        "?OTR:AAMD.".to_owned(),
    ] {
        side.receive(&body, NOW);
        assert_eq!(side.snapshot(), before, "{body}");
    }
    assert!(side.warnings().iter().all(|warning| matches!(warning, Warning::Malformed | Warning::FragmentDropped)));
    let _ = unarmour(&forged_commit(0x9000, 0x1001));
}

fn after(seconds: u64) -> Duration {
    NOW + Duration::from_secs(seconds)
}

fn changed_identity(side: &Side) -> bool {
    side.events.iter().any(|event| matches!(event, Event::IdentityChanged { .. }))
}

// attack: DOS-8
#[test]
fn a_host_that_sleeps_until_the_next_moment_never_spins() {
    for (silent, commit_at) in [(false, None), (false, Some(59)), (true, None)] {
        let mut side = Side::new(0, 0x1001, "bob", Config { policy: Policy::Always, ..Config::default() }, 1);
        side.account.set_may_reply("bob", !silent).expect("a name");
        side.account.start("bob", NOW).expect("allowed");
        assert_eq!(side.account.send("bob", "x", NOW), Sent::Queued);
        if let Some(at) = commit_at {
            side.receive(&Exchange::new(&side, 1, 0x2002, 1).commit(after(at)), after(at));
        }
        for second in 0..1500 {
            side.account.tick(after(second));
            let next = side.account.next_timeout();
            assert!(next.is_none_or(|at| at > after(second)), "{next:?} at {:?}", after(second));
        }
    }
}

// attack: AKE-13, G-3
#[test]
fn a_stranger_who_takes_over_is_told_of() {
    // After the conversation with Bob was ended, by a refresh of a session that nobody talked in.
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, NOW);
    let mut bob = Hostile::connect(&mut side, 1, 0x2002, after(1));
    assert_eq!(side.account.send("bob", "hello", after(1)), Sent::Encrypted);
    side.drain();
    let goodbye = bob.data(&Forged { tlvs: bye(), ..Forged::default() });
    side.receive(&goodbye, after(2));
    side.events.clear();
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, after(3));
    assert!(changed_identity(&side));
    assert!(!side.events.iter().any(|event| matches!(event, Event::Session(change) if change.refreshed)));

    // While it runs, by somebody whose key has been seen before.
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mallory = Pair::new(1, Config::default()).bob.account.fingerprint();
    side.account.remember("bob", mallory, Trust::Unverified).expect("a name");
    let _bob = Hostile::connect(&mut side, 2, 0x2002, NOW);
    side.events.clear();
    let _mallory = Hostile::connect(&mut side, 1, 0x6666, after(1));
    assert!(changed_identity(&side));
}

// attack: STATE-10, TAG-9, RESEND-1
#[test]
fn waiting_text_is_not_handed_to_a_stranger_seen_before() {
    let mut side = Side::new(0, 0x1001, "bob", Config { policy: Policy::Always, ..Config::default() }, 1);
    let _bob = Hostile::connect(&mut side, 1, 0x2002, NOW);
    side.account.end("bob", NOW);
    side.drain();
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, after(1));
    side.account.end("bob", after(2));
    side.drain();
    side.sent.clear();
    assert_eq!(side.account.send("bob", SECRET, after(100)), Sent::Queued);
    side.drain();
    let _mallory = Hostile::connect(&mut side, 2, 0x6667, after(101));
    assert!(!side.sent.iter().any(|body| body.starts_with("?OTR:AAMD")));
    assert!(side.events.iter().any(|event| matches!(event, Event::NotDelivered { text } if text == SECRET)));
}

// attack: DOS-3
#[test]
fn one_stranger_does_not_use_up_the_budget_of_all() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut random = rng(9);
    let commit = Exchange::new(&side, 1, 0x2002, 1).commit(NOW);
    for _ in 0..200 {
        side.account.receive("stranger", Incoming::direct(b"?OTRv3?"), NOW, &mut random);
        side.drain();
    }
    side.account.receive("friend", Incoming::direct(commit.as_bytes()), NOW, &mut random);
    assert_eq!(side.drain().len(), 1);
}

// attack: RESEND-2
#[test]
fn a_blocked_newcomer_does_not_strand_waiting_text() {
    // Text that waits for a minute at most is given back all the same.
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let verified = side.account.fingerprint();
    side.account.remember("bob", verified, Trust::Verified).expect("a name");
    side.account.set_policy("bob", Some(Policy::Manual)).expect("a name");
    side.account.start("bob", NOW).expect("allowed");
    assert_eq!(side.account.send("bob", "x", NOW), Sent::Queued);
    side.drain();
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, after(1));
    side.account.tick(NOW + START_PATIENCE);
    side.drain();
    assert!(side.events.iter().any(|event| matches!(event, Event::NotDelivered { .. })));

    // Text that waits for the verified one goes on asking for him.
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    side.account.remember("bob", verified, Trust::Verified).expect("a name");
    assert_eq!(side.account.send("bob", "x", NOW), Sent::Queued);
    side.drain();
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, after(1));
    side.sent.clear();
    side.account.tick(after(61));
    side.drain();
    assert!(side.sent.iter().any(|body| body.starts_with("?OTRv3?")));
}

// attack: RESEND-2
#[test]
fn a_change_of_policy_gives_waiting_text_back_and_ends_the_asking() {
    let mut side = Side::new(0, 0x1001, "bob", Config { policy: Policy::Always, ..Config::default() }, 1);
    assert_eq!(side.account.send("bob", "first", NOW), Sent::Queued);
    side.drain();
    side.sent.clear();
    side.account.set_policy("bob", Some(Policy::Never)).expect("a name");
    for minute in 1..30 {
        side.account.tick(after(minute * 60));
    }
    side.drain();
    assert!(side.sent.is_empty());
    assert!(side.events.iter().any(|event| matches!(event, Event::NotDelivered { text } if text == "first")));
}

// attack: AKE-7, AKE-14
#[test]
fn a_commitment_that_was_opened_is_offered_to_nobody_else() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let commit = side.receive("?OTRv3?", NOW).remove(0);
    let mut bob = Side::new(1, 0x2002, "alice", Config { policy: Policy::Manual, ..Config::default() }, 7);
    let key = bob.receive(&commit, NOW).remove(0);
    let reveal = side.receive(&key, NOW).remove(0);
    let signature = bob.receive(&reveal, NOW).remove(0);
    side.receive(&signature, NOW);
    assert_eq!(side.state(), SessionState::Encrypted);
    for number in 0..8 {
        let theirs = Exchange::new(&side, 2, 0x7000 + number, u64::from(number)).commit(after(1));
        for reply in side.receive(&theirs, after(1)) {
            assert_ne!(unarmour(&reply)[11..], unarmour(&commit)[11..]);
        }
    }
}

// attack: STATE-1
#[test]
fn a_stranger_who_comes_and_goes_ends_nothing() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let _bob = Hostile::connect(&mut side, 1, 0x2002, NOW);
    assert_eq!(side.account.send("bob", "dear Bob", NOW), Sent::Encrypted);
    side.drain();
    let mut mallory = Hostile::connect(&mut side, 2, 0x6666, after(1));
    let goodbye = mallory.data(&Forged { tlvs: bye(), ..Forged::default() });
    side.receive(&goodbye, after(2));
    assert_eq!(side.state(), SessionState::Encrypted);
    assert_eq!(side.account.status("bob").their_instance.map(otr_wire::InstanceTag::get), Some(0x2002));
}

// attack: AKE-8, AKE-17
#[test]
fn a_query_before_the_last_message_does_not_destroy_the_exchange() {
    let mut pair = Pair::new(212, Config::default());
    pair.start(Who::Bob);
    pair.deliver(Who::Alice);
    pair.deliver(Who::Bob);
    pair.deliver(Who::Alice);
    pair.deliver(Who::Bob);
    assert_eq!(pair.send(Who::Bob, "first words"), Sent::Encrypted);
    pair.inject(Who::Alice, "?OTRv3?");
    pair.run();
    assert_eq!(pair.alice.shown(), ["first words"]);
    assert_eq!(pair.alice.session_id(), pair.bob.session_id());
}
