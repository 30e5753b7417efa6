//! An account with everything that the command line and the config say about it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::address::{Address, Network, Target};
use super::config::{Config, Contact, Login};
use super::error::Error;
use super::password::{Password, Source};
use super::server::{Server, Tls, TrustedCertificate};
use crate::args::{self, PolicyName};
use crate::text_form::TextMode;

/// The options that say more about an account than its address. They come before what the config says.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// The config with the named accounts [default: otr/config.toml in the user's config directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The server to connect to, in place of the one that the network names: HOST:PORT, or a URL for Matrix
    #[arg(long, value_name = "SERVER")]
    server: Option<Server>,
    /// How the connection to the server is encrypted; with "none" the server's password goes in clear
    #[arg(long, value_enum, value_name = "HOW")]
    tls: Option<Tls>,
    /// Trust the server's certificate: a PEM file, or sha256: and its SHA-256
    #[arg(long, value_name = "CERTIFICATE")]
    trust_certificate: Option<TrustedCertificate>,
    /// What the other side's program makes of text: plain, html, or auto, which watches what comes from it
    #[arg(long, value_enum, value_name = "MODE")]
    text: Option<TextMode>,
    /// Take the password from the first line of this file
    #[arg(long, value_name = "FILE", group = "password")]
    password_file: Option<PathBuf>,
    /// Take the password from this environment variable
    #[arg(long, value_name = "NAME", group = "password")]
    password_env: Option<String>,
    /// Take the password from the kernel's keyring, where "otr password set" puts it
    #[arg(long, group = "password")]
    password_keyring: bool,
}

/// An account, ready to be used.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Who we are.
    pub(crate) address: Address,
    /// Whom the config says we talk to.
    pub(crate) with: Option<String>,
    /// Where to connect to, if not where the network says.
    pub(crate) server: Option<Server>,
    /// How the connection is encrypted; as the network does it, if `None`.
    pub(crate) tls: Option<Tls>,
    /// A certificate that is trusted whoever signed it.
    pub(crate) trust_certificate: Option<TrustedCertificate>,
    /// What the password is.
    pub(crate) login: Login,
    /// Where the keys are, if not where they are by default.
    pub(crate) home: Option<PathBuf>,
    /// XMPP: the largest message, in bytes.
    pub(crate) max_message_size: Option<usize>,
    /// IRC: the time between lines.
    pub(crate) message_interval: Option<Duration>,
    sasl_account: Option<String>,
    password: Option<Source>,
    /// What the command line says comes before what is said of a contact.
    text_option: Option<TextMode>,
    text: Option<TextMode>,
    policy: Option<PolicyName>,
    contacts: BTreeMap<String, Contact>,
}

impl Options {
    /// No options but the place of the config.
    pub(super) fn with_config(config: Option<PathBuf>) -> Self {
        Self { config, ..Self::default() }
    }
}

impl Settings {
    /// What there is about `target`. `warn` is told what the user should know, a line each.
    pub(crate) fn find(target: &Target, options: &Options, warn: &mut dyn FnMut(&str)) -> Result<Self, Error> {
        let mut settings = match target {
            Target::Address(address) if options.config.is_none() => Self::new(address.clone()),
            Target::Address(address) => {
                let problem = "--config is for an account by its name".to_owned();
                return Err(Error::Account { account: address.to_string(), problem });
            }
            Target::Name(name) => {
                let path = options.config.clone().or_else(Config::default_path).ok_or(Error::NoPlace)?;
                Self::configured(&Config::load(&path, warn)?, name)?
            }
        };
        settings.apply(options);
        settings.check()?;
        Ok(settings)
    }

    /// The policy of conversations with `contact`, if the config says so.
    pub(crate) fn policy(&self, contact: &str) -> Option<PolicyName> {
        self.contact(contact).and_then(|contact| contact.policy).or(self.policy)
    }

    /// What `contact`'s program makes of text.
    pub(crate) fn text(&self, contact: &str) -> TextMode {
        let said = self.text_option.or_else(|| self.contact(contact)?.text).or(self.text);
        said.unwrap_or_else(|| match self.address.network() {
            // No program but ours is at the other end of a connection of our own.
            Network::Tcp => TextMode::Plain,
            Network::Irc | Network::Xmpp | Network::Matrix => TextMode::Auto,
        })
    }

