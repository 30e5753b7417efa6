//! `otr chat`: two programs over the loopback interface, and what it says when something is wrong.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use crate::support::process::{Process, otr};

fn listen(more: &[&str]) -> (Process, String) {
    listening(Process::spawn(otr(&[&["chat", "--listen", "127.0.0.1:0"], more].concat())))
}

/// `chat`, and where it listens.
fn listening(mut chat: Process) -> (Process, String) {
    let line = chat.expect("listening on");
    let address = line.split_whitespace().find_map(|word| word.strip_suffix(',')).unwrap().to_owned();
    (chat, address)
}

fn call(address: &str, more: &[&str]) -> Process {
    Process::spawn(otr(&[&["chat", "--connect", address], more].concat()))
}

/// Alice, who was called, and Bob, who has called her, in private.
fn pair() -> (Process, Process) {
    let (mut alice, address) = listen(&["--ephemeral", "--name", "alice", "--peer", "bob"]);
    let mut bob = call(&address, &["--ephemeral", "--name", "bob", "--peer", "alice"]);
    alice.expect("* private (unverified)");
    bob.expect("* private (unverified)");
    (alice, bob)
}

fn only_error(process: Process) -> String {
    let (_, errors, status) = process.finish();
    assert_eq!((status.code(), errors.len()), (Some(1), 1), "{errors:?}");
    errors[0].clone()
}

#[test]
fn lines_go_both_ways_in_private() {
    let (mut alice, mut bob) = pair();
    let ours = alice.expect("* session id:");
    let theirs = bob.expect("* session id:");
    let digits = |line: &str| line.chars().filter(char::is_ascii_hexdigit).take(40).collect::<String>();
    assert_eq!(digits(&ours), digits(&theirs));
    assert_ne!(ours, theirs, "each reads out another half");

    alice.line("hello Bob");
    assert_eq!(bob.expect("hello Bob"), "alice: hello Bob");
    bob.line("//etc/hosts");
    assert_eq!(alice.expect("/etc/hosts"), "bob: /etc/hosts");
    bob.line("/qiut");
    bob.expect_error("/qiut is no command, and was not sent");
    bob.line("/verify");
    bob.expect("* private (verified)");
    bob.line("/distrust");
    bob.expect("* private (unverified)");
    bob.line("/start");
    alice.expect("* private (unverified), with fresh keys");

    bob.line("/end");
    bob.expect("* plain");
    alice.expect("* finished: bob has ended");
    alice.line("anybody there?");
    alice.expect_error("! not sent: ");
    alice.line("/start");
    bob.expect("* private (unverified)");
    alice.expect("* private (unverified)");
    alice.line("again");
    bob.expect("alice: again");

    bob.line("/quit");
    let (rest, errors, status) = bob.finish();
    assert!(status.success() && errors.is_empty(), "{errors:?}");
    assert!(!rest.iter().any(|line| line.contains("anybody there")), "{rest:?}");
    alice.expect("* bob has left; waiting for the next call");
    alice.line("too late");
    alice.expect_error("! not sent: ");
    assert!(alice.finish().2.success());
}

#[test]
fn each_line_is_told_as_waiting_and_as_sent_to_a_key() {
    let (mut alice, address) = listen(&["--ephemeral", "--name", "alice", "--peer", "bob", "--no-curve25519"]);
    alice.line("before anybody is there");
    assert_eq!(alice.expect("before anybody"), "alice (waits): before anybody is there");
    let mut bob = call(&address, &["--ephemeral", "--name", "bob", "--peer", "alice"]);
    let fingerprint = bob.expect("* your fingerprint:");
    let key = fingerprint.split_whitespace().nth(3).unwrap();
    assert_eq!(alice.expect("before anybody"), format!("alice -> {key}: before anybody is there"));
    bob.expect("alice: before anybody is there");
    alice.line("and now");
    assert_eq!(alice.expect("and now"), format!("alice -> {key}: and now"));
}

#[test]
fn more_lines_than_may_wait_are_read_when_there_is_room() {
    let (mut alice, address) = listen(&["--ephemeral", "--name", "alice", "--peer", "bob"]);
    for number in 0..300 {
        alice.line(&format!("line {number} of many"));
    }
    let mut bob = call(&address, &["--ephemeral"]);
    for number in 0..300 {
        let shown = bob.expect("of many");
        assert!(shown.ends_with(&format!(": line {number} of many")), "{shown}");
    }
    let (_, errors, _) = alice.finish();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn an_account_of_the_config_works_over_tcp_as_it_is_set() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    let account = "[accounts.local]\naddress = \"tcp:listen:127.0.0.1:0\"\nwith = \"bob\"\nhome = \"keys\"\n\
                   policy = \"never\"\ncontacts.carol = { policy = \"always\", text = \"html\" }\n";
    std::fs::write(&config, account).unwrap();
    let local = |more: &[&str]| {
        let config = config.to_str().unwrap();
        listening(Process::spawn(otr(&[&["chat", "local", "--config", config, "--name", "alice"], more].concat())))
    };
    let (mut alice, address) = local(&[]);
    let mut bob = call(&address, &["--ephemeral", "--peer", "alice", "--policy", "never"]);
    bob.line("<b>");
    assert_eq!(alice.expect("<b>"), "bob (in clear): <b>");
    assert!(alice.finish().2.success());

    let (mut alice, address) = local(&["--with", "carol", "--peer", "Caz"]);
    let mut carol = call(&address, &["--ephemeral", "--peer", "alice"]);
    alice.line("1 < 2");
    assert_eq!(carol.expect("1 "), "alice: 1 &lt; 2");
    assert!(alice.finish().2.success());
    let fingerprints = std::fs::read_to_string(directory.path().join("keys/otr.fingerprints")).unwrap();
    assert!(fingerprints.starts_with("Caz\talice\totr-tcp\t"), "{fingerprints}");
}

