//! What the source and the manifest of this crate promise.

const LIB: &str = include_str!("../src/lib.rs");
const MANIFEST: &str = include_str!("../Cargo.toml");

// attack: G-10
#[test]
fn unsafe_code_is_forbidden() {
    assert!(LIB.lines().any(|line| line == "#![forbid(unsafe_code)]"));
    assert!(LIB.lines().any(|line| line == "#![no_std]"));
}

/// The lines of one table of the manifest.
fn table(name: &str) -> Vec<&'static str> {
    let head = format!("[{name}]");
    let lines = MANIFEST.lines().skip_while(|line| *line != head).skip(1);
    let lines: Vec<_> = lines.take_while(|line| !line.starts_with('[')).collect();
    assert!(!lines.is_empty(), "{name}");
    lines
}

/// There is no source of randomness in the product, neither a real one nor one for tests, and no
/// second integer library or cipher.
// attack: RNG-3, SIDE-3
#[test]
fn the_product_holds_no_random_source_and_no_oracle() {
    let names = |lines: Vec<&'static str>| -> Vec<&str> {
        let names = lines.iter().filter_map(|line| line.split(['.', ' ']).next());
        names.filter(|name| !name.is_empty()).collect()
    };
    assert_eq!(
        names(table("dependencies")),
        [
            "aes",
            "crypto-bigint",
            "crypto-primes",
            "ctr",
            "curve25519-dalek",
            "ed25519-dalek",
            "hkdf",
            "hmac",
            "ml-kem",
            "once_cell",
            "rand_core",
            "sha1",
            "sha2",
            "subtle",
            "thiserror",
            "x25519-dalek",
            "zeroize",
        ]
    );
    let features = table("features").join("\n");
    assert!(features.contains("default = [\"std\"]\nstd = [\"thiserror/std\"]\n"));
    for name in ["chacha20", "getrandom", "num-bigint"] {
        assert!(names(table("dev-dependencies")).contains(&name));
    }
}

/// Beside the module for the group and those for the identity keys, nobody sees how numbers are
/// kept.
#[test]
fn few_modules_name_the_integer_library() {
    let files = [
        include_str!("../src/ake_keys.rs"),
        include_str!("../src/cipher.rs"),
        include_str!("../src/commitment.rs"),
        include_str!("../src/data_keys.rs"),
        include_str!("../src/dh.rs"),
        include_str!("../src/fingerprint.rs"),
        include_str!("../src/identity.rs"),
        include_str!("../src/kdf.rs"),
        include_str!("../src/key_cache.rs"),
        include_str!("../src/mac.rs"),
        include_str!("../src/mpi.rs"),
        include_str!("../src/public_key.rs"),
    ];
    for file in files {
        assert!(!file.contains("crypto_bigint"));
    }
}
