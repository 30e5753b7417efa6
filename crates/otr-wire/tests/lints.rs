//! What the compiler is told to hold for this crate.

// attack: G-4, G-10
#[test]
fn no_unsafe_code_no_indexing_no_silent_overflow() {
    let root = include_str!("../src/lib.rs");
    for lint in ["forbid(unsafe_code)", "clippy::indexing_slicing", "clippy::arithmetic_side_effects", "unwrap_used"] {
        assert!(root.lines().any(|line| line.starts_with("#![") && line.contains(lint)), "{lint}");
    }
}
