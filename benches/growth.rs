//! How does the time for an input grow with its size? Per element it must stay the same, whatever strangers send
//! (attack rule DOS-5; that memory does not grow faster either is counted by the test `memory`).

#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]
#![expect(clippy::expect_used, reason = "a benchmark that does not work stops")]

use std::time::Duration;

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use otr_crypto::IdentityKey;
use otr_session::{Account, Config, Incoming};
use otr_wire::{InstanceTag, armour};

const SIZES: [usize; 4] = [1000, 10_000, 60_000, 1_000_000];

/// The most pieces a message can be in.
const MAX_PIECES: usize = 65_535;

/// What is sent, and by whom, for an input of a size.
type Bodies = fn(usize) -> Vec<(String, String)>;

fn from_bob(body: String) -> Vec<(String, String)> {
    vec![("bob".to_owned(), body)]
}

fn plain(n: usize) -> Vec<(String, String)> {
    from_bob("x".repeat(n))
}

fn query(n: usize) -> Vec<(String, String)> {
    from_bob(format!("?OTRv{}?", "9".repeat(n)))
}

fn encoded(n: usize) -> Vec<(String, String)> {
    from_bob(armour::encode(&vec![0; n]))
}

fn pieces(n: usize) -> Vec<(String, String)> {
    let n = n.min(MAX_PIECES);
    (1..=n).map(|k| ("bob".to_owned(), format!("?OTR|00002002|00001001,{k},{n},0123456789abcdef,"))).collect()
}

fn instances(n: usize) -> Vec<(String, String)> {
    (1..=n).map(|k| ("bob".to_owned(), format!("?OTR|{:08x}|00001001,1,9,xx,", 0x1100 + k))).collect()
}

fn contacts(n: usize) -> Vec<(String, String)> {
    (0..n).map(|k| (format!("stranger {k}"), "?OTR:AAMD.".to_owned())).collect()
}

fn growth(criterion: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let tag = InstanceTag::new(0x1001).expect("a legal tag");
    let mut account = Account::new(IdentityKey::generate(&mut rng), tag, Config::default());
    let mut now = Duration::from_secs(1);
    let inputs: [(&str, Bodies); 6] = [
        ("plain", plain),
        ("query", query),
        ("encoded", encoded),
        ("pieces", pieces),
        ("instances", instances),
        ("contacts", contacts),
    ];
    for (name, bodies) in inputs {
        let mut group = criterion.benchmark_group(format!("growth/{name}"));
        group.sample_size(10);
        for size in SIZES {
            let bodies = bodies(size);
            let elements = if bodies.len() == 1 { size } else { bodies.len() };
            group.throughput(Throughput::Elements(elements.try_into().unwrap_or(u64::MAX)));
            group.bench_function(size.to_string(), |bencher| {
                bencher.iter(|| {
                    for (peer, body) in &bodies {
                        account.receive(peer, Incoming::direct(body.as_bytes()), now, &mut rng);
                        while account.poll().is_some() {}
                    }
                    // An hour later all of it is forgotten.
                    now += Duration::from_secs(3600);
                    account.tick(now);
                    while account.poll().is_some() {}
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, growth);
criterion_main!(benches);