    /// IRC: the account to log in to, if we are to log in: the one that is named, or that of the nick where a password is
    /// named.
    pub(crate) fn sasl_account(&self) -> Option<&str> {
        match (&self.sasl_account, &self.password, &self.address) {
            (Some(account), _, _) => Some(account),
            (None, Some(_), Address::Irc { nick, .. }) => Some(nick),
            _ => None,
        }
    }

    /// Gets the password, by asking for it if nothing else was said; `None` where the network needs none.
    pub(crate) fn password(&self, warn: &mut dyn FnMut(&str)) -> Result<Option<Password>, Error> {
        let needed = match self.address.network() {
            Network::Tcp => false,
            Network::Irc => self.sasl_account().is_some(),
            Network::Xmpp | Network::Matrix => true,
        };
        let source = self.password.as_ref().unwrap_or(&Source::Prompt);
        needed.then(|| Ok(source.read(&self.address.to_string(), warn)?)).transpose()
    }

    /// The name under which the keyring keeps the password.
    pub(super) fn keyring_name(&self) -> String {
        match &self.password {
            Some(Source::Keyring(name)) => name.clone(),
            _ => self.address.to_string(),
        }
    }

    fn new(address: Address) -> Self {
        Self {
            address,
            with: None,
            server: None,
            tls: None,
            trust_certificate: None,
            login: Login::default(),
            home: None,
            max_message_size: None,
            message_interval: None,
            sasl_account: None,
            password: None,
            text_option: None,
            text: None,
            policy: None,
            contacts: BTreeMap::new(),
        }
    }

    fn configured(config: &Config, name: &str) -> Result<Self, Error> {
        let entry = config.account(name)?;
        let wrong = |problem: &str| Error::Account { account: name.to_owned(), problem: problem.to_owned() };
        let mut settings = Self {
            with: entry.with.clone(),
            server: entry.server.clone(),
            tls: entry.tls,
            trust_certificate: entry.trust_certificate.clone(),
            login: entry.login.unwrap_or_default(),
            home: entry.home.as_deref().map(|home| config.locate(home)),
            max_message_size: entry.max_message_size,
            message_interval: entry.message_interval,
            sasl_account: entry.sasl_account.clone(),
            password: config.password(entry).map_err(wrong)?,
            text: entry.text,
            policy: entry.policy,
            contacts: entry.contacts.clone(),
            ..Self::new(entry.address.clone())
        };
        if let Some(TrustedCertificate::Pem(path)) = &mut settings.trust_certificate {
            *path = config.locate(path);
        }
        let names = entry.with.iter().chain(entry.contacts.keys());
        for contact in names {
            entry.address.contact(contact).map_err(|error| wrong(&error.to_string()))?;
        }
        match (&entry.resource, &mut settings.address) {
            (None, _) => {}
            (Some(named), Address::Xmpp { resource: resource @ None, .. }) => *resource = Some(named.clone()),
            (Some(_), Address::Xmpp { .. }) => return Err(wrong("the address has a resource already")),
            (Some(_), address) => {
                let network = address.network();
                return Err(Error::NotFor { account: name.to_owned(), option: "resource", network });
            }
        }
        Ok(settings)
    }

    fn apply(&mut self, options: &Options) {
        let password = (options.password_file.clone().map(Source::File))
            .or_else(|| options.password_env.clone().map(Source::Environment))
            .or_else(|| options.password_keyring.then(|| Source::Keyring(self.keyring_name())));
        self.password = password.or_else(|| self.password.take());
        self.server = options.server.clone().or_else(|| self.server.take());
        self.tls = options.tls.or(self.tls);
        self.trust_certificate = options.trust_certificate.clone().or_else(|| self.trust_certificate.take());
        self.text_option = options.text;
    }

