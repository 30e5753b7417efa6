//! Against a server in the test's own hands, on loopback.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod double;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use double::{Client, LIMIT, Server, message, next, nothing_more, outcome, presence, quick, within};
use otr_transport::{CertificateProblem, Error, Event, Origin, Presence, Recovery, Transport};
use otr_transport_irc::{IrcAccount, IrcTransport};
use otr_transport_tls::{Tls, Trust};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::TlsAcceptor;

#[tokio::test]
async fn the_login_tells_who_we_are_and_what_fits() {
    let server = Server::start().await;
    let (alice, _client) = server.alice_as(server.account(), "NETWORK=bed CASEMAPPING=ascii").await;
    assert_eq!(alice.address(), "alice");
    assert_eq!(alice.network().as_deref(), Some("bed"));
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT));
    assert_eq!(alice.max_message_size("bobby"), Some(LIMIT - 2));
}

#[tokio::test]
async fn before_the_server_shows_us_the_limit_is_a_cautious_one() {
    let server = Server::start().await;
    let serve = async {
        let mut client = server.accept().await;
        client.hear_login().await;
        client.say(":irc.example 001 alice :Welcome").await;
        client.expect("USERHOST alice").await;
        client.confirm().await;
        client
    };
    let (alice, mut client) = tokio::join!(IrcTransport::connect(server.account()), serve);
    let mut alice = alice.unwrap();
    assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
    assert_eq!(alice.max_message_size("bob"), Some(350));

    // What it says in our name shows us, too; a host that hides another one does not make room.
    client.say(":alice!~alice@host.example MODE alice :+i").await;
    nothing_more(&mut alice, &mut client).await;
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT));
    client.say(":irc.example 396 alice cloaked.host.example :is now your displayed host").await;
    nothing_more(&mut alice, &mut client).await;
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT - 8));
    client.say(":alice!~alice@cloaked.host.example CHGHOST longer-than-alice x").await;
    nothing_more(&mut alice, &mut client).await;
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT - 8 - 11));
}

#[tokio::test]
async fn a_message_counts_as_sent_when_the_server_says_so() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let mut receipt = alice.send("bob", "hello");
    client.expect("PRIVMSG bob :hello").await;
    let ping = client.hear().await.unwrap();
    tokio::select! {
        biased;
        early = &mut receipt => panic!("not confirmed yet: {early:?}"),
        () = std::future::ready(()) => {}
    }
    client.say(ping.replace("PING", ":irc.example PONG irc.example")).await;
    assert_eq!(outcome(receipt).await, Ok(()));
}

#[tokio::test]
async fn what_the_server_refuses_is_told_with_the_reason() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    for (line, error) in [
        ("401 alice bob :No such nick", Error::NoSuchPeer),
        ("477 alice bob :You must be registered", Error::NotAllowed),
        ("439 alice bob :Target change too fast", Error::RateLimited { wait: None }),
        ("263 alice PRIVMSG :Try again", Error::RateLimited { wait: None }),
    ] {
        let receipt = alice.send("bob", "hello");
        client.expect("PRIVMSG bob :hello").await;
        client.say(format!(":irc.example {line}")).await;
        client.confirm().await;
        assert_eq!(outcome(receipt).await, Err(error), "{line}");
    }
    assert_eq!(next(&mut alice).await, presence("bob", Presence::Offline));
    let receipt = alice.send("bob", "hello again");
    client.expect("PRIVMSG bob :hello again").await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
}

#[tokio::test]
async fn refusals_among_many_meet_the_right_ones() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipts: Vec<_> = ["bob", "eve", "bob", "eve"].map(|to| alice.send(to, to)).into();
    for to in ["bob", "eve", "bob", "eve"] {
        client.expect(format!("PRIVMSG {to} :{to}")).await;
    }
    client.say(":irc.example 531 alice EVE :Cannot send").await;
    client.confirm().await;
    let mut outcomes = Vec::new();
    for receipt in receipts {
        outcomes.push(outcome(receipt).await);
    }
    assert_eq!(outcomes, [Ok(()), Err(Error::NotAllowed), Ok(()), Ok(())]);
}

