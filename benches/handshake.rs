//! How long does a key exchange take, both sides' work together, between contacts that have met before?

#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]

use criterion::{Criterion, criterion_group, criterion_main};
use otr_benches::Pair;
use otr_wire::Version;

fn handshake(criterion: &mut Criterion) {
    for version in [Version::Three, Version::Curve25519] {
        let mut pair = Pair::new(version);
        pair.exchange();
        criterion.bench_function(&format!("handshake/{}", version.number()), |bencher| {
            bencher.iter(|| {
                pair.end();
                pair.exchange();
            });
        });
    }
}

criterion_group!(benches, handshake);
criterion_main!(benches);
