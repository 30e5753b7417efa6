//! Pidgin with pidgin-otr, on XMPP, read and worked by what its windows tell of themselves.

mod config;

use super::super::{Kind, Program};
use super::accessible::{self, Item, Windows};
use super::client::{Act, AfterEnd, Client, Files, Habits, Key, OURS, Started};
use super::desktop::{Desktop, numbers};
use super::home::Home;
use super::wait::until;
use crate::interop::Failure;

pub(super) const HABITS: Habits = Habits {
    name: "pidgin",
    kind: Kind::Prosody,
    programs: &["pidgin", config::PLUGIN, accessible::REGISTRY, "Xvfb", "dbus-daemon", "dbus-send", "xdotool"],
    start,
    private: &["started.  Your client is"],
    ended: &["has ended his/her private conversation"],
    asked: &["Authentication from alice@localhost"],
    answered_right: &["Your buddy has successfully authenticated you"],
    answered_wrong: &["Authentication failed"],
    asked_right: &["Authentication successful"],
    asked_wrong: &["Authentication failed"],
    new_key: &["unrecognized computer"],
    trusted: Some(&["Private conversation with alice"]),
    files: Files::PLAIN,
    after_end: AfterEnd::Refused(&["Your message was not sent"]),
    starts_anew: None,
    replaces_entities: None,
    no_question: None,
};

/// libpurple's own interface: it opens the conversation.
const PURPLE: [&str; 2] = ["im.pidgin.purple.PurpleService", "/im/pidgin/purple/PurpleObject"];

/// The title of the window in which a comparison is begun or answered, and of the one that shows how it went.
const AUTHENTICATE: &str = "Authenticate Buddy";

#[derive(Debug)]
struct Pidgin {
    desktop: Desktop,
    windows: Windows,
    conversation: Conversation,
    _programs: [Program; 2],
}

/// What there is in the window of the conversation.
#[derive(Debug)]
struct Conversation {
    /// What was said.
    view: Item,
    /// Where lines are typed.
    input: Item,
    /// The menus. The OTR plugin makes its own anew now and then.
    menus: Item,
}

/// It makes a key when it needs one and has none.
fn start(home: &Home, port: u16, _key: Key) -> Started {
    config::write(home, port)?;
    let desktop = Desktop::start(home)?;
    let registry = accessible::registry(&desktop)?;
    let mut command = desktop.command("pidgin");
    command.env("GTK_MODULES", "gail:atk-bridge");
    let pidgin = Home::start("pidgin", command)?;
    let account = until("Pidgin's connection", || Ok(connected(&desktop)))?;
    let (kind, account, peer) = ("int32:1", format!("int32:{account}"), format!("string:{OURS}@localhost"));
    purple(&desktop, "PurpleConversationNew", &[kind, &account, &peer])?;
    let windows = Windows::find(&desktop)?;
    let conversation = until("Pidgin's conversation", || Conversation::find(&desktop, &windows))?;
    let pidgin = Pidgin { desktop, windows, conversation, _programs: [registry, pidgin] };
    Ok(Box::new(pidgin))
}

/// The account, once it is logged in.
fn connected(desktop: &Desktop) -> Option<i64> {
    // Before Pidgin is up, it answers nothing.
    let account = *numbers(&purple(desktop, "PurpleAccountsGetAll", &[]).ok()?).first()?;
    let connected = purple(desktop, "PurpleAccountIsConnected", &[&format!("int32:{account}")]).ok()?;
    (numbers(&connected).first() == Some(&1)).then_some(account)
}

fn purple(desktop: &Desktop, method: &str, arguments: &[&str]) -> Result<String, Failure> {
    desktop.call(PURPLE, &format!("im.pidgin.purple.PurpleInterface.{method}"), arguments)
}

impl Conversation {
    fn find(desktop: &Desktop, windows: &Windows) -> Result<Option<Self>, Failure> {
        let all = windows.all(desktop)?;
        let Some(window) = all.iter().find(|window| window.name.starts_with(OURS)) else { return Ok(None) };
        let items = windows.everything(desktop, window)?;
        let mut fields = items.iter().filter(|item| item.role == "text");
        let menus = items.iter().find(|item| item.role == "menu bar");
        let (Some(view), Some(input), Some(menus)) = (fields.next(), fields.next_back(), menus) else {
            return Ok(None);
        };
        Ok(Some(Self { view: view.clone(), input: input.clone(), menus: menus.clone() }))
    }
}