#[tokio::test]
async fn many_go_out_in_order_with_few_under_way() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipts: Vec<_> = (0..100).map(|number| alice.send("bob", &number.to_string())).collect();
    let (mut seen, mut pings) = (0, 0);
    while seen < 16 {
        match client.hear().await.unwrap() {
            line if line.starts_with("PING") => pings += 1,
            line => {
                assert_eq!(line, format!("PRIVMSG bob :{seen}"));
                seen += 1;
            }
        }
    }
    assert!(pings >= 3, "{pings} pings");
    // The rest waits for the answers; a ping of ours is answered meanwhile.
    client.say("PING :marker").await;
    while client.hear().await.unwrap() != "PONG :marker" {}
    client.say(":irc.example PONG irc.example :99999").await;
    for token in 1..=5 {
        client.say(format!(":irc.example PONG irc.example :{token}")).await;
    }
    while seen < 100 {
        match client.hear().await.unwrap() {
            line if line.starts_with("PING") => client.say(line.replace("PING", "PONG irc.example")).await,
            line => {
                assert_eq!(line, format!("PRIVMSG bob :{seen}"));
                seen += 1;
            }
        }
    }
    client.confirm().await;
    for receipt in receipts {
        assert_eq!(outcome(receipt).await, Ok(()));
    }
}

// attack: TEXT-2
#[tokio::test]
async fn a_body_never_becomes_a_command() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipt = alice.send("bob", "\r\none\r\n\r\nQUIT :two\nQUIT :three\rPRIVMSG eve :four\n");
    for line in ["one", "QUIT :two", "QUIT :three", "PRIVMSG eve :four"] {
        client.expect(format!("PRIVMSG bob :{line}")).await;
    }
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));

    let zero = alice.send("bob", "one\0QUIT");
    assert_eq!(outcome(zero).await, Err(Error::NotSupported("a zero byte in a message")));
    for to in ["bob\r\nQUIT", "bob :x\nQUIT", "bob eve", "bob,eve", "#bed", "$*", ":bob", "", "bob!u@h"] {
        assert_eq!(outcome(alice.send(to, "hello")).await, Err(Error::InvalidAddress), "{to:?}");
    }
    for nothing in ["", "\n", "\r\n\r\n"] {
        assert_eq!(outcome(alice.send("bob", nothing)).await, Err(Error::EmptyMessage));
    }
    assert_eq!(client.said().await, [""; 0]);
}

#[tokio::test]
async fn a_body_of_the_limit_goes_and_a_longer_one_does_not() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let fits = "\u{e9}".repeat(LIMIT / 2) + if LIMIT % 2 == 1 { "x" } else { "" };
    let receipt = alice.send("bob", &fits);
    client.expect(format!("PRIVMSG bob :{fits}")).await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
    let too_large = Error::MessageTooLarge { size: LIMIT + 1, limit: LIMIT };
    assert_eq!(outcome(alice.send("bob", &format!("{fits}x"))).await, Err(too_large));
    assert_eq!(outcome(alice.send("bob", &format!("short\n{fits}x"))).await, Err(too_large));
}

#[tokio::test]
async fn a_body_that_no_longer_fits_when_its_turn_comes_is_refused() {
    let server = Server::start().await;
    let mut options = quick();
    options.burst = 1;
    options.line_interval = Duration::from_millis(100);
    let (mut alice, mut client) = server.alice_as(server.account().options(options), "").await;
    let first = alice.send("bob", "first");
    let second = alice.send("bob", &"x".repeat(LIMIT));
    client.expect("PRIVMSG bob :first").await;
    client.say(":irc.example 396 alice a.much.longer.host.example :is now your displayed host").await;
    client.confirm().await;
    assert_eq!(outcome(first).await, Ok(()));
    let limit = LIMIT - "a.much.longer.".len();
    assert_eq!(outcome(second).await, Err(Error::MessageTooLarge { size: LIMIT, limit }));
}

