//! Profanity, with OTR built in, on XMPP.

use super::super::{BOB, Kind};
use super::client::{Act, AfterEnd, Client, Files, Habits, Key, OURS, Started, THEIRS};
use super::home::Home;
use super::terminal::Terminal;
use crate::interop::Failure;

pub(super) const HABITS: Habits = Habits {
    name: "profanity",
    kind: Kind::Prosody,
    programs: &["profanity", "tmux"],
    start,
    private: &["OTR session started"],
    ended: &["OTR session ended"],
    asked: &["wants to authenticate your identity"],
    answered_right: &["successfully authenticated you"],
    answered_wrong: &["failed to authenticate you"],
    asked_right: &["Authentication successful"],
    asked_wrong: &["Authentication failed"],
    new_key: &["OTR session started (untrusted)"],
    trusted: Some(&["OTR session started (trusted)"]),
    files: Files::PLAIN,
    after_end: AfterEnd::InClear,
    starts_anew: None,
    replaces_entities: None,
    no_question: None,
};

#[derive(Debug)]
struct Profanity(Terminal);

fn start(home: &Home, port: u16, key: Key) -> Started {
    home.write(".config/profanity/profrc", PROFRC)?;
    home.write(".local/share/profanity/accounts", &account(port))?;
    let account = format!("{THEIRS}@localhost");
    let terminal = Terminal::open(home, "profanity", &["-a", &account])?;
    terminal.wait_for(&["logged in successfully"])?;
    if key == Key::Made {
        terminal.type_line("/otr gen")?;
        terminal.wait_for(&["Private key generation complete"])?;
    }
    terminal.type_line(&format!("/msg {OURS}@localhost"))?;
    Ok(Box::new(Profanity(terminal)))
}

impl Client for Profanity {
    fn shown(&mut self) -> Result<Vec<String>, Failure> {
        self.0.screen()
    }

    fn type_line(&mut self, line: &str) -> Result<(), Failure> {
        self.0.type_line(line)
    }

    fn act(&mut self, act: Act<'_>) -> Result<(), Failure> {
        self.0.type_line(&match act {
            Act::Trust => return Ok(()),
            Act::Start => "/otr start".to_owned(),
            Act::End => "/otr end".to_owned(),
            Act::Ask { question, secret } => format!("/otr question \"{question}\" \"{secret}\""),
            Act::Answer(secret) => format!("/otr answer \"{secret}\""),
        })
    }
}

const PROFRC: &str = "\
[ui]
splash=false
wrap=true
roster=false
vercheck=false
[otr]
policy=manual
log=off
[presence]
autoping=0
";

fn account(port: u16) -> String {
    let password = BOB.password;
    format!(
        "\
[{THEIRS}@localhost]
enabled=true
jid={THEIRS}@localhost
server=127.0.0.1
port={port}
resource=profanity
password={password}
tls.policy=disable
presence.last=online
presence.login=online
"
    )
}
