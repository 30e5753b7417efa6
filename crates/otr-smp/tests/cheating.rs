//! A peer who lies in one value and has a proof that fits the lie, wherever there is one.
//!
//! The liar knows the exponents of its victim, which no real one does: so each rule is tried alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod common;

use common::model::{Bytes, Model, Point, big, int, message, model, negative, numbers, p, shortest};
use common::{Dice, PROGRESS, Party, SUITES, abort, rng};
use num_bigint::BigUint;
use otr_crypto::Suite;
use otr_smp::{Event, Meaning, Message, Received, State};
use otr_wire::TlvType;

/// What stands in the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    Zero,
    One,
    MinusOne,
    P,
    PPlusOne,
    /// The value with its sign changed: an element of order 2q.
    OtherSign,
    /// The neutral element of ristretto255.
    Neutral,
    /// The value, from the negative of the number that encodes it.
    Negative,
    /// The value, with the bit set that no encoding has.
    HighBit,
    /// The value, with another byte before it.
    OtherPrefix,
    /// The value, with nothing before it.
    NoPrefix,
    /// The value, with a byte behind it.
    Longer,
}

const fn lies(suite: Suite) -> [Lie; 6] {
    match suite {
        Suite::Otr => [Lie::Zero, Lie::One, Lie::MinusOne, Lie::P, Lie::PPlusOne, Lie::OtherSign],
        Suite::Curve25519 => [Lie::Neutral, Lie::Negative, Lie::HighBit, Lie::OtherPrefix, Lie::NoPrefix, Lie::Longer],
    }
}

impl Lie {
    fn of(self, honest: &[u8]) -> Bytes {
        let mut lie = honest.to_vec();
        match self {
            Self::Zero => return Vec::new(),
            Self::One => return vec![1],
            Self::MinusOne => return shortest(&(p() - 1_u8)),
            Self::P => return shortest(&p()),
            Self::PPlusOne => return shortest(&(p() + 1_u8)),
            Self::OtherSign => return shortest(&(p() - big(honest))),
            Self::Neutral => lie[1..].fill(0),
            Self::Negative => {
                let number = lie.split_off(1).try_into().unwrap();
                lie.extend(negative(number));
            }
            Self::HighBit => lie[32] |= 0x80,
            Self::OtherPrefix => lie[0] += 1,
            Self::NoPrefix => lie = lie.split_off(1),
            Self::Longer => lie.push(0),
        }
        lie
    }

    /// Whether the lie is 1 or -1 modulo p, or neutral: a power with the exponent 0, but for the sign.
    fn is_unit(self) -> bool {
        matches!(self, Self::One | Self::MinusOne | Self::PPlusOne | Self::Neutral)
    }
}

/// The liar's value for g^exponent, and the exponent that a proof of it needs.
fn half(model: Model, lie: Option<Lie>, exponent: &BigUint) -> (Bytes, BigUint) {
    let honest = model.g(exponent);
    match lie {
        None => (honest, exponent.clone()),
        Some(lie) if lie.is_unit() => (lie.of(&honest), int(0)),
        Some(lie) => (lie.of(&honest), exponent.clone()),
    }
}

/// The eight labels of the honest proofs, each of which a test may replace.
#[derive(Clone, Copy)]
struct Labels([u8; 9]);

const HONEST: Labels = Labels([0, 1, 2, 3, 4, 5, 6, 7, 8]);

fn message_1(
    model: Model,
    lies: [Option<Lie>; 2],
    labels: Labels,
    exponents: &[BigUint; 2],
    rng: &mut Dice,
) -> Message {
    let [(g2a, a2), (g3a, a3)] = [half(model, lies[0], &exponents[0]), half(model, lies[1], &exponents[1])];
    let [c2, d2] = model.prove_log(labels.0[1], &g2a, &a2, rng);
    let [c3, d3] = model.prove_log(labels.0[2], &g3a, &a3, rng);
    message(TlvType::SMP_MESSAGE_1, &[g2a, c2, d2, g3a, c3, d3])
}