// attack: VER-8
#[tokio::test]
async fn only_what_is_said_to_us_now_is_live() {
    let server = Server::start().await;
    let serve = async {
        let mut client = server.accept().await;
        for _ in 0..3 {
            client.hear().await;
        }
        client.say(":irc.example CAP * LS :batch server-time echo-message znc.in/self-message").await;
        client.expect("CAP REQ :batch server-time znc.in/self-message").await;
        client.say(":irc.example CAP * ACK :batch server-time znc.in/self-message").await;
        client.expect("CAP END").await;
        client.say("@time=2026-01-02T03:04:05.000Z :irc.example 001 alice :Welcome").await;
        client.say(":irc.example BATCH +1 znc.in/playback bob").await;
        client.say("@batch=1 :bob!u@h PRIVMSG alice :?OTRv3? played back").await;
        client.say(":irc.example BATCH -1").await;
        client.settle("alice").await;
        client
    };
    let (alice, mut client) = tokio::join!(IrcTransport::connect(server.account()), serve);
    let mut alice = alice.unwrap();
    assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
    assert_eq!(next(&mut alice).await, message("bob", "?OTRv3? played back", Origin::History));

    for (line, origin) in [
        (":bob!u@h PRIVMSG alice :?OTRv3?", Origin::Live),
        (":bob!u@h PRIVMSG ALICE :?OTRv3?", Origin::Live),
        ("@time=2026-01-02T03:04:06.000Z :bob!u@h PRIVMSG alice :?OTRv3?", Origin::Live),
        ("@time=2026-01-02T03:04:04.000Z :bob!u@h PRIVMSG alice :?OTRv3?", Origin::History),
        ("@batch=2 :bob!u@h PRIVMSG alice :?OTRv3?", Origin::History),
        (":bob!u@h PRIVMSG #bed :?OTRv3?", Origin::Group),
        (":bob!u@h PRIVMSG @#bed :?OTRv3?", Origin::Group),
        (":bob!u@h PRIVMSG $irc.example :?OTRv3?", Origin::Group),
        (":alice!u@h PRIVMSG bob :?OTRv3?", Origin::OwnCopy),
    ] {
        client.say(line).await;
        assert_eq!(next(&mut alice).await, message("bob", "?OTRv3?", origin), "{line}");
    }
    for nothing in [
        ":bob!u@h NOTICE alice :?OTRv3?",
        ":irc.example PRIVMSG alice :?OTRv3?",
        "PRIVMSG alice :?OTRv3?",
        ":bob!u@h PRIVMSG alice :\u{1}VERSION\u{1}",
        ":bob!u@h PRIVMSG alice :\u{1}PING 1\u{1}",
        ":alice!u@h PRIVMSG #bed :?OTRv3?",
        ":bob!u@h INVITE alice #bed",
    ] {
        client.say(nothing).await;
    }
    nothing_more(&mut alice, &mut client).await;
    assert_eq!(client.said().await, [""; 0], "nothing is answered");
}

#[tokio::test]
async fn bodies_arrive_as_they_are() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    for body in ["  blanks  ", ": :) :", "\u{2}bold\u{3}04,12 red", "\u{1d11e}", "", "?OTR:AAMC="] {
        client.say(format!(":bob!u@h PRIVMSG alice :{body}")).await;
        assert_eq!(next(&mut alice).await, message("bob", body, Origin::Live));
    }
    client.say_raw(b":bob!u@h PRIVMSG alice :caf\xe9\r\n").await;
    assert_eq!(next(&mut alice).await, message("bob", "caf\u{fffd}", Origin::Live));
    client.say(":bob!u@h PRIVMSG alice :\u{1}ACTION waves\u{1}").await;
    assert_eq!(next(&mut alice).await, message("bob", "/me waves", Origin::Live));
}

#[tokio::test]
async fn long_lines_arrive_where_the_server_has_them() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice_as(server.account(), "LINELEN=2048").await;
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT + 2048 - 512));
    let (tag, body) = ("t".repeat(8000), "x".repeat(1900));
    client.say(format!("@tag={tag} :bob!u@h PRIVMSG alice :{body}")).await;
    assert_eq!(next(&mut alice).await, message("bob", &body, Origin::Live));
}

#[tokio::test]
async fn names_change_on_both_sides() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    client.say(":bob!u@h NICK :robert").await;
    assert_eq!(next(&mut alice).await, Event::Renamed { from: "bob".to_owned(), to: "robert".to_owned() });

    client.say(":alice!~alice@host.example NICK Guest1").await;
    assert_eq!(next(&mut alice).await, Event::AddressChanged);
    assert_eq!(alice.address(), "Guest1");
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT - 1));
    client.say(":bob!u@h PRIVMSG guest1 :hi").await;
    assert_eq!(next(&mut alice).await, message("bob", "hi", Origin::Live));
    client.say(":bob!u@h PRIVMSG alice :hi").await;
    assert_eq!(next(&mut alice).await, message("bob", "hi", Origin::Group), "that is somebody else now");
}

