//! Warnings that come again and again, and what time does whether the host keeps it or not.

use std::time::Duration;

use otr_session::{
    Config, Event, Incoming, JOINED_WITHIN, MAX_SINGLE_WARNINGS, Policy, Sent, SessionState, UNSURE_AFTER, Warning,
};
use otr_tests::{
    hostile::Exchange,
    pair::{Pair, Side, Who, rng},
};

const NOW: Duration = Duration::from_secs(5);
const MALFORMED: &str = "?OTR:AAMD.";

fn side(config: Config) -> Side {
    Side::new(0, 0x1001, "bob", config, 1)
}

/// The joined warnings among the events, and how many there were; single warnings are counted.
fn told(side: &mut Side) -> (usize, Vec<(Warning, u64)>) {
    let (mut single, mut joined) = (0, Vec::new());
    for event in side.events.drain(..) {
        match event {
            Event::Warning(_) => single += 1,
            Event::Repeated { warning, count } => joined.push((warning, count)),
            _ => {}
        }
    }
    (single, joined)
}

// attack: DOS-6
#[test]
fn ten_warnings_pass_and_the_rest_of_the_minute_is_one_event() {
    let mut side = side(Config::default());
    for number in 0..1000 {
        side.receive(MALFORMED, NOW + Duration::from_millis(number));
    }
    assert_eq!(MAX_SINGLE_WARNINGS, 10);
    assert_eq!(told(&mut side), (10, vec![]));
    assert_eq!(side.account.next_timeout(), Some(NOW + JOINED_WITHIN));
    side.account.tick(NOW + JOINED_WITHIN - Duration::from_millis(1));
    side.drain();
    assert_eq!(told(&mut side), (0, vec![]));
    side.account.tick(NOW + JOINED_WITHIN);
    side.drain();
    assert_eq!(told(&mut side), (0, vec![(Warning::Malformed, 990)]));
    side.account.tick(NOW + 2 * JOINED_WITHIN);
    side.drain();
    assert_eq!(told(&mut side), (0, vec![]), "once");
}

// attack: DOS-6
#[test]
fn an_hour_of_flood_is_eleven_events_a_minute() {
    let mut side = side(Config::default());
    for number in 0..36_000 {
        side.receive(MALFORMED, NOW + Duration::from_millis(100 * number));
    }
    let (single, joined) = told(&mut side);
    assert_eq!((single, joined.len()), (600, 59));
    assert!(joined.iter().all(|told| *told == (Warning::Malformed, 590)));
}

// attack: DOS-6
#[test]
fn each_kind_and_each_contact_counts_for_itself() {
    let mut side = side(Config::default());
    let mut random = rng(1);
    for _ in 0..20 {
        side.receive(MALFORMED, NOW);
    }
    assert_eq!(told(&mut side), (10, vec![]));
    side.receive("?OTR Error: other", NOW);
    assert_eq!(told(&mut side), (1, vec![]), "another kind");
    side.account.receive("carol", Incoming::direct(MALFORMED.as_bytes()), NOW, &mut random);
    side.drain();
    assert_eq!(told(&mut side), (1, vec![]), "another contact");
    for number in 0..20 {
        side.receive(&format!("?OTR Error: {number}"), NOW);
    }
    assert_eq!(told(&mut side).0, 9, "error messages are one kind, whatever they say");
}

// attack: DOS-6
#[test]
fn a_text_is_never_counted_away() {
    let mut side = side(Config { policy: Policy::ALWAYS, ..Config::default() });
    for number in 0..50 {
        side.receive(&format!("text {number}"), NOW);
    }
    let warnings = side.warnings();
    assert_eq!(warnings.len(), 50);
    assert!(warnings.iter().all(|warning| matches!(warning, Warning::UnencryptedReceived(_))));
}

// attack: DOS-6, REL-10
#[test]
fn of_many_unreadable_messages_the_user_learns_how_many_they_were() {
    let mut pair = Pair::private(651);
    let lost: Vec<String> = (0..100).map(|number| pair.encrypt(Who::Alice, &format!("text {number}"))).collect();
    pair.restart(Who::Bob);
    let mut answers = 0;
    for message in &lost {
        let now = pair.now;
        answers += pair.bob.receive(message, now).len();
    }
    assert_eq!(answers, 2, "an error message and a commit");
    assert_eq!(told(&mut pair.bob), (10, vec![]));
    pair.wait(JOINED_WITHIN);
    assert_eq!(told(&mut pair.bob), (0, vec![(Warning::NotInPrivate, 90)]));
}

/// The host calls `tick` at every moment the account names, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Keeps,
    Sleeps,
}

/// Everything that time can end is under way; an hour later the next message comes.
fn an_hour_later(host: Host) -> Side {
    let mut pair = Pair::private_with(652, Config { policy: Policy::ALWAYS, ..Config::default() });
    let later = pair.now + Duration::from_secs(3600);
    let (now, side) = (pair.now, &mut pair.alice);
    side.account.set_may_reply("carol", true).expect("a name");
    let mut random = rng(2);
    side.account.start_comparison("bob", "secret", None, now, &mut random).expect("in private");
    assert_eq!(side.account.send("carol", "hello", now), Sent::Queued);
    side.account.start("bob", now).expect("allowed");
    let commit = Exchange::new(side, 1, 0x2002, 1).commit(now);
    side.receive(&commit, now);
    side.receive("?OTR|0000abcd|00001001,1,9,xx,", now);
    assert!(side.snapshot().contains("AwaitingRevealSignature") && side.snapshot().contains("Partial {"));
    for _ in 0..20 {
        side.receive(MALFORMED, now);
    }
    side.drain();
    while host == Host::Keeps
        && let Some(next) = side.account.next_timeout().filter(|next| *next <= later)
    {
        side.account.tick(next);
        side.drain();
    }
    side.receive("plain", later);
    assert_eq!(side.account.send("carol", "are you there?", later), Sent::Queued);
    side.drain();
    pair.alice
}

// attack: DOS-8
#[test]
fn what_has_expired_is_gone_at_the_next_call_with_and_without_ticks() {
    let mut sides = [Host::Keeps, Host::Sleeps].map(an_hour_later);
    for side in &mut sides {
        let told: Vec<String> = side.events.drain(..).map(|event| format!("{event:?}")).collect();
        let has = |what: &str| told.iter().filter(|event| event.contains(what)).count();
        assert_eq!((has("Repeated"), has("TimedOut"), has("UnencryptedReceived")), (1, 1, 1), "{told:#?}");
        assert_eq!(side.state(), SessionState::Encrypted);
        assert!(!side.snapshot().contains("AwaitingRevealSignature"), "the secrets of the exchange are kept");
        assert!(!side.snapshot().contains("Partial {"), "the half message is kept");
    }
}

// attack: DOS-8
#[test]
fn texts_that_nobody_answered_for_are_handed_back_without_ticks() {
    let mut pair = Pair::private(653);
    let _ = pair.encrypt(Who::Alice, "did it arrive?");
    pair.end(Who::Bob);
    pair.run();
    pair.now += UNSURE_AFTER;
    let now = pair.now;
    pair.alice.receive("hello?", now);
    let given = |event: &Event| matches!(event, Event::NotDelivered { text, .. } if text == "did it arrive?");
    assert_eq!(pair.alice.events.iter().filter(|event| given(event)).count(), 1, "{:?}", pair.alice.events);
}
