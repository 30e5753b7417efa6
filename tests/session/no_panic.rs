//! Nothing that comes from outside stops the program: random bytes, and real messages changed at random, through
//! every call that takes them, on a stack that a recursion would overflow.

use std::{thread, time::Duration};

use otr_crypto::{CommitmentKey, DhPublic, IdentityKey, PublicKey};
use otr_session::{Config, Incoming, Origin, Policy, Trust};
use otr_tests::pair::{Pair, Who, rng, unarmour};
use otr_wire::{Body, InstanceTag, MAX_MESSAGE, Message, Plaintext, armour};
use rand_core::Rng;

/// A parser that calls itself for each level of its input needs more than that for 10^5 levels.
const SMALL_STACK: usize = 512 * 1024;

/// Runs on a small stack. A panic there is one here; an overflow ends the whole program.
fn on_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(SMALL_STACK).spawn(run).expect("a thread");
    assert!(thread.join().is_ok(), "it panicked");
}

fn below(random: &mut impl Rng, end: usize) -> usize {
    usize::try_from(random.next_u32()).expect("32 bits fit") % end.max(1)
}

fn bytes(random: &mut impl Rng, longest: usize) -> Vec<u8> {
    let mut bytes = vec![0; below(random, longest)];
    random.fill_bytes(&mut bytes);
    bytes
}

/// Takes, changes, repeats or puts in a few bytes.
fn changed(mut bytes: Vec<u8>, random: &mut impl Rng) -> Vec<u8> {
    for _ in 0..=below(random, 3) {
        let at = below(random, bytes.len());
        match below(random, 5) {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => bytes[at] ^= 1 << below(random, 8),
            2 if !bytes.is_empty() => {
                bytes[at] = *otr_tests::pair::pick(&[0, 1, 0x7f, 0x80, 0xff, b'.', b',', b'?'], random)
            }
            3 => bytes.extend_from_within(at..),
            _ => bytes.splice(at..at, self::bytes(random, 9)).for_each(drop),
        }
    }
    bytes
}

/// The bodies of a conversation with everything in it: discovery, exchange, texts in pieces, a comparison, its end.
fn real_bodies() -> Vec<String> {
    let mut pair = Pair::new(671, Config { max_message_size: Some(400), ..Config::default() });
    let _ = pair.send(Who::Alice, "hello");
    pair.start(Who::Alice);
    pair.run();
    let mut random = rng(1);
    pair.alice.account.start_comparison("bob", "secret", Some("which?"), pair.now, &mut random).expect("in private");
    pair.flush(Who::Alice);
    pair.run();
    let _ = pair.send(Who::Bob, &"long ".repeat(200));
    pair.run();
    pair.end(Who::Bob);
    pair.run();
    let known =
        ["?OTRv23?", "?OTR?v2?", "?OTR Error: what", "hi \t  \t\t\t\t \t \t \t    \t\t  \t there", "?OTR:AAMD."];
    [pair.alice.sent, pair.bob.sent].concat().into_iter().chain(known.map(str::to_owned)).collect()
}

// attack: DOS-10, G-4
#[test]
fn no_body_in_any_state_makes_an_account_panic() {
    on_small_stack(|| {
        let bodies = real_bodies();
        let mut random = rng(2);
        let always = Config { policy: Policy::ALWAYS, ..Config::default() };
        let mut pairs = vec![Pair::new(672, Config::default()), Pair::private(673), Pair::private_with(674, always)];
        // In the middle of an exchange, of a comparison, and after the end.
        let mut pair = Pair::new(675, Config::default());
        pair.start(Who::Bob);
        pair.deliver(Who::Alice);
        pairs.push(pair);
        let mut pair = Pair::private(676);
        pair.bob.account.start_comparison("alice", "secret", None, pair.now, &mut random).expect("in private");
        pair.flush(Who::Bob);
        pair.run();
        pairs.push(pair);
        let mut pair = Pair::private(677);
        pair.end(Who::Bob);
        pair.run();
        pairs.push(pair);
        let origins = [Origin::Direct, Origin::Delayed, Origin::Group, Origin::Copy, Origin::Own];
        for number in 0..4000_u32 {
            for pair in &mut pairs {
                let body = match number % 4 {
                    0 => bytes(&mut random, 300),
                    1 => [b"?OTR", &bytes(&mut random, 40)[..]].concat(),
                    2 => {
                        let body = bodies[below(&mut random, bodies.len())].clone();
                        changed(body.into_bytes(), &mut random)
                    }
                    _ => {
                        let encoded: Vec<_> = bodies.iter().filter(|body| body.starts_with("?OTR:")).collect();
                        let body = encoded[below(&mut random, encoded.len())];
                        let body = armour::decode(body.as_bytes(), MAX_MESSAGE).unwrap_or_default();
                        armour::encode(&changed(body, &mut random)).into_bytes()
                    }
                };
                let origin = origins[below(&mut random, origins.len())];
                pair.now += Duration::from_millis(u64::from(random.next_u32() % 2000));
                pair.alice.receive_incoming(Incoming { body: &body, origin }, pair.now);
                pair.alice.events.clear();
            }
        }
    });
}

