//! Addresses as they are typed: `matrix:@me:server`, `xmpp:me@server`, `irc:nick@server`, `tcp:server:port`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// The port of IRC over TLS (RFC 7194).
const IRC_TLS_PORT: u16 = 6697;

/// The longest address that is taken, in bytes: what the longest of the kinds, a full XMPP address, may have
/// (RFC 7622, section 3.1).
const MAX_ADDRESS: usize = 3 * 1023 + 2;

/// What is typed after `otr chat`: an account that the config names, or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The name of an account in the config.
    Name(String),
    /// An address, with its network before it.
    Address(Address),
}

/// Who we are, and on which network.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Address {
    /// TCP: the other side is called.
    TcpCall(Host),
    /// TCP: the other side calls.
    TcpListen(Host),
    /// IRC.
    Irc {
        /// What we are called.
        nick: String,
        /// The server, and its port.
        server: Host,
    },
    /// XMPP.
    Xmpp {
        /// The bare address, `me@server`.
        jid: String,
        /// The resource that is asked for, if one is.
        resource: Option<String>,
    },
    /// Matrix.
    Matrix {
        /// The user, `@me:server`.
        user: String,
    },
}

/// The networks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    Tcp,
    Irc,
    Xmpp,
    Matrix,
}

/// A machine and a port on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    /// A name or an IP address; one of IPv6 without brackets.
    pub(crate) name: String,
    /// The port.
    pub(crate) port: u16,
}

/// What an address has to be and is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no {wanted}; write it as {example}")]
pub(crate) struct InvalidAddress {
    given: String,
    wanted: &'static str,
    example: &'static str,
}

fn invalid(given: &str, wanted: &'static str, example: &'static str) -> InvalidAddress {
    let shown = given.chars().take(80).collect();
    InvalidAddress { given: shown, wanted, example }
}

impl FromStr for Target {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        if is_account_name(text) { Ok(Self::Name(text.to_owned())) } else { text.parse().map(Self::Address) }
    }
}

/// Whether the config may have an account of this name: letters, digits, `-`, `_` and `.`, which no address consists of.
pub(crate) fn is_account_name(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= 64 && name.chars().all(allowed)
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        const WANTED: &str = "address of a network we know";
        const ALL: &str = "matrix:@me:example.org, xmpp:me@example.org, irc:nick@irc.example.org or \
                           tcp:example.org:5000";
        let unknown = || invalid(text, WANTED, ALL);
        if text.len() > MAX_ADDRESS {
            return Err(unknown());
        }
        let (network, rest) = text.split_once(':').ok_or_else(unknown)?;
        match network {
            "tcp" => tcp(text, rest),
            "irc" => irc(text, rest),
            "xmpp" => xmpp(text, rest),
            "matrix" if is_matrix_user(rest) => Ok(Self::Matrix { user: rest.to_owned() }),
            "matrix" => Err(invalid(text, "Matrix address", "matrix:@me:example.org")),
            _ => Err(unknown()),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = InvalidAddress;

    fn try_from(text: String) -> Result<Self, InvalidAddress> {
        text.parse()
    }
}

impl Address {
    /// The network that it is of.
    pub(crate) const fn network(&self) -> Network {
        match self {
            Self::TcpCall(_) | Self::TcpListen(_) => Network::Tcp,
            Self::Irc { .. } => Network::Irc,
            Self::Xmpp { .. } => Network::Xmpp,
            Self::Matrix { .. } => Network::Matrix,
        }
    }

    /// `contact` if it can be the address of a person on the same network, without the network before it.
    pub(crate) fn contact(&self, contact: &str) -> Result<String, InvalidAddress> {
        let network = self.network();
        let (wanted, example) = match network {
            Network::Tcp => ("name", "a name of 1 to 255 bytes without control characters"),
            Network::Irc => ("nick (and a channel is no person)", "nick"),
            Network::Xmpp => ("XMPP address of a person", "you@example.org, without a resource"),
            Network::Matrix => ("Matrix user", "@you:example.org"),
        };
        let fits = match network {
            Network::Tcp => crate::args::is_name(contact),
            Network::Irc => is_nick(contact),
            Network::Xmpp => is_bare_jid(contact),
            Network::Matrix => is_matrix_user(contact),
        };
        if fits { Ok(contact.to_owned()) } else { Err(invalid(contact, wanted, example)) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TcpCall(host) => write!(f, "tcp:{host}"),
            Self::TcpListen(host) => write!(f, "tcp:listen:{host}"),
            Self::Irc { nick, server } if server.port == IRC_TLS_PORT => write!(f, "irc:{nick}@{}", server.bare()),
            Self::Irc { nick, server } => write!(f, "irc:{nick}@{server}"),
            Self::Xmpp { jid, resource: None } => write!(f, "xmpp:{jid}"),
            Self::Xmpp { jid, resource: Some(resource) } => write!(f, "xmpp:{jid}/{resource}"),
            Self::Matrix { user } => write!(f, "matrix:{user}"),
        }
    }
}

impl Network {
    /// Whether two names on this network mean the same person, as far as that can be told without its server: capitals
    /// count on Matrix only.
    pub(crate) fn is_same_contact(self, one: &str, other: &str) -> bool {
        match self {
            Self::Irc | Self::Xmpp => one.to_lowercase() == other.to_lowercase(),
            Self::Tcp | Self::Matrix => one == other,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Irc => "IRC",
            Self::Xmpp => "XMPP",
            Self::Matrix => "Matrix",
        })
    }
}

