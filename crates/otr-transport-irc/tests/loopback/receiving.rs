//! What comes in, and where it comes from.

use otr_transport::{Event, Origin, Transport};
use otr_transport_irc::IrcTransport;

use super::double::{LIMIT, Server, message, next, nothing_more};

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
