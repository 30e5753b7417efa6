//! How long do encoding and decoding take, without any cryptography?

#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]
#![expect(clippy::expect_used, reason = "a benchmark that does not work stops")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use otr_benches::Pair;
use otr_wire::{Body, MAX_MESSAGE, Message, Plaintext, Version, armour};

const SIZES: [usize; 3] = [64, 1024, 64 * 1024];

fn armoured(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire/armour");
    for size in SIZES {
        let bytes = vec![0x5a; size];
        let text = armour::encode(&bytes);
        let mut buffer = Vec::new();
        group.throughput(Throughput::Bytes(size.try_into().unwrap_or(u64::MAX)));
        group.bench_function(format!("encode/{size}"), |bencher| bencher.iter(|| armour::encode(&bytes)));
        group.bench_function(format!("decode/{size}"), |bencher| {
            bencher.iter(|| armour::decode_into(text.as_bytes(), MAX_MESSAGE, &mut buffer));
        });
    }
    group.finish();
}

fn messages(criterion: &mut Criterion) {
    let mut pair = Pair::new(Version::Three);
    pair.exchange();
    let mut group = criterion.benchmark_group("wire/data_message");
    for size in SIZES {
        let text = pair.encrypt(0, &"x".repeat(size));
        let bytes = armour::decode(text.as_bytes(), MAX_MESSAGE).expect("a message of ours");
        group.throughput(Throughput::Bytes(size.try_into().unwrap_or(u64::MAX)));
        group.bench_function(format!("classify/{size}"), |bencher| {
            bencher.iter(|| matches!(Body::classify(text.as_bytes()), Body::Encoded(_)));
        });
        group.bench_function(format!("decode/{size}"), |bencher| {
            bencher.iter(|| Message::decode(&bytes).is_ok());
        });
        let plaintext = vec![b'x'; size];
        group.bench_function(format!("plaintext/{size}"), |bencher| {
            bencher.iter(|| Plaintext::decode(&plaintext).text.len());
        });
    }
    group.finish();
}

criterion_group!(benches, armoured, messages);
criterion_main!(benches);
