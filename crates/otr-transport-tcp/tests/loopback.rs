//! Both ends against each other and against a raw socket that does not keep to the rules, on loopback.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

use std::future::Future;
use std::io;
use std::time::Duration;

use otr_transport::{Error, Event, Incoming, Origin, Recovery, Transport};
use otr_transport_tcp::{DEFAULT_MAX_MESSAGE_SIZE, Listener, Names, Options, TcpAccount, TcpTransport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// A test that hangs fails, with time to spare on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("this should not hang")
}

async fn next(transport: &mut TcpTransport) -> Option<Event> {
    within(transport.next_event()).await
}

fn quick() -> Options {
    let mut options = Options::default();
    options.retry_first = Duration::from_millis(2);
    options.retry_max = Duration::from_millis(20);
    options.close_timeout = Duration::from_millis(500);
    options
}

fn names_of_alice() -> Names {
    Names::new("alice", "bob")
}

fn names_of_bob() -> Names {
    Names::new("bob", "alice")
}

async fn listen(listener: Listener, options: Options) -> TcpTransport {
    TcpTransport::connect(TcpAccount::listening(listener, names_of_bob()).with_options(options)).await.unwrap()
}

async fn call(address: &str, options: Options) -> Result<TcpTransport, Error> {
    TcpTransport::connect(TcpAccount::calling(address, names_of_alice()).with_options(options)).await
}

/// Bob listens; his address.
async fn bob(options: Options) -> (TcpTransport, String) {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().to_string();
    (listen(listener, options).await, address)
}

async fn alice(address: &str) -> TcpTransport {
    alice_with(address, quick()).await
}

async fn alice_with(address: &str, options: Options) -> TcpTransport {
    let mut alice = within(call(address, options)).await.unwrap();
    assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: false }));
    alice
}

async fn alice_and_bob() -> (TcpTransport, TcpTransport) {
    let (mut bob, address) = bob(quick()).await;
    let alice = alice(&address).await;
    assert_eq!(next(&mut bob).await, Some(Event::Connected { resumed: false }));
    (alice, bob)
}

/// Bob, and a raw connection to him.
async fn stranger_and_bob(options: Options) -> (TcpStream, TcpTransport) {
    let (mut bob, address) = bob(options).await;
    let stranger = TcpStream::connect(address).await.unwrap();
    assert_eq!(next(&mut bob).await, Some(Event::Connected { resumed: false }));
    (stranger, bob)
}

fn message(from: &str, body: &str) -> Option<Event> {
    Some(Event::Message(Incoming::new(from, body, Origin::Live)))
}

fn lost_by_listener(error: Error) -> Option<Event> {
    Some(Event::Disconnected { error, recovery: Recovery::Waiting })
}

