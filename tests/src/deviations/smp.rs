//! The comparison of secrets: numbers that are none, proofs that prove nothing, and steps out of their place.

#![expect(clippy::type_complexity, reason = "a table of names and changes is read in one piece")]

use num_bigint::BigUint;
use otr_wire::Version;

use super::{
    deviation::{Deviation, Must, Stage},
    dh_values,
    drafts::{Draft, record},
    numbers::{order, prime},
    peer::Began,
    ring::Ring,
    smp_run::{Numbers, Run, encode, encode_longer, with_question},
    victim::Trouble,
};

/// Deviations in the comparison of secrets.
pub(super) fn deviations() -> Vec<Deviation> {
    let mut all = Vec::new();
    for step in steps() {
        all.extend(values(step));
        all.extend(responses(step));
        all.extend(lists(step));
    }
    all.extend(combinations());
    all.extend(misplaced());
    // Nothing in it depends on the version, and each run takes a hundred powers.
    all.into_iter().map(|deviation| deviation.only_in(Version::Three)).collect()
}

/// One message of the comparison: how it is made and when.
#[derive(Clone, Copy)]
struct Step {
    name: &'static str,
    kind: u16,
    stage: Stage,
    /// The letters of the specification for its group elements, where they stand, and where the challenge of the proof
    /// stands that they are in.
    elements: &'static [(&'static str, usize, usize)],
    /// The same for responses.
    responses: &'static [(&'static str, usize)],
    /// The same for challenges.
    challenges: &'static [(&'static str, usize)],
    make: fn(&mut Ring<'_>) -> Numbers,
}

fn steps() -> [Step; 4] {
    [
        Step {
            name: "smp-1",
            kind: 2,
            stage: Stage::Private,
            elements: &[("g2a", 0, 1), ("g3a", 3, 4)],
            responses: &[("d2", 2), ("d3", 5)],
            challenges: &[("c2", 1), ("c3", 4)],
            make: |ring| {
                ring.smp = Run::new(&mut ring.peer, Began::Peer);
                ring.smp.message_1(&mut ring.peer.rng)
            },
        },
        Step {
            name: "smp-2",
            kind: 3,
            stage: Stage::SmpAsked,
            elements: &[("g2b", 0, 1), ("g3b", 3, 4), ("pb", 6, 8), ("qb", 7, 8)],
            responses: &[("d2", 2), ("d3", 5), ("d5", 9), ("d6", 10)],
            challenges: &[("c2", 1), ("c3", 4), ("cp", 8)],
            make: |ring| ring.smp.message_2(&mut ring.peer.rng),
        },
        Step {
            name: "smp-3",
            kind: 4,
            stage: Stage::SmpAnswered,
            elements: &[("pa", 0, 2), ("qa", 1, 2), ("ra", 5, 6)],
            responses: &[("d5", 3), ("d6", 4), ("d7", 7)],
            challenges: &[("cp", 2), ("cr", 6)],
            make: |ring| ring.smp.message_3(&mut ring.peer.rng),
        },
        Step {
            name: "smp-4",
            kind: 5,
            stage: Stage::SmpLast,
            elements: &[("rb", 0, 1)],
            responses: &[("d7", 2)],
            challenges: &[("cr", 1)],
            make: |ring| ring.smp.message_4(&mut ring.peer.rng),
        },
    ]
}

fn send(ring: &mut Ring<'_>, kind: u16, value: &[u8]) -> Result<(), Trouble> {
    let body = ring.peer.say_records("", &record(kind, value)).text();
    ring.strike(body)
}

/// A deviation of one message whose numbers `change` changes.
fn numbers(
    step: Step,
    name: &str,
    rows: &'static [&'static str],
    about: &str,
    change: impl Fn(&mut Numbers) + 'static,
) -> Deviation {
    Deviation::scripted(format!("{}-{name}", step.name), rows, step.stage, about, move |ring| {
        let mut numbers = (step.make)(ring);
        change(&mut numbers);
        send(ring, step.kind, &encode(&numbers))
    })
    .must(Must::EndSmp)
}

/// Every element, with every kind of illegal value. Where the challenge is even, another sign does not spoil the proof.
fn values(step: Step) -> Vec<Deviation> {
    let mut all = Vec::new();
    for &(letter, at, challenge) in step.elements {
        // The rest of them differs from these in ways that only other messages make interesting.
        let kinds = ["zero", "one", "p-less-one", "p", "non-residue"];
        for (name, what, value) in dh_values::values().into_iter().filter(|(name, ..)| kinds.contains(name)) {
            let rows: &[&str] = if name == "non-residue" { &["SMP-2"] } else { &["SMP-1"] };
            let about = format!("{letter} is {what}");
            let name = format!("{}-{letter}-of-{name}", step.name);
            let deviation = Deviation::scripted(name, rows, step.stage, about, move |ring| {
                let mut numbers = (step.make)(ring);
                while numbers[challenge].bit(0) {
                    numbers = (step.make)(ring);
                }
                numbers[at] = value(&numbers[at]);
                send(ring, step.kind, &encode(&numbers))
            });
            let deviation = deviation.must(Must::EndSmp);
            // Where the victim raises the element to an exponent of its own, what becomes of the other sign is chance.
            let by_chance = rows == ["SMP-2"] && matches!(letter, "g2b" | "g3b" | "qa" | "ra" | "rb");
            all.push(if by_chance { deviation.ours() } else { deviation });
        }
    }
    all
}

