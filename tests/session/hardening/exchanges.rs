//! Exchanges that are forged, repeated, interrupted or begun anew.

use super::*;

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

// attack: AKE-7, AKE-14
#[test]
fn a_commitment_that_was_opened_is_offered_to_nobody_else() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let commit = side.receive("?OTRv3?", NOW).remove(0);
    let mut bob = Side::new(1, 0x2002, "alice", Config { policy: Policy::MANUAL, ..Config::default() }, 7);
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
