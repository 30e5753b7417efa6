//! A server that means harm: oversized, malformed, endless, repeated, replayed, reordered and relabelled lines.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod double;

use std::time::Duration;

use double::{Client, LIMIT, Server, message, next, nothing_more, outcome, quick, within};
use otr_transport::{Error, Event, Origin, Recovery, Transport};
use otr_transport_irc::{IrcTransport, Options};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tokio::io::AsyncWriteExt;

/// Bytes that a server may get rid of towards a client that does not read: what the system's buffers hold, and then some.
const ENDLESS: usize = 16 << 20;

/// A question that is as long as its answer.
const PING: &str = "PING :0123456789012345678901234567890123456789";

/// What connecting to a server that does `serve` after having heard the login fails with.
async fn login_fails(options: Options, serve: impl AsyncFn(&mut Client)) -> Error {
    let server = Server::start().await;
    let account = server.account().options(options);
    let serving = async {
        let mut client = server.accept().await;
        for _ in 0..3 {
            client.hear().await;
        }
        serve(&mut client).await;
        client
    };
    let (alice, _client) = within(async { tokio::join!(IrcTransport::connect(account), serving) }).await;
    alice.map(drop).unwrap_err()
}

async fn disconnected(alice: &mut IrcTransport) -> (Error, Recovery) {
    match next(alice).await {
        Event::Disconnected { error, recovery } => (error, recovery),
        other => panic!("still there: {other:?}"),
    }
}

/// After whatever was done to it, the transport works: the next connection carries messages.
async fn still_works(server: &Server, alice: &mut IrcTransport) {
    let mut client = server.accept().await;
    client.let_in("").await;
    assert_eq!(next(alice).await, Event::Connected { resumed: false });
    carries(alice, &mut client).await;
}

async fn carries(alice: &mut IrcTransport, client: &mut Client) {
    let receipt = alice.send("bob", "fine");
    client.expect("PRIVMSG bob :fine").await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
    client.say(":eve!u@h PRIVMSG alice :fine").await;
    assert_eq!(next(alice).await, message("eve", "fine", Origin::Live));
}

#[tokio::test]
async fn a_login_without_end_ends() {
    let mut options = quick();
    options.login_timeout = Duration::from_millis(200);
    assert_eq!(login_fails(options.clone(), async |_| {}).await, Error::TimedOut);
    let endless =
        ["NOTICE * :wait", "PING :x", "CAP * LS * :a b c", "002 alice :soon", "AUTHENTICATE +", "garbage", ""];
    for line in endless {
        let server = Server::start().await;
        let account = server.account().options(options.clone());
        let spam = tokio::spawn(async move {
            let mut stream = server.accept_raw().await;
            let lines = format!("{line}\r\n").repeat(1000);
            while stream.write_all(lines.as_bytes()).await.is_ok() {}
        });
        assert_eq!(within(IrcTransport::connect(account)).await.map(drop), Err(Error::TimedOut), "{line}");
        within(spam).await.unwrap();
    }
}

#[tokio::test]
async fn a_login_that_asks_and_takes_no_answers_fills_nothing() {
    for welcome in ["", ":irc.example 001 alice :Welcome"] {
        let server = Server::start().await;
        let spam = async {
            let mut client = server.accept().await;
            client.say(welcome).await;
            stuffed(&mut client, |_| PING.to_owned()).await;
            client
        };
        tokio::select! {
            connected = IrcTransport::connect(server.account()) => panic!("{:?}", connected.map(drop)),
            _client = within(spam) => {}
        }
    }
}

/// Says lines until the client has not read for a while. How many it took as a whole.
async fn stuffed(client: &mut Client, line: impl Fn(u32) -> String) -> u32 {
    let (mut number, mut sent) = (0, 0);
    while sent < ENDLESS {
        let line = format!("{}\r\n", line(number));
        let took = tokio::time::timeout(Duration::from_millis(500), client.try_say_raw(line.as_bytes())).await;
        match took {
            Ok(true) => {}
            Ok(false) => panic!("it closed"),
            Err(_) => return number,
        }
        number += 1;
        sent += line.len();
    }
    panic!("it took all of it");
}

