//! What another program calls an account, and the files of it.

use std::path::Path;

use otr_store::ForeignFile;

use super::ExportError;
use crate::found::Name;
use crate::naming::{self, Network};
use crate::places;
use crate::program::{LIBOTR, Program};
use crate::{Places, gajim, purple};

/// What the program calls the account.
pub(super) fn their_name(
    program: Program,
    ours: &Name,
    given: Option<&str>,
    directory: &Path,
) -> Result<Name, ExportError> {
    let ask = |wanted| ExportError::WhichName { program, wanted };
    let given = given.map(str::to_owned);
    match program {
        Program::Pidgin if Network::of(&ours.protocol) == Network::Xmpp => {
            let known = match given {
                Some(given) => Some(given),
                None => pidgin_name(directory, &ours.account)?,
            };
            let wanted =
                "the address with the resource that Pidgin's settings of the account show, me@example.org/home";
            Ok(Name::new(known.ok_or(ask(wanted))?, naming::XMPP))
        }
        Program::Irssi => {
            Ok(Name::new(given.ok_or(ask("the name that irssi has for the network, liberachat"))?, "IRC"))
        }
        Program::HexChat | Program::XChat => Ok(Name::new(
            given.ok_or(ask("your nick and the name that the network has for itself, nick@Libera.Chat"))?,
            "IRC",
        )),
        Program::WeeChat => Ok(Name::new(
            given.ok_or(ask("your nick and the name that WeeChat has for the server, nick@libera"))?,
            "irc",
        )),
        Program::Profanity | Program::Gajim => Ok(Name::new(ours.account.as_str(), "xmpp")),
        Program::MCabber | Program::BitlBee => Ok(Name::new(ours.account.as_str(), "jabber")),
        _ => Ok(Name { account: given.unwrap_or_else(|| ours.account.clone()), protocol: ours.protocol.clone() }),
    }
}

/// The account's name in Pidgin's settings, or else in the keys that are there; `None` if there is none or several.
fn pidgin_name(directory: &Path, address: &str) -> Result<Option<String>, ExportError> {
    let mut names = purple::names(directory, address)?;
    if names.is_empty()
        && let Some(file) = ForeignFile::read(&directory.join(LIBOTR.keys))?
    {
        let same = file.private_keys()?.into_iter().map(|record| record.account);
        names.extend(same.filter(|account| account.contains('/') && naming::bare(account) == address));
    }
    names.dedup();
    Ok(match names.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    })
}

/// What the files of the account are called, before their ending.
pub(super) fn file_stem(
    program: Program,
    ours: &Name,
    theirs: &Name,
    given: Option<&str>,
    directory: &Path,
    places: &Places,
) -> Result<String, ExportError> {
    let stem = match (program, given) {
        (Program::BitlBee | Program::Gajim, Some(given)) => given.to_owned(),
        (Program::BitlBee, None) => {
            let wanted = "your nick in BitlBee";
            only_stem(directory, ".otr_keys").ok_or(ExportError::WhichName { program, wanted })?
        }
        (Program::Gajim, None) => {
            let wanted = "the name that Gajim's settings show for the account";
            gajim::label(places, &ours.account)?.ok_or(ExportError::WhichName { program, wanted })?
        }
        _ => theirs.account.clone(),
    };
    match program {
        Program::MCabber | Program::BitlBee | Program::Gajim | Program::WeeChat => file_name(&stem).map(str::to_owned),
        _ => Ok(String::new()),
    }
}

/// What stands before `ending` in the name of the one file that has it.
fn only_stem(directory: &Path, ending: &str) -> Option<String> {
    let paths = places::entries(directory);
    let mut stems = paths.iter().filter_map(|path| path.file_name()?.to_str()?.strip_suffix(ending));
    let first = stems.next()?;
    stems.next().is_none().then(|| first.to_owned())
}

/// `name`, if a file can be called that and stays in its directory.
pub(super) fn file_name(name: &str) -> Result<&str, ExportError> {
    let usable = !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && !name.contains(['/', '\\']);
    if usable && !name.contains(char::is_control) { Ok(name) } else { Err(ExportError::NotAFileName(name.to_owned())) }
}