#[test]
fn what_tcp_does_not_have_is_refused() {
    for (option, value, name) in [("--server", "example.org:1", "server"), ("--password-env", "PATH", "a password")] {
        let error = only_error(Process::spawn(otr(&["chat", "--ephemeral", "--listen", "127.0.0.1:0", option, value])));
        assert!(error.ends_with(&format!("{name} is not for TCP")), "{error}");
    }
}

#[test]
fn a_line_that_nobody_was_there_for_is_told_as_not_delivered() {
    let (mut alice, address) = listen(&["--ephemeral", "--name", "alice", "--peer", "bob", "--policy", "manual"]);
    let stream = TcpStream::connect(&address).unwrap();
    alice.expect("connected");
    alice.line("in the clear");
    alice.expect("alice (in clear): in the clear");
    stream.shutdown(std::net::Shutdown::Both).unwrap();
    alice.expect("has left");
    alice.line("too late");
    assert_eq!(alice.expect("too late"), "alice (waits): too late");
    alice.line("/quit");
    assert_eq!(alice.expect("too late"), "! not delivered (not connected): too late");
    assert!(alice.finish().2.success());
}

#[test]
fn a_conversation_moves_over_to_the_suite_and_says_so() {
    const MADE_OF: &str = "with the Curve25519 suite: X25519, ML-KEM-768, Ed25519";
    let (mut alice, mut bob) = pair();
    let theirs = |line: String| line.rsplit_once("  ").unwrap().1.trim().to_owned();
    let dsa = theirs(alice.expect("* bob's:"));
    let mut ed25519 = String::new();
    for (chat, peer) in [(&mut bob, "alice"), (&mut alice, "bob")] {
        chat.expect(&format!("* private (unverified), now {MADE_OF}"));
        ed25519 = theirs(chat.expect(&format!("* {peer}'s Ed25519:")));
        chat.expect("* session id:");
    }
    assert_ne!(ed25519, dsa);
    alice.line("hello Bob");
    assert_eq!(bob.expect("hello Bob"), "alice: hello Bob");
    bob.line("/fingerprint");
    assert_eq!(theirs(bob.expect("* your fingerprint:")), dsa);
    assert_eq!(theirs(bob.expect("* your Ed25519:")), ed25519);

    // Trust in the DSA key is trust in the other one, and the screen says through which.
    alice.line("/verify");
    alice.expect("* private (verified)");
    assert_eq!(theirs(alice.expect("* bob's Ed25519:")), ed25519);
    assert_eq!(theirs(alice.expect("* verified through")), dsa);
    alice.line("/status");
    alice.expect("* protocol:           the Curve25519 suite: X25519, ML-KEM-768, Ed25519");
    assert_eq!(theirs(alice.expect("* verified through")), dsa);
    alice.line("/start");
    alice.expect("* private (verified), with fresh keys");
    alice.expect(&format!("* private (verified), now {MADE_OF}"));
    assert_eq!(theirs(alice.expect("* verified through")), dsa);
}

#[test]
fn a_conversation_stays_in_version_3_where_the_suite_is_off() {
    let (mut alice, address) = listen(&["--ephemeral", "--name", "alice", "--peer", "bob"]);
    let mut bob = call(&address, &["--ephemeral", "--no-curve25519"]);
    alice.expect("* private (unverified)");
    bob.expect("* private (unverified)");
    alice.line("hello");
    bob.expect("hello");
    bob.line("hello yourself");
    alice.expect("hello yourself");
    alice.line("/status");
    alice.expect("* protocol:           version 3");
    alice.line("/quit");
    let (rest, errors, _) = alice.finish();
    assert!(!rest.join("\n").contains("Curve25519") && errors.is_empty(), "{rest:?} {errors:?}");
}

#[test]
fn piped_text_waits_for_privacy_and_arrives() {
    let (mut alice, address) = listen(&["--ephemeral", "--peer", "bob"]);
    let mut bob = call(&address, &["--ephemeral"]);
    bob.line("all in one go");
    let (_, errors, status) = bob.finish();
    assert!(status.success() && errors.is_empty(), "{errors:?}");
    alice.expect("bob: all in one go");
}

