//! The other side has another key, in the middle of a conversation and between two, where the old one was verified and
//! where it was not: what the engine and the chat say, and that nothing that was typed goes to the new key unasked.

mod chat;
mod engine;

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::support::engine::{Engine, Note, all};

/// When the other side gets its new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    InTheMiddle,
    Between,
}

/// Whether the old key was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Old {
    Verified,
    Unverified,
}

const CASES: [(When, Old); 4] = [
    (When::InTheMiddle, Old::Verified),
    (When::InTheMiddle, Old::Unverified),
    (When::Between, Old::Verified),
    (When::Between, Old::Unverified),
];

/// Homes for Alice and for Bob with his old key and with his new one.
struct Homes(TempDir);

/// Who has a home, and the account there.
const EACH: [(&str, &str); 3] = [("alice", "alice"), ("bob", "bob"), ("bob anew", "bob")];

impl Homes {
    /// Homes that have keys and tags, and nothing else. The keys are made once.
    fn new() -> Self {
        static MADE: OnceLock<TempDir> = OnceLock::new();
        let made = MADE.get_or_init(|| {
            let homes = Self(tempfile::tempdir().unwrap());
            for (home, account) in EACH {
                assert!(homes.engine(home, account).finish().1.success());
            }
            // The chat over TCP has a name of its own for its network.
            let home = homes.of("alice").display().to_string();
            let chat = Engine::spawn(&["--home", &home, "--account", "alice", "--protocol", "otr-tcp"]);
            assert!(chat.finish().1.success());
            homes.0
        });
        let homes = Self(tempfile::tempdir().unwrap());
        for (home, _) in EACH {
            fs::create_dir(homes.of(home)).unwrap();
            for name in ["otr.private_key", "otr.ed25519_keys", "otr.instance_tags"] {
                fs::copy(made.path().join(home).join(name), homes.of(home).join(name)).unwrap();
            }
        }
        homes
    }

    fn of(&self, who: &str) -> PathBuf {
        self.0.path().join(who)
    }

    fn engine(&self, home: &str, account: &str) -> Engine {
        Engine::spawn(&["--home", self.of(home).to_str().unwrap(), "--account", account])
    }

    /// Bob with his new key; on the same client to all appearances, if he is to have the same instance tag.
    fn bob_anew(&self, same_instance: bool) -> Engine {
        if same_instance {
            let tags = "otr.instance_tags";
            fs::copy(self.of("bob").join(tags), self.of("bob anew").join(tags)).unwrap();
        }
        self.engine("bob anew", "bob")
    }
}

/// The texts that were received; heartbeats have none.
fn texts(notes: &[Note]) -> Vec<&str> {
    all(notes, "message")
        .into_iter()
        .filter_map(|message| message["text"].as_str())
        .filter(|text| !text.is_empty())
        .collect()
}