#[tokio::test]
async fn a_welcome_that_never_settles_is_no_login() {
    let mut options = quick();
    options.login_timeout = Duration::from_millis(200);
    let silent = async |client: &mut Client| client.say(":irc.example 001 alice :Welcome").await;
    assert_eq!(login_fails(options.clone(), silent).await, Error::TimedOut);
    let answers_another = async |client: &mut Client| {
        client.say(":irc.example 001 alice :Welcome").await;
        client.say(":irc.example PONG irc.example :77").await;
    };
    assert_eq!(login_fails(options, answers_another).await, Error::TimedOut);
}

#[tokio::test]
async fn a_line_without_end_ends_the_connection() {
    let endless = vec![b'x'; 8191 + 512];
    let too_large = Error::MessageTooLarge { size: endless.len(), limit: endless.len() };
    assert_eq!(login_fails(quick(), async |client| client.say_raw(&endless).await).await, too_large);

    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let mut line = b":bob!u@h PRIVMSG alice :".to_vec();
    line.resize(endless.len(), b'x');
    client.say_raw(&line).await;
    let (error, recovery) = disconnected(&mut alice).await;
    assert_eq!(error, too_large);
    assert!(matches!(recovery, Recovery::RetryIn(pause) if !pause.is_zero()));
    still_works(&server, &mut alice).await;
}

#[tokio::test]
async fn a_server_that_asks_and_takes_no_answers_is_left() {
    let server = Server::start().await;
    let mut options = quick();
    options.answer_timeout = Duration::from_secs(4);
    let (mut alice, mut client) = server.alice_as(server.account().options(options), "").await;
    let receipt = alice.send("bob", "hello");
    stuffed(&mut client, |_| PING.to_owned()).await;
    assert_eq!(disconnected(&mut alice).await.0, Error::TimedOut);
    assert!(matches!(outcome(receipt).await, Err(Error::ConnectionLost(_))));
    still_works(&server, &mut alice).await;
}

#[tokio::test]
async fn events_without_end_wait_outside() {
    let server = Server::start().await;
    let mut options = quick();
    // While we do not read, it is not the server that is silent. Together they are less than the server waits for us, and
    // as long as they can be, for a busy machine.
    options.silence = Duration::from_millis(50);
    options.answer_timeout = Duration::from_millis(400);
    let (mut alice, mut client) = server.alice_as(server.account().options(options), "").await;
    let body = "x".repeat(400);
    let sent = stuffed(&mut client, |number| format!(":bob!u@h PRIVMSG alice :{number} {body}")).await;
    drop(client);
    // One more may be cut.
    for number in 0..sent {
        let Event::Message(incoming) = next(&mut alice).await else { panic!("no message") };
        assert!(incoming.body.starts_with(&format!("{number} ")), "{number}");
    }
}

#[tokio::test]
async fn answers_to_nothing_confirm_nothing() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let mut receipt = alice.send("bob", "hello");
    client.expect("PRIVMSG bob :hello").await;
    let ping = client.hear().await.unwrap();
    assert_eq!(ping, "PING :2");
    for line in [
        "PONG irc.example :1",
        "PONG irc.example :1",
        "PONG irc.example :3",
        "PONG irc.example :-2",
        "PONG irc.example :2 ",
        "PONG irc.example :18446744073709551616",
        "PONG 2 irc.example",
        "PONG",
        "PONG irc.example",
        "401 alice eve :No such nick",
        "401 alice",
        "401",
        "302 alice :eve=+u@h",
        "303 alice :bob",
        "730 alice :bob!u@h",
    ] {
        client.say(format!(":irc.example {line}")).await;
    }
    nothing_more_but_presence(&mut alice, &mut client).await;
    tokio::select! {
        biased;
        early = &mut receipt => panic!("not confirmed yet: {early:?}"),
        () = std::future::ready(()) => {}
    }
    for _ in 0..2 {
        client.say(":irc.example PONG irc.example :2").await;
    }
    assert_eq!(outcome(receipt).await, Ok(()));
    carries(&mut alice, &mut client).await;
}

