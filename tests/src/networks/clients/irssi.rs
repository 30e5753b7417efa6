//! irssi with its OTR module, on IRC.

use super::super::Kind;
use super::client::{Act, AfterEnd, Client, Files, Habits, Key, OURS, Started, THEIRS};
use super::home::Home;
use super::terminal::Terminal;
use super::wait::until;
use crate::interop::Failure;

pub(super) const HABITS: Habits = Habits {
    name: "irssi",
    kind: Kind::Ngircd,
    programs: &["irssi", "tmux"],
    start,
    private: &["Session secured"],
    ended: &["has finished the OTR"],
    asked: &["wants to authenticate"],
    answered_right: &["Authentication with alice successful"],
    answered_wrong: &["Authentication with alice failed"],
    asked_right: &["Authentication with alice successful"],
    asked_wrong: &["Authentication with alice failed"],
    new_key: &["Your peer is not authenticated"],
    trusted: Some(&["[OTR]"]),
    files: Files { folder: None, ours: Some("irc:bob@irc.otr.test"), theirs: Some(CHATNET) },
    after_end: AfterEnd::Refused(&["alice has closed the connection to you"]),
    starts_anew: None,
    replaces_entities: None,
    no_question: None,
};

#[derive(Debug)]
struct Irssi(Terminal);

fn start(home: &Home, port: u16, key: Key) -> Started {
    home.write(".irssi/config", &config(port))?;
    home.write(".irssi/startup", "LOAD otr\n")?;
    let terminal = Terminal::open(home, "irssi", &[])?;
    terminal.wait_for(&["Your host is"])?;
    if key == Key::Made {
        make_key(&terminal)?;
    }
    terminal.type_line(&format!("/query {OURS}"))?;
    Ok(Box::new(Irssi(terminal)))
}

/// It makes its key in the background, misses what comes meanwhile, and looks for the result when something happens.
fn make_key(terminal: &Terminal) -> Result<(), Failure> {
    terminal.type_line(&format!("/otr genkey {CHATNET}"))?;
    until("irssi's key", || {
        terminal.press("Enter")?;
        let made = "key generation for";
        Ok(terminal.screen()?.iter().any(|line| line.contains(made) && line.contains("completed")).then_some(()))
    })
}

impl Client for Irssi {
    fn shown(&mut self) -> Result<Vec<String>, Failure> {
        self.0.screen()
    }

    fn type_line(&mut self, line: &str) -> Result<(), Failure> {
        self.0.type_line(line)
    }

    fn act(&mut self, act: Act<'_>) -> Result<(), Failure> {
        self.0.type_line(&match act {
            // It stands in the status bar.
            Act::Trust => return Ok(()),
            Act::Start => "/otr init".to_owned(),
            Act::End => "/otr finish".to_owned(),
            Act::Ask { question, secret } => format!("/otr authq \"{question}\" {secret}"),
            Act::Answer(secret) => format!("/otr auth {secret}"),
        })
    }
}

/// What irssi calls the network; its keys are kept under this name.
const CHATNET: &str = "net";

/// Its own limit of lines a second would have our talk wait.
fn config(port: u16) -> String {
    format!(
        r#"servers = ( {{ address = "127.0.0.1"; chatnet = "{CHATNET}"; port = "{port}"; use_tls = "no"; autoconnect = "yes"; }} );
chatnets = {{ {CHATNET} = {{ type = "IRC"; nick = "{THEIRS}"; username = "{THEIRS}"; realname = "{THEIRS}"; }}; }};
settings = {{
  core = {{ real_name = "{THEIRS}"; user_name = "{THEIRS}"; nick = "{THEIRS}"; }};
  "irc/core" = {{ cmd_queue_speed = "10msec"; cmds_max_at_once = "200"; }};
  "fe-common/core" = {{ autocreate_query_level = "MSGS DCCMSGS NOTICES"; autoclose_query = "0"; }};
}};
statusbar = {{ default = {{ window = {{ items = {{ otr = {{ }}; }}; }}; }}; }};
"#
    )
}
