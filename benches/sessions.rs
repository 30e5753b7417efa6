//! Does a message cost the same whatever else an account does: with 1 or 10,000 conversations, after 1 or 1,000,000
//! messages, and per byte with texts from 64 B to 1 MiB?

#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use otr_benches::Pair;
use otr_wire::Version;

const TEXT: usize = 1024;

fn there_and_read(pair: &mut Pair, text: &str) -> usize {
    let message = pair.encrypt(0, text);
    pair.decrypt(1, &message)
}

fn conversations(criterion: &mut Criterion) {
    let text = "x".repeat(TEXT);
    let mut pair = Pair::new(Version::Three);
    let mut group = criterion.benchmark_group("sessions/conversations");
    let mut open = 0;
    for count in [1, 10, 100, 1000, 10_000] {
        while open < count {
            pair.meet_somebody_else();
            pair.exchange();
            open += 1;
        }
        group.bench_function(count.to_string(), |bencher| bencher.iter(|| there_and_read(&mut pair, &text)));
    }
    group.finish();
}

fn messages(criterion: &mut Criterion) {
    let text = "x".repeat(TEXT);
    let mut pair = Pair::new(Version::Three);
    pair.exchange();
    let mut group = criterion.benchmark_group("sessions/messages_before");
    let mut sent = 0;
    for count in [1, 1000, 30_000, 1_000_000] {
        while sent < count {
            there_and_read(&mut pair, &text);
            sent += 1;
        }
        group.bench_function(count.to_string(), |bencher| bencher.iter(|| there_and_read(&mut pair, &text)));
    }
    group.finish();
}

fn bytes(criterion: &mut Criterion) {
    let mut pair = Pair::with_limit(Version::Three, 4 * 1024 * 1024);
    pair.exchange();
    let mut group = criterion.benchmark_group("sessions/bytes");
    for size in [64, 1024, 16 * 1024, 256 * 1024, 1024 * 1024] {
        let text = "x".repeat(size);
        group.throughput(Throughput::Bytes(size.try_into().unwrap_or(u64::MAX)));
        group.bench_function(size.to_string(), |bencher| bencher.iter(|| there_and_read(&mut pair, &text)));
    }
    group.finish();
}

criterion_group!(benches, conversations, messages, bytes);
criterion_main!(benches);
