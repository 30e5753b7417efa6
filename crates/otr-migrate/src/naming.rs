//! What an account or a contact is called here and elsewhere.
//!
//! Here an account of XMPP is its bare address under `prpl-jabber`, one of IRC `nick@server` under `prpl-irc`, and contacts
//! are bare addresses and nicks. Other programs add resources, call protocols otherwise, or name a network instead of a
//! server.

use crate::found::Name;

/// What this program calls XMPP, after libpurple.
pub const XMPP: &str = "prpl-jabber";
/// What this program calls IRC, after libpurple.
pub const IRC: &str = "prpl-irc";

/// The networks whose names are translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    Xmpp,
    Irc,
    /// Every other; its names are kept.
    Other,
}

impl Network {
    /// The network of a protocol, whatever program names it.
    pub(crate) fn of(protocol: &str) -> Self {
        let name = protocol.to_ascii_lowercase();
        let xmpp = ["jabber", "xmpp", "gtalk", "google talk", "google_talk"];
        match name.as_str() {
            "irc" | "prpl-irc" | "libpurple-irc" => Self::Irc,
            _ if xmpp.iter().any(|part| name.contains(part)) => Self::Xmpp,
            _ => Self::Other,
        }
    }
}

/// Why an account has no name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unnamed {
    /// The files do not say whose it is.
    #[error("the file does not say which account this belongs to")]
    NoAccount,
    /// The files do not say on which network it is.
    #[error("the file does not say of which protocol the account is")]
    NoProtocol,
    /// It is called by something else than its address.
    #[error("an XMPP account is known here by its address, me@example.org, and this name is none")]
    NotAnAddress,
    /// It is called by a network.
    #[error("an IRC account is known here as nick@server, and this name lacks the nick or the server")]
    NotNickAndServer,
}

/// The name that an account has here.
///
/// # Errors
///
/// [`Unnamed`] if that cannot be told from its name there.
pub fn ours(theirs: &Name) -> Result<Name, Unnamed> {
    let Name { account, protocol } = theirs;
    if account.is_empty() {
        return Err(Unnamed::NoAccount);
    }
    if protocol.is_empty() {
        return Err(Unnamed::NoProtocol);
    }
    match Network::of(protocol) {
        Network::Other => Ok(theirs.clone()),
        Network::Xmpp => {
            let address = bare(account);
            let parts = address.split_once('@').filter(|(local, domain)| is_word(local) && is_word(domain));
            parts.map(|_| Name::new(address, XMPP)).ok_or(Unnamed::NotAnAddress)
        }
        Network::Irc => {
            let parts = account.split_once('@').filter(|(nick, server)| is_word(nick) && is_host(server));
            parts.map(|_| Name::new(account.as_str(), IRC)).ok_or(Unnamed::NotNickAndServer)
        }
    }
}

/// The name that a contact has here: without resource on XMPP, without server on IRC.
pub fn contact<'a>(protocol: &str, theirs: &'a str) -> &'a str {
    match Network::of(protocol) {
        Network::Xmpp => bare(theirs),
        Network::Irc => theirs.split_once('@').map_or(theirs, |(nick, _)| nick),
        Network::Other => theirs,
    }
}

/// An address of XMPP without its resource.
pub(crate) fn bare(address: &str) -> &str {
    address.split_once('/').map_or(address, |(bare, _)| bare)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '@')
}

/// Whether this can be the name of a machine, rather than one that a user has given to a network.
fn is_host(text: &str) -> bool {
    is_word(text) && (text == "localhost" || text.contains(['.', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_called_as_chat_calls_them() {
        for (account, protocol, ours_account, ours_protocol) in [
            ("me@example.org/home", "prpl-jabber", "me@example.org", XMPP),
            ("me@example.org/", "prpl-jabber", "me@example.org", XMPP),
            ("me@example.org", "xmpp", "me@example.org", XMPP),
            ("me@example.org", "jabber", "me@example.org", XMPP),
            ("me@example.org", "Jabber", "me@example.org", XMPP),
            ("me@example.org", "libpurple-Jabber", "me@example.org", XMPP),
            ("me@gmail.com", "libpurple-jabber-gtalk", "me@gmail.com", XMPP),
            ("me@gmail.com", "Google Talk", "me@gmail.com", XMPP),
            ("me@irc.example.org", "IRC", "me@irc.example.org", IRC),
            ("me@127.0.0.1", "prpl-irc", "me@127.0.0.1", IRC),
            ("me@localhost", "irc", "me@localhost", IRC),
            ("1234567", "prpl-icq", "1234567", "prpl-icq"),
        ] {
            let name = ours(&Name::new(account, protocol));
            assert_eq!(name, Ok(Name::new(ours_account, ours_protocol)), "{account} {protocol}");
        }
    }

    #[test]
    fn what_is_no_name_here_is_not_guessed() {
        for (account, protocol, reason) in [
            ("", "xmpp", Unnamed::NoAccount),
            ("me@example.org", "", Unnamed::NoProtocol),
            ("{0b5a-77}", "prpl-jabber", Unnamed::NotAnAddress),
            ("a@b@c", "xmpp", Unnamed::NotAnAddress),
            ("liberachat", "IRC", Unnamed::NotNickAndServer),
            ("me@liberachat", "irc", Unnamed::NotNickAndServer),
            ("@example.org", "irc", Unnamed::NotNickAndServer),
        ] {
            assert_eq!(ours(&Name::new(account, protocol)), Err(reason), "{account} {protocol}");
        }
    }

    #[test]
    fn contacts_are_people() {
        assert_eq!(contact("xmpp", "you@example.org/phone"), "you@example.org");
        assert_eq!(contact("irc", "you@liberachat"), "you");
        assert_eq!(contact("IRC", "you"), "you");
        assert_eq!(contact("prpl-icq", "7/7@7"), "7/7@7");
    }
}
