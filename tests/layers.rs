//! The layers of the house: which of our crates may know which, and what must stay outside the inner ones.
//!
//! A new arrow is a change of the architecture. It is made here, and in docs/, in a commit of its own.

#![expect(clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

use otr_tests::workspace::rust_files;
use toml::{Table, Value};

/// Which of our crates each crate may use, in whatever kind of dependency. Arrows only point down.
const ARROWS: &[(&str, &[&str])] = &[
    ("otr-wire", &[]),
    ("otr-crypto", &[]),
    ("otr-ake", &["otr-wire", "otr-crypto"]),
    ("otr-smp", &["otr-wire", "otr-crypto"]),
    ("otr-session", &["otr-wire", "otr-crypto", "otr-ake", "otr-smp"]),
    ("otr-store", &["otr-crypto"]),
    ("otr-migrate", &["otr-crypto", "otr-store"]),
    ("otr-toolkit", &["otr-wire", "otr-crypto"]),
    ("otr-transport", &[]),
    ("otr-transport-tcp", &["otr-transport"]),
    ("otr-transport-tls", &["otr-transport"]),
    ("otr-transport-irc", &["otr-transport", "otr-transport-tls"]),
    ("otr-transport-xmpp", &["otr-transport", "otr-transport-tls"]),
    ("otr-transport-matrix", &["otr-transport", "otr-transport-tls"]),
    (
        "otr-cli",
        &[
            "otr-wire",
            "otr-crypto",
            "otr-ake",
            "otr-smp",
            "otr-session",
            "otr-store",
            "otr-migrate",
            "otr-toolkit",
            "otr-transport",
            "otr-transport-tcp",
            "otr-transport-tls",
            "otr-transport-irc",
            "otr-transport-xmpp",
            "otr-transport-matrix",
        ],
    ),
];

/// The crates that get time, randomness and messages handed in: no socket, no clock, no system randomness.
const SANS_IO: &[&str] = &["otr-wire", "otr-crypto", "otr-ake", "otr-smp", "otr-session", "otr-toolkit"];

/// What brings those in. (Tests and examples of a crate stand outside it and may use them.)
const OUTSIDE: &[&str] = &["tokio", "socket2", "mio", "async-std", "smol", "futures", "getrandom", "rand"];

/// How source code reads a clock or the system's randomness.
const CLOCK_AND_CHANCE: &[&str] =
    &["Instant::now", "SystemTime::now", "SysRng", "OsRng", "getrandom::", "thread_rng", "std::env::", "std::net::"];

struct Manifest {
    name: String,
    table: Table,
    folder: PathBuf,
}

impl Manifest {
    fn read(folder: PathBuf) -> Self {
        let path = folder.join("Cargo.toml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let table: Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = table.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
        Self { name: name.unwrap_or_default().to_owned(), table, folder }
    }

    /// The packages in the tables of `kinds`, also in those for single platforms.
    fn dependencies(&self, kinds: &[&str]) -> Vec<String> {
        let platforms = self.table.get("target").and_then(Value::as_table);
        let platforms = platforms.into_iter().flat_map(|targets| targets.values()).filter_map(Value::as_table);
        let tables = std::iter::once(&self.table).chain(platforms);
        let mut names = Vec::new();
        for (table, kind) in tables.flat_map(|table| kinds.iter().map(move |kind| (table, kind))) {
            for (key, value) in table.get(*kind).and_then(Value::as_table).into_iter().flatten() {
                names.push(value.get("package").and_then(Value::as_str).unwrap_or(key).to_owned());
            }
        }
        names
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn crates() -> Vec<Manifest> {
    let entries = fs::read_dir(root().join("crates")).unwrap_or_else(|error| panic!("crates: {error}"));
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.into_iter().map(Manifest::read).collect()
}

/// What is wrong with the dependencies of one crate.
fn complaints(manifest: &Manifest) -> Vec<String> {
    let name = &manifest.name;
    let Some((_, allowed)) = ARROWS.iter().find(|(crate_, _)| crate_ == name) else {
        return vec![format!("{name} stands in no layer")];
    };
    let ours = |name: &str| name.starts_with("otr-") || name == "xtask";
    let all = manifest.dependencies(&["dependencies", "dev-dependencies", "build-dependencies"]);
    let mut complaints: Vec<_> = all
        .iter()
        .filter(|used| ours(used) && !allowed.contains(&used.as_str()))
        .map(|used| format!("{name} must not know {used}"))
        .collect();
    for used in manifest.dependencies(&["dependencies", "build-dependencies"]) {
        if SANS_IO.contains(&name.as_str()) && OUTSIDE.contains(&used.as_str()) {
            complaints.push(format!("{name} is handed time, chance and messages; it must not use {used}"));
        }
        if used == "num-bigint" {
            complaints.push(format!("{name}: num-bigint is an oracle for tests and never sees a secret of a user"));
        }
    }
    complaints
}

#[test]
fn arrows_only_point_down() {
    let complaints: Vec<_> = crates().iter().flat_map(complaints).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn an_arrow_that_points_up_is_found() {
    let manifest = |text: &str| {
        let table: Table = text.parse().unwrap_or_else(|error| panic!("{error}"));
        Manifest { name: "otr-session".to_owned(), table, folder: PathBuf::new() }
    };
    for (bad, count) in [
        ("[dependencies]\notr-store.workspace = true", 1),
        ("[dev-dependencies]\nlow = { package = \"otr-cli\", path = \"../otr-cli\" }", 1),
        ("[target.'cfg(unix)'.dependencies]\ntokio = \"1\"\notr-transport = \"0.1\"", 2),
        ("[build-dependencies]\ngetrandom = \"0.4\"\nnum-bigint = \"0.5\"", 2),
        ("[dependencies]\notr-wire.workspace = true\nthiserror = \"2\"\n[dev-dependencies]\ngetrandom = \"0.4\"", 0),
    ] {
        assert_eq!(complaints(&manifest(bad)).len(), count, "{bad}");
    }
}

/// xtask is what everyone compiles first, so it uses none of the crates it tests.
#[test]
fn xtask_stands_alone() {
    let manifest = Manifest::read(root().join("xtask"));
    let ours: Vec<_> =
        manifest.dependencies(&["dependencies"]).into_iter().filter(|name| name.starts_with("otr")).collect();
    assert!(ours.is_empty(), "{ours:?}");
}

// attack: G-9
#[test]
fn the_inner_crates_read_no_clock_and_draw_no_randomness() {
    let mut found = Vec::new();
    for manifest in crates().iter().filter(|manifest| SANS_IO.contains(&manifest.name.as_str())) {
        for path in rust_files(&manifest.folder.join("src")).into_iter().filter(|path| !path.ends_with("tests.rs")) {
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in code.filter(|line| CLOCK_AND_CHANCE.iter().any(|word| line.contains(word))) {
                found.push(format!("{}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

// attack: G-10
#[test]
fn unsafe_code_is_forbidden_in_every_crate() {
    let workspace = Manifest::read(root()).table;
    let lint = |table: &Table, names: &[&str]| {
        names.iter().try_fold(Value::Table(table.clone()), |value, name| value.get(name).cloned())
    };
    let forbidden = lint(&workspace, &["workspace", "lints", "rust", "unsafe_code"]);
    assert_eq!(forbidden, Some(Value::String("forbid".to_owned())));
    for manifest in crates() {
        let inherited = lint(&manifest.table, &["lints", "workspace"]);
        assert_eq!(inherited, Some(Value::Boolean(true)), "{} must inherit the lints", manifest.name);
    }
}
