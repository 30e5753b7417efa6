//! Two accounts on a real Synapse (SQLite, loopback). Without a Synapse these tests fail.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

mod synapse_server;

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use otr_transport::{Error, Event, Incoming, Origin, Receipt, Transport};
use otr_transport_matrix::{Login, MatrixAccount, MatrixTransport, Options};
use otr_transport_tls::{Tls, Trust};
use serde_json::{Value, json};
use synapse_server::{Limits, Proxy, Synapse};

const ALICE: &str = "@alice:localhost";
const BOB: &str = "@bob:localhost";
/// A test that hangs fails, with time to spare on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("this should not hang")
}

fn options() -> Options {
    let mut options = Options::default();
    options.retry_max = Duration::from_secs(2);
    options.waiting = 512;
    options.close_timeout = Duration::from_secs(60);
    options
}

fn account(url: &str, user: &str, password: &str) -> MatrixAccount {
    MatrixAccount::new(user, Login::password(password.to_owned()), Tls::new(Trust::only_sha256([0; 32])).unwrap())
        .with_homeserver(url)
        .allowing_plain_http()
        .with_peers([ALICE, BOB])
        .with_options(options())
}

async fn enter(url: &str, name: &str, folder: &Path) -> MatrixTransport {
    let account = account(url, &format!("@{name}:localhost"), &format!("pw-{name}"));
    let account = account.with_state_file(folder.join(name)).unwrap();
    within(MatrixTransport::connect(account)).await.unwrap()
}

/// The next message; whatever else happens is passed over.
async fn next_message(transport: &mut MatrixTransport) -> Incoming {
    loop {
        match within(transport.next_event()).await.expect("the transport goes on") {
            Event::Message(message) => return message,
            _ => continue,
        }
    }
}

async fn expect(transport: &mut MatrixTransport, from: &str, texts: &[String], origin: Origin) {
    for (place, text) in texts.iter().enumerate() {
        assert_eq!(next_message(transport).await, Incoming::new(from, text.as_str(), origin), "message {place}");
    }
}

fn texts(what: &str, count: usize) -> Vec<String> {
    (0..count)
        .map(|n| format!(" \t{what} {n}: <b>&amp; 3 < 4 \u{e9} \u{1d11e} \"\\\" {{}} \u{2028}\u{feff} \n\t  "))
        .collect()
}

fn send_all(transport: &mut MatrixTransport, to: &str, texts: &[String]) -> Vec<Receipt> {
    texts.iter().map(|text| transport.send(to, text)).collect()
}

async fn all_taken(receipts: Vec<Receipt>) {
    for (place, receipt) in receipts.into_iter().enumerate() {
        assert_eq!(within(receipt).await, Ok(()), "message {place}");
    }
}

fn stored(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

/// Both send all of `texts` while `meanwhile` happens.
async fn both_ways(
    alice: &mut MatrixTransport,
    bob: &mut MatrixTransport,
    texts: &[String],
    meanwhile: impl Future<Output = ()>,
) {
    let (to_bob, to_alice) = (send_all(alice, BOB, texts), send_all(bob, ALICE, texts));
    tokio::join!(
        meanwhile,
        all_taken(to_bob),
        all_taken(to_alice),
        expect(alice, BOB, texts, Origin::Live),
        expect(bob, ALICE, texts, Origin::Live),
    );
}

#[tokio::test]
async fn a_whole_talk_over_a_real_server() {
    let mut server = Synapse::start(Limits::Off, &["alice", "bob"]);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();

    wrong_ways_in(&server).await;
    let proxy = Proxy::start(server.port).await;
    let mut alice = enter(&proxy.url, "alice", folder).await;
    let mut bob = enter(&server.url(), "bob", folder).await;

    // The room is made, and the invitation to it accepted.
    both_ways(&mut alice, &mut bob, &texts("first", 1), async {}).await;
    assert_eq!(within(alice.send("@nobody:localhost", "x")).await, Err(Error::NoSuchPeer));
    both_ways(&mut alice, &mut bob, &texts("steady", 200), async {}).await;
    large_ones(&mut alice, &mut bob).await;

    let cutting = async {
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            proxy.cut();
        }
    };
    both_ways(&mut alice, &mut bob, &texts("cut", 60), cutting).await;

    // The server dies, and comes back, with messages under way.
    let to_bob = send_all(&mut alice, BOB, &texts("killed", 30));
    let to_alice = send_all(&mut bob, ALICE, &texts("killed", 30));
    expect(&mut bob, ALICE, &texts("killed", 5), Origin::Live).await;
    server.kill();
    let server = tokio::task::spawn_blocking(move || {
        server.resume();
        server
    });
    expect(&mut bob, ALICE, &texts("killed", 30)[5..], Origin::Live).await;
    expect(&mut alice, BOB, &texts("killed", 30), Origin::Live).await;
    all_taken(to_bob).await;
    all_taken(to_alice).await;
    let server = server.await.unwrap();

    the_next_start(&server, &mut alice, bob, folder).await;
    a_token_is_withdrawn(&server, &mut alice, folder).await;
    within(alice.close()).await.unwrap();
}

