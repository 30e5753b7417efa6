//! Adium names accounts by a number in libotr's files; `Accounts.plist` beside them says what they are called.

use std::collections::HashMap;

use otr_store::{Error, ForeignFile};
use quick_xml::events::Event;

use crate::found::Name;
use crate::xml;

const FILE: &str = "Accounts.plist";
/// The deepest that lists are nested there is three.
const MAX_DEPTH: usize = 16;

/// What each number stands for.
#[derive(Default)]
pub(crate) struct Accounts(HashMap<String, String>);

impl Accounts {
    /// What the property list in the same directory says. If there is none, names stand for themselves.
    pub(crate) fn beside(file: &ForeignFile) -> Result<Self, Error> {
        let Some(list) = ForeignFile::read(&file.path().with_file_name(FILE))? else { return Ok(Self::default()) };
        if list.bytes().starts_with(b"bplist") {
            return Err(
                list.damaged(0, "this is a binary property list; plutil -convert xml1 makes one that can be read")
            );
        }
        parse(list.bytes()).ok_or_else(|| list.damaged(0, "this is no property list of accounts"))
    }

    /// The account with its own name in place of its number.
    pub(crate) fn name(&self, account: String, protocol: String) -> Name {
        Name { account: self.0.get(&account).cloned().unwrap_or(account), protocol }
    }
}

/// A list or a dictionary that has begun.
#[derive(Default)]
struct Level {
    /// In a dictionary, the key whose value comes next.
    key: Option<String>,
}

/// `<dict><key>Accounts</key><array><dict><key>ObjectID</key><string>1</string><key>UID</key>...</dict>...</array></dict>`
fn parse(bytes: &[u8]) -> Option<Accounts> {
    let mut accounts = Accounts::default();
    let mut levels: Vec<Level> = Vec::new();
    let mut account: HashMap<String, String> = HashMap::new();
    let mut reader = xml::reader(bytes)?;
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => match tag.name().as_ref() {
                "dict" | "array" if levels.len() == MAX_DEPTH => return None,
                "dict" | "array" => levels.push(Level::default()),
                "key" => levels.last_mut()?.key = Some(xml::text(&mut reader)?),
                "string" => {
                    let value = xml::text(&mut reader)?;
                    let key = levels.last_mut()?.key.take();
                    if is_in_accounts(levels.split_last()?.1) {
                        account.extend(key.map(|key| (key, value)));
                    }
                }
                _ => {}
            },
            Event::End(tag) if matches!(tag.name().as_ref(), "dict" | "array") => {
                levels.pop()?;
                if is_in_accounts(&levels) {
                    accounts.0.extend(account.remove("ObjectID").zip(account.remove("UID")));
                    account.clear();
                }
            }
            Event::Eof => return levels.is_empty().then_some(accounts),
            _ => {}
        }
    }
}

/// Whether what is inside these levels is one of `Accounts = [ {...} ]`.
fn is_in_accounts(levels: &[Level]) -> bool {
    matches!(levels, [root, _] if root.key.as_deref() == Some("Accounts"))
}
