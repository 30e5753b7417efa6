//! Benchmarks; see the `*.rs` files beside the manifest.