/// Message 1 from somebody whose exponents are always the same.
fn any_message_1(model: Model, lies: [Option<Lie>; 2], labels: Labels) -> Message {
    let exponents = [5, 6].map(|seed| model.draw(&mut rng(seed)));
    message_1(model, lies, labels, &exponents, &mut rng(7))
}

/// A victim that began a run, all that it knows, and what it will draw.
struct Initiator {
    model: Model,
    party: Party,
    a: [BigUint; 2],
    future: Dice,
}

fn initiator(suite: Suite) -> Initiator {
    let model = model(suite);
    let mut party = Party::new(suite, 1);
    let mut past = party.rng.clone();
    let a = [model.draw(&mut past), model.draw(&mut past)];
    assert_eq!(numbers(&party.start("x", None))[0], model.g(&a[0]));
    let future = party.rng.clone();
    Initiator { model, party, a, future }
}

/// The liar's choices for P and Q.
struct Choice {
    r4: BigUint,
    secret: BigUint,
}

/// Even, so that the powers of an element of order 2q are squares.
fn even() -> Choice {
    Choice { r4: int(0x1234_5678), secret: int(0x1_0000) }
}

/// The exponents, P and Q of one who lies about them.
fn coordinates(
    model: Model,
    lies: [Option<Lie>; 2],
    e2: &BigUint,
    generators: [&[u8]; 2],
    choice: Choice,
) -> (Choice, [Bytes; 2]) {
    let Choice { mut r4, mut secret } = choice;
    if lies[0].is_some_and(Lie::is_unit) {
        r4 = int(0);
    }
    if lies[1].is_some_and(Lie::is_unit) {
        // g1^r4 = g2^-secret
        secret = int(2);
        let q = model.order();
        r4 = (&q - e2 * &secret % &q) % &q;
    }
    let point = Point { model, g2: generators[0], g3: generators[1], r4: &r4, secret: &secret };
    let [mut p, mut q] = [point.p(), point.q()];
    if let Some(lie) = lies[0] {
        p = lie.of(&p);
    }
    if let Some(lie) = lies[1] {
        q = lie.of(&q);
    }
    (Choice { r4, secret }, [p, q])
}

/// Message 2 from a liar to a victim: g2b, g3b, Pb and Qb may each be a lie.
fn message_2(lies: [Option<Lie>; 4], labels: Labels, victim: &Initiator, choice: Choice) -> Message {
    let (rng, model) = (&mut rng(77), victim.model);
    let exponents = [model.draw(rng), model.draw(rng)];
    let [(g2b, b2), (g3b, b3)] = [half(model, lies[0], &exponents[0]), half(model, lies[1], &exponents[1])];
    let [c2, d2] = model.prove_log(labels.0[3], &g2b, &b2, rng);
    let [c3, d3] = model.prove_log(labels.0[4], &g3b, &b3, rng);
    let (g2, g3) = (model.power(&g2b, &victim.a[0]), model.power(&g3b, &victim.a[1]));
    let e2 = &victim.a[0] * b2 % model.order();
    let (Choice { r4, secret }, [pb, qb]) = coordinates(model, [lies[2], lies[3]], &e2, [&g2, &g3], choice);
    let point = Point { model, g2: &g2, g3: &g3, r4: &r4, secret: &secret };
    let [cp, d5, d6] = point.prove(labels.0[5], &pb, &qb, rng);
    message(TlvType::SMP_MESSAGE_2, &[g2b, c2, d2, g3b, c3, d3, pb, qb, cp, d5, d6])
}

/// A victim that answered a run of ours, and all that we know of it.
struct Responder {
    model: Model,
    party: Party,
    a: [BigUint; 2],
    b: [BigUint; 2],
    r4: BigUint,
    sent: Vec<Bytes>,
}

fn responder(suite: Suite) -> Responder {
    let model = model(suite);
    let mut party = Party::new(suite, 2);
    let rng = &mut rng(78);
    let a = [model.draw(rng), model.draw(rng)];
    let run = party.asked(&message_1(model, [None, None], HONEST, &a, rng));
    let mut past = party.rng.clone();
    let sent = numbers(&party.answer(run, "x"));
    let b = [model.draw(&mut past), model.draw(&mut past)];
    model.draw(&mut past);
    model.draw(&mut past);
    let r4 = model.draw(&mut past);
    assert_eq!((&sent[0], &sent[3]), (&model.g(&b[0]), &model.g(&b[1])));
    Responder { model, party, a, b, r4, sent }
}