async fn wrong_ways_in(server: &Synapse) {
    let refused = async |account| within(MatrixTransport::connect(account)).await.map(drop).unwrap_err();
    assert_eq!(refused(account(&server.url(), ALICE, "wrong")).await, Error::LoginRefused);
    assert_eq!(refused(account(&server.url(), "@nobody:localhost", "pw-alice")).await, Error::LoginRefused);
    assert!(matches!(
        refused(account(&format!("{}/x", server.url()), ALICE, "pw-alice")).await,
        Error::NotSupported(_)
    ));
    let token = Login::access_token(String::from("syt_made_up"));
    let account = MatrixAccount::new(ALICE, token, Tls::new(Trust::only_sha256([0; 32])).unwrap());
    assert_eq!(refused(account.with_homeserver(server.url()).allowing_plain_http()).await, Error::LoginRefused);
}

async fn large_ones(alice: &mut MatrixTransport, bob: &mut MatrixTransport) {
    let limit = alice.max_message_size(BOB).unwrap();
    for text in ["x".repeat(limit), "\"".repeat(limit / 2), "\u{1d11e}".repeat(limit / 4)] {
        let receipt = alice.send(BOB, &text);
        expect(bob, ALICE, &[text], Origin::Live).await;
        assert_eq!(within(receipt).await, Ok(()));
    }
    let too_large = Error::MessageTooLarge { size: limit + 1, limit };
    assert_eq!(alice.send(BOB, &"x".repeat(limit + 1)).await, Err(too_large));
    assert!(matches!(alice.send(BOB, &"\n".repeat(limit / 2 + 1)).await, Err(Error::MessageTooLarge { .. })));
}

/// More is said while Bob is away than the server tells at once; Bob comes back as the same device.
async fn the_next_start(server: &Synapse, alice: &mut MatrixTransport, mut bob: MatrixTransport, folder: &Path) {
    within(bob.close()).await.unwrap();
    let device = stored(folder, "bob")["device_id"].clone();
    let missed = texts("missed", 70);
    all_taken(send_all(alice, BOB, &missed)).await;
    let mut bob = enter(&server.url(), "bob", folder).await;
    assert_eq!(within(bob.next_event()).await, Some(Event::Connected { resumed: true }));
    expect_missed(&mut bob, &missed).await;
    both_ways(alice, &mut bob, &texts("back", 3), async {}).await;
    within(bob.close()).await.unwrap();
    assert_eq!(stored(folder, "bob")["device_id"], device);
    let token = stored(folder, "bob")["access_token"].as_str().unwrap().to_owned();
    let (_, devices) = server.ask("GET", "/_matrix/client/v3/devices", Some(&token), &Value::Null).unwrap();
    assert_eq!(devices["devices"].as_array().map(Vec::len), Some(1), "{devices}");
}

/// What Bob took just before he left may come again.
async fn expect_missed(bob: &mut MatrixTransport, missed: &[String]) {
    let mut first = next_message(bob).await;
    while first.body != missed[0] {
        assert_eq!(first.origin, Origin::History);
        first = next_message(bob).await;
    }
    assert_eq!(first, Incoming::new(ALICE, missed[0].as_str(), Origin::History));
    expect(bob, ALICE, &missed[1..], Origin::History).await;
}

async fn a_token_is_withdrawn(server: &Synapse, alice: &mut MatrixTransport, folder: &Path) {
    let mut bob = enter(&server.url(), "bob", folder).await;
    let marker = texts("marker", 1);
    all_taken(send_all(alice, BOB, &marker)).await;
    while next_message(&mut bob).await.body != marker[0] {}
    let token = stored(folder, "bob")["access_token"].as_str().unwrap().to_owned();
    let (status, _) = server.ask("POST", "/_matrix/client/v3/logout", Some(&token), &json!({})).unwrap();
    assert_eq!(status, 200);
    both_ways(alice, &mut bob, &texts("after", 3), async {}).await;
    within(bob.close()).await.unwrap();
    assert_ne!(stored(folder, "bob")["access_token"], json!(token));
}

#[tokio::test]
async fn the_limits_that_a_server_has_by_itself_are_honoured() {
    let server = Synapse::start(Limits::Default, &["alice", "bob"]);
    let folder = tempfile::tempdir().unwrap();
    let mut alice = enter(&server.url(), "alice", folder.path()).await;
    let mut bob = enter(&server.url(), "bob", folder.path()).await;
    // Ten at once, then one in five seconds.
    let texts = texts("limited", 13);
    let receipts = send_all(&mut alice, BOB, &texts);
    expect(&mut bob, ALICE, &texts, Origin::Live).await;
    all_taken(receipts).await;
    within(alice.close()).await.unwrap();
    within(bob.close()).await.unwrap();
}
