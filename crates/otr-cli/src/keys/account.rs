//! Which account is meant.

use otr_migrate::Name;
use otr_store::{AccountName, Store};

use super::Error;
use crate::accounts::Address;
use crate::error::Error as ProgramError;
use crate::readable::one_line;

/// The account that `text` names: an address with its network before it, a name beside a protocol, or the name of one
/// that there is.
pub(super) fn find(store: &Store, text: &str, protocol: Option<&str>) -> Result<Name, ProgramError> {
    if let Some(protocol) = protocol {
        return Ok(Name::new(text, protocol));
    }
    if let Some(name) = of_address(text) {
        return Ok(name);
    }
    let there = all(store)?.into_iter().filter(|name| name.account == text);
    let protocols: Vec<String> = there.map(|name| name.protocol).collect();
    match protocols.as_slice() {
        [protocol] => Ok(Name::new(text, protocol.as_str())),
        [] => Err(Error::WhichAccount(one_line(text)).into()),
        _ => Err(Error::SeveralProtocols(protocols).into()),
    }
}

/// The one account that has a key, or the one that is named.
pub(super) fn find_or_only(store: &Store, text: Option<&str>, protocol: Option<&str>) -> Result<Name, ProgramError> {
    if let Some(text) = text {
        return find(store, text, protocol);
    }
    let of_protocol = |account: &AccountName| protocol.is_none_or(|protocol| protocol == account.protocol);
    let mut accounts: Vec<AccountName> = store.accounts()?.into_iter().filter(of_protocol).collect();
    match (accounts.pop(), accounts.is_empty()) {
        (None, _) => Err(Error::Nothing.into()),
        (Some(only), true) => Ok(Name::new(only.account, only.protocol)),
        (Some(last), false) => {
            accounts.push(last);
            Err(Error::SeveralAccounts(accounts.iter().map(|account| one_line(&account.account)).collect()).into())
        }
    }
}

/// Every account that something is kept of, those with keys first.
pub(super) fn all(store: &Store) -> Result<Vec<Name>, otr_store::Error> {
    let mut names = Vec::new();
    let with_keys = store.accounts()?.into_iter().map(|name| Name::new(name.account, name.protocol));
    let met = store.fingerprints()?.records.into_iter().map(|record| Name::new(record.account, record.protocol));
    for name in with_keys.chain(met) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// What `otr chat` calls the account of an address where keys are kept. Over TCP there are no addresses of people.
fn of_address(text: &str) -> Option<Name> {
    match text.parse().ok()? {
        Address::TcpCall(_) | Address::TcpListen(_) => None,
        Address::Irc { nick, server } => Some(Name::new(format!("{nick}@{}", server.name), otr_migrate::IRC)),
        Address::Xmpp { jid, .. } => Some(Name::new(jid, otr_migrate::XMPP)),
        Address::Matrix { user } => Some(Name::new(user, "prpl-matrix")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_address_protocol_or_name() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let key = otr_crypto::IdentityKey::generate(&mut crate::outside::randomness());
        store.save_identity("me", "otr-tcp", &key).unwrap();
        for (text, protocol, account, kept) in [
            ("xmpp:me@example.org/desk", None, "me@example.org", "prpl-jabber"),
            ("irc:nick@irc.example.org:6667", None, "nick@irc.example.org", "prpl-irc"),
            ("matrix:@me:example.org", None, "@me:example.org", "prpl-matrix"),
            ("me", None, "me", "otr-tcp"),
            ("me", Some("prpl-icq"), "me", "prpl-icq"),
        ] {
            assert_eq!(find(&store, text, protocol).unwrap(), Name::new(account, kept));
        }
        assert!(matches!(find(&store, "you", None), Err(ProgramError::Keys(Error::WhichAccount(_)))));
        assert_eq!(find_or_only(&store, None, None).unwrap(), Name::new("me", "otr-tcp"));
        store.save_identity("me", "irc", &key).unwrap();
        assert!(matches!(find(&store, "me", None), Err(ProgramError::Keys(Error::SeveralProtocols(_)))));
        assert!(matches!(find_or_only(&store, None, None), Err(ProgramError::Keys(Error::SeveralAccounts(_)))));
    }
}