/// Message 3 from a liar to a victim: Pa, Qa and Ra may each be a lie.
fn message_3(lies: [Option<Lie>; 3], labels: Labels, victim: &Responder, choice: Choice) -> Message {
    let (rng, model) = (&mut rng(79), victim.model);
    let (g2, g3) = (model.power(&victim.sent[0], &victim.a[0]), model.power(&victim.sent[3], &victim.a[1]));
    let e2 = &victim.a[0] * &victim.b[0] % model.order();
    let (Choice { r4, secret }, [pa, qa]) = coordinates(model, [lies[0], lies[1]], &e2, [&g2, &g3], choice);
    let point = Point { model, g2: &g2, g3: &g3, r4: &r4, secret: &secret };
    let [cp, d5, d6] = point.prove(labels.0[6], &pa, &qa, rng);
    let qab = model.quotient(&qa, &victim.sent[7]);
    let honest = model.power(&qab, &victim.a[1]);
    let ra = lies[2].map_or(honest.clone(), |lie| lie.of(&honest));
    let [cr, d7] = match lies[2] {
        // No proof exists of a unit; one for the right value has to do.
        Some(lie) if lie.is_unit() => model.prove_logs(labels.0[7], &qab, &honest, &victim.a[1], rng),
        Some(_) | None => model.prove_logs(labels.0[7], &qab, &ra, &victim.a[1], rng),
    };
    message(TlvType::SMP_MESSAGE_3, &[pa, qa, cp, d5, d6, ra, cr, d7])
}

/// A victim that waits for message 4, b3, and the quotient of the Qs.
struct Waiting {
    model: Model,
    party: Party,
    b3: BigUint,
    qab: Bytes,
}

fn waiting_for_4(suite: Suite) -> Waiting {
    let model = model(suite);
    let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
    let run = bob.asked(&alice.start("x", None));
    let mut past = bob.rng.clone();
    let b3 = [model.draw(&mut past), model.draw(&mut past)][1].clone();
    let two = bob.answer(run, "x");
    let three = alice.reply(&two, &PROGRESS);
    let qab = model.quotient(&numbers(&three)[1], &numbers(&two)[7]);
    Waiting { model, party: alice, b3, qab }
}

/// Message 4 from a liar: Rb may be a lie.
fn message_4(lie: Option<Lie>, labels: Labels, victim: &Waiting) -> Message {
    let Waiting { model, b3, qab, .. } = victim;
    let honest = model.power(qab, b3);
    let rb = lie.map_or(honest.clone(), |lie| lie.of(&honest));
    let proved = if lie.is_some_and(Lie::is_unit) { &honest } else { &rb };
    let [cr, d7] = model.prove_logs(labels.0[8], qab, proved, b3, &mut rng(80));
    message(TlvType::SMP_MESSAGE_4, &[rb, cr, d7])
}

fn refused(party: &mut Party, message: &Message, what: &dyn std::fmt::Debug) {
    assert_eq!(party.receive(message), abort(Event::Cheated), "{what:?}");
    assert_eq!(party.state(), State::Expect1, "{what:?}");
}

fn in_slot<const N: usize>(slot: usize, lie: Lie) -> [Option<Lie>; N] {
    let mut lies = [None; N];
    lies[slot] = Some(lie);
    lies
}

