//! How much memory there may be for what, with an allocator that counts and can refuse.
//!
//! The tests of this program take turns: the allocator counts for all of them together.

#![expect(clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

use std::alloc::System;
use std::env;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cap::Cap;
use otr_session::{Account, Config, Incoming, Output, Policy, Sent, SessionState};
use otr_tests::pair::{Pair, Side, Who, identity, rng};
use otr_wire::{InstanceTag, armour};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

const KIB: usize = 1024;

/// Where the child process is told how many bytes it may still take.
const LEFT: &str = "OTR_TEST_BYTES_LEFT";

/// How many messages the long conversation has, if not the usual number.
const MESSAGES: &str = "OTR_TEST_MESSAGES";

fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forgets what the test harness itself keeps of a conversation.
fn forget(pair: &mut Pair) {
    for side in [&mut pair.alice, &mut pair.bob] {
        (side.sent, side.events, side.inbox) = Default::default();
    }
}

fn talk(pair: &mut Pair, messages: usize) {
    for number in 0..messages {
        // Mostly one side talks; now and then the other answers, so that the keys move on.
        let who = if number % 4 == 0 { Who::Bob } else { Who::Alice };
        let body = pair.encrypt(who, "a few words");
        pair.inject(who.other(), &body);
        pair.now += Duration::from_secs(1);
        forget(pair);
    }
}

// attack: REL-3
#[test]
fn a_long_conversation_takes_no_more_memory_than_a_short_one() {
    let _turn = alone();
    let messages = env::var(MESSAGES).ok().and_then(|count| count.parse().ok()).unwrap_or(10_000);
    let mut pair = Pair::private(691);
    talk(&mut pair, 500);
    let sizes = |pair: &Pair| (HEAP.allocated(), pair.alice.snapshot().len() + pair.bob.snapshot().len());
    let before = sizes(&pair);
    talk(&mut pair, messages);
    let after = sizes(&pair);
    assert!(after.0 <= before.0 + 4 * KIB, "from {} to {} bytes", before.0, after.0);
    // Numbers get longer, and what is shown of keys differs by as much; nothing is added for each message.
    assert!(after.1 <= before.1 + 400, "from {} to {} characters of state", before.1, after.1);
    pair.assert_talk_works();
}

/// One account in private with many.
fn in_private_with(peers: usize) -> (Account, Vec<Side>, usize) {
    let tag = |number: usize| InstanceTag::new(0x1000 + u32::try_from(number).expect("few")).expect("legal");
    let mut hub = Account::new(identity(0), tag(0), Config::default());
    let (mut random, mut now) = (rng(5), Duration::from_secs(10));
    let mut sides = Vec::new();
    for number in 1..=peers {
        now += Duration::from_secs(7);
        let name = format!("peer {number}");
        let mut side = Side::new(1, tag(number).get(), "hub", Config::default(), 17);
        hub.start(&name, now).expect("allowed");
        loop {
            let bodies: Vec<_> = std::iter::from_fn(|| hub.poll()).filter_map(wire).collect();
            if bodies.is_empty() {
                break;
            }
            for reply in bodies.iter().flat_map(|body| side.receive(body, now)).collect::<Vec<_>>() {
                hub.receive(&name, Incoming::direct(reply.as_bytes()), now, &mut random);
            }
        }
        assert_eq!(hub.status(&name).state, SessionState::Encrypted, "{name}");
        sides.push(side);
    }
    hub.tick(now + Duration::from_secs(3600));
    while hub.poll().is_some() {}
    (hub, sides, peers)
}

fn wire(output: Output) -> Option<String> {
    match output {
        Output::Transmit { message, .. } => Some(message),
        Output::Event { .. } => None,
    }
}

// attack: REL-4
#[test]
fn an_idle_session_is_small() {
    let _turn = alone();
    let (hub, sides, peers) = in_private_with(12);
    let with = HEAP.allocated();
    drop(hub);
    let each = with.saturating_sub(HEAP.allocated()) / peers;
    assert!(each > KIB, "a session of {each} bytes is none");
    assert!(each <= 64 * KIB, "{each} bytes for a session");
    assert!(size_of::<Account>() <= 4 * KIB, "{} bytes", size_of::<Account>());
    drop(sides);
}

/// Bodies that announce far more than they bring.
fn boasting() -> Vec<(&'static str, Vec<u8>)> {
    let header = [0, 3, 0x03, 0, 0, 0x20, 2, 0, 0, 0x10, 1];
    let encoded = |rest: &[u8]| armour::encode(&[&header, rest].concat()).into_bytes();
    let commit = |rest: &[u8]| {
        let mut bytes = [&header, rest].concat();
        bytes[2] = 0x02;
        armour::encode(&bytes).into_bytes()
    };
    let ends = [0xff, 0xff, 0xff, 0xff];
    vec![
        ("a number of 4 GiB", encoded(&[&[0, 0, 0, 0, 1, 0, 0, 0, 1][..], &ends].concat())),
        ("a commitment of 4 GiB", commit(&ends)),
        ("the last of many pieces", b"?OTR|00002002|00001001,65535,65535,x,".to_vec()),
        ("the first of many pieces", b"?OTR|00002002|00001001,1,65535,x,".to_vec()),
        ("a piece with huge numbers", b"?OTR,4294967296,4294967296,x,".to_vec()),
        ("many versions", [b"?OTRv".to_vec(), b"3".repeat(10_000), b"?".to_vec()].concat()),
        ("many tags", b" \t  \t\t\t\t \t \t \t    \t\t  \t ".repeat(500)),
        ("a megabyte of text", vec![b'x'; 1_000_000]),
        ("a megabyte of base64", [b"?OTR:".to_vec(), b"AAMD".repeat(200_000), b".".to_vec()].concat()),
        ("a long error", [b"?OTR Error: ".to_vec(), vec![0xff; 1_000_000]].concat()),
    ]
}

