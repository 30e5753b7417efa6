//! A peer who lies in one value and has a proof that fits the lie, wherever there is one.
//!
//! The liar knows the exponents of its victim, which no real one does: so each rule is tried alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod common;

use common::model::{Point, draw, g, int, message, numbers, p, power, prove_log, prove_logs, q, quotient, times};
use common::{Dice, PROGRESS, Party, abort, rng};
use num_bigint::BigUint;
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
}

const LIES: [Lie; 6] = [Lie::Zero, Lie::One, Lie::MinusOne, Lie::P, Lie::PPlusOne, Lie::OtherSign];

impl Lie {
    fn of(self, honest: &BigUint) -> BigUint {
        match self {
            Self::Zero => int(0),
            Self::One => int(1),
            Self::MinusOne => p() - 1_u8,
            Self::P => p(),
            Self::PPlusOne => p() + 1_u8,
            Self::OtherSign => p() - honest,
        }
    }

    /// Whether the lie is 1 or -1 modulo p: a power with the exponent 0, but for the sign.
    fn is_unit(self) -> bool {
        matches!(self, Self::One | Self::MinusOne | Self::PPlusOne)
    }
}

/// The liar's value for g^exponent, and the exponent that a proof of it needs.
fn half(lie: Option<Lie>, exponent: &BigUint) -> (BigUint, BigUint) {
    match lie {
        None => (g(exponent), exponent.clone()),
        Some(lie) if lie.is_unit() => (lie.of(&int(1)), int(0)),
        Some(lie) => (lie.of(&g(exponent)), exponent.clone()),
    }
}

/// The eight labels of the honest proofs, each of which a test may replace.
#[derive(Clone, Copy)]
struct Labels([u8; 9]);

const HONEST: Labels = Labels([0, 1, 2, 3, 4, 5, 6, 7, 8]);

fn message_1(lies: [Option<Lie>; 2], labels: Labels, exponents: &[BigUint; 2], rng: &mut Dice) -> Message {
    let [(g2a, a2), (g3a, a3)] = [half(lies[0], &exponents[0]), half(lies[1], &exponents[1])];
    let [c2, d2] = prove_log(labels.0[1], &g2a, &a2, rng);
    let [c3, d3] = prove_log(labels.0[2], &g3a, &a3, rng);
    message(TlvType::SMP_MESSAGE_1, &[g2a, c2, d2, g3a, c3, d3])
}

/// A victim that began a run, all that it knows, and what it will draw.
struct Initiator {
    party: Party,
    a: [BigUint; 2],
    future: Dice,
}

fn initiator() -> Initiator {
    let mut party = Party::new(1);
    let mut past = party.rng.clone();
    let a = [draw(&mut past), draw(&mut past)];
    assert_eq!(numbers(&party.start("x", None))[0], g(&a[0]));
    let future = party.rng.clone();
    Initiator { party, a, future }
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
    lies: [Option<Lie>; 2],
    e2: &BigUint,
    generators: [&BigUint; 2],
    choice: Choice,
) -> (Choice, [BigUint; 2]) {
    let Choice { mut r4, mut secret } = choice;
    if lies[0].is_some_and(Lie::is_unit) {
        r4 = int(0);
    }
    if lies[1].is_some_and(Lie::is_unit) {
        // g1^r4 = g2^-secret
        secret = int(2);
        r4 = (q() - e2 * &secret % q()) % q();
    }
    let point = Point { g2: generators[0], g3: generators[1], r4: &r4, secret: &secret };
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
    let rng = &mut rng(77);
    let exponents = [draw(rng), draw(rng)];
    let [(g2b, b2), (g3b, b3)] = [half(lies[0], &exponents[0]), half(lies[1], &exponents[1])];
    let [c2, d2] = prove_log(labels.0[3], &g2b, &b2, rng);
    let [c3, d3] = prove_log(labels.0[4], &g3b, &b3, rng);
    let (g2, g3) = (power(&g2b, &victim.a[0]), power(&g3b, &victim.a[1]));
    let e2 = &victim.a[0] * b2 % q();
    let (Choice { r4, secret }, [pb, qb]) = coordinates([lies[2], lies[3]], &e2, [&g2, &g3], choice);
    let point = Point { g2: &g2, g3: &g3, r4: &r4, secret: &secret };
    let [cp, d5, d6] = point.prove(labels.0[5], &pb, &qb, rng);
    message(TlvType::SMP_MESSAGE_2, &[g2b, c2, d2, g3b, c3, d3, pb, qb, cp, d5, d6])
}

