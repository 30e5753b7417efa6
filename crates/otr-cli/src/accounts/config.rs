//! The config: one TOML file with the user's accounts.
//!
//! ```toml
//! [accounts.work]
//! address = "xmpp:me@example.org"       # all else may be left out
//! with = "you@example.org"              # whom to talk to, if --with does not say
//! server = "xmpp.example.org:5222"      # instead of the one that the network names; for Matrix a URL
//! tls = "direct"                        # "starttls", "direct", or "none": everything but OTR in clear
//! trust_certificate = "server.pem"      # a PEM file, or "sha256:" and the certificate's SHA-256
//! password_keyring = true               # or password_file, password_env, password_command
//! policy = "always"                     # "never", "manual", "opportunistic", "always"
//! text = "auto"                         # "plain", "html", "auto"
//! home = "~/.local/share/otr-work"      # where the keys are
//! resource = "desk"                     # XMPP: the resource to ask for
//! max_message_size = 60000              # XMPP: what the servers on the way let through, in bytes
//!
//! [accounts.work.contacts."you@example.org"]
//! text = "html"
//! policy = "opportunistic"
//!
//! [accounts.chat]
//! address = "irc:me@irc.example.org"
//! sasl_account = "me"                   # IRC: the account to log in to; the nick, where a password is named
//! message_interval = 0.5                # IRC: seconds between lines
//! password_command = ["pass", "show", "irc"]
//!
//! [accounts.home]
//! address = "matrix:@me:example.org"
//! login = "token"                       # Matrix: what is kept as the password is an access token
//! password_file = "token"
//! ```
//!
//! A path that is not absolute starts where the config is; `~/` is the user's home directory. Passwords do not stand in
//! the file, and a key that is not in this list is an error.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, Deserializer};

use super::address::{Address, is_account_name};
use super::error::Error;
use super::password::Source;
use super::server::{Server, Tls, TrustedCertificate};
use crate::args::PolicyName;
use crate::text_form::TextMode;

/// The largest config that is read, in bytes: a file by mistake is told from one with very many contacts.
const MAX_CONFIG: u64 = 1024 * 1024;

/// What is said of a password in the file.
const NO_PASSWORD: &str = "a password does not belong here, where it is easily copied along; use password_file, \
                           password_env, password_keyring or password_command";

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    #[serde(default)]
    pub(super) accounts: BTreeMap<String, Entry>,
    /// Where it is.
    #[serde(skip)]
    pub(super) path: PathBuf,
}

/// An account in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) address: Address,
    pub(super) with: Option<String>,
    pub(super) server: Option<Server>,
    pub(super) tls: Option<Tls>,
    pub(super) trust_certificate: Option<TrustedCertificate>,
    pub(super) policy: Option<PolicyName>,
    pub(super) text: Option<TextMode>,
    pub(super) home: Option<PathBuf>,
    pub(super) login: Option<Login>,
    pub(super) resource: Option<String>,
    pub(super) max_message_size: Option<usize>,
    pub(super) sasl_account: Option<String>,
    #[serde(default, deserialize_with = "seconds")]
    pub(super) message_interval: Option<Duration>,
    #[serde(default)]
    pub(super) contacts: BTreeMap<String, Contact>,
    password_file: Option<PathBuf>,
    password_env: Option<String>,
    password_keyring: Option<KeyringName>,
    password_command: Option<Vec<String>>,
}

/// What is different for one contact.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contact {
    pub(super) text: Option<TextMode>,
    pub(super) policy: Option<PolicyName>,
}

/// What the password is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Login {
    /// A password.
    #[default]
    Password,
    /// An access token of a Matrix server.
    Token,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "true, or the name under which the keyring has it")]
enum KeyringName {
    Own(bool),
    Named(String),
}

