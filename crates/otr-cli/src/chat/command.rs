//! What the user typed.

/// A line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed<'a> {
    /// Text for the other side.
    Text(&'a str),
    Nothing,
    Help,
    Start,
    End,
    Verify,
    Distrust,
    Accept,
    Status,
    Fingerprint,
    /// Compare a secret, with a question or without.
    Compare {
        question: Option<&'a str>,
        secret: &'a str,
    },
    /// Answer the comparison that the other side began.
    Answer(&'a str),
    Abort,
    Quit,
    /// It begins as a command does but is none: an error, never a message.
    Unknown(&'a str),
}

/// What `/help` says.
pub(crate) const HELP: [&str; 14] = [
    "/start        ask for a private conversation, or refresh it with new keys",
    "/end          end the private conversation",
    "/fingerprint  show both fingerprints",
    "/verify       mark the fingerprint shown as verified, once you have compared it",
    "/distrust     take that mark away",
    "/secret TEXT  compare a secret that only the two of you know",
    "/ask \"QUESTION\" TEXT  the same, asking a question to which TEXT is the answer",
    "/answer TEXT  answer when the other side compares a secret with you",
    "/abort        give up comparing",
    "/accept       go on with a changed fingerprint without verifying it",
    "/status       show how things stand",
    "/quit         end the private conversation and leave (also Ctrl-D)",
    "/help         show this",
    "//text        send a line that begins with /",
];

/// Understands a line.
pub(crate) fn parse(line: &str) -> Typed<'_> {
    let Some(command) = line.strip_prefix('/') else {
        return if line.trim().is_empty() { Typed::Nothing } else { Typed::Text(line) };
    };
    if command.starts_with('/') {
        return Typed::Text(command);
    }
    if let Some(compared) = comparison(command) {
        return compared;
    }
    match command.trim_end() {
        "help" => Typed::Help,
        "start" => Typed::Start,
        "end" => Typed::End,
        "verify" => Typed::Verify,
        "distrust" => Typed::Distrust,
        "accept" => Typed::Accept,
        "status" => Typed::Status,
        "fingerprint" => Typed::Fingerprint,
        "quit" => Typed::Quit,
        unknown => Typed::Unknown(unknown),
    }
}

/// The commands with a secret after them. Blanks around it are not part of it.
fn comparison(command: &str) -> Option<Typed<'_>> {
    let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
    let rest = rest.trim();
    match name {
        "secret" if !rest.is_empty() => Some(Typed::Compare { question: None, secret: rest }),
        "answer" if !rest.is_empty() => Some(Typed::Answer(rest)),
        "abort" if rest.is_empty() => Some(Typed::Abort),
        "ask" => {
            let (question, secret) = rest.strip_prefix('"')?.split_once('"')?;
            let secret = secret.trim();
            (!secret.is_empty()).then_some(Typed::Compare { question: Some(question), secret })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_never_sent() {
        assert_eq!(parse("/quit "), Typed::Quit);
        assert_eq!(parse("/quti"), Typed::Unknown("quti"));
        assert_eq!(parse("/verify bob"), Typed::Unknown("verify bob"));
        assert_eq!(parse("/"), Typed::Unknown(""));
    }

    #[test]
    fn text_is_sent_as_typed() {
        assert_eq!(parse(" /quit"), Typed::Text(" /quit"));
        assert_eq!(parse("//etc/passwd"), Typed::Text("/etc/passwd"));
        assert_eq!(parse("hello /end"), Typed::Text("hello /end"));
        assert_eq!(parse("  "), Typed::Nothing);
    }

    #[test]
    fn secrets_and_questions_are_taken_apart() {
        assert_eq!(parse("/secret in the  bakery "), Typed::Compare { question: None, secret: "in the  bakery" });
        let compare = Typed::Compare { question: Some("Where did we meet?"), secret: "bakery" };
        assert_eq!(parse("/ask \"Where did we meet?\" bakery"), compare);
        assert_eq!(parse("/answer yes"), Typed::Answer("yes"));
        assert_eq!(parse("/abort"), Typed::Abort);
        for incomplete in ["/secret", "/secret  ", "/ask where", "/ask \"where?\"", "/answer "] {
            assert!(matches!(parse(incomplete), Typed::Unknown(_)), "{incomplete}");
        }
    }

    #[test]
    fn help_names_every_command() {
        for line in HELP.iter().filter(|line| !line.starts_with("//")) {
            let command = line.split("  ").next().unwrap();
            assert!(!matches!(parse(command), Typed::Unknown(_) | Typed::Text(_)), "{command}");
        }
    }
}
