//! MCabber, with OTR built in, on XMPP.

use super::super::{BOB, Kind};
use super::client::{Act, AfterEnd, Client, Files, Habits, Key, OURS, Started, THEIRS};
use super::home::Home;
use super::terminal::Terminal;
use crate::interop::Failure;

pub(super) const HABITS: Habits = Habits {
    name: "mcabber",
    kind: Kind::Prosody,
    programs: &["mcabber", "tmux"],
    start,
    private: &["OTR: channel established"],
    ended: &["OTR: channel closed"],
    asked: &["Received SMP Initiation"],
    answered_right: &["Protocol: Success"],
    answered_wrong: &["Protocol: Failure"],
    asked_right: &["Protocol: Success"],
    asked_wrong: &["Protocol: Failure"],
    new_key: &["new fingerprint"],
    trusted: Some(&["]: trusted"]),
    files: Files::PLAIN,
    after_end: AfterEnd::InClear,
    starts_anew: None,
    replaces_entities: None,
    no_question: Some("it has no command for a question, only for a secret"),
};

#[derive(Debug)]
struct Mcabber(Terminal);

/// It makes a key by itself if it has none.
fn start(home: &Home, port: u16, _key: Key) -> Started {
    home.write(".mcabber/mcabberrc", &config(port))?;
    home.make_folder(".mcabber/otr")?;
    let terminal = Terminal::open(home, "mcabber", &[])?;
    terminal.wait_for(&["Your status has been set"])?;
    terminal.type_line(&format!("/roster search {OURS}"))?;
    // An empty line opens the conversation that was found.
    terminal.press("Enter")?;
    Ok(Box::new(Mcabber(terminal)))
}

impl Client for Mcabber {
    fn shown(&mut self) -> Result<Vec<String>, Failure> {
        // On the left is the list of contacts.
        let said = |line: String| line.split_once('│').map_or_else(|| line.clone(), |(_, said)| said.to_owned());
        Ok(self.0.screen()?.into_iter().map(said).filter(|line| !line.is_empty()).collect())
    }

    fn type_line(&mut self, line: &str) -> Result<(), Failure> {
        self.0.type_line(line)
    }

    fn act(&mut self, act: Act<'_>) -> Result<(), Failure> {
        let peer = format!("{OURS}@localhost");
        self.0.type_line(&match act {
            Act::Start => format!("/otr start {peer}"),
            Act::Trust => format!("/otr fingerprint {peer}"),
            Act::End => format!("/otr stop {peer}"),
            Act::Ask { secret, .. } => format!("/otr smpq {peer} {secret}"),
            Act::Answer(secret) => format!("/otr smpr {peer} {secret}"),
        })
    }
}

fn config(port: u16) -> String {
    let password = BOB.password;
    format!(
        "\
set jid = {THEIRS}@localhost
set password = {password}
set server = 127.0.0.1
set port = {port}
set tls = 0
set resource = mcabber
set otr = 1
set otr_dir = ~/.mcabber/otr
set logging = 0
set beep_on_message = 0
set log_win_height = 60
set roster_width = 20
set escdelay = 50
otrpolicy default manual
"
    )
}
