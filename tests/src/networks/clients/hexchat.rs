//! HexChat with its OTR plugin, on IRC. It is told over D-Bus what to do, and read in its log of the conversation.

use super::super::{Kind, Program};
use super::client::{Act, AfterEnd, Client, Files, Habits, Key, OURS, Started, THEIRS};
use super::desktop::{Desktop, numbers};
use super::home::Home;
use super::wait::until;
use crate::interop::Failure;

pub(super) const HABITS: Habits = Habits {
    name: "hexchat",
    kind: Kind::Ngircd,
    programs: &["hexchat", "Xvfb", "dbus-daemon", "dbus-send", "xdotool"],
    start,
    private: &["OTR: gone secure"],
    ended: &["has finished the OTR conversation"],
    asked: &["auth"],
    answered_right: &["uthentication successful"],
    answered_wrong: &["uthentication failed"],
    asked_right: &["uthentication successful"],
    asked_wrong: &["uthentication failed"],
    new_key: &["Your peer is not authenticated"],
    trusted: None,
    files: Files { folder: None, ours: None, theirs: Some("bob@irc.otr.test") },
    after_end: AfterEnd::Lost,
    starts_anew: Some("it is started anew before it meets another key or program of ours"),
    replaces_entities: Some("it replaces entities in what it reads, and nothing in what it sends tells so"),
    no_question: None,
};

const OBJECT: [&str; 2] = ["org.hexchat.service", "/org/hexchat/Remote"];

/// Where HexChat writes down what it shows.
const LOGS: &str = ".config/hexchat/logs";

/// Where it writes down the conversation.
const LOG: &str = ".config/hexchat/logs/alice.log";

#[derive(Debug)]
struct Hexchat {
    home: Home,
    desktop: Desktop,
    _program: Program,
}

fn start(home: &Home, port: u16, key: Key) -> Started {
    home.write(".config/hexchat/hexchat.conf", &config())?;
    // What it has logged before would be taken for what it logs now.
    home.remove_folder(LOGS)?;
    let desktop = Desktop::start(home)?;
    let mut command = desktop.command("hexchat");
    command.arg(format!("irc://127.0.0.1:{port}"));
    let program = Home::start("hexchat", command)?;
    let mut hexchat = Hexchat { home: home.clone(), desktop, _program: program };
    until("HexChat's welcome", || {
        // Before it begins, it asks whether root is meant to run it.
        let _ = hexchat.desktop.xdotool(&["mousemove", "550", "400", "key", "Return"]);
        Ok(hexchat.is_welcome().then_some(()))
    })?;
    until("HexChat's conversation", || {
        hexchat.command(&format!("query {OURS}"))?;
        Ok(hexchat.context()?.is_some().then_some(()))
    })?;
    if key == Key::Made {
        hexchat.make_key()?;
    }
    Ok(Box::new(hexchat))
}

impl Hexchat {
    fn is_welcome(&self) -> bool {
        let logs = self.home.read_folder(LOGS);
        logs.iter().any(|log| log.contains("Welcome"))
    }

    /// It makes its key in the background, misses what comes meanwhile, and looks for the result when a message passes.
    fn make_key(&mut self) -> Result<(), Failure> {
        self.say(&format!("otr genkey {THEIRS}@irc.otr.test"))?;
        until("HexChat's key", || {
            Ok(self.home.read(".config/hexchat/otr/otr.key").is_ok_and(|key| !key.is_empty()).then_some(()))
        })?;
        self.say("otr version")
    }

    /// Gives a command in the window of the conversation.
    fn say(&self, command: &str) -> Result<(), Failure> {
        let context = self.context()?.ok_or_else(|| Failure("HexChat has closed the conversation".to_owned()))?;
        self.call("SetContext", &[&format!("uint32:{context}")])?;
        self.command(command)
    }

    /// Gives a command in whichever window.
    fn command(&self, command: &str) -> Result<(), Failure> {
        self.call("Command", &[&format!("string:{command}")]).map(|_| ())
    }

    /// The window of the conversation, by HexChat's number of it.
    fn context(&self) -> Result<Option<i64>, Failure> {
        let found = self.call("FindContext", &["string:", &format!("string:{OURS}")])?;
        Ok(numbers(&found).first().copied().filter(|context| *context != 0))
    }

    fn call(&self, method: &str, arguments: &[&str]) -> Result<String, Failure> {
        self.desktop.call(OBJECT, &format!("org.hexchat.plugin.{method}"), arguments)
    }
}

impl Client for Hexchat {
    fn shown(&mut self) -> Result<Vec<String>, Failure> {
        // There is no log before there is a line in it.
        Ok(self.home.read(LOG).unwrap_or_default().lines().map(str::to_owned).collect())
    }

    fn type_line(&mut self, line: &str) -> Result<(), Failure> {
        self.say(&format!("say {line}"))
    }

    fn act(&mut self, act: Act<'_>) -> Result<(), Failure> {
        self.say(&match act {
            Act::Trust => return Ok(()),
            Act::Start => "otr start".to_owned(),
            Act::End => "otr finish".to_owned(),
            // Of "authq" the first word is passed over; of "auth", none. Secrets are one word.
            Act::Ask { question, secret } => format!("otr authq {OURS} \"{question}\" {secret}"),
            Act::Answer(secret) => format!("otr auth {secret}"),
        })
    }
}

/// Its own limit of lines a second would have our talk wait.
fn config() -> String {
    format!(
        "\
gui_slist_skip = 1
gui_join_dialog = 0
gui_autoopen_dialog = 1
gui_tray = 0
irc_nick1 = {THEIRS}
irc_nick2 = {THEIRS}_
irc_nick3 = {THEIRS}__
irc_user_name = {THEIRS}
irc_real_name = {THEIRS}
irc_logging = 1
irc_logmask = %c.log
net_throttle = 0
"
    )
}