fn frame(text: &str) -> Vec<u8> {
    let mut frame = u32::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// Reads until the other end closes, however it does.
async fn closed_by_other_end(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = within(stream.read_to_end(&mut rest)).await;
}

#[tokio::test]
async fn messages_travel_both_ways_in_order() {
    let (mut alice, mut bob) = alice_and_bob().await;
    for n in 0..200 {
        alice.send("bob", &format!("a{n} \u{1d11e}\n")).await.unwrap();
        assert_eq!(next(&mut bob).await, message("alice", &format!("a{n} \u{1d11e}\n")));
        bob.send("alice", &format!("b{n}")).await.unwrap();
        assert_eq!(next(&mut alice).await, message("bob", &format!("b{n}")));
    }
    assert_eq!((alice.address(), bob.address()), ("alice", "bob"));
    assert_eq!(alice.max_message_size("bob"), Some(DEFAULT_MAX_MESSAGE_SIZE));
}

#[tokio::test]
async fn a_message_of_exactly_one_mebibyte_passes_and_one_byte_more_does_not() {
    let (mut alice, mut bob) = alice_and_bob().await;
    let large = "x".repeat(DEFAULT_MAX_MESSAGE_SIZE);
    let (sent, received) = within(async { tokio::join!(alice.send("bob", &large), bob.next_event()) }).await;
    sent.unwrap();
    assert_eq!(received, message("alice", &large));

    let refused = alice.send("bob", &(large + "x")).await;
    let limit = DEFAULT_MAX_MESSAGE_SIZE;
    assert_eq!(refused, Err(Error::MessageTooLarge { size: limit + 1, limit }));
    alice.send("bob", "still here").await.unwrap();
    assert_eq!(next(&mut bob).await, message("alice", "still here"));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_and_nothing_leaves() {
    let (mut alice, mut bob) = alice_and_bob().await;
    assert_eq!(alice.send("carol", "x").await, Err(Error::NoSuchPeer));
    assert_eq!(alice.send("bob", "").await, Err(Error::EmptyMessage));
    alice.send("bob", "only this").await.unwrap();
    assert_eq!(next(&mut bob).await, message("alice", "only this"));
}

#[tokio::test]
async fn many_small_messages_in_one_packet() {
    let (mut stranger, mut bob) = stranger_and_bob(quick()).await;
    let texts: Vec<String> = (0..2000).map(|n| format!("{n}")).collect();
    let packet: Vec<u8> = texts.iter().flat_map(|text| frame(text)).collect();
    stranger.write_all(&packet).await.unwrap();
    for text in &texts {
        assert_eq!(next(&mut bob).await, message("alice", text));
    }
}

#[tokio::test]
async fn bytes_that_drip_one_at_a_time() {
    let (mut stranger, mut bob) = stranger_and_bob(quick()).await;
    stranger.set_nodelay(true).unwrap();
    for byte in [frame("slow \u{e9}"), frame("and steady")].concat() {
        stranger.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(next(&mut bob).await, message("alice", "slow \u{e9}"));
    assert_eq!(next(&mut bob).await, message("alice", "and steady"));
}

#[tokio::test]
async fn asking_for_events_in_a_select_loses_nothing() {
    let (mut stranger, mut bob) = stranger_and_bob(quick()).await;
    let mut received = Vec::new();
    for byte in ["one", "two", "three"].map(frame).concat() {
        stranger.write_all(&[byte]).await.unwrap();
        tokio::select! {
            biased;
            event = bob.next_event() => received.push(event),
            () = tokio::task::yield_now() => {}
        }
    }
    while received.len() < 3 {
        received.push(next(&mut bob).await);
    }
    assert_eq!(received, ["one", "two", "three"].map(|text| message("alice", text)));
}

#[tokio::test]
async fn an_announced_length_above_the_limit_ends_the_connection() {
    for (announced, limit) in [(u32::MAX, DEFAULT_MAX_MESSAGE_SIZE), (101, 100)] {
        let mut options = quick();
        options.max_message_size = limit;
        let (mut stranger, mut bob) = stranger_and_bob(options).await;
        stranger.write_all(&announced.to_be_bytes()).await.unwrap();
        let size = usize::try_from(announced).unwrap();
        assert_eq!(next(&mut bob).await, lost_by_listener(Error::MessageTooLarge { size, limit }));
        closed_by_other_end(&mut stranger).await;
    }
}

#[tokio::test]
async fn a_message_without_text_or_not_utf8_ends_the_connection() {
    let cases: [(&[u8], Error); 2] = [
        (&[0, 0, 0, 0], Error::Malformed("a message has no text")),
        (&[0, 0, 0, 2, 0xc3, 0x28], Error::Malformed("a message is not UTF-8")),
    ];
    for (bytes, error) in cases {
        let (mut stranger, mut bob) = stranger_and_bob(quick()).await;
        stranger.write_all(&frame("before")).await.unwrap();
        stranger.write_all(bytes).await.unwrap();
        assert_eq!(next(&mut bob).await, message("alice", "before"));
        assert_eq!(next(&mut bob).await, lost_by_listener(error));
        closed_by_other_end(&mut stranger).await;
    }
}

#[tokio::test]
async fn a_peer_that_closes_in_mid_message_is_reported_with_the_place() {
    let (mut stranger, mut bob) = stranger_and_bob(quick()).await;
    stranger.write_all(&frame("0123456789")[..9]).await.unwrap();
    drop(stranger);
    assert_eq!(next(&mut bob).await, lost_by_listener(Error::CutOff { received: 9, expected: 14 }));
}

#[tokio::test]
async fn the_next_peer_may_connect_when_one_has_left() {
    let (mut bob, address) = bob(quick()).await;
    for round in ["first", "second", "third"] {
        let mut stranger = TcpStream::connect(&address).await.unwrap();
        stranger.write_all(&frame(round)).await.unwrap();
        assert_eq!(next(&mut bob).await, Some(Event::Connected { resumed: false }));
        assert_eq!(next(&mut bob).await, message("alice", round));
        drop(stranger);
        assert_eq!(next(&mut bob).await, lost_by_listener(Error::ClosedByPeer));
        assert_eq!(bob.send("alice", "anyone?").await, Err(Error::NotConnected));
    }
}

#[tokio::test]
async fn a_second_peer_is_told_busy_and_the_first_does_not_notice() {
    let (mut bob, address) = bob(quick()).await;
    let mut first = alice(&address).await;
    assert_eq!(next(&mut bob).await, Some(Event::Connected { resumed: false }));
    for _ in 0..3 {
        let mut second = TcpStream::connect(&address).await.unwrap();
        closed_by_other_end(&mut second).await;
    }
    first.send("bob", "me").await.unwrap();
    assert_eq!(next(&mut bob).await, message("alice", "me"));
    bob.send("alice", "you").await.unwrap();
    assert_eq!(next(&mut first).await, message("bob", "you"));
}

#[tokio::test]
async fn connecting_end_comes_back_after_a_loss() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut alice = alice(&server.local_addr().unwrap().to_string()).await;
    for round in ["first", "second", "third"] {
        let (mut stream, _) = within(server.accept()).await.unwrap();
        alice.send("bob", round).await.unwrap();
        let mut received = vec![0; 4 + round.len()];
        stream.read_exact(&mut received).await.unwrap();
        assert_eq!(received, frame(round));
        stream.write_all(&frame("heard")).await.unwrap();
        assert_eq!(next(&mut alice).await, message("bob", "heard"));
        drop(stream);
        let Some(Event::Disconnected { error: Error::ClosedByPeer, recovery: Recovery::RetryIn(wait) }) =
            next(&mut alice).await
        else {
            panic!("the loss should be reported with a wait");
        };
        assert!(wait <= quick().retry_first, "a peer that talked starts the waiting times over");
        assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: false }));
    }
}