/// A victim that answered a run of ours, and all that we know of it.
struct Responder {
    party: Party,
    a: [BigUint; 2],
    b: [BigUint; 2],
    r4: BigUint,
    sent: Vec<BigUint>,
}

fn responder() -> Responder {
    let mut party = Party::new(2);
    let rng = &mut rng(78);
    let a = [draw(rng), draw(rng)];
    let run = party.asked(&message_1([None, None], HONEST, &a, rng));
    let mut past = party.rng.clone();
    let sent = numbers(&party.answer(run, "x"));
    let b = [draw(&mut past), draw(&mut past)];
    draw(&mut past);
    draw(&mut past);
    let r4 = draw(&mut past);
    assert_eq!((&sent[0], &sent[3]), (&g(&b[0]), &g(&b[1])));
    Responder { party, a, b, r4, sent }
}

/// Message 3 from a liar to a victim: Pa, Qa and Ra may each be a lie.
fn message_3(lies: [Option<Lie>; 3], labels: Labels, victim: &Responder, choice: Choice) -> Message {
    let rng = &mut rng(79);
    let (g2, g3) = (power(&victim.sent[0], &victim.a[0]), power(&victim.sent[3], &victim.a[1]));
    let e2 = &victim.a[0] * &victim.b[0] % q();
    let (Choice { r4, secret }, [pa, qa]) = coordinates([lies[0], lies[1]], &e2, [&g2, &g3], choice);
    let point = Point { g2: &g2, g3: &g3, r4: &r4, secret: &secret };
    let [cp, d5, d6] = point.prove(labels.0[6], &pa, &qa, rng);
    let qab = quotient(&qa, &victim.sent[7]);
    let honest = power(&qab, &victim.a[1]);
    let ra = lies[2].map_or(honest.clone(), |lie| lie.of(&honest));
    let [cr, d7] = match lies[2] {
        // No proof exists of 1 and -1; one for the right value has to do.
        Some(lie) if lie.is_unit() => prove_logs(labels.0[7], &qab, &honest, &victim.a[1], rng),
        Some(_) | None => prove_logs(labels.0[7], &qab, &ra, &victim.a[1], rng),
    };
    message(TlvType::SMP_MESSAGE_3, &[pa, qa, cp, d5, d6, ra, cr, d7])
}

/// A victim that waits for message 4, b3, and the quotient of the Qs.
fn waiting_for_4() -> (Party, BigUint, BigUint) {
    let (mut alice, mut bob) = (Party::new(1), Party::new(2));
    let run = bob.asked(&alice.start("x", None));
    let mut past = bob.rng.clone();
    let b3 = [draw(&mut past), draw(&mut past)][1].clone();
    let two = bob.answer(run, "x");
    let three = alice.reply(&two, &PROGRESS);
    (alice, b3, quotient(&numbers(&three)[1], &numbers(&two)[7]))
}

/// Message 4 from a liar: Rb may be a lie.
fn message_4(lie: Option<Lie>, labels: Labels, b3: &BigUint, qab: &BigUint) -> Message {
    let rng = &mut rng(80);
    let honest = power(qab, b3);
    let rb = lie.map_or(honest.clone(), |lie| lie.of(&honest));
    let proved = if lie.is_some_and(Lie::is_unit) { &honest } else { &rb };
    let [cr, d7] = prove_logs(labels.0[8], qab, proved, b3, rng);
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
    let exponents = [draw(&mut rng(5)), draw(&mut rng(6))];
    Party::new(2).asked(&message_1([None, None], HONEST, &exponents, &mut rng(7)));

    let mut victim = initiator();
    let two = message_2([None; 4], HONEST, &victim, even());
    assert!(matches!(victim.party.reply(&two, &PROGRESS), Message::Three(_)));

    let mut victim = responder();
    let three = message_3([None; 3], HONEST, &victim, even());
    // Proved well, but of another secret.
    assert!(matches!(victim.party.reply(&three, &Event::Failed), Message::Four(_)));

    let (mut victim, b3, qab) = waiting_for_4();
    let four = message_4(None, HONEST, &b3, &qab);
    let event = Some(Event::Succeeded(Meaning::PeerVerified));
    assert_eq!(victim.receive(&four), Received { reply: None, event });
}