#[tokio::test]
async fn peers_keep_the_name_that_the_host_gave_them() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipt = alice.send("bob[1]", "hello");
    client.expect("PRIVMSG bob[1] :hello").await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
    client.say(":Bob{1}!u@h PRIVMSG Alice :hi").await;
    assert_eq!(next(&mut alice).await, presence("bob[1]", Presence::Online));
    assert_eq!(next(&mut alice).await, message("bob[1]", "hi", Origin::Live));
    client.say(":BOB{1}!u@h QUIT :bye").await;
    assert_eq!(next(&mut alice).await, presence("bob[1]", Presence::Offline));
}

#[tokio::test]
async fn a_server_that_does_not_tell_who_is_there_is_asked() {
    let server = Server::start().await;
    let mut options = quick();
    options.presence_interval = Duration::from_millis(20);
    let (mut alice, mut client) = server.alice_as(server.account().options(options), "").await;
    let receipt = alice.send("bob", "hello");
    client.expect("PRIVMSG bob :hello").await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
    for (answer, expected) in [("bob ", Presence::Online), ("", Presence::Offline), ("BOB", Presence::Online)] {
        client.expect("ISON :bob").await;
        client.say(format!(":irc.example 303 alice :{answer}")).await;
        assert_eq!(next(&mut alice).await, presence("bob", expected));
    }
}

#[tokio::test]
async fn a_server_that_follows_peers_is_told_whom() {
    let server = Server::start().await;
    for (isupport, follow, on, off) in [
        ("MONITOR=100", "MONITOR + bob", "730 alice :Bob!u@h,eve!u@h", "731 alice :BOB"),
        ("WATCH=128", "WATCH +bob", "604 alice Bob u h 1 :is online", "601 alice bob u h 1 :logged offline"),
    ] {
        let (mut alice, mut client) = server.alice_as(server.account(), isupport).await;
        let receipt = alice.send("bob", "hello");
        client.expect("PRIVMSG bob :hello").await;
        client.expect(follow).await;
        client.confirm().await;
        assert_eq!(outcome(receipt).await, Ok(()));
        for (line, expected) in [(on, Presence::Online), (off, Presence::Offline)] {
            client.say(format!(":irc.example {line}")).await;
            assert_eq!(next(&mut alice).await, presence("bob", expected));
        }
        // After a reconnection the new connection follows them, too.
        drop(client);
        assert!(matches!(next(&mut alice).await, Event::Disconnected { .. }));
        let mut client = server.accept().await;
        client.let_in(isupport).await;
        client.expect(follow).await;
        assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
    }
}

#[tokio::test]
async fn a_lost_connection_is_told_and_made_again() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let confirmed = alice.send("bob", "confirmed");
    client.expect("PRIVMSG bob :confirmed").await;
    client.confirm().await;
    assert_eq!(outcome(confirmed).await, Ok(()));
    let written: Vec<_> = (0..20).map(|number| alice.send("bob", &number.to_string())).collect();
    while !client.hear().await.unwrap().ends_with(":15") {}
    drop(client);

    let told = next(&mut alice).await;
    assert!(matches!(told, Event::Disconnected { error, recovery: Recovery::RetryIn(_) } if error.may_have_arrived()));
    let mut outcomes = Vec::new();
    for receipt in written {
        outcomes.push(outcome(receipt).await);
    }
    for (number, outcome) in outcomes.iter().enumerate() {
        let open = matches!(outcome, Err(Error::ConnectionLost(_)));
        assert!(if number < 16 { open } else { *outcome == Err(Error::NotConnected) }, "{number}: {outcome:?}");
    }
    assert_eq!(outcome(alice.send("bob", "nobody there")).await, Err(Error::NotConnected));

    let mut client = server.accept().await;
    client.let_in("").await;
    assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
    let receipt = alice.send("bob", "again");
    client.expect("PRIVMSG bob :again").await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
}

#[tokio::test]
async fn a_silent_server_is_asked_and_then_given_up() {
    let server = Server::start().await;
    let mut options = quick();
    options.silence = Duration::from_millis(20);
    let (mut alice, mut client) = server.alice_as(server.account().options(options.clone()), "").await;
    for _ in 0..3 {
        client.confirm().await;
    }
    drop(client);
    assert!(matches!(next(&mut alice).await, Event::Disconnected { error: Error::ClosedByPeer, .. }));

    options.answer_timeout = Duration::from_millis(50);
    let (mut alice, _mute) = server.alice_as(server.account().options(options), "").await;
    let receipt = alice.send("bob", "anybody?");
    let told = next(&mut alice).await;
    assert!(matches!(told, Event::Disconnected { error: Error::TimedOut, recovery: Recovery::RetryIn(_) }));
    assert_eq!(outcome(receipt).await, Err(Error::ConnectionLost(io::ErrorKind::TimedOut)));
}

