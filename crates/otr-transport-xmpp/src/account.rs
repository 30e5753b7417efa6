use std::fmt;
use std::net::IpAddr;

use otr_transport::Error;
use otr_transport_tls::Tls;
use tokio_xmpp::jid::{BareJid, Jid};
use zeroize::Zeroizing;

use crate::Options;

/// How the connection to the server is protected. The server's certificate must be for the domain of our address,
/// whatever host it runs on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Security {
    /// It begins in clear and is encrypted before anything is said (STARTTLS, RFC 6120, 5). A server that does not
    /// offer this is refused. Port 5222.
    StartTls(Tls),
    /// It is encrypted from the first byte (XEP-0368). Port 5223.
    DirectTls(Tls),
    /// It is not protected: whoever sees it may read the password, too. For loopback and for tunnels only. Port 5222.
    Cleartext,
}

impl Security {
    /// The port that servers commonly have for it.
    const fn default_port(&self) -> u16 {
        match self {
            Self::StartTls(_) | Self::Cleartext => 5222,
            Self::DirectTls(_) => 5223,
        }
    }
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// What it takes to get into an XMPP network.
///
/// The password is wiped from memory when the account is dropped. The copies that the SASL library makes while a login
/// lasts are freed, but not wiped.
#[derive(Clone)]
pub struct Account {
    pub(crate) address: BareJid,
    pub(crate) password: Zeroizing<String>,
    pub(crate) resource: Option<String>,
    /// The name in the server's certificate: our domain, as DNS writes it.
    pub(crate) server_name: String,
    /// The domain whose servers are looked for; `None` where the user has said where the server is.
    pub(crate) domain: Option<String>,
    /// Where the server is if nothing else is known.
    pub(crate) place: Place,
    pub(crate) security: Security,
    pub(crate) options: Options,
}

impl Account {
    /// The account `address`, `me@example.org`, or `me@example.org/place` to ask for the resource `place`. Without one
    /// the server makes one up, which is what lets several clients be there at once.
    ///
    /// The server is looked for where the SRV records of the address's domain say (`_xmpp-client._tcp`, or
    /// `_xmpps-client._tcp` for direct TLS), or without any at the domain itself and the usual port.
    /// [`at`](Self::at) says where else it is.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAddress`]
    pub fn new(address: &str, password: impl Into<String>, security: Security) -> Result<Self, Error> {
        let password = Zeroizing::new(password.into());
        let address = Jid::new(address).map_err(|_| Error::InvalidAddress)?;
        if address.node().is_none() {
            return Err(Error::InvalidAddress);
        }
        let resource = address.resource().map(|resource| resource.as_str().to_owned());
        let domain = address.domain().as_str().trim_matches(['[', ']']);
        let server_name = idna::domain_to_ascii(domain).map_err(|_| Error::InvalidAddress)?;
        // An IP address has no records.
        let is_name = server_name.parse::<IpAddr>().is_err();
        Ok(Self {
            address: address.into_bare(),
            password,
            resource,
            domain: is_name.then(|| server_name.clone()),
            place: Place { host: server_name.clone(), port: security.default_port() },
            server_name,
            security,
            options: Options::default(),
        })
    }

    /// The server listens at this host and port; nothing is looked up.
    #[must_use]
    pub fn at(mut self, host: impl Into<String>, port: u16) -> Self {
        self.domain = None;
        self.place = Place { host: host.into(), port };
        self
    }

    /// With other limits and waiting times than the usual ones.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }
}

/// Hides the password.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("address", &self.address)
            .field("resource", &self.resource)
            .field("domain", &self.domain)
            .field("place", &self.place)
            .field("security", &self.security)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(address: &str) -> Result<Account, Error> {
        Account::new(address, "hush", Security::Cleartext)
    }

    #[test]
    fn an_address_names_who_where_and_perhaps_the_resource() {
        let place = |host: &str, port| Place { host: host.to_owned(), port };
        let alice = account("Alice@Example.org").unwrap();
        assert_eq!(alice.address.as_str(), "alice@example.org");
        assert_eq!((alice.place, alice.resource), (place("example.org", 5222), None));
        assert_eq!(alice.domain.as_deref(), Some("example.org"));

        let umlaut = account("alice@b\u{fc}cher.example").unwrap();
        assert_eq!(umlaut.domain.as_deref(), Some("xn--bcher-kva.example"));
        let numbered = account("alice@[::1]").unwrap();
        assert_eq!((numbered.domain, numbered.place), (None, place("::1", 5222)));

        let elsewhere = account("alice@example.org/desk").unwrap().at("::1", 15222);
        assert_eq!(elsewhere.resource.as_deref(), Some("desk"));
        assert_eq!((elsewhere.domain, elsewhere.place), (None, place("::1", 15222)));
    }

    #[test]
    fn what_is_no_account_is_refused() {
        for address in ["", "example.org", "@example.org", "alice@", "alice@example.org/"] {
            assert_eq!(account(address).unwrap_err(), Error::InvalidAddress, "{address}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        assert!(!format!("{:?}", account("alice@example.org").unwrap()).contains("hush"));
    }
}
