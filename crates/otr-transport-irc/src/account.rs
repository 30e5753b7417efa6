use std::fmt;

use otr_transport::Error;
use otr_transport_tls::Tls;
use zeroize::Zeroizing;

use crate::Options;
use crate::names::is_nick;

/// The part of our nick that serves as user name, where none is given. Most servers take no more.
const MAX_USER: usize = 10;

/// A password, wiped from memory when it is dropped, and never shown.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Password {
    fn from(password: String) -> Self {
        Self(Zeroizing::new(password))
    }
}

impl From<Zeroizing<String>> for Password {
    fn from(password: Zeroizing<String>) -> Self {
        Self(password)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Password").finish_non_exhaustive()
    }
}

/// A server, and who we want to be on it.
#[derive(Debug, Clone)]
pub struct IrcAccount {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    pub(crate) nick: String,
    pub(crate) user: String,
    pub(crate) real_name: String,
    pub(crate) sasl: Option<Sasl>,
    pub(crate) server_password: Option<Password>,
    pub(crate) options: Options,
    passwords_in_clear: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Encryption {
    Tls { tls: Tls, server_name: String },
    None,
}

/// What SASL PLAIN needs.
#[derive(Debug, Clone)]
pub(crate) struct Sasl {
    pub(crate) account: String,
    pub(crate) password: Password,
}

impl IrcAccount {
    /// A server reached by TLS from the first byte, usually on port 6697. Its certificate must be for `host`, unless
    /// [`server_name`](Self::server_name) says otherwise.
    pub fn encrypted(host: impl Into<String>, port: u16, nick: impl Into<String>, tls: Tls) -> Self {
        let host = host.into();
        let encryption = Encryption::Tls { tls, server_name: host.clone() };
        Self::new(host, port, nick.into(), encryption)
    }

    /// A server reached without encryption, usually on port 6667: everybody on the way sees who talks to whom and when.
    pub fn cleartext(host: impl Into<String>, port: u16, nick: impl Into<String>) -> Self {
        Self::new(host.into(), port, nick.into(), Encryption::None)
    }

    fn new(host: String, port: u16, nick: String, encryption: Encryption) -> Self {
        let user: String = nick.chars().filter(char::is_ascii_alphanumeric).take(MAX_USER).collect();
        Self {
            host,
            port,
            encryption,
            user: if user.is_empty() { "user".to_owned() } else { user },
            real_name: nick.clone(),
            nick,
            sasl: None,
            server_password: None,
            options: Options::default(),
            passwords_in_clear: false,
        }
    }

    /// The name that the server's certificate is for, where it is not the host that we connect to.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        if let Encryption::Tls { server_name, .. } = &mut self.encryption {
            *server_name = name.into();
        }
        self
    }

    /// The user name that others see between `!` and `@`. Ours is made of the nick otherwise.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    /// The real name that others see when they ask for it. The nick otherwise.
    #[must_use]
    pub fn real_name(mut self, real_name: impl Into<String>) -> Self {
        self.real_name = real_name.into();
        self
    }

    /// Logs in to the network's services as `account` by SASL PLAIN, before anybody sees us.
    #[must_use]
    pub fn sasl(mut self, account: impl Into<String>, password: impl Into<Password>) -> Self {
        self.sasl = Some(Sasl { account: account.into(), password: password.into() });
        self
    }

    /// The password of the server itself (`PASS`). Some servers refuse whoever sends one unasked.
    #[must_use]
    pub fn server_password(mut self, password: impl Into<Password>) -> Self {
        self.server_password = Some(password.into());
        self
    }

    /// Lets passwords go over a connection without encryption. Without it, such an account does not connect.
    #[must_use]
    pub fn passwords_in_clear(mut self) -> Self {
        self.passwords_in_clear = true;
        self
    }

    /// Limits and waiting times other than the usual ones.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Nothing that we say when logging in can be more than the one word or line that it should be.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let is_line = |text: &str| !text.is_empty() && !text.contains(['\r', '\n', '\0']);
        let is_word = |text: &str| is_line(text) && !text.starts_with(':') && !text.contains([' ', '@', '!']);
        if !is_nick(&self.nick) || !is_word(&self.user) || !is_line(&self.real_name) {
            return Err(Error::InvalidAddress);
        }
        let passwords = self.server_password.iter().chain(self.sasl.iter().map(|sasl| &sasl.password));
        if !passwords.clone().all(|password| is_line(password.as_str())) {
            return Err(Error::LoginRefused);
        }
        if self.sasl.as_ref().is_some_and(|sasl| !is_line(&sasl.account)) {
            return Err(Error::LoginRefused);
        }
        let is_open = matches!(self.encryption, Encryption::None) && !self.passwords_in_clear;
        if is_open && passwords.count() > 0 {
            return Err(Error::Tls("a password is not sent without it"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleartext(nick: &str) -> IrcAccount {
        IrcAccount::cleartext("irc.example", 6667, nick)
    }

    #[test]
    fn debug_hides_passwords() {
        let account = cleartext("alice").sasl("alice", "s3cret".to_owned()).server_password("t0ken".to_owned());
        let shown = format!("{account:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
    }

    #[test]
    fn nothing_breaks_out_of_its_line() {
        assert_eq!(cleartext("alice").check(), Ok(()));
        for broken in [
            cleartext("alice\r\nQUIT"),
            cleartext("al ice"),
            cleartext("#alice"),
            cleartext(""),
            cleartext("alice").user("a b"),
            cleartext("alice").user(":a"),
            cleartext("alice").real_name("a\nQUIT"),
        ] {
            assert_eq!(broken.check(), Err(Error::InvalidAddress));
        }
        for broken in [
            cleartext("alice").server_password("x\r\nQUIT".to_owned()),
            cleartext("alice").sasl("a\0b", "x".to_owned()),
            cleartext("alice").sasl("a", String::new()),
        ] {
            assert_eq!(broken.passwords_in_clear().check(), Err(Error::LoginRefused));
        }
    }

    #[test]
    fn a_password_needs_encryption_or_permission() {
        let with_sasl = cleartext("alice").sasl("alice", "x".to_owned());
        let with_password = cleartext("alice").server_password("x".to_owned());
        for account in [with_sasl, with_password] {
            assert!(matches!(account.check(), Err(Error::Tls(_))));
            assert_eq!(account.passwords_in_clear().check(), Ok(()));
        }
    }

    #[test]
    fn a_user_name_is_made_of_the_nick() {
        assert_eq!(cleartext("[alice]-of-the-wonderland").user, "aliceofthe");
        assert_eq!(cleartext("{}").user, "user");
    }
}