#[tokio::test]
async fn a_host_that_takes_no_events_keeps_the_connection_and_loses_nothing() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    for number in 0..200 {
        client.say(format!(":bob!u@h PRIVMSG alice :{number}")).await;
    }
    client.say("PING :still there?").await;
    client.expect("PONG :still there?").await;
    // Beyond what may wait, the network does.
    let many = tokio::spawn(async move {
        for number in 200..2000 {
            client.say(format!(":bob!u@h PRIVMSG alice :{number}")).await;
        }
        client
    });
    for number in 0..2000 {
        assert_eq!(next(&mut alice).await, message("bob", &number.to_string(), Origin::Live));
    }
    within(many).await.unwrap();
}

#[tokio::test]
async fn lines_are_paced() {
    let server = Server::start().await;
    let mut options = quick();
    options.burst = 3;
    options.line_interval = Duration::from_secs(3600);
    let (mut alice, mut client) = server.alice_as(server.account().options(options), "").await;
    for text in ["one", "two", "three", "four", "five"] {
        // Each goes its way although nobody waits for it.
        drop(alice.send("bob", text));
    }
    for text in ["one", "two", "three"] {
        client.expect(format!("PRIVMSG bob :{text}")).await;
    }
    assert_eq!(client.said().await, [""; 0]);
}

#[tokio::test]
async fn only_so_many_may_wait() {
    let server = Server::start().await;
    let mut options = quick();
    options.waiting = 8;
    options.burst = 1;
    options.line_interval = Duration::from_secs(3600);
    let (mut alice, _client) = server.alice_as(server.account().options(options), "").await;
    let mut receipts: Vec<_> = (0..100).map(|number| alice.send("bob", &number.to_string())).collect();
    assert_eq!(outcome(receipts.pop().unwrap()).await, Err(Error::QueueFull));
}

#[tokio::test]
async fn a_name_that_is_taken_is_an_error_first_and_waited_for_later() {
    let server = Server::start().await;
    let taken = ":irc.example 433 * alice :Nickname is already in use";
    let refuse = async {
        let mut client = server.accept().await;
        client.hear_login().await;
        client.say(taken).await;
        client
    };
    let (alice, _client) = tokio::join!(IrcTransport::connect(server.account()), refuse);
    assert_eq!(alice.map(drop), Err(Error::NameTaken));

    let (mut alice, client) = server.alice().await;
    drop(client);
    assert!(matches!(next(&mut alice).await, Event::Disconnected { .. }));
    // Our own former connection may still have it.
    for _ in 0..3 {
        let mut client = server.accept().await;
        client.hear_login().await;
        client.say(taken).await;
        let told = next(&mut alice).await;
        assert!(matches!(told, Event::Disconnected { error: Error::NameTaken, recovery: Recovery::RetryIn(_) }));
    }
    server.accept().await.let_in("").await;
    assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
}

#[tokio::test]
async fn a_name_that_the_server_changes_at_login_is_told() {
    let server = Server::start().await;
    let (mut alice, client) = server.alice().await;
    drop(client);
    assert!(matches!(next(&mut alice).await, Event::Disconnected { .. }));
    let mut client = server.accept().await;
    client.hear_login().await;
    client.say(":irc.example 001 alice_ :Welcome").await;
    client.settle("alice_").await;
    assert_eq!(next(&mut alice).await, Event::AddressChanged);
    assert_eq!(alice.address(), "alice_");
    assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
}