/// Responses and challenges out of range or wrong.
fn responses(step: Step) -> Vec<Deviation> {
    let values: [(&str, &str, fn(&BigUint) -> BigUint); 3] = [
        ("zero", "0", |_| BigUint::ZERO),
        ("order", "q", |_| order()),
        ("and-order", "q too large", |honest| order() + honest),
    ];
    let mut all = Vec::new();
    for &(letter, at) in step.responses {
        for (name, what, value) in values {
            let about = format!("{letter} is {what}");
            all.push(numbers(step, &format!("{letter}-{name}"), &["SMP-5"], &about, move |numbers| {
                numbers[at] = value(&numbers[at]);
            }));
        }
    }
    for &(letter, at) in step.challenges {
        let about = format!("{letter} is another");
        all.push(numbers(step, &format!("{letter}-wrong"), &["SMP-4"], &about, move |numbers| {
            numbers[at] ^= BigUint::from(1_u8)
        }));
        let about = format!("{letter} has 33 bytes");
        all.push(numbers(step, &format!("{letter}-too-long"), &["SMP-5"], &about, move |numbers| {
            numbers[at] |= BigUint::from(1_u8) << 256_u32;
        }));
    }
    all
}

/// Lists of the wrong length.
fn lists(step: Step) -> Vec<Deviation> {
    let written = |name: &str, about: &str, write: fn(&Numbers) -> Vec<u8>| {
        Deviation::scripted(format!("{}-{name}", step.name), &["SMP-6"], step.stage, about, move |ring| {
            let numbers = (step.make)(ring);
            send(ring, step.kind, &write(&numbers))
        })
        .must(Must::EndSmp)
    };
    vec![
        written("one-less", "one number less", |numbers| {
            encode(numbers.split_last().map_or(&[][..], |(_, rest)| rest))
        }),
        written("one-more", "one number more", |numbers| {
            encode(&[numbers.as_slice(), &[BigUint::from(4_u8)]].concat())
        }),
        written("of-nothing", "an empty record", |_| Vec::new()),
        written("count-zero", "a count of 0 and nothing after it", |_| encode(&[])),
        written("count-huge", "a count of 2 to 32 less one", |numbers| {
            let mut value = encode(numbers);
            value.splice(..4, [0xff; 4]);
            value
        }),
        written("count-less", "a count that is one too small", |numbers| {
            let mut value = encode(numbers);
            value[3] -= 1;
            value
        }),
        written("and-a-byte", "a byte after the last number", |numbers| [encode(numbers), vec![0]].concat()),
        written("cut", "the last byte is missing", |numbers| {
            encode(numbers).split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default()
        }),
        written("with-zero-byte", "its first number has a zero byte in front", |numbers| encode_longer(numbers)),
    ]
}

/// Messages that are well formed, each for itself.
fn combinations() -> Vec<Deviation> {
    let [first, second, third, last] = steps();
    vec![
        Deviation::scripted(
            "smp-1-exponents-zero",
            &["SMP-3", "SMP-1"],
            first.stage,
            "g2a and g3a are 1, rightly proved",
            |ring| {
                ring.smp = Run::new(&mut ring.peer, Began::Peer);
                (ring.smp.e2, ring.smp.e3) = (BigUint::ZERO, BigUint::ZERO);
                let numbers = ring.smp.message_1(&mut ring.peer.rng);
                send(ring, 2, &encode(&numbers))
            },
        )
        .must(Must::EndSmp),
        Deviation::scripted(
            "smp-2-exponents-zero",
            &["SMP-3", "SMP-1"],
            second.stage,
            "g2b and g3b are 1, rightly proved",
            |ring| {
                (ring.smp.e2, ring.smp.e3) = (BigUint::ZERO, BigUint::ZERO);
                let numbers = ring.smp.message_2(&mut ring.peer.rng);
                send(ring, 3, &encode(&numbers))
            },
        )
        .must(Must::EndSmp),
        Deviation::scripted(
            "smp-2-proofs-of-message-1",
            &["SMP-4"],
            second.stage,
            "the proofs of message 1 stand in message 2",
            |ring| {
                let mut numbers = ring.smp.message_2(&mut ring.peer.rng);
                let theirs = ring.smp.theirs.clone();
                numbers.splice(..6, theirs);
                send(ring, 3, &encode(&numbers))
            },
        )
        .must(Must::EndSmp),
        numbers(second, "proofs-swapped", &["SMP-4"], "the two proofs stand in each other's place", |numbers| {
            numbers.swap(1, 4);
            numbers.swap(2, 5);
        }),
        Deviation::scripted(
            "smp-3-coordinates-of-the-victim",
            &["SMP-3", "SMP-4"],
            third.stage,
            "Pa and Qa are the victim's own",
            |ring| {
                let theirs = ring.smp.theirs.clone();
                let mut numbers = ring.smp.message_3(&mut ring.peer.rng);
                numbers.splice(..5, theirs.get(6..11).unwrap_or_default().to_vec());
                send(ring, 4, &encode(&numbers))
            },
        )
        .must(Must::EndSmp),
        numbers(third, "secret-of-another", &["SMP-12"], "Qa for another secret", |numbers| {
            numbers[1] = &numbers[1] * BigUint::from(4_u8) % prime();
        }),
        numbers(last, "power-of-another", &["SMP-4"], "Rb is another power", |numbers| {
            numbers[0] = &numbers[0] * &numbers[0] % prime();
        }),
    ]
}

