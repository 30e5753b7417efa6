//! How long does a key exchange take, both sides' work together, between contacts that have met before?

#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]

use criterion::{Criterion, criterion_group, criterion_main};
use otr_benches::Pair;

fn handshake(criterion: &mut Criterion) {
    let mut pair = Pair::new();
    pair.exchange();
    criterion.bench_function("handshake", |bencher| bencher.iter(|| pair.exchange()));
}

criterion_group!(benches, handshake);
criterion_main!(benches);