#[tokio::test]
async fn whoever_is_thrown_out_stays_out_unless_it_was_for_no_fault_of_his() {
    let server = Server::start().await;
    for (lines, expected, stays_out) in [
        (
            &[":oper!o@h KILL alice :irc.example (go away)", "ERROR :Closing Link: (Killed)"][..],
            Error::NotAllowed,
            true,
        ),
        (&[":irc.example 465 alice :You are banned", "ERROR :Closing Link: (bye)"], Error::NotAllowed, true),
        (&["ERROR :Closing Link: alice[h] (K-Lined)"], Error::NotAllowed, true),
        (&[":irc.example KILL alice :nick collision", "ERROR :Closing Link: (Killed)"], Error::ClosedByPeer, false),
        (&["ERROR :Closing Link: h (Excess Flood)"], Error::RateLimited { wait: None }, false),
        (&["ERROR :Server going down"], Error::ClosedByPeer, false),
    ] {
        let (mut alice, mut client) = server.alice().await;
        for line in lines {
            client.say(line).await;
        }
        let Event::Disconnected { error, recovery } = next(&mut alice).await else { panic!("still there") };
        assert_eq!(error, expected, "{lines:?}");
        assert_eq!(recovery == Recovery::GaveUp, stays_out, "{lines:?}");
        if stays_out {
            assert_eq!(within(alice.next_event()).await, None);
            assert_eq!(outcome(alice.send("bob", "hello")).await, Err(Error::NotConnected));
        } else {
            server.accept().await.let_in("").await;
            assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
        }
        alice.close().await.unwrap();
    }
}

#[tokio::test]
async fn closing_sends_what_was_handed_over_and_says_goodbye() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipts: Vec<_> = (0..50).map(|number| alice.send("bob", &number.to_string())).collect();
    let serve = async {
        let mut seen = 0;
        loop {
            match client.hear().await.unwrap() {
                line if line == "QUIT" => break,
                line if line.starts_with("PING") => client.say(line.replace("PING", "PONG irc.example")).await,
                line => {
                    assert_eq!(line, format!("PRIVMSG bob :{seen}"));
                    seen += 1;
                }
            }
        }
        client.say("ERROR :Closing Link: alice (Quit)").await;
        seen
    };
    let (seen, closed) = within(async { tokio::join!(serve, alice.close()) }).await;
    assert_eq!((seen, closed), (50, Ok(())));
    drop(client);
    for receipt in receipts {
        assert_eq!(outcome(receipt).await, Ok(()));
    }
    assert_eq!(alice.close().await, Ok(()));
    assert_eq!(outcome(alice.send("bob", "x")).await, Err(Error::Closed));
    assert_eq!(within(alice.next_event()).await, None);
}

#[tokio::test]
async fn closing_does_not_wait_for_a_host_that_takes_no_events() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipt = alice.send("bob", "last words");
    client.expect("PRIVMSG bob :last words").await;
    let ping = client.hear().await.unwrap();
    for number in 0..400 {
        client.say(format!(":bob!u@h PRIVMSG alice :{number}")).await;
    }
    client.say(ping.replace("PING", "PONG irc.example")).await;
    let serve = async {
        while client.hear().await.unwrap() != "QUIT" {}
        drop(client);
    };
    let (closed, ()) = within(async { tokio::join!(alice.close(), serve) }).await;
    assert_eq!((closed, outcome(receipt).await), (Ok(()), Ok(())));
    // What was waiting can still be taken.
    assert_eq!(next(&mut alice).await, presence("bob", Presence::Online));
    for number in 0..250 {
        assert_eq!(next(&mut alice).await, message("bob", &number.to_string(), Origin::Live));
    }
}

#[tokio::test]
async fn a_server_that_is_gone_before_the_last_words_is_told() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipt = alice.send("bob", "last words");
    let serve = async {
        client.expect("PRIVMSG bob :last words").await;
        drop(client);
    };
    let (closed, ()) = within(async { tokio::join!(alice.close(), serve) }).await;
    assert_eq!(closed, Err(Error::ClosedByPeer));
    assert!(matches!(outcome(receipt).await, Err(Error::ConnectionLost(_))));
}

#[tokio::test]
async fn dropping_leaves_too() {
    let server = Server::start().await;
    let (alice, mut client) = server.alice().await;
    drop(alice);
    client.expect("QUIT").await;
    client.say("ERROR :Closing Link: alice (Quit)").await;
    assert_eq!(client.hear().await, None);
}

#[tokio::test]
async fn closing_while_there_is_no_connection_is_quick() {
    let server = Server::start().await;
    let mut options = quick();
    options.retry_first = Duration::from_secs(3600);
    options.retry_max = Duration::from_secs(3600);
    let (mut alice, client) = server.alice_as(server.account().options(options), "").await;
    drop((server, client));
    assert!(matches!(next(&mut alice).await, Event::Disconnected { .. }));
    assert_eq!(within(alice.close()).await, Ok(()));
}