/// Presence may be told of a peer; nothing else is.
async fn nothing_more_but_presence(alice: &mut IrcTransport, client: &mut Client) {
    client.say(":marker!m@m PRIVMSG alice :marker").await;
    loop {
        match next(alice).await {
            Event::Presence { .. } => {}
            event => return assert_eq!(event, message("marker", "marker", Origin::Live)),
        }
    }
}

#[tokio::test]
async fn reordered_answers_confirm_what_went_before_them() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let mut receipts = Vec::new();
    for text in ["one", "two"] {
        receipts.push(alice.send("bob", text));
        client.expect(format!("PRIVMSG bob :{text}")).await;
        client.hear().await;
    }
    client.say(":irc.example PONG irc.example :3").await;
    client.say(":irc.example PONG irc.example :2").await;
    for receipt in receipts {
        assert_eq!(outcome(receipt).await, Ok(()));
    }
    carries(&mut alice, &mut client).await;
}

// attack: VER-8
#[tokio::test]
async fn false_labels_make_nothing_live() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    for (line, origin) in [
        (":alice!~alice@host.example PRIVMSG alice :x", Origin::OwnCopy),
        (":ALICE PRIVMSG alice :x", Origin::OwnCopy),
        ("@time=never :bob!u@h PRIVMSG alice :x", Origin::History),
        ("@time :bob!u@h PRIVMSG alice :x", Origin::History),
        ("@batch :bob!u@h PRIVMSG alice :x", Origin::History),
        ("@batch=;time=2999-01-01T00:00:00Z :bob!u@h PRIVMSG alice :x", Origin::History),
        (":bob!u@h PRIVMSG alice,#bed :x", Origin::Group),
        (":bob!u@h PRIVMSG * :x", Origin::Group),
    ] {
        client.say(line).await;
        let Event::Message(incoming) = next(&mut alice).await else { panic!("no message: {line}") };
        assert_eq!(incoming.origin, origin, "{line}");
    }
    for nobody in [":irc.example", ":#bed!u@h", ":!u@h", ":bob,eve!u@h", ":@#bed!u@h", ""] {
        client.say(format!("{nobody} PRIVMSG alice :x")).await;
    }
    nothing_more(&mut alice, &mut client).await;
}

#[tokio::test]
async fn repeated_and_belated_lines_of_the_login_change_nothing() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    for line in [
        "001 mallory :Welcome",
        "433 * alice :Nickname is already in use",
        "903 alice :SASL authentication successful",
        "904 alice :SASL authentication failed",
        "CAP * LS :sasl batch",
        "CAP * ACK :sasl",
        "AUTHENTICATE +",
        "376 alice :End",
    ] {
        client.say(format!(":irc.example {line}")).await;
    }
    client.say("AUTHENTICATE +").await;
    nothing_more(&mut alice, &mut client).await;
    assert_eq!(alice.address(), "alice");
    assert_eq!(client.said().await, [""; 0]);
    carries(&mut alice, &mut client).await;
}

#[tokio::test]
async fn absurd_announcements_keep_within_bounds() {
    let server = Server::start().await;
    let absurd = "NICKLEN=99999999999999999999 LINELEN=99999999999 CASEMAPPING= NETWORK= MONITOR=-1 = ==";
    let (mut alice, mut client) = server.alice_as(server.account(), absurd).await;
    assert!(alice.max_message_size("bob").unwrap() <= 8192);
    client.say(":irc.example 005 alice LINELEN=0 NICKLEN=1000000 :are supported").await;
    nothing_more(&mut alice, &mut client).await;
    // A nick of at most 64 bytes is expected, ours has 5.
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT - 59));

    client.say(format!(":irc.example 396 alice {} :is now your displayed host", "h".repeat(8000))).await;
    nothing_more(&mut alice, &mut client).await;
    assert_eq!(alice.max_message_size("bob"), Some(0));
    assert_eq!(outcome(alice.send("bob", "x")).await, Err(Error::MessageTooLarge { size: 1, limit: 0 }));
}

