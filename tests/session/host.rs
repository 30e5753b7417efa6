//! What a host may do with an account and with what it gets from it.

use std::{collections::VecDeque, thread, time::Duration};

use otr_session::{
    Account, Comparison, ComparisonOf, Config, Event, Incoming, NotPossible, Output, Policy, RunId, Sent, SessionState,
    Trust,
};
use otr_tests::pair::{Pair, Side, Who, rng, with_data};

/// Fails to compile for what cannot be handed to another thread, or borrows from something.
const fn is_owned_and_movable<T: Send + 'static>() {}

const _: () = {
    is_owned_and_movable::<Account>();
    is_owned_and_movable::<Output>();
    is_owned_and_movable::<Event>();
    is_owned_and_movable::<RunId>();
};

fn outputs(account: &mut Account) -> Vec<Output> {
    std::iter::from_fn(|| account.poll()).collect()
}

// attack: TEXT-5
#[test]
fn what_was_taken_from_an_account_outlives_it() {
    let mut pair = Pair::private(661);
    let now = pair.now;
    let message = pair.encrypt(Who::Bob, "hello");
    let mut random = rng(1);
    pair.alice.account.receive("bob", Incoming::direct(message.as_bytes()), now, &mut random);
    let _key = pair.alice.account.extra_key("bob", 1, b"use", now).expect("in private");
    assert_eq!(pair.alice.account.send("bob", "answer", now), Sent::Encrypted);
    let taken = outputs(&mut pair.alice.account);
    let status = pair.alice.account.status("bob");
    drop(pair.alice);
    let texts = taken.iter().filter_map(|output| match output {
        Output::Event { event: Event::Message(message), .. } => Some(message.text.to_string()),
        _ => None,
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["hello"]);
    assert_eq!(status.state, SessionState::Encrypted);
    // What was to be sent still can be.
    pair.bob.events.clear();
    for output in taken {
        if let Output::Transmit { message, .. } = output {
            pair.bob.receive(&message, now);
        }
    }
    assert!(pair.bob.events.iter().any(|event| matches!(event, Event::ExtraKey { usage: 1, .. })));
    assert_eq!(pair.bob.shown(), ["answer"]);
}

fn asked(side: &mut Side) -> RunId {
    let asked = side.events.drain(..).find_map(|event| match event {
        Event::Comparison(ComparisonOf { event: Comparison::Asked { run, .. }, .. }) => Some(run),
        _ => None,
    });
    asked.expect("asked")
}

// attack: TEXT-5, SMP-10
#[test]
fn a_handle_of_what_is_over_is_refused() {
    let mut pair = Pair::private(662);
    let mut random = rng(1);
    let mut stale = Vec::new();
    let begin = |pair: &mut Pair, random: &mut _| {
        let now = pair.now;
        pair.alice.account.start_comparison("bob", "secret", None, now, random).expect("in private");
        pair.flush(Who::Alice);
        pair.run();
        asked(&mut pair.bob)
    };
    // Given up by the other side, answered, and cut off by the end of the conversation.
    stale.push(begin(&mut pair, &mut random));
    pair.alice.account.abort_comparison("bob", pair.now).expect("under way");
    pair.flush(Who::Alice);
    pair.run();
    pair.now += Duration::from_secs(60);
    let answered = begin(&mut pair, &mut random);
    pair.bob.account.answer_comparison("alice", answered, "secret", pair.now, &mut random).expect("asked");
    pair.flush(Who::Bob);
    pair.run();
    stale.push(answered);
    pair.now += Duration::from_secs(60);
    stale.push(begin(&mut pair, &mut random));
    for (over, run) in stale.iter().take(2).enumerate() {
        let now = pair.now;
        let answer = pair.bob.account.answer_comparison("alice", *run, "secret", now, &mut random);
        assert!(matches!(answer, Err(NotPossible::Comparison(_))), "{over}: {answer:?}");
    }
    pair.end(Who::Alice);
    pair.run();
    for run in stale {
        let now = pair.now;
        let answer = pair.bob.account.answer_comparison("alice", run, "secret", now, &mut random);
        assert!(matches!(answer, Err(NotPossible::Comparison(_) | NotPossible::NotInPrivate)), "{answer:?}");
    }
}

/// A host that does something with the account whenever it is told something, before it takes the next output.
fn busy_host(account: &mut Account, wires: &mut VecDeque<String>, now: Duration) -> (usize, usize) {
    let (mut events, mut sent) = (0, 0);
    while let Some(output) = account.poll() {
        match output {
            Output::Transmit { message, .. } => wires.push_back(message),
            Output::Event { peer, event } => {
                events += 1;
                assert!(events < 1000, "it never ends");
                if sent < 50 {
                    sent += usize::from(account.send(&peer, &format!("re {events}"), now) == Sent::Encrypted);
                }
                match event {
                    Event::Message(_) => {
                        account.heartbeat(&peer, now).expect("in private");
                    }
                    Event::NewFingerprint { fingerprint, .. } => {
                        account.set_trust(&peer, fingerprint, Trust::Verified, now).expect("on record");
                    }
                    Event::Session(change) if change.state == SessionState::Finished => account.end(&peer, now),
                    _ => {}
                }
                account.tick(now);
            }
        }
    }
    (events, sent)
}

// attack: TEXT-7
#[test]
fn a_host_may_use_the_account_while_it_takes_what_it_is_told() {
    let mut pair = Pair::new(663, Config { policy: Policy::ALWAYS, ..Config::default() });
    let now = pair.now;
    pair.start(Who::Bob);
    let mut random = rng(3);
    let (mut events, mut sent) = (0, 0);
    for _ in 0..20 {
        while let Some(body) = pair.alice.inbox.pop_front() {
            pair.alice.account.receive("bob", Incoming::direct(body.as_bytes()), now, &mut random);
            let told = busy_host(&mut pair.alice.account, &mut pair.bob.inbox, now);
            (events, sent) = (events + told.0, sent + told.1);
        }
        while pair.deliver(Who::Bob) {}
    }
    assert!(events >= 2 && sent >= 1, "{events} events, {sent} texts");
    let shown = pair.bob.shown();
    assert_eq!(shown.len(), sent, "each text sent from within an event arrives, once: {shown:?}");
    for text in ["one", "two"] {
        let message = pair.encrypt(Who::Bob, text);
        pair.alice.account.receive("bob", Incoming::direct(message.as_bytes()), now, &mut random);
        let (told, answers) = busy_host(&mut pair.alice.account, &mut pair.bob.inbox, now);
        assert_eq!((told, answers), (1, 1));
    }
    pair.end(Who::Bob);
    let bye = pair.alice.inbox.pop_back().expect("a goodbye");
    pair.alice.account.receive("bob", Incoming::direct(bye.as_bytes()), now, &mut random);
    busy_host(&mut pair.alice.account, &mut pair.bob.inbox, now);
    assert_eq!(pair.alice.state(), SessionState::Plaintext);
}

// attack: REL-7
#[test]
fn a_conversation_goes_on_in_another_thread() {
    let mut pair = Pair::private(664);
    let message = pair.encrypt(Who::Bob, "hello");
    let moved = thread::spawn(move || {
        let now = pair.now;
        pair.alice.receive(&message, now);
        assert_eq!(pair.alice.shown(), ["hello"]);
        pair
    });
    let mut pair = moved.join().expect("no panic");
    pair.assert_talk_works();
}

// attack: REL-9
#[test]
fn what_the_network_did_not_take_uses_up_its_counter_and_costs_nothing_else() {
    let mut pair = Pair::private(665);
    let mut wires = Vec::new();
    // The network takes every third message only; the user sends the others again.
    for number in 0..30 {
        let wire = pair.encrypt(Who::Alice, &format!("text {}", number / 3));
        if number % 3 == 2 {
            pair.inject(Who::Bob, &wire);
        }
        wires.push(wire);
    }
    assert_eq!(pair.bob.shown(), (0..10).map(|number| format!("text {number}")).collect::<Vec<_>>());
    let counter = |wire: &String| with_data(wire, |data| (data.sender_keyid, data.recipient_keyid, data.counter.get()));
    let counters: Vec<_> = wires.iter().map(counter).collect();
    assert!(counters.is_sorted_by(|one, next| one < next), "counters only grow: {counters:?}");
    pair.assert_talk_works();
}

// attack: REL-9
#[test]
fn a_text_the_network_did_not_take_is_not_forgotten() {
    let mut pair = Pair::private(666);
    let _lost = pair.encrypt(Who::Alice, "lost on the way");
    // The conversation ends without a sign that it was read: the user is told, and gets it back.
    pair.end(Who::Bob);
    pair.run();
    pair.wait(Duration::from_secs(60));
    let back = pair.alice.events.iter().filter_map(|event| match event {
        Event::NotDelivered { text, certain } => Some((text.as_str(), *certain)),
        _ => None,
    });
    assert_eq!(back.collect::<Vec<_>>(), [("lost on the way", false)]);
}