/// Without a lie, everything below is accepted: the model and the crate agree on the whole protocol.
#[test]
fn one_who_does_not_lie_is_believed() {
    for suite in SUITES {
        Party::new(suite, 2).asked(&any_message_1(model(suite), [None, None], HONEST));

        let mut victim = initiator(suite);
        let two = message_2([None; 4], HONEST, &victim, even());
        assert!(matches!(victim.party.reply(&two, &PROGRESS), Message::Three(_)));

        let mut victim = responder(suite);
        let three = message_3([None; 3], HONEST, &victim, even());
        // Proved well, but of another secret.
        assert!(matches!(victim.party.reply(&three, &Event::Failed), Message::Four(_)));
        let mut victim = responder(suite);
        let three = message_3([None; 3], HONEST, &victim, Choice { r4: int(5), secret: x(suite) });
        let verified = Event::Succeeded(Meaning::PeerVerified);
        assert!(matches!(victim.party.reply(&three, &verified), Message::Four(_)));

        let mut victim = waiting_for_4(suite);
        let four = message_4(None, HONEST, &victim);
        assert_eq!(victim.party.receive(&four), Received { reply: None, event: Some(verified) });
    }
}

// attack: SMP-1, SMP-2
#[test]
fn illegal_values_of_message_1_are_refused() {
    for suite in SUITES {
        for slot in 0..2 {
            for lie in lies(suite) {
                let one = any_message_1(model(suite), in_slot(slot, lie), HONEST);
                refused(&mut Party::new(suite, 2), &one, &(slot, lie));
            }
        }
    }
}

// attack: SMP-1, SMP-2
#[test]
fn illegal_values_of_message_2_are_refused() {
    for suite in SUITES {
        for slot in 0..4 {
            for lie in lies(suite) {
                let mut victim = initiator(suite);
                let two = message_2(in_slot(slot, lie), HONEST, &victim, even());
                refused(&mut victim.party, &two, &(slot, lie));
            }
        }
    }
}

// attack: SMP-1, SMP-2
#[test]
fn illegal_values_of_messages_3_and_4_are_refused() {
    for suite in SUITES {
        for lie in lies(suite) {
            for slot in 0..3 {
                let mut victim = responder(suite);
                let three = message_3(in_slot(slot, lie), HONEST, &victim, even());
                refused(&mut victim.party, &three, &(slot, lie));
            }
            let mut victim = waiting_for_4(suite);
            let four = message_4(Some(lie), HONEST, &victim);
            refused(&mut victim.party, &four, &lie);
        }
    }
}

/// Equal Ps or Qs would make the comparison come out as the liar wants.
// attack: SMP-3, SMP-4
#[test]
fn a_responder_who_foresees_our_values_cannot_equal_them() {
    for suite in SUITES {
        let (m, q, x) = (model(suite), model(suite).order(), x(suite));
        let ours = |victim: &Initiator| m.draw(&mut victim.future.clone());
        let e2 = |victim: &Initiator| &victim.a[0] * m.draw(&mut rng(77)) % &q;

        // Both equal, P alone, Q alone: r4' + e2 y' = r4 + e2 x.
        let mut victim = initiator(suite);
        let choice = Choice { r4: ours(&victim), secret: x.clone() };
        let two = message_2([None; 4], HONEST, &victim, choice);
        refused(&mut victim.party, &two, &"both");

        let mut victim = initiator(suite);
        let choice = Choice { r4: ours(&victim), secret: int(5) };
        let two = message_2([None; 4], HONEST, &victim, choice);
        refused(&mut victim.party, &two, &"P");

        let mut victim = initiator(suite);
        let r4 = int(5);
        let secret = (x + (ours(&victim) % &q + &q - &r4) * m.inverse(&e2(&victim))) % &q;
        let two = message_2([None; 4], HONEST, &victim, Choice { r4, secret });
        refused(&mut victim.party, &two, &"Q");
    }
}

// attack: SMP-3, SMP-4
#[test]
fn an_initiator_who_knows_our_values_cannot_equal_them() {
    for suite in SUITES {
        let (m, q) = (model(suite), model(suite).order());
        for (what, secret) in [("both", x(suite)), ("P", int(5))] {
            let mut victim = responder(suite);
            let choice = Choice { r4: victim.r4.clone(), secret };
            let three = message_3([None; 3], HONEST, &victim, choice);
            assert_eq!(numbers(&three)[0], victim.sent[6]);
            refused(&mut victim.party, &three, &what);
        }
        let mut victim = responder(suite);
        let e2 = &victim.a[0] * &victim.b[0] % &q;
        let r4 = int(5);
        let secret = (x(suite) + (&victim.r4 % &q + &q - &r4) * m.inverse(&e2)) % &q;
        let three = message_3([None; 3], HONEST, &victim, Choice { r4, secret });
        assert_eq!(numbers(&three)[1], victim.sent[7]);
        refused(&mut victim.party, &three, &"Q");
    }
}

