//! Keys, trust and instance tags go from libotr to us and back: the same homes, used by one program and then the other.

#![expect(clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::path::Path;
use std::time::SystemTime;

use otr_crypto::Fingerprint;
use otr_store::{How, Store, Verification};
use otr_tests::interop::{Program, Programs};
use otr_tests::process::{Notification, Process};
use otr_tests::store::{files, key};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Two accounts, and the word for the network they are on, as some program writes them.
#[derive(Clone, Copy)]
struct Naming {
    accounts: [&'static str; 2],
    protocol: &'static str,
}

const fn naming(first: &'static str, second: &'static str, protocol: &'static str) -> Naming {
    Naming { accounts: [first, second], protocol }
}

/// Names that have to be quoted or escaped in the files.
const ODD: Naming = naming("alice \"al\" \\ l\u{ef}ddell", "bob@example.org/home", "prpl-irc");

/// What the programs on libotr call their accounts: Pidgin, irssi, HexChat, Profanity, MCabber and BitlBee, and Pidgin on
/// IRC.
const NAMINGS: [Naming; 7] = [
    naming("alice@localhost/pidgin", "bob@localhost", "prpl-jabber"),
    naming("bed", "bob", "IRC"),
    naming("alice@NETWORK", "bob", "IRC"),
    naming("alice@localhost", "bob@localhost", "xmpp"),
    naming("alice@localhost", "bob@localhost", "jabber"),
    naming("12345", "bob@localhost", "jabber"),
    naming("alice@127.0.0.1", "bob", "prpl-irc"),
];

/// Two programs, each in a home, and what they say to each other.
struct Talk {
    names: [&'static str; 2],
    processes: [Process; 2],
    heard: [Vec<Notification>; 2],
}

impl Talk {
    fn begin(programs: [&Program; 2], homes: [&Path; 2], naming: Naming) -> Self {
        let Naming { accounts, protocol } = naming;
        let start = |end: usize| {
            let home = homes[end].display().to_string();
            let names = ["--home", &home, "--account", accounts[end], "--protocol", protocol, "--policy", "manual"];
            programs[end].start(&names).unwrap_or_else(|error| panic!("{error}"))
        };
        Self { names: accounts, processes: [start(0), start(1)], heard: [Vec::new(), Vec::new()] }
    }

    /// Asks the program at `end`, and lets the two talk until nothing more comes.
    fn call(&mut self, end: usize, method: &str, params: &Value) -> Value {
        let (result, mut to_carry) = self.request(end, method, params);
        while let Some((to, message)) = to_carry.pop() {
            let receive = json!({"peer": self.names[1 - to], "message": message});
            let (_, more) = self.request(to, "receive", &receive);
            to_carry.splice(0..0, more.into_iter().rev());
        }
        result
    }

    /// One request; what it puts on the network is returned with its receiver, first message first.
    fn request(&mut self, end: usize, method: &str, params: &Value) -> (Value, Vec<(usize, Value)>) {
        let answer = self.processes[end].request(method, params).unwrap_or_else(|error| panic!("{method}: {error}"));
        let (injected, said): (Vec<_>, Vec<_>) =
            answer.notifications.into_iter().partition(|notification| notification.method == "inject");
        self.heard[end].extend(said);
        let injected = injected.into_iter().map(|inject| (1 - end, inject.params["message"].clone()));
        let result = answer.outcome.unwrap_or_else(|error| panic!("{method}: {error}"));
        (result, injected.collect())
    }

    /// A private conversation; for each end whether it trusts the other, and whether it has seen it for the first time.
    fn meet(&mut self) -> [(bool, bool); 2] {
        self.call(0, "start", &json!({"peer": self.names[1]}));
        [0, 1].map(|end| {
            let status = self.call(end, "status", &json!({"peer": self.names[1 - end]}));
            assert_eq!(status["state"], "encrypted", "{status}");
            let new = self.heard[end].iter().any(|notification| notification.method == "fingerprint");
            (status["trusted"] == true, new)
        })
    }

    fn trust(&mut self, end: usize, fingerprint: &Value, trusted: bool) {
        let peer = self.names[1 - end];
        self.call(end, "trust", &json!({"peer": peer, "fingerprint": fingerprint, "trusted": trusted}));
    }

    /// Who they are: fingerprint and instance tag.
    fn identities(&mut self) -> [(Value, Value); 2] {
        [0, 1].map(|end| {
            let identity = self.call(end, "identity", &json!({}));
            (identity["fingerprint"].clone(), identity["instance_tag"].clone())
        })
    }