// attack: SMP-1, SMP-2
#[test]
fn illegal_values_of_message_1_are_refused() {
    let exponents = [draw(&mut rng(5)), draw(&mut rng(6))];
    for slot in 0..2 {
        for lie in LIES {
            let one = message_1(in_slot(slot, lie), HONEST, &exponents, &mut rng(7));
            refused(&mut Party::new(2), &one, &(slot, lie));
        }
    }
}

// attack: SMP-1, SMP-2
#[test]
fn illegal_values_of_message_2_are_refused() {
    for slot in 0..4 {
        for lie in LIES {
            let mut victim = initiator();
            let two = message_2(in_slot(slot, lie), HONEST, &victim, even());
            refused(&mut victim.party, &two, &(slot, lie));
        }
    }
}

// attack: SMP-1, SMP-2
#[test]
fn illegal_values_of_messages_3_and_4_are_refused() {
    for lie in LIES {
        for slot in 0..3 {
            let mut victim = responder();
            let three = message_3(in_slot(slot, lie), HONEST, &victim, even());
            refused(&mut victim.party, &three, &(slot, lie));
        }
        let (mut victim, b3, qab) = waiting_for_4();
        refused(&mut victim, &message_4(Some(lie), HONEST, &b3, &qab), &lie);
    }
}

/// Equal Ps or Qs would make the comparison come out as the liar wants.
// attack: SMP-3, SMP-4
#[test]
fn a_responder_who_foresees_our_values_cannot_equal_them() {
    let ours = |victim: &Initiator| draw(&mut victim.future.clone());
    let x = x();
    let e2 = |victim: &Initiator| &victim.a[0] * draw(&mut rng(77)) % q();
    let inverse = |number: &BigUint| number.modpow(&(q() - 2_u8), &q());

    // Both equal, P alone, Q alone: r4' + e2 y' = r4 + e2 x.
    let mut victim = initiator();
    let choice = Choice { r4: ours(&victim), secret: x.clone() };
    let two = message_2([None; 4], HONEST, &victim, choice);
    refused(&mut victim.party, &two, &"both");

    let mut victim = initiator();
    let choice = Choice { r4: ours(&victim), secret: int(5) };
    let two = message_2([None; 4], HONEST, &victim, choice);
    refused(&mut victim.party, &two, &"P");

    let mut victim = initiator();
    let e2 = e2(&victim);
    let r4 = int(5);
    let secret = (x + (ours(&victim) % q() + q() - &r4) * inverse(&e2)) % q();
    let two = message_2([None; 4], HONEST, &victim, Choice { r4, secret });
    refused(&mut victim.party, &two, &"Q");
}

// attack: SMP-3, SMP-4
#[test]
fn an_initiator_who_knows_our_values_cannot_equal_them() {
    let x = x();
    for (what, secret) in [("both", x), ("P", int(5))] {
        let mut victim = responder();
        let choice = Choice { r4: victim.r4.clone(), secret };
        let three = message_3([None; 3], HONEST, &victim, choice);
        assert_eq!(numbers(&three)[0], victim.sent[6]);
        refused(&mut victim.party, &three, &what);
    }
    let mut victim = responder();
    let e2 = &victim.a[0] * &victim.b[0] % q();
    let inverse = e2.modpow(&(q() - 2_u8), &q());
    let r4 = int(5);
    let secret = (crate::x() + (&victim.r4 % q() + q() - &r4) * inverse) % q();
    let three = message_3([None; 3], HONEST, &victim, Choice { r4, secret });
    assert_eq!(numbers(&three)[1], victim.sent[7]);
    refused(&mut victim.party, &three, &"Q");
}

/// The secret of all parties here, as a number.
fn x() -> BigUint {
    use sha2::{Digest, Sha256};
    let id = common::session(1);
    let bytes = [&[1][..], &common::ALICE, &common::BOB, id.as_bytes(), b"x"].concat();
    BigUint::from_bytes_be(&Sha256::digest(bytes))
}