// attack: REL-5, G-5
#[test]
fn what_is_received_takes_a_few_times_its_size_at_most() {
    let _turn = alone();
    for (what, body) in boasting() {
        let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
        let mut random = rng(1);
        // What would take more is refused, which ends the whole test program.
        println!("{what}");
        let limit = HEAP.allocated() + 4 * body.len() + 64 * KIB;
        HEAP.set_limit(limit).expect("more than there is");
        side.account.receive("bob", Incoming::direct(&body), Duration::from_secs(5), &mut random);
        let bytes = HEAP.allocated();
        HEAP.set_limit(usize::MAX).expect("no limit");
        assert!(bytes <= limit, "{what}");
    }
}

/// What the child process does: it encrypts and sends under a limit, and tells what was put on the network. Without one
/// it is the proof that this works.
#[test]
fn sends_within_the_memory_there_is() {
    let _turn = alone();
    let left = env::var(LEFT).ok().and_then(|left| left.parse::<usize>().ok()).unwrap_or(usize::MAX);
    let mut pair = Pair::private_with(692, Config { policy: Policy::OPPORTUNISTIC, ..Config::default() });
    let text = "in private only ".repeat(10_000);
    HEAP.set_limit(HEAP.allocated().saturating_add(left)).expect("more than there is");
    let sent = pair.alice.account.send("bob", &text, pair.now);
    let output = pair.alice.account.poll();
    HEAP.set_limit(usize::MAX).expect("no limit");
    println!("\nsent: {sent:?}");
    let Some(Output::Transmit { message, .. }) = output else { panic!("nothing to put on the network") };
    println!("clear: {}", message.contains("private"));
    assert_eq!(sent, Sent::Encrypted);
}

// attack: REL-5
#[test]
fn without_memory_the_program_ends_and_nothing_goes_out() {
    let program = env::current_exe().expect("this program");
    let mut ended = 0;
    for left in [0, 1000, 100_000, 200_000, 400_000, 100_000_000_usize] {
        let child = Command::new(&program)
            .args(["--exact", "sends_within_the_memory_there_is", "--nocapture"])
            .env(LEFT, left.to_string())
            .output()
            .expect("a child process");
        let said = String::from_utf8_lossy(&child.stdout);
        if child.status.success() {
            assert!(said.contains("sent: Encrypted") && said.contains("clear: false"), "{left}: {said}");
        } else {
            ended += 1;
            assert!(!said.contains("sent:") && !said.contains("clear:"), "{left}: {said}");
            assert_eq!(child.status.code(), None, "{left}: it was stopped by the system, not by a panic: {said}");
        }
    }
    assert!((1..6).contains(&ended), "{ended} of 6 ran out of memory");
}

/// An input in a size, and how it is given to an account.
type Input = fn(&mut Account, usize);

/// Inputs that can be made as long, or sent as often, as an attacker likes.
const INPUTS: [(&str, Input); 9] = [
    ("plain text", |account, n| receive(account, "bob", &"x".repeat(n))),
    ("markup", |account, n| receive(account, "bob", &"<a".repeat(n / 2))),
    ("a query", |account, n| receive(account, "bob", &format!("?OTRv{}?", "9".repeat(n)))),
    ("base64", |account, n| receive(account, "bob", &armour::encode(&vec![0; n]))),
    ("an error", |account, n| receive(account, "bob", &format!("?OTR Error: {}", "x".repeat(n)))),
    ("pieces of one message", |account, n| {
        (1..=n).for_each(|k| receive(account, "bob", &format!("?OTR|00002002|00001001,{k},{n},{},", "x".repeat(16))));
    }),
    ("pieces from many instances", |account, n| {
        (1..=n).for_each(|k| receive(account, "bob", &format!("?OTR|{:08x}|00001001,1,9,xx,", 0x1100 + k)));
    }),
    ("messages that mean nothing", |account, n| (0..n).for_each(|_| receive(account, "bob", "?OTR:AAMD."))),
    ("messages of many contacts", |account, n| {
        (0..n).for_each(|k| receive(account, &format!("stranger {k:06}"), "?OTR:AAMD."));
    }),
];

fn receive(account: &mut Account, peer: &str, body: &str) {
    account.receive(peer, Incoming::direct(body.as_bytes()), Duration::from_secs(5), &mut rng(1));
    while account.poll().is_some() {}
}

/// How many bytes are taken for an input, kept or not, by an account that has not heard anything yet.
fn taken(input: Input, size: usize) -> usize {
    let tag = InstanceTag::new(0x1001).expect("legal");
    let mut account = Account::new(identity(0), tag, Config::default());
    let before = HEAP.total_allocated();
    input(&mut account, size);
    HEAP.total_allocated() - before
}

/// Time is measured by the bench `growth`; what is counted here is the memory that goes through the program's hands,
/// which grows with each copy of what came before.
// attack: DOS-5, FRAG-10
#[test]
fn what_an_input_takes_grows_no_faster_than_it_does() {
    let _turn = alone();
    for (name, input) in INPUTS {
        for size in [1000, 4000, 16_000] {
            let (once, twice) = (taken(input, size), taken(input, 2 * size));
            let most = once * 23 / 10 + 8 * KIB;
            assert!(twice <= most, "{name}: {once} bytes for {size}, {twice} for twice as much");
        }
    }
}