    fn finish(self) {
        for process in self.processes {
            process.finish().unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

// attack: REL-8, FILE-8
#[test]
fn keys_trust_and_tags_survive_the_way_from_libotr_to_us_and_back() {
    let programs = Programs::build().unwrap_or_else(|error| panic!("{error}"));
    let libotr = programs.peer("libotr").unwrap_or_else(|error| panic!("{error}"));
    let homes = [(); 2].map(|()| TempDir::new().unwrap_or_else(|error| panic!("{error}")));
    let homes = [homes[0].path(), homes[1].path()];

    // The keys of one are made by libotr, those of the other by us.
    let mut talk = Talk::begin([&libotr, &programs.otr], homes, ODD);
    let identities = talk.identities();
    assert_eq!(talk.meet(), [(false, true); 2], "never met");
    talk.trust(0, &identities[1].0, true);
    talk.trust(1, &identities[0].0, true);
    talk.finish();

    // Each program in the other's home.
    let mut talk = Talk::begin([&programs.otr, &libotr], homes, ODD);
    assert_eq!(talk.identities(), identities);
    assert_eq!(talk.meet(), [(true, false); 2], "met before, and verified");
    talk.trust(0, &identities[1].0, false);
    talk.finish();

    // And back: what we wrote, libotr reads.
    let mut talk = Talk::begin([&libotr, &programs.otr], homes, ODD);
    assert_eq!(talk.identities(), identities);
    assert_eq!(talk.meet(), [(false, false), (true, false)], "the trust that was taken back, and nothing else");
    talk.trust(0, &identities[1].0, true);
    talk.finish();

    let mut talk = Talk::begin([&libotr, &libotr], homes, ODD);
    assert_eq!(talk.identities(), identities);
    assert_eq!(talk.meet(), [(true, false); 2]);
    talk.finish();
}

/// What stands in `new` and not in `old`, if nothing else differs.
fn added(old: &[u8], new: &[u8]) -> String {
    let before = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let after = old[before..].iter().rev().zip(new[before..].iter().rev()).take_while(|(a, b)| a == b).count();
    assert_eq!(before + after, old.len(), "something is gone");
    String::from_utf8_lossy(&new[before..new.len() - after]).into_owned()
}

// attack: REL-8, FILE-8
#[test]
fn a_change_to_files_of_libotr_changes_only_what_was_meant() {
    let programs = Programs::build().unwrap_or_else(|error| panic!("{error}"));
    let libotr = programs.peer("libotr").unwrap_or_else(|error| panic!("{error}"));
    for naming in NAMINGS {
        let Naming { accounts: [alice, bob], protocol } = naming;
        let homes = [(); 2].map(|()| TempDir::new().unwrap_or_else(|error| panic!("{error}")));
        let homes = [homes[0].path(), homes[1].path()];
        let mut talk = Talk::begin([&libotr, &libotr], homes, naming);
        let identities = talk.identities();
        talk.meet();
        talk.finish();
        let print = |end: usize| -> Fingerprint {
            let text = identities[end].0.as_str().unwrap_or_default();
            text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
        };

        let theirs = files(homes[0]);
        let store = &mut Store::open(homes[0]).unwrap_or_else(|error| panic!("{error}"));
        let change = |outcome: Result<(), otr_store::Error>| outcome.unwrap_or_else(|error| panic!("{alice}: {error}"));
        assert_eq!(store.damage(), Ok(vec![]), "{alice}");
        let ours = store.identity(alice, protocol).unwrap_or_else(|error| panic!("{alice}: {error}"));
        let ours = ours.unwrap_or_else(|| panic!("{alice} has no key"));
        assert_eq!(ours.public_key().fingerprint(), print(0));
        let known = store.known_identities().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((known.len(), known[0].known.contact.as_str(), known[0].known.fingerprint), (1, bob, print(1)));

        // What it has already is written without a difference.
        change(store.save_identity(alice, protocol, &ours));
        change(store.save_fingerprint(&known[0].known));
        let tag = store.instance_tag(alice, protocol).ok().flatten().unwrap_or_else(|| panic!("{alice} has no tag"));
        change(store.save_instance_tag(alice, protocol, tag));
        assert_eq!(files(homes[0]), theirs, "{alice}");

        // A decision, another account, and its tag.
        change(store.verify(bob, alice, protocol, &print(1), How::ByHand, SystemTime::UNIX_EPOCH));
        change(store.save_identity("another", "irc", &key(1)));
        change(store.save_instance_tag("another", "irc", 0x1234));
        let changed = files(homes[0]);
        let added = |name: &str| added(&theirs[name], &changed[name]);
        assert_eq!(added("otr.fingerprints"), "verified", "{alice}");
        assert_eq!(added("otr.instance_tags"), "another\tirc\t00001234\n", "{alice}");
        let account = added("otr.private_key");
        assert!(account.contains("(account\n(name another)") && account.matches("(dsa").count() == 1, "{account}");

        // libotr goes on with it, and takes the decision back.
        let mut talk = Talk::begin([&libotr, &libotr], homes, naming);
        assert_eq!(talk.identities(), identities);
        assert_eq!(talk.meet(), [(true, false), (false, false)], "{alice}");
        talk.trust(0, &identities[1].0, false);
        talk.finish();
        let known = store.known_identities().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(known[0].verification, Verification::None, "{alice}");
    }
}
