//! The windows of a program as it shows them to those who cannot see the screen: AT-SPI.
//!
//! Everything in a window has a role and a name. What can be pressed can be pressed, whatever its place, and what can be
//! read is read as it stands there.

use super::super::Program;
use super::desktop::{Desktop, text};
use super::home::Home;
use super::wait::until;
use crate::interop::Failure;

/// Keeps the list of programs that can be looked at.
pub(super) const REGISTRY: &str = "/usr/libexec/at-spi2-registryd";

const ROOT: &str = "/org/a11y/atspi/accessible/root";

/// The windows of the one program on a desktop that can be looked at.
#[derive(Debug)]
pub(super) struct Windows {
    /// The program's name on the bus.
    owner: String,
}

/// Something in a window, or a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    path: String,
    /// What kind of thing it is, such as "push button".
    pub(super) role: String,
    /// What stands on it.
    pub(super) name: String,
}

/// Has programs of this desktop be looked at: to be started before them.
pub(super) fn registry(desktop: &Desktop) -> Result<Program, Failure> {
    Home::start("at-spi2-registryd", desktop.command(REGISTRY))
}

impl Windows {
    /// Finds the program.
    pub(super) fn find(desktop: &Desktop) -> Result<Self, Failure> {
        let owner = until("a program with windows", || {
            // Before the registry is up, nobody answers.
            let children =
                desktop.call(["org.a11y.atspi.Registry", ROOT], "org.a11y.atspi.Accessible.GetChildren", &[]);
            Ok(children
                .ok()
                .map(|children| text(children.lines().find(|line| line.contains("string \":")).unwrap_or_default()))
                .filter(|owner| !owner.is_empty()))
        })?;
        Ok(Self { owner })
    }

    /// Its windows.
    pub(super) fn all(&self, desktop: &Desktop) -> Result<Vec<Item>, Failure> {
        self.children(desktop, ROOT)
    }

    /// What is directly in it.
    pub(super) fn inside(&self, desktop: &Desktop, item: &Item) -> Result<Vec<Item>, Failure> {
        self.children(desktop, &item.path)
    }

    /// All that is in it, however deep, in the order of the window.
    pub(super) fn everything(&self, desktop: &Desktop, item: &Item) -> Result<Vec<Item>, Failure> {
        let mut found = Vec::new();
        let mut waiting = self.inside(desktop, item)?;
        waiting.reverse();
        while let Some(next) = waiting.pop() {
            let children = self.inside(desktop, &next)?;
            waiting.extend(children.into_iter().rev());
            found.push(next);
        }
        Ok(found)
    }

    /// Presses it.
    pub(super) fn press(&self, desktop: &Desktop, item: &Item) -> Result<(), Failure> {
        self.call(desktop, &item.path, "Action.DoAction", &["int32:0"]).map(|_| ())
    }

    /// Fills a field.
    pub(super) fn fill(&self, desktop: &Desktop, item: &Item, content: &str) -> Result<(), Failure> {
        self.call(desktop, &item.path, "EditableText.SetTextContents", &[&format!("string:{content}")]).map(|_| ())
    }

    /// What stands in a field.
    pub(super) fn content(&self, desktop: &Desktop, item: &Item) -> Result<String, Failure> {
        Ok(text(&self.call(desktop, &item.path, "Text.GetText", &["int32:0", "int32:-1"])?))
    }

    fn children(&self, desktop: &Desktop, path: &str) -> Result<Vec<Item>, Failure> {
        let answer = self.call(desktop, path, "Accessible.GetChildren", &[])?;
        let paths = answer.lines().filter_map(|line| line.trim().strip_prefix("object path \"")?.strip_suffix('"'));
        // What is gone by now is not there.
        Ok(paths.filter_map(|path| self.item(desktop, path).ok()).collect())
    }

    fn item(&self, desktop: &Desktop, path: &str) -> Result<Item, Failure> {
        let role = text(&self.call(desktop, path, "Accessible.GetRoleName", &[])?);
        let of = [self.owner.as_str(), path];
        let name = ["string:org.a11y.atspi.Accessible", "string:Name"];
        let name = text(&desktop.call(of, "org.freedesktop.DBus.Properties.Get", &name)?);
        Ok(Item { path: path.to_owned(), role, name })
    }

    fn call(&self, desktop: &Desktop, path: &str, method: &str, arguments: &[&str]) -> Result<String, Failure> {
        desktop.call([&self.owner, path], &format!("org.a11y.atspi.{method}"), arguments)
    }
}

impl Item {
    /// Its number, which no other thing gets while the program runs.
    pub(super) fn number(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}