#[tokio::test]
async fn connecting_fails_with_what_is_wrong() {
    let server = Server::start().await;
    let port = server.port();
    drop(server);
    let account = |host: &str| IrcAccount::cleartext(host, port, "alice").options(quick());
    assert_eq!(IrcTransport::connect(account("127.0.0.1")).await.map(drop), Err(Error::ConnectionRefused));
    assert_eq!(IrcTransport::connect(account("no.host.invalid")).await.map(drop), Err(Error::NameNotResolved));
    let broken = IrcAccount::cleartext("127.0.0.1", port, "al ice");
    assert_eq!(IrcTransport::connect(broken).await.map(drop), Err(Error::InvalidAddress));
    let open_password = account("127.0.0.1").sasl("alice", "secret".to_owned());
    assert!(matches!(IrcTransport::connect(open_password).await.map(drop), Err(Error::Tls(_))));
}

/// A TLS server in front of the double.
struct TlsServer {
    server: Server,
    acceptor: TlsAcceptor,
    certificate: String,
}

impl TlsServer {
    async fn start(name: &str) -> Self {
        let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()).into();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self { server: Server::start().await, acceptor, certificate: own.cert.pem() }
    }

    async fn accept(&self) -> Option<Client> {
        let stream = within(self.acceptor.accept(self.server.accept_raw().await)).await.ok()?;
        Some(Client::new(stream))
    }

    fn account(&self) -> IrcAccount {
        let trust = Trust::nobody().and_pem(self.certificate.as_bytes()).unwrap();
        IrcAccount::encrypted("127.0.0.1", self.server.port(), "alice", Tls::new(trust).unwrap()).options(quick())
    }
}

#[tokio::test]
async fn passwords_go_over_an_encrypted_connection() {
    let server = TlsServer::start("irc.example").await;
    let serve = async {
        let mut client = server.accept().await.unwrap();
        client.expect("CAP LS 302").await;
        client.expect("PASS :open sesame").await;
        client.expect("NICK alice").await;
        client.expect("USER al 0 * :Alice in Wonderland").await;
        client.say(":irc.example CAP * LS :sasl=PLAIN").await;
        client.expect("CAP REQ :sasl").await;
        client.say(":irc.example CAP * ACK :sasl").await;
        client.expect("AUTHENTICATE PLAIN").await;
        client.say("AUTHENTICATE +").await;
        client.expect("AUTHENTICATE AGppbGxlcwBzZXNhbWU=").await;
        client.say(":irc.example 903 alice :SASL authentication successful").await;
        client.expect("CAP END").await;
        client.say(":irc.example 001 alice :Welcome").await;
        client.settle("alice").await;
        client
    };
    let account = server.account().server_name("irc.example").user("al").real_name("Alice in Wonderland");
    let account = account.sasl("jilles", "sesame".to_owned()).server_password("open sesame".to_owned());
    let (alice, mut client) = tokio::join!(IrcTransport::connect(account), serve);
    let mut alice = alice.unwrap();
    assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
    let receipt = alice.send("bob", "hello");
    client.expect("PRIVMSG bob :hello").await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
    let serve = async {
        client.expect("QUIT").await;
        drop(client);
    };
    let (closed, ()) = within(async { tokio::join!(alice.close(), serve) }).await;
    assert_eq!(closed, Ok(()));
}

#[tokio::test]
async fn a_certificate_that_is_not_the_servers_is_refused() {
    let server = TlsServer::start("irc.example").await;
    let account = server.account().server_name("other.example");
    let (alice, client) = tokio::join!(IrcTransport::connect(account), server.accept());
    assert!(client.is_none());
    let problem = CertificateProblem::WrongName;
    assert!(matches!(alice.map(drop), Err(Error::Certificate { problem: found, .. }) if found == problem));
}

#[tokio::test]
async fn a_refused_login_is_told_as_one() {
    let server = TlsServer::start("127.0.0.1").await;
    let refuse = async {
        let mut client = server.accept().await.unwrap();
        while client.hear().await.unwrap() != "USER alice 0 * :alice" {}
        client.say(":irc.example 464 alice :Password incorrect").await;
        client
    };
    let account = server.account().server_password("wrong".to_owned());
    let (alice, _client) = tokio::join!(IrcTransport::connect(account), refuse);
    assert_eq!(alice.map(drop), Err(Error::LoginRefused));
}