#[tokio::test]
async fn failed_attempts_are_reported_until_one_succeeds() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let mut alice = alice(&address.to_string()).await;
    drop(server.accept().await.unwrap());
    drop(server);

    let mut waits = Vec::new();
    while waits.len() < 6 {
        match next(&mut alice).await {
            Some(Event::Disconnected { error, recovery: Recovery::RetryIn(wait) }) => {
                if !waits.is_empty() {
                    assert_eq!(error, Error::ConnectionRefused);
                }
                waits.push(wait);
                assert_eq!(alice.send("bob", "x").await, Err(Error::NotConnected));
            }
            // The first attempt may have come before the listener was gone.
            Some(Event::Connected { resumed: false }) => waits.clear(),
            other => panic!("unexpected {other:?}"),
        }
    }
    assert!(waits.iter().all(|wait| *wait <= quick().retry_max));
    assert!(waits[5] >= quick().retry_max / 2, "the waits grow to their bound: {waits:?}");

    let server = TcpListener::bind(address).await.unwrap();
    while next(&mut alice).await != Some(Event::Connected { resumed: false }) {}
    let (mut stream, _) = server.accept().await.unwrap();
    alice.send("bob", "again").await.unwrap();
    let mut received = [0; 9];
    stream.read_exact(&mut received).await.unwrap();
    assert_eq!(received.as_slice(), frame("again"));
}

#[tokio::test]
async fn a_busy_listener_is_not_called_without_pause() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = quick();
    options.retry_max = Duration::from_secs(60);
    let mut alice = alice_with(&server.local_addr().unwrap().to_string(), options).await;
    let mut waits = Vec::new();
    for _ in 0..4 {
        drop(server.accept().await.unwrap());
        let Some(Event::Disconnected { recovery: Recovery::RetryIn(wait), .. }) = next(&mut alice).await else {
            panic!("being turned away should be reported with a wait");
        };
        waits.push(wait);
        assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: false }));
    }
    assert!(waits.is_sorted_by(|a, b| a < b), "each wait is longer: {waits:?}");
}

#[tokio::test]
async fn the_two_ends_find_each_other_again() {
    let (mut alice, bob) = {
        let (bob, address) = bob(quick()).await;
        (alice(&address).await, (bob, address))
    };
    let (mut bob, address) = bob;
    within(bob.close()).await.unwrap();
    assert!(matches!(next(&mut alice).await, Some(Event::Disconnected { error: Error::ClosedByPeer, .. })));

    let listener = Listener::bind(&address).await.unwrap();
    let mut bob = listen(listener, quick()).await;
    assert_eq!(next(&mut bob).await, Some(Event::Connected { resumed: false }));
    while next(&mut alice).await != Some(Event::Connected { resumed: false }) {}
    bob.send("alice", "back").await.unwrap();
    assert_eq!(next(&mut alice).await, message("bob", "back"));
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    // No label may have 64 characters: this fails without asking any name server.
    let address = &format!("{}.invalid:5000", "x".repeat(64));
    let refused = within(call(address, quick())).await;
    assert_eq!(refused.map(drop), Err(Error::NameNotResolved));
    assert_eq!(within(Listener::bind(address)).await.map(drop), Err(Error::NameNotResolved));
}

