//! What strangers together or alone can use up, and when the host is needed.

use super::*;

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

// attack: DOS-8
#[test]
fn a_host_that_sleeps_until_the_next_moment_never_spins() {
    for (silent, commit_at) in [(false, None), (false, Some(59)), (true, None)] {
        let mut side = Side::new(0, 0x1001, "bob", Config { policy: Policy::ALWAYS, ..Config::default() }, 1);
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
