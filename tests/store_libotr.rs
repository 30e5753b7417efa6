//! Keys, trust and instance tags go from libotr to us and back: the same homes, used by one program and then the other.

#![expect(clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::path::Path;

use otr_tests::interop::{Program, Programs};
use otr_tests::process::{Notification, Process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Names that have to be quoted or escaped in the files.
const NAMES: [&str; 2] = ["alice \"al\" \\ l\u{ef}ddell", "bob@example.org/home"];

/// Two programs, each in a home, and what they say to each other.
struct Talk {
    processes: [Process; 2],
    heard: [Vec<Notification>; 2],
}

impl Talk {
    fn begin(programs: [&Program; 2], homes: [&Path; 2]) -> Self {
        let start = |end: usize| {
            let home = homes[end].display().to_string();
            let arguments = ["--home", &home, "--account", NAMES[end], "--protocol", "prpl-irc", "--policy", "manual"];
            programs[end].start(&arguments).unwrap_or_else(|error| panic!("{error}"))
        };
        Self { processes: [start(0), start(1)], heard: [Vec::new(), Vec::new()] }
    }

    /// Asks the program at `end`, and lets the two talk until nothing more comes.
    fn call(&mut self, end: usize, method: &str, params: &Value) -> Value {
        let (result, mut to_carry) = self.request(end, method, params);
        while let Some((to, message)) = to_carry.pop() {
            let receive = json!({"peer": NAMES[1 - to], "message": message});
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
        self.call(0, "start", &json!({"peer": NAMES[1]}));
        [0, 1].map(|end| {
            let status = self.call(end, "status", &json!({"peer": NAMES[1 - end]}));
            assert_eq!(status["state"], "encrypted", "{status}");
            let new = self.heard[end].iter().any(|notification| notification.method == "fingerprint");
            (status["trusted"] == true, new)
        })
    }

    fn trust(&mut self, end: usize, fingerprint: &Value, trusted: bool) {
        self.call(end, "trust", &json!({"peer": NAMES[1 - end], "fingerprint": fingerprint, "trusted": trusted}));
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
    let mut talk = Talk::begin([&libotr, &programs.otr], homes);
    let identities = talk.identities();
    assert_eq!(talk.meet(), [(false, true); 2], "never met");
    talk.trust(0, &identities[1].0, true);
    talk.trust(1, &identities[0].0, true);
    talk.finish();

    // Each program in the other's home.
    let mut talk = Talk::begin([&programs.otr, &libotr], homes);
    assert_eq!(talk.identities(), identities);
    assert_eq!(talk.meet(), [(true, false); 2], "met before, and verified");
    talk.trust(0, &identities[1].0, false);
    talk.finish();

    // And back: what we wrote, libotr reads.
    let mut talk = Talk::begin([&libotr, &programs.otr], homes);
    assert_eq!(talk.identities(), identities);
    assert_eq!(talk.meet(), [(false, false), (true, false)], "the trust that was taken back, and nothing else");
    talk.trust(0, &identities[1].0, true);
    talk.finish();

    let mut talk = Talk::begin([&libotr, &libotr], homes);
    assert_eq!(talk.identities(), identities);
    assert_eq!(talk.meet(), [(true, false); 2]);
    talk.finish();
}
