//! The screens of the chat.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use otr_crypto::Fingerprint;
use serde_json::json;

use super::{CASES, Homes, Old, When, texts};
use crate::support::engine::{Engine, Note, all};
use crate::support::process::{Process, otr};

/// After this long without a message something hangs, and the test ends.
const HANGS: Duration = Duration::from_secs(60);

/// Alice's chat at her home, waiting to be called.
fn alice(homes: &Homes) -> (Process, String) {
    let home = homes.of("alice").display().to_string();
    let mut chat =
        Process::spawn(otr(&["chat", "--listen", "127.0.0.1:0", "--home", &home, "--name", "alice", "--peer", "bob"]));
    let line = chat.expect("listening on");
    let address = line.split_whitespace().find_map(|word| word.strip_suffix(',')).unwrap().to_owned();
    (chat, address)
}

/// A call of Bob's: what his engine says goes to Alice, and what Alice says to it.
struct Call {
    stream: TcpStream,
    messages: Receiver<String>,
}

impl Call {
    fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        let mut from = stream.try_clone().unwrap();
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut length = [0; 4];
            while from.read_exact(&mut length).is_ok() {
                let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
                if from.read_exact(&mut body).is_err() || sender.send(String::from_utf8(body).unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { stream, messages }
    }

    fn send(&mut self, notes: &[Note]) {
        for inject in all(notes, "inject") {
            let body = inject["message"].as_str().unwrap().as_bytes();
            self.stream.write_all(&u32::try_from(body.len()).unwrap().to_be_bytes()).unwrap();
            self.stream.write_all(body).unwrap();
        }
    }

    /// Has Bob's engine start a conversation, and carries messages until it is private.
    fn start(&mut self, bob: &mut Engine) -> Vec<Note> {
        let reply = bob.request("start", json!({"peer": "alice"}));
        reply.result.unwrap();
        self.send(&reply.notes);
        self.carry(bob, |bob| bob.status("alice")["state"] == "encrypted")
    }

    /// Carries messages until `enough`, and gives what Bob's engine said meanwhile.
    fn carry(&mut self, bob: &mut Engine, enough: impl Fn(&mut Engine) -> bool) -> Vec<Note> {
        let mut seen = Vec::new();
        while !enough(bob) {
            let message = self.messages.recv_timeout(HANGS).unwrap();
            seen.extend(self.deliver(bob, &message));
        }
        seen
    }

    /// The same until Bob has read `text`.
    fn carry_text(&mut self, bob: &mut Engine, text: &str) -> Vec<Note> {
        let mut seen = Vec::new();
        while !texts(&seen).contains(&text) {
            let message = self.messages.recv_timeout(HANGS).unwrap();
            seen.extend(self.deliver(bob, &message));
        }
        seen
    }

    /// Carries what comes until Alice hangs up.
    fn carry_rest(&mut self, bob: &mut Engine) -> Vec<Note> {
        let mut seen = Vec::new();
        while let Ok(message) = self.messages.recv_timeout(HANGS) {
            let reply = bob.request("receive", json!({"peer": "alice", "message": message}));
            seen.extend(reply.notes);
        }
        seen
    }

    fn deliver(&mut self, bob: &mut Engine, message: &str) -> Vec<Note> {
        let reply = bob.request("receive", json!({"peer": "alice", "message": message}));
        reply.result.unwrap();
        self.send(&reply.notes);
        reply.notes
    }
}

/// The fingerprint of an engine as it is shown.
fn print(engine: &mut Engine) -> String {
    let hex = engine.ask("identity", json!({}))["fingerprint"].as_str().unwrap().to_owned();
    hex.parse::<Fingerprint>().unwrap().to_string()
}

/// The lines that something is wrong with, as they come.
fn complaints(chat: &mut Process, expected: &[String]) {
    for line in expected {
        assert_eq!(chat.next_error().as_deref(), Some(line.as_str()));
    }
}

fn changed(old: &str, new: &str, blocked: bool) -> Vec<String> {
    let mut lines = vec![
        "! bob shows a fingerprint that is not the one known before".to_owned(),
        "! a new device, a new key, or somebody else: ask before you trust it".to_owned(),
        "! bob's identity has changed".to_owned(),
        format!("! it was:             {old}"),
        format!("! it is now:          {new}"),
    ];
    if blocked {
        lines.push(
            "! you had verified the old one: nothing is sent until you /verify or /accept the new one".to_owned(),
        );
    }
    lines
}

// attack: AKE-13, ID-7
#[test]
fn a_changed_key_is_shown_and_gets_nothing_unasked() {
    for (when, old_is) in CASES {
        let homes = Homes::new();
        let mut bob = homes.engine("bob", "bob");
        let old = print(&mut bob);
        let (mut chat, address) = alice(&homes);
        let mut call = Call::to(&address);
        call.start(&mut bob);
        chat.expect("* bob's fingerprint is seen for the first time");
        chat.expect("* private (unverified)");
        if old_is == Old::Verified {
            chat.line("/verify");
            chat.expect("* private (verified)");
        }
        chat.line("to the old key");
        call.carry_text(&mut bob, "to the old key");

        let mut bob = homes.bob_anew(true);
        let new = print(&mut bob);
        if when == When::Between {
            chat.line("/quit");
            while call.messages.recv_timeout(HANGS).is_ok() {}
            assert!(chat.finish().2.success());
            let address;
            (chat, address) = alice(&homes);
            call = Call::to(&address);
            chat.expect("connected");
        }
        // Typed before anything can be known: read by nobody.
        chat.line("too early");
        if when == When::Between {
            chat.expect("alice (waits): too early");
        } else {
            chat.expect("too early");
        }
        let mut seen = call.start(&mut bob);

        let blocked = old_is == Old::Verified;
        if when == When::InTheMiddle {
            let says = "! bob's program reports, unauthenticated: An encrypted message of yours could not be read.";
            complaints(&mut chat, &[says.to_owned()]);
        }
        let lines = match (when, old_is) {
            (When::Between, Old::Unverified) => changed(&old, &new, false)[..2].to_vec(),
            _ => changed(&old, &new, blocked),
        };
        complaints(&mut chat, &lines);
        chat.expect("* private (unverified)");
        assert!(chat.expect("* bob's:").ends_with(&new));
        if when == When::Between && old_is == Old::Unverified {
            chat.expect("! not delivered, and given back to you: too early");
        }
        if blocked {
            chat.line("a secret");
            complaints(
                &mut chat,
                &["! not sent: the other side's identity has changed; /verify or /accept it first".to_owned()],
            );
            chat.line("/status");
            complaints(
                &mut chat,
                &["! the identity has changed: nothing is sent until you /verify or /accept it".to_owned()],
            );
            assert_eq!(texts(&seen), [""; 0], "{when:?}");
            chat.line("/accept");
            chat.expect("is accepted until you leave, though not verified");
        }
        chat.line("now that I know");
        let short = new.split(' ').next().unwrap();
        chat.expect(&format!("alice -> {short}: now that I know"));
        seen.extend(call.carry_text(&mut bob, "now that I know"));
        chat.line("/quit");
        seen.extend(call.carry_rest(&mut bob));

        // What waited for a decision goes where the decision says; all else that was typed before it goes nowhere.
        let waited: &[&str] = if (when, blocked) == (When::Between, true) { &["too early"] } else { &[] };
        assert_eq!(texts(&seen), [waited, &["now that I know"]].concat(), "{when:?}, {old_is:?}");
        let (_, errors, status) = chat.finish();
        assert!(status.success(), "{errors:?}");
    }
}

// attack: FILE-9, ID-5
#[test]
fn what_another_program_decides_is_shown_and_holds() {
    let homes = Homes::new();
    let mut bob = homes.engine("bob", "bob");
    let fingerprint = print(&mut bob);
    let (mut chat, address) = alice(&homes);
    let mut call = Call::to(&address);
    call.start(&mut bob);
    chat.expect("* private (unverified)");
    let home = homes.of("alice").display().to_string();
    for (verb, mark, state) in [
        ("verify", "marked as verified", "* private (verified)"),
        ("distrust", "no longer marked as verified", "* private (unverified)"),
    ] {
        let (_, errors, status) = Process::spawn(otr(&["keys", "--home", &home, verb, "bob", &fingerprint])).finish();
        assert!(status.success(), "{errors:?}");
        chat.line("/status");
        assert_eq!(chat.expect("in another program"), format!("* {fingerprint} was {mark} in another program"));
        assert_eq!(chat.next().as_deref(), Some(state));
    }
    chat.line("/quit");
    call.carry_rest(&mut bob);
    let (_, errors, status) = chat.finish();
    assert!(status.success() && errors.is_empty(), "{errors:?}");
}