/// A proof made for the other side or for another step is right in all but its label.
// attack: SMP-4
#[test]
fn a_proof_serves_for_one_side_and_step_only() {
    for label in 1..=8_u8 {
        let other_side = [0, 3, 4, 1, 2, 6, 5, 8, 7][usize::from(label)];
        for wrong in [other_side, label % 8 + 1, 0] {
            let mut labels = HONEST;
            labels.0[usize::from(label)] = wrong;
            match label {
                1 | 2 => {
                    let exponents = [draw(&mut rng(5)), draw(&mut rng(6))];
                    let one = message_1([None; 2], labels, &exponents, &mut rng(7));
                    refused(&mut Party::new(2), &one, &(label, wrong));
                }
                3..=5 => {
                    let mut victim = initiator();
                    let two = message_2([None; 4], labels, &victim, even());
                    refused(&mut victim.party, &two, &(label, wrong));
                }
                6 | 7 => {
                    let mut victim = responder();
                    let three = message_3([None; 3], labels, &victim, even());
                    refused(&mut victim.party, &three, &(label, wrong));
                }
                _ => {
                    let (mut victim, b3, qab) = waiting_for_4();
                    refused(&mut victim, &message_4(None, labels, &b3, &qab), &(label, wrong));
                }
            }
        }
    }
}

/// What we sent comes back as the peer's own.
// attack: SMP-4
#[test]
fn our_own_values_sent_back_are_refused() {
    let mut alice = Party::new(1);
    let one = numbers(&alice.start("x", None));
    let mut bob = Party::new(2);
    let two = numbers(&{
        let run = bob.asked(&message(TlvType::SMP_MESSAGE_1, &one));
        bob.answer(run, "x")
    });
    // Halves and proofs of message 1 in message 2.
    let mirrored = [&one[..], &two[6..]].concat();
    refused(&mut alice, &message(TlvType::SMP_MESSAGE_2, &mirrored), &"message 2");
    // P, Q and their proof of message 2 in message 3.
    let rest = [two[6].clone(), int(5), int(5)];
    let mirrored = [&two[6..], &rest].concat();
    refused(&mut bob, &message(TlvType::SMP_MESSAGE_3, &mirrored), &"message 3");
}

/// Where c and the Ds stand in each message.
const CHALLENGES: [&[usize]; 4] = [&[1, 4], &[1, 4, 8], &[2, 6], &[1]];
const RESPONSES: [&[usize]; 4] = [&[2, 5], &[2, 5, 9, 10], &[3, 4, 7], &[2]];
const KINDS: [TlvType; 4] =
    [TlvType::SMP_MESSAGE_1, TlvType::SMP_MESSAGE_2, TlvType::SMP_MESSAGE_3, TlvType::SMP_MESSAGE_4];

/// A party that waits for the message of this index, and that message.
fn waiting_for(index: usize) -> (Party, Vec<BigUint>) {
    let (mut alice, mut bob) = (Party::new(1), Party::new(2));
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

/// D + q makes the same power as D, so only the rule refuses it.
// attack: SMP-5
#[test]
fn responses_outside_their_range_are_refused() {
    for index in 0..4 {
        for &slot in RESPONSES[index] {
            let right = waiting_for(index).1[slot].clone();
            for (what, wrong) in [("0", int(0)), ("q", q()), ("q + 1", q() + 1_u8), ("D + q", right + q())] {
                let (mut victim, mut sent) = waiting_for(index);
                sent[slot] = wrong;
                refused(&mut victim, &message(KINDS[index], &sent), &(index, slot, what));
            }
        }
    }
}

/// c + 2^256 and c + q are other numbers than the hash, even where they make the same power.
// attack: SMP-5
#[test]
fn challenges_longer_than_a_hash_are_refused() {
    for index in 0..4 {
        for &slot in CHALLENGES[index] {
            for (what, more) in [("2^256", int(1) << 256), ("q", q()), ("2^1535", int(1) << 1535)] {
                let (mut victim, mut sent) = waiting_for(index);
                sent[slot] += more;
                refused(&mut victim, &message(KINDS[index], &sent), &(index, slot, what));
            }
        }
    }
}

/// Each number of each message counts.
#[test]
fn any_number_changed_is_noticed() {
    for (index, count) in [6, 11, 8, 3].into_iter().enumerate() {
        for slot in 0..count {
            let (mut victim, mut sent) = waiting_for(index);
            // Squared, an element stays one.
            sent[slot] = times(&sent[slot], &sent[slot]) % q();
            refused(&mut victim, &message(KINDS[index], &sent), &(index, slot));
        }
    }
}

/// After a lie the machine is as new.
#[test]
fn a_run_after_a_refused_one_succeeds() {
    let mut victim = initiator();
    let two = message_2(in_slot(0, Lie::OtherSign), HONEST, &victim, even());
    refused(&mut victim.party, &two, &"");
    let verified = Event::Succeeded(Meaning::PeerVerified);
    let events = common::run(&mut victim.party, &mut Party::new(2), None, ["x", "x"]);
    assert_eq!(events, [verified.clone(), verified]);
}
