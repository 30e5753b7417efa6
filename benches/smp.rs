//! How long does a comparison of secrets take, in each suite: a whole run, both sides' work together, and each step of
//! it?

#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use otr_benches::Comparison;
use otr_crypto::{Group, Modp1536, Ristretto255};

const STEPS: [&str; 6] = ["start", "check_1", "answer", "message_2", "message_3", "message_4"];

fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("smp");
    group.sample_size(20);
    let mut comparison = Comparison::<Modp1536>::new();
    group.bench_function("whole_run", |bencher| bencher.iter(|| comparison.run()));
    let mut comparison = Comparison::<Ristretto255>::new();
    group.bench_function("whole_run_ristretto255", |bencher| bencher.iter(|| comparison.run()));
    group.finish();
}

fn steps(criterion: &mut Criterion) {
    steps_over::<Modp1536>(criterion, "smp_step");
    steps_over::<Ristretto255>(criterion, "smp_step_ristretto255");
}

fn steps_over<G: Group>(criterion: &mut Criterion, name: &str) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    for (done, name) in STEPS.into_iter().enumerate() {
        group.bench_function(name, |bencher| {
            let before = || {
                let mut comparison = Comparison::<G>::new();
                (0..done).for_each(|_| comparison.step());
                comparison
            };
            let step = |mut comparison: Comparison<G>| {
                comparison.step();
                comparison
            };
            bencher.iter_batched(before, step, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, whole, steps);
criterion_main!(benches);