impl Config {
    /// Where the config is unless the user says otherwise: `$XDG_CONFIG_HOME/otr/config.toml`, where the variable counts
    /// only if it is absolute, or `~/.config/otr/config.toml` (XDG Base Directory specification).
    pub(crate) fn default_path() -> Option<PathBuf> {
        let given = |name| std::env::var_os(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
        let config = given("XDG_CONFIG_HOME").or_else(|| Some(given("HOME")?.join(".config")))?;
        Some(config.join("otr").join("config.toml"))
    }

    /// Reads the config in `path`. `warn` is told what the user should know.
    pub(crate) fn load(path: &Path, warn: &mut dyn FnMut(&str)) -> Result<Self, Error> {
        let failed = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => Error::NoConfig { path: path.to_owned() },
            _ => Error::Config { path: path.to_owned(), source },
        };
        let metadata = fs::metadata(path).map_err(failed)?;
        if metadata.len() > MAX_CONFIG {
            return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
        }
        if super::permissions::others_can_write(&metadata) {
            warn(&format!(
                "other users of this machine can change {}, and with it where passwords go; chmod go-w helps",
                path.display()
            ));
        }
        Self::parse(&fs::read_to_string(path).map_err(failed)?, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count().saturating_add(1);
            let message = if error.message().starts_with("unknown field `password`") {
                NO_PASSWORD.to_owned()
            } else {
                crate::readable::one_line(&error.message().replace('\n', ", "))
            };
            Error::Syntax { path: path.to_owned(), line, message }
        })?;
        config.path = path.to_owned();
        if let Some(name) = config.accounts.keys().find(|name| !is_account_name(name)) {
            return Err(Error::AccountName { path: path.to_owned(), name: name.clone() });
        }
        Ok(config)
    }

    /// The account of this name.
    pub(super) fn account(&self, name: &str) -> Result<&Entry, Error> {
        self.accounts.get(name).ok_or_else(|| Error::NoAccount {
            path: self.path.clone(),
            name: name.to_owned(),
            there_are: self.accounts.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    /// `path` as the file means it.
    pub(super) fn locate(&self, path: &Path) -> PathBuf {
        if let Ok(rest) = path.strip_prefix("~")
            && let Some(home) = std::env::var_os("HOME")
        {
            return Path::new(&home).join(rest);
        }
        self.path.parent().map_or_else(|| path.to_owned(), |directory| directory.join(path))
    }

    /// Where the password of `entry` comes from, if the file says so.
    pub(super) fn password(&self, entry: &Entry) -> Result<Option<Source>, &'static str> {
        let own = || entry.address.to_string();
        let keyring = match &entry.password_keyring {
            Some(KeyringName::Own(true)) => Some(Source::Keyring(own())),
            Some(KeyringName::Named(name)) => Some(Source::Keyring(name.clone())),
            Some(KeyringName::Own(false)) | None => None,
        };
        let mut sources = [
            entry.password_file.as_deref().map(|path| Source::File(self.locate(path))),
            entry.password_env.clone().map(Source::Environment),
            keyring,
            entry.password_command.clone().map(Source::Command),
        ]
        .into_iter()
        .flatten();
        match (sources.next(), sources.next()) {
            (_, Some(_)) => Err("several sources of the password are named; leave one"),
            (Some(Source::Command(line)), None) if line.is_empty() => Err("password_command names no program"),
            (source, None) => Ok(source),
        }
    }
}

/// Seconds, of which there may be parts.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    let refused = || de::Error::custom("message_interval is a number of seconds from 0 to 60, such as 0.5");
    if !(0.0..=60.0).contains(&seconds) {
        return Err(refused());
    }
    Duration::try_from_secs_f64(seconds).map(Some).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, Error> {
        Config::parse(text, Path::new("/etc/otr/config.toml"))
    }

    fn refused(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    /// The example of the page above.
    fn example() -> String {
        let lines = include_str!("config.rs").lines().skip_while(|line| *line != "//! ```toml").skip(1);
        lines
            .take_while(|line| *line != "//! ```")
            .map(|line| line.trim_start_matches("//!"))
            .fold(String::new(), |text, line| text + line.trim_start() + "\n")
    }

    #[test]
    fn the_example_is_read() {
        let config = parse(&example()).unwrap();
        let work = config.account("work").unwrap();
        assert_eq!(work.address.to_string(), "xmpp:me@example.org");
        assert_eq!(work.tls, Some(Tls::Direct));
        assert_eq!(work.contacts["you@example.org"].text, Some(TextMode::Html));
        assert_eq!(config.password(work), Ok(Some(Source::Keyring("xmpp:me@example.org".to_owned()))));
        let chat = config.account("chat").unwrap();
        assert_eq!(chat.message_interval, Some(Duration::from_millis(500)));
        let command = ["pass", "show", "irc"].map(str::to_owned).to_vec();
        assert_eq!(config.password(chat), Ok(Some(Source::Command(command))));
        let home = config.account("home").unwrap();
        assert_eq!(home.login, Some(Login::Token));
        assert_eq!(config.password(home), Ok(Some(Source::File("/etc/otr/token".into()))));
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let account = "[accounts.a]\naddress = \"xmpp:me@example.org\"\n";
        for (line, expected) in [
            ("pasword_file = \"x\"", "unknown field `pasword_file`"),
            ("tls = \"ssl\"", "unknown variant `ssl`, expected one of `starttls`, `direct`, `none`"),
            ("address = \"xmpp:b@c\"", "duplicate key"),
            ("policy = 3", "wanted string"),
            ("server = \"example.org\"", "xmpp.example.org:5222"),
            ("trust_certificate = \"sha256:00\"", "sha256:"),
            ("message_interval = -1", "a number of seconds"),
            ("message_interval = nan", "a number of seconds"),
            ("password_keyring = 1", "true, or the name"),
            ("password_command = \"pass show x\"", "expected a sequence"),
            ("contacts.you.texts = \"plain\"", "unknown field `texts`"),
            ("with = \"you", "string"),
        ] {
            let error = refused(&format!("{account}{line}\n"));
            assert!(error.starts_with("/etc/otr/config.toml, line 3: "), "{line}: {error}");
            assert!(error.contains(expected), "{line}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
        let missing = refused("[accounts.a]\nwith = \"you\"\n");
        assert!(missing.contains("missing field `address`") && missing.contains("line 1"), "{missing}");
        assert!(refused("[account.a]\n").contains("unknown field `account`"));
        let address = refused("[accounts.a]\naddress = \"me@example.org\"\n");
        assert!(address.contains("line 2: ") && address.contains("xmpp:me@example.org"), "{address}");
        assert!(refused("[accounts.\"a b\"]\naddress = \"xmpp:b@c\"\n").contains("\"a b\""));
    }

    // The error is what ends up on a screen, or in a report of a fault.
    #[test]
    fn a_password_in_the_file_is_refused_and_not_repeated() {
        for value in ["\"hunter2\"", "[\"hunter2\"]", "{ is = \"hunter2\" }"] {
            let error = refused(&format!("[accounts.a]\naddress = \"xmpp:me@example.org\"\npassword = {value}\n"));
            assert!(error.contains("line 3: ") && error.contains("use password_file"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn there_is_one_source_of_a_password() {
        let config = |lines: &str| parse(&format!("[accounts.a]\naddress = \"xmpp:me@b\"\n{lines}\n")).unwrap();
        let source = |lines: &str| {
            let config = config(lines);
            config.password(&config.accounts["a"])
        };
        assert_eq!(source(""), Ok(None));
        assert_eq!(source("password_keyring = false"), Ok(None));
        assert_eq!(source("password_keyring = \"mine\""), Ok(Some(Source::Keyring("mine".to_owned()))));
        assert_eq!(source("password_env = \"P\""), Ok(Some(Source::Environment("P".to_owned()))));
        assert!(source("password_command = []").is_err());
        assert!(source("password_env = \"P\"\npassword_file = \"p\"").is_err());
    }

    #[test]
    fn what_is_missing_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        let missing = Config::load(&path, &mut |_| {}).unwrap_err().to_string();
        assert!(missing.starts_with(&format!("there is no config at {}", path.display())), "{missing}");
        fs::write(&path, example()).unwrap();
        let config = Config::load(&path, &mut |_| {}).unwrap();
        let unknown = config.account("wrok").unwrap_err().to_string();
        assert!(unknown.contains("no account \"wrok\"") && unknown.contains("there are chat, home, work"), "{unknown}");
        fs::write(&path, "").unwrap();
        let none = Config::load(&path, &mut |_| {}).unwrap().account("work").unwrap_err().to_string();
        assert!(none.contains("it has none"), "{none}");
    }

    #[cfg(unix)]
    #[test]
    fn a_config_that_others_can_change_is_told() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        fs::write(&path, example()).unwrap();
        for (mode, told) in [(0o600, 0), (0o644, 0), (0o664, 1), (0o646, 1)] {
            fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let mut warnings = 0;
            Config::load(&path, &mut |_| warnings += 1).unwrap();
            assert_eq!(warnings, told, "{mode:o}");
        }
    }

    #[test]
    fn paths_start_at_the_config_or_at_home() {
        let config = parse("").unwrap();
        assert_eq!(config.locate(Path::new("a/b")), Path::new("/etc/otr/a/b"));
        assert_eq!(config.locate(Path::new("/a")), Path::new("/a"));
        if let Some(home) = std::env::var_os("HOME") {
            assert_eq!(config.locate(Path::new("~/a")), Path::new(&home).join("a"));
        }
    }
}
