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
    Quit,
    /// It begins as a command does but is none: an error, never a message.
    Unknown(&'a str),
}

/// What `/help` says.
pub(crate) const HELP: [&str; 10] = [
    "/start        ask for a private conversation, or refresh it with new keys",
    "/end          end the private conversation",
    "/fingerprint  show both fingerprints",
    "/verify       mark the fingerprint shown as verified, once you have compared it",
    "/distrust     take that mark away",
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
    fn help_names_every_command() {
        for line in HELP.iter().filter(|line| !line.starts_with("//")) {
            let command = line.split(' ').next().unwrap();
            assert!(!matches!(parse(command), Typed::Unknown(_) | Typed::Text(_)), "{command}");
        }
    }
}