/// The pauses before each of six new connections, to a server that does `serve` and throws out.
async fn pauses(serve: impl AsyncFn(&mut IrcTransport, &mut Client)) -> Vec<Duration> {
    let server = Server::start().await;
    let mut options = quick();
    options.retry_max = Duration::from_millis(200);
    let (mut alice, client) = server.alice_as(server.account().options(options), "").await;
    drop(client);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let Recovery::RetryIn(pause) = disconnected(&mut alice).await.1 else { panic!("it should try again") };
        pauses.push(pause);
        let mut client = server.accept().await;
        client.let_in("").await;
        assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
        serve(&mut alice, &mut client).await;
    }
    pauses
}

#[tokio::test]
async fn a_server_that_lets_in_and_throws_out_is_not_hammered() {
    let pauses = pauses(async |_, _| {}).await;
    assert!(pauses.is_sorted() && pauses[5] >= 16 * pauses[0], "{pauses:?}");
}

#[tokio::test]
async fn a_connection_that_was_of_use_is_come_back_to_soon() {
    let wrote = async |alice: &mut IrcTransport, client: &mut Client| {
        client.say(":bob!u@h PRIVMSG alice :hi").await;
        assert!(matches!(next(alice).await, Event::Message(_)));
    };
    let pauses = pauses(wrote).await;
    assert!(pauses.iter().all(|pause| *pause == pauses[0]), "{pauses:?}");
}

#[tokio::test]
async fn no_line_does_harm() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice_as(server.account(), "MONITOR=100").await;
    drop(alice.send("bob", "so that there is something to be refused and followed"));
    client.expect("PRIVMSG bob :so that there is something to be refused and followed").await;

    let tags = "(@(batch|time|x)?(=[0-9TZ:.-]{0,30})?(;=)? )?";
    let words = "alice|bob|bob!u@h|#bed|[+*-]|:x|[a-z]{0,9}=[+]?[a-z@]{0,9}|,|\u{e9}|\u{1}ACTION x|[0-9]{0,20}|";
    let commands = "QUIT|PING|PONG|CAP|AUTHENTICATE|BATCH|CHGHOST|FAIL|MODE|JOIN|[A-Z]{0,8}|001|005|263|30[23]|396|401|417|\
                    46[45]|60[0-5]|73[0-9]|[0-9]{3}";
    // Half of them are nearly right, so that they get somewhere.
    let wild = format!("{tags}(:({words}) )?({commands})( ({words})){{0,5}}");
    let tame = format!("({tags})?:(bob!u@h|alice|irc.example) (PRIVMSG|73[01]|60[0145]|303) (alice|#bed) ({words})");
    let mut runner = TestRunner::deterministic();
    let [wild, tame] = [wild, tame].map(|pattern| proptest::string::string_regex(&pattern).unwrap());
    let (mut events, mut lines) = (0, Vec::new());
    for _ in 0..2000 {
        lines.extend([&wild, &tame].map(|pattern| pattern.new_tree(&mut runner).unwrap().current()));
    }
    for part in lines.chunks(100) {
        client.say(part.join("\r\n")).await;
        client.say(":marker!m@m PRIVMSG alice :marker").await;
        loop {
            match next(&mut alice).await {
                Event::Message(incoming) if incoming.body == "marker" => break,
                Event::Disconnected { error, .. } => panic!("{error}"),
                _ => events += 1,
            }
        }
    }
    assert!(events > 100, "{events} events: the lines should mean something");
    drop(client);
    assert!(matches!(disconnected(&mut alice).await.1, Recovery::RetryIn(_)));
}