/// Steps at the wrong time.
fn misplaced() -> Vec<Deviation> {
    let mut all = Vec::new();
    let idle = [("smp-2", 3, 11), ("smp-3", 4, 8), ("smp-4", 5, 3)];
    for (name, kind, count) in idle {
        let about = "a step of a comparison that nobody has begun";
        all.push(
            Deviation::scripted(format!("{name}-uncalled"), &["SMP-7"], Stage::Private, about, move |ring| {
                send(ring, kind, &encode(&vec![BigUint::from(4_u8); count]))
            })
            .must(Must::AbortSmp),
        );
    }
    let places = [
        ("for-smp-2", Stage::SmpAsked, [("smp-1", 2, 6), ("smp-3", 4, 8), ("smp-4", 5, 3)]),
        ("for-answer", Stage::SmpAwaitingUser, [("smp-2", 3, 11), ("smp-3", 4, 8), ("smp-4", 5, 3)]),
        ("for-smp-3", Stage::SmpAnswered, [("smp-1", 2, 6), ("smp-2", 3, 11), ("smp-4", 5, 3)]),
        ("for-smp-4", Stage::SmpLast, [("smp-1", 2, 6), ("smp-2", 3, 11), ("smp-3", 4, 8)]),
    ];
    for (place, stage, messages) in places {
        for (name, kind, count) in messages {
            let about = "another step than the one that is due";
            all.push(
                Deviation::scripted(format!("{name}-instead-{place}"), &["SMP-7"], stage, about, move |ring| {
                    let numbers = if kind == 2 {
                        let mut run = Run::new(&mut ring.peer, Began::Peer);
                        std::mem::swap(&mut run, &mut ring.smp);
                        let numbers = ring.smp.message_1(&mut ring.peer.rng);
                        ring.smp = run;
                        numbers
                    } else {
                        vec![BigUint::from(4_u8); count]
                    };
                    send(ring, kind, &encode(&numbers))
                })
                .must(Must::EndSmp),
            );
        }
    }
    all.push(
        Deviation::scripted(
            "smp-1-again-for-answer",
            &["SMP-10"],
            Stage::SmpAwaitingUser,
            "the question is asked again while the user thinks",
            |ring| {
                let mut run = Run::new(&mut ring.peer, Began::Peer);
                let numbers = run.message_1(&mut ring.peer.rng);
                std::mem::swap(&mut run, &mut ring.smp);
                send(ring, 7, &with_question(b"another question", &numbers))
            },
        )
        .must(Must::EndSmp),
    );
    all.push(
        Deviation::scripted("smp-abort-uncalled", &["SMP-7"], Stage::Private, "an abort of nothing", |ring| {
            send(ring, 6, &[])
        })
        .must(Must::Swallow),
    );
    all.push(
        Deviation::scripted(
            "smp-1-question-without-end",
            &["SMP-6"],
            Stage::Private,
            "a question without the NUL that ends it",
            |ring| send(ring, 7, b"what is it?"),
        )
        .must(Must::EndSmp),
    );
    all.push(
        Deviation::scripted("smp-twice-in-one", &["TLV-4"], Stage::Private, "two first messages in one", |ring| {
            ring.smp = Run::new(&mut ring.peer, Began::Peer);
            let numbers = ring.smp.message_1(&mut ring.peer.rng);
            let both = [record(2, &encode(&numbers)), record(2, &encode(&numbers))].concat();
            let body = ring.peer.say_records("", &both).text();
            ring.strike(body)
        })
        .must(Must::AbortSmp),
    );
    all
}