impl Host {
    /// `name:port`, `[IPv6]:port`, or one without a port where there is a `default`.
    pub(crate) fn parse(text: &str, default: Option<u16>) -> Option<Self> {
        let (name, rest) = match text.strip_prefix('[') {
            Some(bracketed) => {
                let (name, rest) = bracketed.split_once(']')?;
                // A link's own address says which link, by its number (RFC 4007, section 11).
                let (address, link) = name.split_once('%').unwrap_or((name, "1"));
                address.parse::<std::net::Ipv6Addr>().ok()?;
                link.parse::<u32>().ok()?;
                (name, rest)
            }
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match rest.strip_prefix(':') {
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
            None if rest.is_empty() => default?,
            _ => return None,
        };
        (is_word(name) && !name.contains(['/', '@'])).then(|| Self { name: name.to_owned(), port })
    }

    fn bare(&self) -> String {
        if self.name.contains(':') { format!("[{}]", self.name) } else { self.name.clone() }
    }
}

impl FromStr for Host {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        Self::parse(text, None).ok_or_else(|| invalid(text, "address", "example.org:5000 or [::1]:5000"))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.bare(), self.port)
    }
}

fn tcp(text: &str, rest: &str) -> Result<Address, InvalidAddress> {
    let refused =
        || invalid(text, "TCP address", "tcp:example.org:5000 to call, or tcp:listen:127.0.0.1:5000 to be called");
    let (listen, host) = rest.strip_prefix("listen:").map_or((false, rest), |host| (true, host));
    let host = Host::parse(host, None).ok_or_else(refused)?;
    Ok(if listen { Address::TcpListen(host) } else { Address::TcpCall(host) })
}

fn irc(text: &str, rest: &str) -> Result<Address, InvalidAddress> {
    let parsed = rest.split_once('@').and_then(|(nick, server)| {
        let server = Host::parse(server, Some(IRC_TLS_PORT))?;
        is_nick(nick).then(|| Address::Irc { nick: nick.to_owned(), server })
    });
    parsed.ok_or_else(|| {
        invalid(text, "IRC address", "irc:nick@irc.example.org, or with a port, irc:nick@irc.example.org:6697")
    })
}

fn xmpp(text: &str, rest: &str) -> Result<Address, InvalidAddress> {
    let (jid, resource) = match rest.split_once('/') {
        Some((jid, resource)) => (jid, Some(resource)),
        None => (rest, None),
    };
    let usable = |resource: &str| !resource.is_empty() && !resource.contains(char::is_control);
    if !is_bare_jid(jid) || !resource.is_none_or(usable) {
        return Err(invalid(text, "XMPP address", "xmpp:me@example.org"));
    }
    Ok(Address::Xmpp { jid: jid.to_owned(), resource: resource.map(str::to_owned) })
}

/// Not empty, nothing in it that separates or hides.
fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether a server could take it as a nick: no channel, nothing that ends a parameter or means several people
/// (RFC 2812, section 2.3.1). The servers differ in what else they take.
fn is_nick(text: &str) -> bool {
    is_word(text)
        && text.len() <= 64
        && !text.starts_with(['#', '&', '+', '!', ':', '$', '~', '%'])
        && !text.contains(['@', ',', '*', '?', '!', '.', '/'])
}

/// `local@domain` (RFC 7622, section 3).
fn is_bare_jid(text: &str) -> bool {
    let local = |local: &str| is_word(local) && !local.contains(['"', '&', '\'', '/', ':', '<', '>']);
    let domain = |domain: &str| is_word(domain) && !domain.contains(['@', '/', '"', '&', '<', '>']);
    text.len() <= MAX_ADDRESS && text.split_once('@').is_some_and(|(one, other)| local(one) && domain(other))
}