#[test]
fn nothing_goes_out_in_clear_unless_policy_says_so() {
    for (policy, clear) in [("always", false), ("manual", true)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut chat = call(&address, &["--ephemeral", "--policy", policy]);
        let (mut stream, _) = listener.accept().unwrap();
        chat.expect("* asking for a private conversation");
        chat.line("/end");
        chat.expect("there is no private conversation to end");
        chat.line("a secret");
        if clear {
            chat.expect("that went out in clear");
        } else {
            chat.expect("not sent yet");
        }
        chat.line("/quit");
        let (output, _, status) = chat.finish();
        assert!(status.success(), "{output:?}");
        let mut sent = Vec::new();
        stream.read_to_end(&mut sent).unwrap();
        assert_eq!(String::from_utf8_lossy(&sent).contains("a secret"), clear);
    }
}

fn frame(stream: &mut TcpStream, body: &[u8]) {
    stream.write_all(&u32::try_from(body.len()).unwrap().to_be_bytes()).unwrap();
    stream.write_all(body).unwrap();
}

// attack: TEXT-3
#[test]
fn the_other_side_cannot_drive_the_terminal() {
    let (mut chat, address) = listen(&["--ephemeral", "--policy", "manual", "--peer", "mallory"]);
    let mut stream = TcpStream::connect(address).unwrap();
    frame(&mut stream, "a\u{1b}[2Jb\n* private (verified)\r\u{9b}1m\u{202e}x".as_bytes());
    assert_eq!(chat.expect("[2J"), "mallory (in clear): a\u{fffd}[2Jb");
    assert_eq!(chat.expect("verified"), "mallory (in clear): * private (verified)");
    assert_eq!(chat.expect("1m"), "mallory (in clear): \u{fffd}1m\u{fffd}x");
    frame(&mut stream, "?OTR Error: run \u{1b}]0;rm\u{7}".as_bytes());
    let line = chat.expect_error("mallory");
    assert!(line.contains("unauthenticated") && !line.contains(char::is_control), "{line:?}");
}

#[test]
fn a_changed_key_stops_the_talk() {
    let data = tempfile::tempdir().unwrap();
    let mut command = otr(&["chat", "--listen", "127.0.0.1:0", "--peer", "bob"]);
    command.env("XDG_DATA_HOME", data.path());
    let mut alice = Process::spawn(command);
    let line = alice.expect("listening on");
    let address = line.split_whitespace().find_map(|word| word.strip_suffix(',')).unwrap();
    assert!(Path::new(&data.path().join("otr/otr.private_key")).is_file());

    let mut bob = call(address, &["--ephemeral"]);
    alice.expect("seen for the first time");
    alice.expect("* private (unverified)");
    alice.line("/verify");
    alice.expect("* private (verified)");
    bob.line("/quit");
    assert!(bob.finish().2.success());
    alice.expect("has left");

    let mut mallory = call(address, &["--ephemeral"]);
    alice.expect_error("bob's identity has changed");
    alice.expect_error("nothing is sent until you /verify or /accept");
    alice.expect("* private (unverified)");
    alice.line("the secret");
    alice.expect_error("! not sent: ");
    alice.line("/accept");
    alice.expect("is accepted");
    alice.line("hello whoever");
    mallory.expect("hello whoever");
    mallory.line("/quit");
    let (rest, _, _) = mallory.finish();
    assert!(!rest.join("\n").contains("the secret"));
}

#[test]
fn what_cannot_begin_says_why_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let busy = only_error(Process::spawn(otr(&["chat", "--ephemeral", "--listen", &address])));
    assert_eq!(busy, format!("otr: cannot listen on {address}: the address is already in use"));
    drop(taken);
    let refused = only_error(call(&address, &["--ephemeral"]));
    assert_eq!(refused, format!("otr: cannot connect to {address}: the connection was refused"));
    let unknown = only_error(call("no-such-host.invalid:1", &["--ephemeral"]));
    assert_eq!(unknown, "otr: cannot connect to no-such-host.invalid:1: the host name does not resolve");
    let (_, errors, status) = call("nowhere", &["--ephemeral"]).finish();
    assert_eq!(status.code(), Some(2));
    assert!(errors[0].contains("\"nowhere\" is no address; write it as example.org:5000 or [::1]:5000"), "{errors:?}");
    let (_, errors, status) = Process::spawn(otr(&["chat", "--ephemeral"])).finish();
    assert_eq!(status.code(), Some(2));
    assert!(errors.join("\n").contains("<ACCOUNT>"), "{errors:?}");
}

#[test]
fn a_connection_that_ends_inside_a_message_is_reported() {
    let (mut chat, address) = listen(&["--ephemeral"]);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&[0, 0, 0, 100, b'a', b'b', b'c']).unwrap();
    drop(stream);
    let line = chat.expect_error("no connection");
    assert_eq!(
        line,
        "! no connection: the connection ended after 7 of 104 bytes of a message; waiting for the next call"
    );
    assert!(chat.finish().2.success());
}