    /// Whether everything that was said fits the network.
    fn check(&self) -> Result<(), Error> {
        let network = self.address.network();
        let account = || self.address.to_string();
        let wrong = |problem: &str| Err(Error::Account { account: account(), problem: problem.to_owned() });
        for (said, option, networks) in [
            (self.server.is_some(), "server", &[Network::Irc, Network::Xmpp, Network::Matrix][..]),
            (self.tls.is_some(), "tls", &[Network::Irc, Network::Xmpp, Network::Matrix]),
            (self.trust_certificate.is_some(), "trust_certificate", &[Network::Irc, Network::Xmpp, Network::Matrix]),
            (self.password.is_some(), "a password", &[Network::Irc, Network::Xmpp, Network::Matrix]),
            (self.login == Login::Token, "login by token", &[Network::Matrix]),
            (self.max_message_size.is_some(), "max_message_size", &[Network::Xmpp]),
            (self.sasl_account.is_some(), "sasl_account", &[Network::Irc]),
            (self.message_interval.is_some(), "message_interval", &[Network::Irc]),
        ] {
            if said && !networks.contains(&network) {
                return Err(Error::NotFor { account: account(), option, network });
            }
        }
        if let Some(size) = self.max_message_size
            && let Err(problem) = args::parse_message_size(&size.to_string())
        {
            return wrong(&format!("max_message_size: {problem}"));
        }
        match (&self.server, network) {
            (Some(Server::Host(_)), Network::Matrix) => {
                return wrong("the server of a Matrix account is a URL, such as https://matrix.example.org");
            }
            (Some(Server::Url(_)), Network::Irc | Network::Xmpp) => {
                return wrong("the server is a name and a port, such as example.org:5222, and no URL");
            }
            _ => {}
        }
        let clear = matches!(&self.server, Some(Server::Url(url)) if url.starts_with("http:"));
        match (self.tls, network) {
            (Some(Tls::Starttls), Network::Irc | Network::Matrix) => wrong("starttls is for XMPP; use direct"),
            (Some(Tls::None), Network::Matrix) if !clear => wrong("without tls, the server has to be an http:// URL"),
            (None | Some(Tls::Direct), Network::Matrix) if clear => {
                wrong("http:// sends the password in clear; use https://, or say tls none as well")
            }
            _ => Ok(()),
        }
    }

    fn contact(&self, name: &str) -> Option<&Contact> {
        let mut contacts = self.contacts.iter();
        contacts.find(|(contact, _)| self.address.network().is_same_contact(contact, name)).map(|(_, contact)| contact)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        target: Target,
        #[command(flatten)]
        options: Options,
    }

    fn find(line: &str) -> Result<Settings, String> {
        let line = Line::try_parse_from(["otr"].into_iter().chain(line.split_whitespace()));
        let line = line.map_err(|error| error.to_string())?;
        Settings::find(&line.target, &line.options, &mut |_| {}).map_err(|error| error.to_string())
    }

