//! How long does the arithmetic take: the powers of a key exchange, those of a comparison, and DSA?

#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use criterion::{Criterion, criterion_group, criterion_main};
use otr_benches::Signing;
use otr_crypto::{DhKeyPair, DhPublic, Group, IdentityKey, IdentityParts, Modp1536, PublicKey, Suite};

fn key_exchange(criterion: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (ours, theirs) = (DhKeyPair::generate(&mut rng), DhKeyPair::generate(&mut rng));
    let mut group = criterion.benchmark_group("groups/modp1536");
    group.bench_function("key_pair", |bencher| bencher.iter(|| DhKeyPair::generate(&mut rng)));
    group.bench_function("shared_secret", |bencher| bencher.iter(|| ours.agree(theirs.public())));
    let encoded = theirs.public().as_bytes();
    group.bench_function("check_public_value", |bencher| bencher.iter(|| DhPublic::from_bytes(encoded)));
    group.finish();
}

fn comparison(criterion: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let exponent = Modp1536::draw(&mut rng);
    let element = Modp1536::generator_power(&Modp1536::draw(&mut rng));
    let base = Modp1536::base(&element, Some(&exponent));
    let mut group = criterion.benchmark_group("groups/modp1536_long");
    group.bench_function("generator_power", |bencher| bencher.iter(|| Modp1536::generator_power(&exponent)));
    group.bench_function("power", |bencher| bencher.iter(|| Modp1536::power(&element, &exponent)));
    group.bench_function("base", |bencher| bencher.iter(|| Modp1536::base(&element, Some(&exponent))));
    group.bench_function("base_power", |bencher| bencher.iter(|| Modp1536::base_power(&base, &exponent)));
    group.finish();
}

/// The primitives of the Curve25519 suite.
fn curve25519(criterion: &mut Criterion) {
    let (suite, mut rng) = (Suite::Curve25519, ChaCha20Rng::seed_from_u64(3));
    let (ours, theirs) = (suite.key_pair(&mut rng), suite.key_pair(&mut rng));
    let mut group = criterion.benchmark_group("groups/curve25519");
    group.bench_function("x25519_key_pair", |bencher| bencher.iter(|| suite.key_pair(&mut rng)));
    group.bench_function("x25519_shared_secret", |bencher| bencher.iter(|| ours.agree(theirs.public())));
    let key = suite.kem_key(&mut rng);
    let ciphertext = suite.encapsulate(key.public(), &mut rng).map(|(ciphertext, _)| ciphertext).unwrap_or_default();
    group.bench_function("ml_kem_key_pair", |bencher| bencher.iter(|| suite.kem_key(&mut rng)));
    group.bench_function("ml_kem_encapsulate", |bencher| bencher.iter(|| suite.encapsulate(key.public(), &mut rng)));
    group.bench_function("ml_kem_open", |bencher| bencher.iter(|| key.open(&ciphertext)));
    let signing = Signing::new();
    let (m, identity) = (signing.value(1), IdentityKey::generate_ed25519(&mut rng));
    let signature = identity.sign(&m, &mut rng).unwrap_or_default();
    group.bench_function("ed25519_sign", |bencher| bencher.iter(|| identity.sign(&m, &mut rng)));
    group.bench_function("ed25519_verify", |bencher| bencher.iter(|| identity.public_key().verify(&m, &signature)));
    group.finish();
}

fn dsa(criterion: &mut Criterion) {
    let mut signing = Signing::new();
    let m = signing.value(1);
    let signature = signing.sign(&m);
    let mut group = criterion.benchmark_group("groups/dsa");
    group.bench_function("sign", |bencher| bencher.iter(|| signing.sign(&m)));
    let own = signing.identity.public_key();
    group.bench_function("verify_our_own", |bencher| bencher.iter(|| own.verify(&m, &signature)));
    group.bench_function("verify_a_strangers", |bencher| bencher.iter(|| signing.stranger.verify(&m, &signature)));
    group.sample_size(10);
    let IdentityParts { p, q, g, y, .. } = &signing.parts;
    group.bench_function("check_a_strangers_key", |bencher| bencher.iter(|| PublicKey::from_parts(p, q, g, y)));
    group.finish();
}

criterion_group!(benches, key_exchange, comparison, curve25519, dsa);
criterion_main!(benches);
