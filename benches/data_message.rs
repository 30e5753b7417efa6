//! How long does a data message take, to make and to read, within one set of keys and with a rotation each time?

#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use otr_benches::Pair;
use otr_wire::Version;

const SIZES: [usize; 3] = [64, 1024, 64 * 1024];

/// One side talks, the other reads: no rotation.
fn burst(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("data_message/burst");
    for size in SIZES {
        let text = "x".repeat(size);
        let mut pair = Pair::new(Version::Three);
        pair.exchange();
        group.throughput(Throughput::Bytes(size.try_into().unwrap_or(u64::MAX)));
        group.bench_function(format!("encrypt/{size}"), |bencher| {
            bencher.iter(|| pair.encrypt(0, &text));
        });
        let mut pair = Pair::new(Version::Three);
        pair.exchange();
        let pair = std::cell::RefCell::new(pair);
        group.bench_function(format!("decrypt/{size}"), |bencher| {
            bencher.iter_batched(
                || pair.borrow_mut().encrypt(0, &text),
                |message| pair.borrow_mut().decrypt(1, &message),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// The sides take turns: every message rotates keys.
fn ping_pong(criterion: &mut Criterion) {
    let mut pair = Pair::new(Version::Three);
    pair.exchange();
    let text = "x".repeat(64);
    let mut from = 0;
    criterion.bench_function("data_message/ping_pong/64", |bencher| {
        bencher.iter(|| {
            let message = pair.encrypt(from, &text);
            from = 1 - from;
            pair.decrypt(from, &message)
        });
    });
}

criterion_group!(benches, burst, ping_pong);
criterion_main!(benches);
