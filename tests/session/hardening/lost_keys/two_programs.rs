//! Two programs of the other side, of which one has lost its keys.

use super::*;

/// Alice in private with two programs of Bob's, which have one key.
struct TwoPrograms {
    alice: Side,
    y: Side,
    /// The one with the higher tag, which text goes to on a tie; it has been started anew.
    x: Side,
    now: Duration,
}

fn two_programs() -> TwoPrograms {
    let begun = secs(1_000_000);
    let mut alice = Side::new(0, 0x1001, "bob", always(), 920);
    let mut y = Side::new(1, 0x5001, "alice", always(), 921);
    let mut x = Side::new(1, 0x6001, "alice", always(), 922);
    for side in [&mut y, &mut x] {
        side.account.start("alice", begun).expect("allowed");
        let first = side.drain();
        talk(side, &mut alice, first, begun);
    }
    let x = restarted(&x, &alice, 0x6001, 79);
    TwoPrograms { alice, y, x, now: begun + secs(90) }
}

fn restarted(old: &Side, alice: &Side, tag: u32, seed: u64) -> Side {
    let mut new = Side::new(1, tag, "alice", old.account.config().clone(), seed);
    new.account.remember("alice", alice.account.fingerprint(), Trust::Unverified).expect("a name");
    new
}

/// Brings what Alice says to all of Bob's programs, and their words to her, until all are quiet.
fn broadcast(
    alice: &mut Side,
    ends: &mut [&mut Side],
    mut to_bob: Vec<String>,
    mut to_alice: Vec<String>,
    now: Duration,
) {
    for _ in 0..1000 {
        if to_bob.is_empty() && to_alice.is_empty() {
            return;
        }
        for m in to_bob.drain(..) {
            for end in ends.iter_mut() {
                to_alice.extend(end.receive(&m, now));
            }
        }
        for m in to_alice.drain(..) {
            to_bob.extend(alice.receive(&m, now));
        }
    }
    panic!("never quiet");
}

// attack: REL-2
#[test]
fn one_of_two_programs_is_started_anew() {
    let TwoPrograms { mut alice, mut y, mut x, now } = two_programs();
    let mut out = Vec::new();
    for t in ["one", "two", "three"] {
        assert_eq!(alice.account.send("bob", t, now), Sent::Encrypted);
        out.extend(alice.drain());
    }
    broadcast(&mut alice, &mut [&mut y, &mut x], out, Vec::new(), now);
    for n in 1..20 {
        alice.account.tick(now + secs(n));
        let m = alice.drain();
        broadcast(&mut alice, &mut [&mut y, &mut x], m, Vec::new(), now + secs(n));
    }
    for t in ["one", "two", "three"] {
        assert!(
            shown(&x, t) > 0 || handed_back(&alice, t),
            "{t}: did not reach the program it was for: x {} y {}",
            shown(&x, t),
            shown(&y, t)
        );
    }
}

// attack: RESEND-3
#[test]
fn the_report_of_another_program_swallows_no_texts() {
    let TwoPrograms { mut alice, mut y, mut x, now } = two_programs();
    assert_eq!(alice.account.send("bob", "one", now), Sent::Encrypted);
    let text = alice.drain().remove(0);
    let out = x.receive(&text, now);
    assert!(out[0].starts_with("?OTR Error"));
    // The error message is lost; X's own exchange completes; what X says then is late.
    let dh_key = alice.receive(&out[1], now).remove(0);
    let reveal = x.receive(&dh_key, now).remove(0);
    let signature = alice.receive(&reveal, now);
    let mut report = Vec::new();
    for m in signature {
        report.extend(x.receive(&m, now));
    }
    assert!(!report.is_empty());
    // Y is asked for a refresh by anybody.
    let first = y.receive("?OTRv3?", now + secs(1));
    talk(&mut y, &mut alice, first, now + secs(1));
    for m in report {
        for r in alice.receive(&m, now + secs(2)) {
            x.receive(&r, now + secs(2));
            y.receive(&r, now + secs(2));
        }
    }
    for n in 1..80 {
        alice.account.tick(now + secs(2 + n));
        for m in alice.drain() {
            x.receive(&m, now + secs(2 + n));
        }
    }
    assert!(shown(&x, "one") > 0 || handed_back(&alice, "one"), "lost in silence: y {}", shown(&y, "one"));
}

// attack: DATA-17
#[test]
fn in_version_2_another_program_does_not_take_the_conversation_away() {
    let config = Config { versions: TWO, policy: Policy::MANUAL, ..Config::default() };
    let mut pair = Pair::private_with(980, config.clone());
    pair.assert_talk_works();
    // Another program of Bob's with the same key, that knows Alice and has talked to nobody yet.
    let mut other = restarted(&pair.bob, &pair.alice, 0xf000_0009, 55);
    let id = pair.bob.session_id();
    let now = pair.now;
    assert_eq!(pair.alice.account.send("bob", "for the program in use", now), Sent::Encrypted);
    let out = pair.alice.drain();
    broadcast(&mut pair.alice, &mut [&mut pair.bob, &mut other], out, Vec::new(), now);
    println!(
        "alice {:?} bob {:?} other {:?} before {id:?}",
        pair.alice.session_id(),
        pair.bob.session_id(),
        other.session_id()
    );
    let mut keys = 0;
    let mut last = pair.alice.session_id();
    for n in 1..=10 {
        let now = now + secs(61 * n);
        let _ = pair.alice.account.send("bob", &format!("text {n}"), now);
        let out = pair.alice.drain();
        broadcast(&mut pair.alice, &mut [&mut pair.bob, &mut other], out, Vec::new(), now);
        if pair.alice.session_id() != last {
            keys += 1;
            last = pair.alice.session_id();
        }
    }
    println!(
        "keys changed {keys} times in 10 minutes; error messages by bob {} other {}",
        pair.bob.sent.iter().filter(|m| m.starts_with("?OTR Error")).count(),
        other.sent.iter().filter(|m| m.starts_with("?OTR Error")).count()
    );
    assert_eq!(pair.alice.session_id(), id, "the other program took it over");
}
