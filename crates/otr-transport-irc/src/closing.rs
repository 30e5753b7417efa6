use otr_transport::Error;

/// What the text of an `ERROR` line means, with which a server ends a connection. The texts are free; these words are
/// those of the usual servers.
pub(crate) fn meaning(text: &str) -> Error {
    let text = text.to_ascii_lowercase();
    // Before the reason in brackets may stand our own name and host.
    let reason = text.split_once('(').map_or(text.as_str(), |(_, reason)| reason);
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["flood", "throttl", "too fast", "too many"]) {
        Error::RateLimited { wait: None }
    } else if says(&["password", "sasl"]) {
        Error::LoginRefused
    } else if says(&["-line", "kline", "gline", "banned", "killed", "not authorized", "denied"]) {
        Error::NotAllowed
    } else if says(&["timeout", "timed out"]) {
        Error::TimedOut
    } else {
        Error::ClosedByPeer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_texts_are_understood() {
        for (text, expected) in [
            ("Closing Link: 203.0.113.7 (Excess Flood)", Error::RateLimited { wait: None }),
            ("Trying to reconnect too fast.", Error::RateLimited { wait: None }),
            ("Closing Link: alice[h] (Throttled: Reconnecting too fast)", Error::RateLimited { wait: None }),
            ("Access denied: Bad server password?", Error::LoginRefused),
            ("Closing Link: alice[h] by irc.example (K-Lined: spam)", Error::NotAllowed),
            ("Closing link: (alice@h) [Z-Lined: no]", Error::NotAllowed),
            ("Closing Link: h (Killed (oper (bye)))", Error::NotAllowed),
            ("Closing Link: alice[h] (Ping timeout: 120 seconds)", Error::TimedOut),
            ("Server going down", Error::ClosedByPeer),
            ("Closing Link: flood[banned.example] (Client Quit)", Error::ClosedByPeer),
            ("", Error::ClosedByPeer),
        ] {
            assert_eq!(meaning(text), expected, "{text}");
        }
    }
}
