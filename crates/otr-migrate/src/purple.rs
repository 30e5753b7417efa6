//! Pidgin's `accounts.xml`: it names XMPP accounts with their resource, and so libotr's files must.

use otr_store::{Error, ForeignFile};
use quick_xml::events::Event;

use crate::xml;

const FILE: &str = "accounts.xml";
const XMPP: &str = "prpl-jabber";

/// The names that Pidgin has for the XMPP account `address`, with whatever resource.
pub(crate) fn names(directory: &std::path::Path, address: &str) -> Result<Vec<String>, Error> {
    let Some(file) = ForeignFile::read(&directory.join(FILE))? else { return Ok(Vec::new()) };
    let all = parse(file.bytes()).ok_or_else(|| file.damaged(0, "this is no list of accounts in XML"))?;
    let is_it = |name: &String| name.split_once('/').map_or(name.as_str(), |(bare, _)| bare) == address;
    Ok(all.into_iter().filter(is_it).collect())
}

/// `<account><protocol>prpl-jabber</protocol><name>me@example.org/home</name>...</account>`. The passwords there are
/// not looked at.
fn parse(bytes: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut protocol = String::new();
    let mut reader = xml::reader(bytes)?;
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) if tag.name().as_ref() == "protocol" => protocol = xml::text(&mut reader)?,
            Event::Start(tag) if tag.name().as_ref() == "name" => {
                let name = xml::text(&mut reader)?;
                if protocol == XMPP {
                    names.push(name);
                }
            }
            Event::Eof => return Some(names),
            _ => {}
        }
    }
}