/// The secret of all parties here, as an exponent.
fn x(suite: Suite) -> BigUint {
    use sha2::{Digest, Sha256};
    let (domain, more): (&[u8], &[u8]) = match suite {
        Suite::Otr => (b"", &[]),
        Suite::Curve25519 => (b"OTR-25519 v1 SMP secret", &[0; 32]),
    };
    let id = common::session(1);
    let bytes = [domain, &[1], &common::ALICE, &common::BOB, id.as_bytes(), more, b"x"].concat();
    big(&Sha256::digest(bytes)) % model(suite).order()
}

/// A proof made for the other side or for another step is right in all but its label.
// attack: SMP-4
#[test]
fn a_proof_serves_for_one_side_and_step_only() {
    for suite in SUITES {
        for label in 1..=8_u8 {
            let other_side = [0, 3, 4, 1, 2, 6, 5, 8, 7][usize::from(label)];
            for wrong in [other_side, label % 8 + 1, 0] {
                let mut labels = HONEST;
                labels.0[usize::from(label)] = wrong;
                refused_with_labels(model(suite), label, labels);
            }
        }
    }
}

/// A proof made for the same step in another suite is right in all but what its hash begins with.
// attack: SMP-4, NEW-9
#[test]
fn a_proof_serves_in_one_suite_only() {
    for (suite, other) in [(Suite::Otr, Suite::Curve25519), (Suite::Curve25519, Suite::Otr)] {
        let foreign = Model { domain: model(other).domain, ..model(suite) };
        for label in [1, 3, 6, 8] {
            refused_with_labels(foreign, label, HONEST);
        }
    }
}

/// The message that holds the proof of this label.
fn refused_with_labels(model: Model, label: u8, labels: Labels) {
    let suite = model.suite;
    match label {
        1 | 2 => refused(&mut Party::new(suite, 2), &any_message_1(model, [None; 2], labels), &label),
        3..=5 => {
            let mut victim = Initiator { model, ..initiator(suite) };
            let two = message_2([None; 4], labels, &victim, even());
            refused(&mut victim.party, &two, &label);
        }
        6 | 7 => {
            let mut victim = Responder { model, ..responder(suite) };
            let three = message_3([None; 3], labels, &victim, even());
            refused(&mut victim.party, &three, &label);
        }
        _ => {
            let mut victim = Waiting { model, ..waiting_for_4(suite) };
            let four = message_4(None, labels, &victim);
            refused(&mut victim.party, &four, &label);
        }
    }
}

/// What we sent comes back as the peer's own.
// attack: SMP-4
#[test]
fn our_own_values_sent_back_are_refused() {
    for suite in SUITES {
        let mut alice = Party::new(suite, 1);
        let one = numbers(&alice.start("x", None));
        let mut bob = Party::new(suite, 2);
        let two = numbers(&{
            let run = bob.asked(&message(TlvType::SMP_MESSAGE_1, &one));
            bob.answer(run, "x")
        });
        // Halves and proofs of message 1 in message 2.
        let mirrored = [&one[..], &two[6..]].concat();
        refused(&mut alice, &message(TlvType::SMP_MESSAGE_2, &mirrored), &"message 2");
        // P, Q and their proof of message 2 in message 3.
        let rest = [two[6].clone(), vec![5], vec![5]];
        let mirrored = [&two[6..], &rest].concat();
        refused(&mut bob, &message(TlvType::SMP_MESSAGE_3, &mirrored), &"message 3");
    }
}