#[tokio::test]
async fn an_address_that_is_none() {
    for address in ["", "localhost", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:http"] {
        let refused = call(address, quick()).await;
        assert_eq!(refused.map(drop), Err(Error::InvalidAddress), "{address:?}");
        assert_eq!(Listener::bind(address).await.map(drop), Err(Error::InvalidAddress), "{address:?}");
    }
}

#[tokio::test]
async fn a_refused_connection() {
    let unused = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = unused.local_addr().to_string();
    drop(unused);
    let refused = within(call(&address, quick())).await;
    assert_eq!(refused.map(drop), Err(Error::ConnectionRefused));
}

#[tokio::test]
async fn a_port_in_use() {
    let first = Listener::bind("127.0.0.1:0").await.unwrap();
    let second = Listener::bind(&first.local_addr().to_string()).await;
    assert_eq!(second.map(drop), Err(Error::AddressInUse));
}

#[tokio::test]
async fn an_attempt_to_connect_is_bounded_in_time() {
    // A listener whose queue is full does not answer further calls.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let address = full.local_addr().unwrap().to_string();
    let mut options = quick();
    options.connect_timeout = Duration::from_millis(300);
    let mut held = Vec::new();
    for _ in 0..8 {
        match within(call(&address, options.clone())).await {
            Ok(transport) => held.push(transport),
            Err(error) => {
                assert_eq!(error, Error::TimedOut);
                return;
            }
        }
    }
    panic!("the queue of one took {} connections", held.len());
}

#[tokio::test]
async fn a_peer_that_reads_nothing_does_not_hold_a_sender_for_ever() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = quick();
    options.send_timeout = Duration::from_millis(300);
    let address = server.local_addr().unwrap().to_string();
    let mut alice = call(&address, options).await.unwrap();
    let (mut deaf, _) = server.accept().await.unwrap();
    assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: false }));

    let large = "x".repeat(DEFAULT_MAX_MESSAGE_SIZE);
    let error = loop {
        if let Err(error) = within(alice.send("bob", &large)).await {
            break error;
        }
    };
    assert_eq!(error, Error::TimedOut);
    assert!(matches!(next(&mut alice).await, Some(Event::Disconnected { error: Error::TimedOut, .. })));
    // The torn message is not continued on the old connection.
    closed_by_other_end(&mut deaf).await;
}

#[tokio::test]
async fn a_host_that_does_not_listen_stops_the_network_not_the_memory() {
    let mut options = quick();
    options.queue = 2;
    let (mut stranger, mut bob) = stranger_and_bob(options).await;
    let large = frame(&"x".repeat(DEFAULT_MAX_MESSAGE_SIZE));
    let mut accepted = 0;
    let stalled = Duration::from_millis(500);
    while tokio::time::timeout(stalled, stranger.write_all(&large)).await.is_ok_and(|written| written.is_ok()) {
        accepted += 1;
        assert!(accepted < 64, "bounded queues should have stopped this");
    }
    // What was read is still there, and sending was possible all the while.
    bob.send("alice", "stop").await.unwrap();
    assert!(matches!(next(&mut bob).await, Some(Event::Message(_))));
    assert!(matches!(next(&mut bob).await, Some(Event::Message(_))));
}

#[tokio::test]
async fn closing_delivers_what_was_sent_and_tells_the_peer() {
    let (mut alice, mut bob) = alice_and_bob().await;
    for n in 0..10 {
        bob.send("alice", "crossing").await.unwrap();
        alice.send("bob", &format!("{n}")).await.unwrap();
    }
    within(alice.close()).await.unwrap();
    within(alice.close()).await.unwrap();
    assert_eq!(alice.send("bob", "x").await, Err(Error::Closed));
    while let Some(event) = next(&mut alice).await {
        assert_eq!(Some(event), message("bob", "crossing"));
    }
    for n in 0..10 {
        assert_eq!(next(&mut bob).await, message("alice", &format!("{n}")));
    }
    assert_eq!(next(&mut bob).await, lost_by_listener(Error::ClosedByPeer));
}

#[tokio::test]
async fn closing_works_with_a_full_queue_and_without_a_peer() {
    let mut options = quick();
    options.queue = 1;
    let (mut stranger, mut bob) = stranger_and_bob(options.clone()).await;
    for _ in 0..10 {
        stranger.write_all(&frame("unread")).await.unwrap();
    }
    within(bob.close()).await.unwrap();

    let (mut waiting, address) = self::bob(options).await;
    within(waiting.close()).await.unwrap();
    assert_eq!(next(&mut waiting).await, None);
    let gone = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(gone.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn dropping_closes_too() {
    let (alice, mut bob) = alice_and_bob().await;
    drop(alice);
    assert_eq!(next(&mut bob).await, lost_by_listener(Error::ClosedByPeer));
}