// attack: DOS-10
#[test]
fn no_argument_of_a_command_makes_an_account_panic() {
    let mut random = rng(3);
    let mut pair = Pair::private(681);
    let fingerprint = pair.bob.account.fingerprint();
    for size in [0_usize, 1, 2, 255, 256, 1023, 1024, 1025, 65_533, 65_536, 2_000_000] {
        for fill in ["a", "\0", "\n", "\u{202e}", "?OTR:", "<b>%s{}", "\u{10ffff}"] {
            let text = fill.repeat(size / fill.len());
            let now = pair.now;
            let account = &mut pair.alice.account;
            for peer in ["bob", text.as_str()] {
                let _ = account.send(peer, &text, now);
                let _ = account.start_comparison(peer, &text, Some(&text), now, &mut random);
                let _ = account.extra_key(peer, 7, text.as_bytes(), now);
                let _ = account.set_trust(peer, fingerprint, Trust::Unverified, now);
                let _ = account.remember(peer, fingerprint, Trust::Unverified);
                let _ = (account.set_policy(peer, None), account.set_versions(peer, None));
                let _ = (account.start(peer, now), account.heartbeat(peer, now));
                let _ = (account.status(peer), account.policy(peer), account.known_fingerprints(peer));
                account.receive(peer, Incoming::direct(text.as_bytes()), now, &mut random);
            }
            account.end(&text, now);
            account.tick(Duration::MAX);
            pair.alice.drain();
            pair.alice.events.clear();
        }
    }
}

// attack: DOS-10, DOS-9
#[test]
fn no_parser_panics_or_recurses() {
    on_small_stack(|| {
        let mut random = rng(4);
        let messages: Vec<_> =
            real_bodies().iter().filter(|body| body.starts_with("?OTR:")).map(|b| unarmour(b)).collect();
        for number in 0..20_000 {
            let input = match number % 2 {
                0 => bytes(&mut random, 400),
                _ => changed(messages[below(&mut random, messages.len())].clone(), &mut random),
            };
            parse(&input);
        }
        // Everything that could be a level of something within something.
        for level in [
            "(",
            "?OTR:",
            "?OTR,1,1,",
            "?OTR|1|1,1,1,",
            "<",
            "{",
            "[",
            "\0\x01\0\x01",
            "?OTRv",
            " \t  \t\t\t\t \t \t \t  ",
        ] {
            parse(level.repeat(200_000).as_bytes());
        }
    });
}

/// Every parser that sees what others wrote.
fn parse(input: &[u8]) {
    match Body::classify(input) {
        Body::Tagged(tagged) => drop(tagged.text()),
        Body::Encoded(text) => drop(armour::decode(text, MAX_MESSAGE)),
        Body::Plain(_) | Body::Query(_) | Body::Error(_) | Body::Fragment(_) | Body::InvalidFragment(_) => {}
    }
    let _ = Message::decode(input);
    let plaintext = Plaintext::decode(input);
    for tlv in &plaintext.tlvs {
        let _ = otr_smp::Message::decode(tlv.kind(), tlv.value());
    }
    let _ = otr_wire::SignedIdentity::decode(input);
    let (one, other) = input.split_at(input.len() / 2);
    let _ = (DhPublic::from_bytes(input), PublicKey::from_parts(one, other, one, other));
    let _ = IdentityKey::from_parts(one, other, one, other, input);
    if let Some(key) = input.first_chunk() {
        let _ = CommitmentKey::from_bytes(*key).open(one, &[0; 32]);
    }
    let _ = input.first_chunk().map(|tag| InstanceTag::new(u32::from_be_bytes(*tag)));
}
