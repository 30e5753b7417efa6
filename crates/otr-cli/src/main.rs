//! The program `otr`.
fn main() {}