/// Where the elements, c and the Ds stand in each message.
const ELEMENTS: [&[usize]; 4] = [&[0, 3], &[0, 3, 6, 7], &[0, 1, 5], &[0]];
const CHALLENGES: [&[usize]; 4] = [&[1, 4], &[1, 4, 8], &[2, 6], &[1]];
const RESPONSES: [&[usize]; 4] = [&[2, 5], &[2, 5, 9, 10], &[3, 4, 7], &[2]];
const KINDS: [TlvType; 4] =
    [TlvType::SMP_MESSAGE_1, TlvType::SMP_MESSAGE_2, TlvType::SMP_MESSAGE_3, TlvType::SMP_MESSAGE_4];

/// A party that waits for the message of this index, and that message.
fn waiting_for(suite: Suite, index: usize) -> (Party, Vec<Bytes>) {
    let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
    let one = alice.start("x", None);
    if index == 0 {
        return (bob, numbers(&one));
    }
    let run = bob.asked(&one);
    let two = bob.answer(run, "x");
    if index == 1 {
        return (alice, numbers(&two));
    }
    let three = alice.reply(&two, &PROGRESS);
    if index == 2 {
        return (bob, numbers(&three));
    }
    let four = bob.reply(&three, &Event::Succeeded(Meaning::PeerVerified));
    (alice, numbers(&four))
}

/// The number in this place of this message, changed so, is refused.
fn refused_when_changed(suite: Suite, index: usize, slot: usize, what: &str, change: impl Fn(&[u8]) -> Bytes) {
    let (mut victim, mut sent) = waiting_for(suite, index);
    let changed = change(&sent[slot]);
    assert_ne!(changed, sent[slot]);
    sent[slot] = changed;
    refused(&mut victim, &message(KINDS[index], &sent), &(suite, index, slot, what));
}

/// D + q makes the same power as D, so only the rule refuses it.
// attack: SMP-5
#[test]
fn responses_outside_their_range_are_refused() {
    for suite in SUITES {
        let q = model(suite).order();
        for (index, slots) in RESPONSES.into_iter().enumerate() {
            for &slot in slots {
                for (what, wrong) in [("0", int(0)), ("q", q.clone()), ("q + 1", &q + 1_u8)] {
                    refused_when_changed(suite, index, slot, what, |_| shortest(&wrong));
                }
                refused_when_changed(suite, index, slot, "D + q", |d| shortest(&(big(d) + &q)));
            }
        }
    }
}

/// c + 2^256 and c + q are other numbers than the hash, even where they make the same power.
// attack: SMP-5
#[test]
fn challenges_other_than_the_hash_are_refused() {
    for suite in SUITES {
        for (index, slots) in CHALLENGES.into_iter().enumerate() {
            for &slot in slots {
                for (what, more) in [("2^256", int(1) << 256), ("q", model(suite).order()), ("2^1535", int(1) << 1535)]
                {
                    refused_when_changed(suite, index, slot, what, |c| shortest(&(big(c) + &more)));
                }
            }
        }
    }
}

/// Each number of each message counts.
#[test]
fn any_number_changed_is_noticed() {
    for suite in SUITES {
        let m = model(suite);
        for index in 0..4 {
            for &slot in ELEMENTS[index] {
                // Squared, an element stays one.
                refused_when_changed(suite, index, slot, "element", |element| m.times(element, element));
            }
            for &slot in [CHALLENGES[index], RESPONSES[index]].concat().iter() {
                refused_when_changed(suite, index, slot, "number", |number| {
                    shortest(&((big(number) + 1_u8) % m.order()))
                });
            }
            let slots = [ELEMENTS[index], CHALLENGES[index], RESPONSES[index]].concat().len();
            assert_eq!(slots, waiting_for(suite, index).1.len());
        }
    }
}

/// After a lie the machine is as new.
#[test]
fn a_run_after_a_refused_one_succeeds() {
    for suite in SUITES {
        let mut victim = initiator(suite);
        let two = message_2(in_slot(0, lies(suite)[5]), HONEST, &victim, even());
        refused(&mut victim.party, &two, &"");
        let verified = Event::Succeeded(Meaning::PeerVerified);
        let events = common::run(&mut victim.party, &mut Party::new(suite, 2), None, ["x", "x"]);
        assert_eq!(events, [verified.clone(), verified]);
    }
}
