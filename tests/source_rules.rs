//! What the sources and their dependencies must not hold, so that whole kinds of faults cannot be.

#![expect(clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use otr_tests::workspace::{metadata, rust_files};
use serde_json::Value;

/// The crates that a host puts into its own program.
const LIBRARIES: &[&str] = &[
    "otr-wire",
    "otr-crypto",
    "otr-ake",
    "otr-smp",
    "otr-session",
    "otr-store",
    "otr-migrate",
    "otr-toolkit",
    "otr-transport",
    "otr-transport-irc",
    "otr-transport-matrix",
    "otr-transport-tcp",
    "otr-transport-tls",
    "otr-transport-xmpp",
];

/// Crates that make text from templates known only at run time. The format strings of Rust itself are read by the
/// compiler, which takes nothing but literals.
const TEMPLATES: &[&str] = &[
    "askama",
    "dynfmt",
    "formatx",
    "handlebars",
    "interpolator",
    "leon",
    "liquid",
    "minijinja",
    "mustache",
    "new_string_template",
    "ramhorns",
    "rinja",
    "rt-format",
    "runtime-format",
    "sprintf",
    "strfmt",
    "string_template",
    "subst",
    "tera",
    "text-template",
    "tinytemplate",
    "upon",
];

/// How a library writes by itself, without its host.
const WRITING: &[&str] = &["print!(", "println!(", "eprint!(", "eprintln!(", "dbg!(", "stdout()", "stderr()", "syslog"];

/// How code stops a program on purpose.
const STOPPING: &[&str] = &[
    ".unwrap()",
    ".expect(",
    "panic!(",
    "unreachable!(",
    "todo!(",
    "unimplemented!(",
    "process::abort",
    "process::exit",
    "assert!(",
    "assert_eq!(",
    "assert_ne!(",
];

/// How values are shared between threads, or hidden from whoever holds the whole.
const SHARED: &[&str] = &[
    "static mut",
    "thread_local!",
    "RefCell",
    "UnsafeCell",
    "Cell<",
    "Rc<",
    "OnceLock",
    "OnceBox",
    "LazyLock",
    "Mutex",
    "RwLock",
];