/// `@local:server`, of 255 bytes at most (Matrix specification, appendices, "User Identifiers").
fn is_matrix_user(text: &str) -> bool {
    let parts = text.strip_prefix('@').and_then(|rest| rest.split_once(':'));
    text.len() <= 255 && parts.is_some_and(|(local, server)| is_word(local) && is_word(server) && !server.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, port: u16) -> Host {
        Host { name: name.to_owned(), port }
    }

    #[test]
    fn every_network_has_its_address() {
        let irc = |name, port| Address::Irc { nick: "nick".to_owned(), server: host(name, port) };
        let xmpp = |resource: Option<&str>| Address::Xmpp {
            jid: "me@example.org".to_owned(),
            resource: resource.map(str::to_owned),
        };
        for (text, address) in [
            ("tcp:example.org:5000", Address::TcpCall(host("example.org", 5000))),
            ("tcp:[::1]:5000", Address::TcpCall(host("::1", 5000))),
            ("tcp:[fe80::1%2]:5000", Address::TcpCall(host("fe80::1%2", 5000))),
            ("tcp:listen:127.0.0.1:0", Address::TcpListen(host("127.0.0.1", 0))),
            ("irc:nick@irc.example.org", irc("irc.example.org", 6697)),
            ("irc:nick@irc.example.org:6667", irc("irc.example.org", 6667)),
            ("irc:nick@[::1]", irc("::1", 6697)),
            ("xmpp:me@example.org", xmpp(None)),
            ("xmpp:me@example.org/desk at/home", xmpp(Some("desk at/home"))),
            ("matrix:@me:example.org", Address::Matrix { user: "@me:example.org".to_owned() }),
            ("matrix:@me:localhost:8448", Address::Matrix { user: "@me:localhost:8448".to_owned() }),
        ] {
            assert_eq!(text.parse(), Ok(Target::Address(address.clone())), "{text}");
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_told_what_one_looks_like() {
        for (text, example) in [
            ("tcp:5000", "tcp:example.org:5000"),
            ("tcp:example.org:", "tcp:example.org:5000"),
            ("tcp:example.org:65536", "tcp:listen:127.0.0.1:5000"),
            ("tcp://example.org:5000", "tcp:example.org:5000"),
            ("irc:irc.example.org", "irc:nick@irc.example.org"),
            ("irc:#channel@irc.example.org", "irc:nick@irc.example.org"),
            ("irc:nick@irc.example.org:+6", "irc:nick@irc.example.org"),
            ("xmpp:example.org", "xmpp:me@example.org"),
            ("xmpp:me@example.org/", "xmpp:me@example.org"),
            ("xmpp:me@exam ple.org", "xmpp:me@example.org"),
            ("matrix:me:example.org", "matrix:@me:example.org"),
            ("matrix:@me", "matrix:@me:example.org"),
            ("@me:example.org", "matrix:@me:example.org, xmpp:me@example.org"),
            ("me@example.org", "xmpp:me@example.org, irc:"),
            ("", "tcp:example.org:5000"),
        ] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains(example), "{error}");
            assert!(error.starts_with(&format!("{text:?} is no ")), "{error}");
        }
    }

    #[test]
    fn a_word_alone_is_the_name_of_an_account() {
        for name in ["work", "me-2", "büro", "irc.example.org"] {
            assert_eq!(name.parse(), Ok(Target::Name(name.to_owned())));
        }
    }

    #[test]
    fn contacts_are_persons_of_the_same_network() {
        let on = |text: &str| text.parse::<Address>().unwrap();
        let (irc, xmpp) = (on("irc:me@example.org"), on("xmpp:me@example.org"));
        let (matrix, tcp) = (on("matrix:@me:example.org"), on("tcp:example.org:1"));
        for (address, yes, no) in [
            (
                &irc,
                &["you", "[you]", "you^"][..],
                &["#room", "", "a b", "you,me", "you\r\nQUIT", "irc.example.org"][..],
            ),
            (&xmpp, &["you@example.org"], &["you", "you@example.org/phone", "xmpp: you@a", "a@b@c"]),
            (&matrix, &["@you:example.org"], &["you", "you@example.org", "#room:example.org", "!r:example.org"]),
            (&tcp, &["you", "the other side"], &["", "a\nb"]),
        ] {
            for contact in yes {
                assert_eq!(address.contact(contact), Ok((*contact).to_owned()), "{address}");
            }
            for contact in no {
                assert!(address.contact(contact).is_err(), "{address} {contact}");
            }
        }
        assert!(xmpp.network().is_same_contact("You@Example.org", "you@example.org"));
        assert!(irc.network().is_same_contact("You", "you"));
        assert!(!matrix.network().is_same_contact("@You:a", "@you:a"));
    }

    #[test]
    fn an_error_is_one_line_and_not_endless() {
        let error = format!("xmpp:\u{1b}[2J\n{}", "x".repeat(5000)).parse::<Target>().unwrap_err().to_string();
        assert!(error.len() < 300 && !error.contains(char::is_control), "{error}");
    }
}