impl Pidgin {
    /// Presses what has this name, or one of these.
    fn press(&self, items: &[Item], names: &[&str]) -> Result<(), Failure> {
        let item = items.iter().find(|item| names.contains(&item.name.as_str()));
        let item = item.ok_or_else(|| Failure(format!("Pidgin has no {names:?} there: {items:?}")))?;
        self.windows.press(&self.desktop, item)
    }

    /// Presses an entry of the OTR plugin's menu.
    fn menu(&self, names: &[&str]) -> Result<(), Failure> {
        let menus = self.windows.inside(&self.desktop, &self.conversation.menus)?;
        let menu = menus.iter().find(|menu| menu.name == "OTR");
        let menu = menu.ok_or_else(|| Failure(format!("Pidgin has no OTR menu: {menus:?}")))?;
        let entries = self.windows.inside(&self.desktop, menu)?;
        self.press(&entries, names)
    }

    /// Closes the windows that tell how something went.
    fn close_results(&self) -> Result<(), Failure> {
        let windows = self.windows.all(&self.desktop)?;
        for window in windows.iter().filter(|window| window.role == "dialog" && window.name != AUTHENTICATE) {
            let items = self.windows.everything(&self.desktop, window)?;
            self.press(&items, &["OK"])?;
        }
        Ok(())
    }

    /// The dialog in which a comparison is begun or answered, and what is in it.
    fn dialog(&self) -> Result<Vec<Item>, Failure> {
        until("Pidgin's dialog", || {
            let windows = self.windows.all(&self.desktop)?;
            let dialog = windows.iter().find(|window| window.name == AUTHENTICATE);
            dialog.map(|dialog| self.windows.everything(&self.desktop, dialog)).transpose()
        })
    }

    /// Fills the fields of the dialog, one after the other, and presses its button.
    fn authenticate(&self, contents: &[&str]) -> Result<(), Failure> {
        let dialog = self.dialog()?;
        let fields = dialog.iter().filter(|item| item.role == "text");
        for (field, content) in fields.zip(contents) {
            self.windows.fill(&self.desktop, field, content)?;
        }
        self.press(&dialog, &["Authenticate"])
    }

    /// What stands in the dialogs, each line with the number of its dialog: the same words may be there again.
    fn dialogs(&self) -> Result<Vec<String>, Failure> {
        let windows = self.windows.all(&self.desktop)?;
        let mut lines = Vec::new();
        for window in windows.iter().filter(|window| window.role == "dialog") {
            let labels = self.windows.everything(&self.desktop, window)?;
            let labels = labels.iter().filter(|item| item.role == "label");
            let words = labels.flat_map(|label| label.name.lines()).filter(|words| !words.is_empty());
            lines.extend(words.map(|words| format!("[{} {}] {words}", window.name, window.number())));
        }
        Ok(lines)
    }
}

impl Client for Pidgin {
    fn shown(&mut self) -> Result<Vec<String>, Failure> {
        let said = self.windows.content(&self.desktop, &self.conversation.view)?;
        let mut lines: Vec<_> = said.lines().map(str::to_owned).collect();
        lines.extend(self.dialogs()?);
        Ok(lines)
    }

    fn type_line(&mut self, line: &str) -> Result<(), Failure> {
        self.windows.fill(&self.desktop, &self.conversation.input, line)?;
        let window = format!("^{OURS}");
        self.desktop
            .xdotool(&["search", "--onlyvisible", "--name", &window, "windowfocus", "key", "Return"])
            .map(|_| ())
    }

    fn act(&mut self, act: Act<'_>) -> Result<(), Failure> {
        match act {
            Act::Start => self.menu(&["Start private conversation", "Refresh private conversation"]),
            Act::Trust => Ok(()),
            Act::End => self.menu(&["End private conversation"]),
            Act::Ask { question, secret } => {
                self.close_results()?;
                self.menu(&["Authenticate buddy", "Reauthenticate buddy"])?;
                self.authenticate(&[question, secret])
            }
            Act::Answer(secret) => {
                self.close_results()?;
                self.authenticate(&[secret])
            }
        }
    }
}