/// Where that is done for what can have one value only, and is computed when it is first needed.
const CONSTANTS: &[&str] = &["otr-wire/src/armour.rs", "otr-crypto/src/group.rs", "otr-crypto/src/dsa/modulus.rs"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The lines of a crate that end up in a program: neither comments nor what only tests have.
fn code(name: &str) -> Vec<(String, String)> {
    let folder = root().join("crates").join(name).join("src");
    let mut lines = Vec::new();
    for path in rust_files(&folder) {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if text.contains("#![cfg(test)]") || is_test_module(&folder, &path) {
            continue;
        }
        let place = path.strip_prefix(root().join("crates")).unwrap_or(&path).display().to_string();
        let code = product(&text).into_iter().map(|line| (place.clone(), line));
        lines.extend(code);
    }
    assert!(!lines.is_empty(), "{name} has no sources");
    lines
}

/// Whether the file holds nothing but tests, by its name or because the crate's root declares it so.
fn is_test_module(folder: &Path, path: &Path) -> bool {
    let within = path.strip_prefix(folder).unwrap_or(path);
    if path.ends_with("tests.rs") || within.components().any(|part| part.as_os_str() == "tests") {
        return true;
    }
    let library = fs::read_to_string(folder.join("lib.rs")).unwrap_or_default();
    let module = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    library.contains(&format!("#[cfg(test)]\nmod {module};"))
}

/// The lines before the tests, without comments.
fn product(text: &str) -> Vec<String> {
    let end = text.find("\n#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text.get(..end).unwrap_or_default().lines().map(str::trim);
    lines.filter(|line| !line.starts_with("//")).map(str::to_owned).collect()
}

fn found(crates: &[&str], words: &[&str]) -> Vec<String> {
    let lines = crates.iter().flat_map(|name| code(name));
    let hits = lines.filter(|(_, line)| words.iter().any(|word| has(line, word)));
    hits.map(|(place, line)| format!("{place}: {line}")).collect()
}

/// Whether the word stands in the line, and not as the end of a longer one.
fn has(line: &str, word: &str) -> bool {
    let begins = |at: usize| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !word.starts_with(char::is_alphabetic) || before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    };
    line.match_indices(word).any(|(at, _)| begins(at))
}

/// What the program is built from, by name.
fn shipped() -> BTreeSet<String> {
    let metadata = metadata();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names: BTreeMap<_, _> =
        list(&metadata["packages"]).iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let nodes: BTreeMap<_, _> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
    let mut waiting: VecDeque<_> =
        names.iter().filter(|(_, name)| *name == "otr-cli").map(|(id, _)| id.clone()).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop_front() {
        if seen.insert(id.clone()) {
            let used = nodes.get(&id).map(|node| list(&node["deps"])).unwrap_or_default();
            let normal = used.iter().filter(|used| list(&used["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()));
            waiting.extend(normal.map(|used| text(&used["pkg"])));
        }
    }
    seen.iter().filter_map(|id| names.get(id).cloned()).collect()
}

// attack: TEXT-4
#[test]
fn no_text_is_ever_a_format() {
    let shipped = shipped();
    assert!(shipped.contains("otr-session") && shipped.contains("thiserror"), "{shipped:?}");
    let templates: Vec<_> = TEMPLATES.iter().filter(|name| shipped.contains(**name)).collect();
    assert!(templates.is_empty(), "{templates:?}");
    let everything = [LIBRARIES, &["otr-cli"]].concat();
    let foreign = found(&everything, &["printf", "extern \"C\"", "libc::", "fmt::Arguments", "from_utf8_unchecked"]);
    assert!(foreign.is_empty(), "{foreign:#?}");
}

// attack: DOS-7, STATE-14
#[test]
fn libraries_write_nothing_by_themselves() {
    let written = found(LIBRARIES, &[WRITING, &["log::", "tracing::", "slog::", "defmt::"]].concat());
    assert!(written.is_empty(), "{written:#?}");
}

/// The program complains of its own files and streams, and of what its host asks; nothing that comes over the network
/// makes a line in its log. (What it shows of warnings is joined by the session: DOS-6.)
// attack: DOS-7
#[test]
fn the_program_logs_nothing_per_message() {
    let mut places: Vec<_> = found(&["otr-cli"], &["log("]);
    places.retain(|place| !place.contains("fn log("));
    let expected = [
        ("otr-cli/src/accounts/command.rs", 2),
        ("otr-cli/src/chat/input.rs", 2),
        ("otr-cli/src/engine/lines.rs", 1),
        ("otr-cli/src/engine/mod.rs", 3),
        ("otr-cli/src/keys/list.rs", 1),
        ("otr-cli/src/profile.rs", 5),
    ];
    for (file, count) in expected {
        let here = places.iter().filter(|place| place.starts_with(file)).count();
        assert_eq!(here, count, "{file}: is the new line bounded whatever comes over the network? {places:#?}");
    }
    assert_eq!(places.len(), 14, "{places:#?}");
}

// attack: DOS-10
#[test]
fn no_library_stops_a_program() {
    let mut stops = found(LIBRARIES, STOPPING);
    // What the compiler evaluates stops the compiler.
    stops.retain(|stop| !stop.contains("const { assert!("));
    assert!(stops.is_empty(), "{stops:#?}");
}

// attack: REL-7
#[test]
fn nothing_is_shared_behind_the_back_of_its_owner() {
    let mut shared = found(&["otr-wire", "otr-crypto", "otr-ake", "otr-smp", "otr-session", "otr-toolkit"], SHARED);
    shared.retain(|line| !CONSTANTS.iter().any(|place| line.starts_with(place)));
    assert!(shared.is_empty(), "{shared:#?}");
}

#[test]
fn tests_and_comments_are_not_searched() {
    let text = "fn a() {}\n// panic!()\n\n#[cfg(test)]\nmod tests {\n    panic!()\n}\n";
    assert_eq!(product(text), ["fn a() {}"]);
    assert!(has("x.unwrap()", ".unwrap()") && has("a; panic!()", "panic!(") && !has("catalog(x)", "log("));
}
