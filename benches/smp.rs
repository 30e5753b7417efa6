//! How long does a comparison of secrets take: a whole run, both sides' work together, and each step of it?

#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use otr_benches::Comparison;

const STEPS: [&str; 6] = ["start", "check_1", "answer", "message_2", "message_3", "message_4"];

fn whole(criterion: &mut Criterion) {
    let mut comparison = Comparison::new();
    let mut group = criterion.benchmark_group("smp");
    group.sample_size(20);
    group.bench_function("whole_run", |bencher| bencher.iter(|| comparison.run()));
    group.finish();
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("smp_step");
    group.sample_size(10);
    for (done, name) in STEPS.into_iter().enumerate() {
        group.bench_function(name, |bencher| {
            let before = || {
                let mut comparison = Comparison::new();
                (0..done).for_each(|_| comparison.step());
                comparison
            };
            let step = |mut comparison: Comparison| {
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