    /// `line`, with a config of one account, "a", at `address` with more `lines`.
    fn configured(address: &str, lines: &str, line: &str) -> Result<Settings, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, format!("[accounts.a]\naddress = \"{address}\"\n{lines}\n")).unwrap();
        find(&format!("a --config {} {line}", path.display()))
    }

    #[test]
    fn an_address_alone_is_enough() {
        let settings = find("xmpp:me@example.org").unwrap();
        assert_eq!(settings.address.to_string(), "xmpp:me@example.org");
        assert_eq!((settings.server.clone(), settings.tls, settings.with.clone()), (None, None, None));
        assert_eq!(settings.text("you@example.org"), TextMode::Auto);
        assert_eq!(settings.policy("you@example.org"), None);
        assert!(find("me@example.org").unwrap_err().contains("xmpp:me@example.org"));
    }

    #[test]
    fn options_come_before_the_file() {
        let lines =
            "server = \"b.example.org:1\"\ntls = \"direct\"\ntrust_certificate = \"b.pem\"\npassword_env = \"B\"";
        let file = configured("xmpp:me@example.org", lines, "").unwrap();
        assert_eq!(file.tls, Some(Tls::Direct));
        assert_eq!(file.password, Some(Source::Environment("B".to_owned())));
        assert!(matches!(&file.trust_certificate, Some(TrustedCertificate::Pem(path)) if path.is_absolute()));
        let line = "--server c.example.org:2 --tls starttls --trust-certificate c.pem --password-file c";
        let both = configured("xmpp:me@example.org", lines, line).unwrap();
        assert_eq!(both.server, Some("c.example.org:2".parse().unwrap()));
        assert_eq!(both.tls, Some(Tls::Starttls));
        assert_eq!(both.trust_certificate, Some(TrustedCertificate::Pem("c.pem".into())));
        assert_eq!(both.password, Some(Source::File("c".into())));
        assert!(find("xmpp:a@b --password-file c --password-env d").unwrap_err().contains("cannot be used with"));
    }

    #[test]
    fn contacts_have_their_own_text_and_policy() {
        let lines = "text = \"plain\"\npolicy = \"always\"\n\
                     [accounts.a.contacts.\"You@example.org\"]\ntext = \"html\"\npolicy = \"manual\"";
        let settings = configured("xmpp:me@example.org", lines, "").unwrap();
        assert_eq!(settings.text("you@example.org"), TextMode::Html);
        assert_eq!(settings.policy("you@example.org"), Some(PolicyName::Manual));
        assert_eq!(settings.text("another@example.org"), TextMode::Plain);
        assert_eq!(settings.policy("another@example.org"), Some(PolicyName::Always));
        let settings = configured("xmpp:me@example.org", lines, "--text auto").unwrap();
        assert_eq!(settings.text("you@example.org"), TextMode::Auto);
    }

    #[test]
    fn over_tcp_text_is_plain_unless_it_is_said() {
        assert_eq!(find("tcp:a:1").unwrap().text("you"), TextMode::Plain);
        assert_eq!(find("tcp:a:1 --text html").unwrap().text("you"), TextMode::Html);
        assert_eq!(configured("tcp:a:1", "text = \"auto\"", "").unwrap().text("you"), TextMode::Auto);
    }

    #[test]
    fn what_does_not_fit_the_network_is_refused() {
        for (address, lines, expected) in [
            ("tcp:a:1", "server = \"b:2\"", "server is not for TCP"),
            ("irc:me@a", "resource = \"b\"", "resource is not for IRC"),
            ("xmpp:me@a/b", "resource = \"c\"", "a resource already"),
            ("xmpp:me@a", "sasl_account = \"b\"", "sasl_account is not for XMPP"),
            ("xmpp:me@a", "login = \"token\"", "login by token is not for XMPP"),
            ("xmpp:me@a", "max_message_size = 7", "max_message_size: a fragment needs"),
            ("xmpp:me@a", "server = \"https://a\"", "and no URL"),
            ("xmpp:me@a", "with = \"you\"", "a: \"you\" is no XMPP address of a person"),
            ("irc:me@a", "contacts.\"#b\".text = \"html\"", "a channel is no person"),
            ("irc:me@a", "tls = \"starttls\"", "starttls is for XMPP"),
            ("matrix:@me:a", "server = \"a:1\"", "is a URL"),
            ("matrix:@me:a", "server = \"http://a\"", "http:// sends the password in clear"),
            ("matrix:@me:a", "tls = \"none\"", "has to be an http:// URL"),
            ("xmpp:me@a", "password_env = \"A\"\npassword_keyring = true", "several sources"),
        ] {
            let error = configured(address, lines, "").unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(find("tcp:a:1 --password-env P").unwrap_err().contains("a password is not for TCP"));
        assert!(find("xmpp:me@a --config b").unwrap_err().contains("--config is for an account by its name"));
        configured("matrix:@me:a", "server = \"http://a\"\ntls = \"none\"", "").unwrap();
    }

    #[test]
    fn a_password_is_got_where_the_network_needs_one() {
        let password = |settings: Settings| settings.password(&mut |_| {}).unwrap().map(|got| got.reveal().to_owned());
        let path = std::env::var("PATH").unwrap();
        assert_eq!(password(find("tcp:a:1").unwrap()), None);
        assert_eq!(password(find("irc:me@a").unwrap()), None);
        assert_eq!(password(find("irc:me@a --password-env PATH").unwrap()), Some(path.clone()));
        assert_eq!(password(find("matrix:@me:a --password-env PATH").unwrap()), Some(path));
        assert_eq!(find("irc:me@a").unwrap().sasl_account(), None);
        assert_eq!(find("irc:me@a --password-env PATH").unwrap().sasl_account(), Some("me"));
        let named = configured("irc:me@a", "sasl_account = \"account\"", "").unwrap();
        assert_eq!(named.sasl_account(), Some("account"));
    }

    #[test]
    fn the_keyring_keeps_it_under_the_address_or_a_name() {
        let name = |lines: &str, line: &str| configured("xmpp:me@a", lines, line).unwrap().keyring_name();
        assert_eq!(name("", "--password-keyring"), "xmpp:me@a");
        assert_eq!(name("password_keyring = true", ""), "xmpp:me@a");
        assert_eq!(name("password_keyring = \"mine\"", "--password-keyring"), "mine");
    }
}
