//! From what the user named to a connection and a person at its other end.

use std::path::PathBuf;

use otr_session::Policy;
use otr_transport::Transport;
use otr_transport_irc::{IrcAccount, IrcTransport};
use otr_transport_matrix::{Login, MatrixAccount, MatrixTransport};
use otr_transport_tcp::{Listener, Names, TcpAccount, TcpTransport};
use otr_transport_tls::{Tls, Trust};
use otr_transport_xmpp::{Account as XmppAccount, Security, XmppTransport};

use super::Args;
use super::connection::Connection;
use super::room::Meeting;
use crate::accounts::{self, Address, Host, Login as LoginKind, Network, Server, Settings, Target, TrustedCertificate};
use crate::args::PolicyName;
use crate::error::Error;
use crate::profile::log;
use crate::readable;
use crate::text_form::TextMode;

/// Who talks with whom, and all that was said about how.
#[derive(Debug)]
pub(crate) struct Plan {
    settings: Settings,
    pub(crate) meeting: Meeting,
    /// What our account is called where keys are kept.
    pub(crate) account: String,
    pub(crate) policy: Policy,
    pub(crate) text: TextMode,
}

impl Plan {
    /// What `args`, and the config where they name an account in it, say.
    pub(crate) fn new(args: &Args) -> Result<Self, Error> {
        let target = match (&args.listen, &args.connect, &args.account) {
            (Some(host), _, _) => &Target::Address(Address::TcpListen(host.clone())),
            (None, Some(host), _) => &Target::Address(Address::TcpCall(host.clone())),
            (None, None, Some(account)) => account,
            (None, None, None) => return Err(Error::NobodyNamed),
        };
        let settings = Settings::find(target, &args.options, &mut log)?;
        let with = args.with.as_ref().or(settings.with.as_ref());
        let with = with.map(|with| settings.address.contact(with).map_err(accounts::Error::from)).transpose()?;
        // TCP has no names of its own: whoever is at the other end is called as we say, and known by that.
        let called = || args.peer.clone().or(with.clone());
        let address = match &settings.address {
            Address::TcpCall(host) => called().unwrap_or_else(|| readable::one_line(&host.to_string())),
            Address::TcpListen(_) => called().unwrap_or_else(|| "caller".to_owned()),
            Address::Irc { .. } | Address::Xmpp { .. } | Address::Matrix { .. } => {
                with.clone().ok_or(Error::NobodyNamed)?
            }
        };
        let account = match &settings.address {
            Address::Irc { nick, server } => format!("{nick}@{}", server.name),
            Address::Xmpp { jid, .. } => jid.clone(),
            Address::Matrix { user } => user.clone(),
            Address::TcpCall(_) | Address::TcpListen(_) => args.name.clone(),
        };
        // What the config says of a contact holds whatever it is called here.
        let contact = with.as_ref().unwrap_or(&address);
        let begins = matches!(settings.address, Address::TcpCall(_));
        Ok(Self {
            policy: args.policy.or_else(|| settings.policy(contact)).unwrap_or(PolicyName::Always).into(),
            text: settings.text(contact),
            meeting: Meeting { peer: args.peer.clone().unwrap_or_else(|| address.clone()), address, begins },
            account,
            settings,
        })
    }

    /// Where the config says that keys are kept.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.settings.home.clone()
    }

    /// The name of the protocol where keys are kept: those of libotr's programs, and one for TCP, which has none.
    pub(crate) fn protocol(&self) -> &'static str {
        match self.settings.address.network() {
            Network::Tcp => "otr-tcp",
            Network::Irc => "prpl-irc",
            Network::Xmpp => "prpl-jabber",
            Network::Matrix => "prpl-matrix",
        }
    }

    /// Gets the connection, and a line that says what it is. What has to be kept from one time to the next goes to
    /// `home`.
    pub(crate) async fn connect(&self, home: Option<PathBuf>) -> Result<(Connection, String), Error> {
        let Self { settings, meeting, .. } = self;
        let shown = readable::one_line(&settings.address.to_string());
        let failed = |source| Error::Connect { address: shown.clone(), source };
        let names = || Names::new(&self.account, &meeting.peer);
        let connection = match &settings.address {
            Address::TcpListen(host) => {
                let address = host.to_string();
                let failed = |source| Error::Listen { address: readable::one_line(&address), source };
                let listener = Listener::bind(&address).await.map_err(failed)?;
                let line = format!("listening on {}, waiting for the other side to call", listener.local_addr());
                let tcp = TcpTransport::connect(TcpAccount::listening(listener, names())).await.map_err(failed)?;
                return Ok((Connection::Tcp(tcp), line));
            }
            Address::TcpCall(host) => {
                let address = host.to_string();
                let shown = readable::one_line(&address);
                let failed = |source| Error::Connect { address: shown.clone(), source };
                let tcp = TcpTransport::connect(TcpAccount::calling(&address, names())).await.map_err(failed)?;
                return Ok((Connection::Tcp(tcp), format!("calling {shown}")));
            }
            Address::Irc { nick, server } => {
                let account = irc_account(nick, server, settings)?;
                Connection::Irc(IrcTransport::connect(account).await.map_err(failed)?)
            }
            Address::Xmpp { jid, resource } => {
                let account = xmpp_account(jid, resource.as_deref(), settings, failed)?;
                Connection::Xmpp(Box::new(XmppTransport::connect(account).await.map_err(failed)?))
            }
            Address::Matrix { user } => {
                let account = matrix_account(user, &meeting.address, settings, home)?;
                Connection::Matrix(Box::new(MatrixTransport::connect(account).await.map_err(failed)?))
            }
        };
        Ok((connection, format!("signed in as {shown}, to talk with {}", readable::one_line(&meeting.address))))
    }
}

fn irc_account(nick: &str, named: &Host, settings: &Settings) -> Result<IrcAccount, Error> {
    // The certificate is for the server that was named, wherever it is reached.
    let reached = match &settings.server {
        Some(Server::Host(host)) => host,
        Some(Server::Url(_)) | None => named,
    };
    let mut account = match settings.tls {
        Some(accounts::Tls::None) => IrcAccount::cleartext(&reached.name, reached.port, nick).passwords_in_clear(),
        Some(accounts::Tls::Direct | accounts::Tls::Starttls) | None => {
            IrcAccount::encrypted(&reached.name, reached.port, nick, tls(settings)?).server_name(&named.name)
        }
    };
    if let Some(interval) = settings.message_interval {
        let mut options = otr_transport_irc::Options::default();
        options.line_interval = interval;
        account = account.options(options);
    }
    if let (Some(sasl), Some(password)) = (settings.sasl_account(), settings.password(&mut log)?) {
        account = account.sasl(sasl, password.reveal().to_owned());
    }
    Ok(account)
}

fn xmpp_account(
    jid: &str,
    resource: Option<&str>,
    settings: &Settings,
    failed: impl Fn(otr_transport::Error) -> Error,
) -> Result<XmppAccount, Error> {
    let security = match settings.tls {
        Some(accounts::Tls::None) => Security::Cleartext,
        Some(accounts::Tls::Direct) => Security::DirectTls(tls(settings)?),
        Some(accounts::Tls::Starttls) | None => Security::StartTls(tls(settings)?),
    };
    let address = resource.map_or_else(|| jid.to_owned(), |resource| format!("{jid}/{resource}"));
    let password = settings.password(&mut log)?.map(|password| password.reveal().to_owned()).unwrap_or_default();
    let mut account = XmppAccount::new(&address, password, security).map_err(failed)?;
    if let Some(Server::Host(host)) = &settings.server {
        account = account.at(&host.name, host.port);
    }
    if settings.max_message_size.is_some() {
        let mut options = otr_transport_xmpp::Options::default();
        options.max_message_size = settings.max_message_size;
        account = account.with_options(options);
    }
    Ok(account)
}

fn matrix_account(user: &str, peer: &str, settings: &Settings, home: Option<PathBuf>) -> Result<MatrixAccount, Error> {
    let secret = settings.password(&mut log)?.map(|password| password.reveal().to_owned()).unwrap_or_default();
    let login = match settings.login {
        LoginKind::Password => Login::password(secret),
        LoginKind::Token => Login::access_token(secret),
    };
    let mut account = MatrixAccount::new(user, login, tls(settings)?).with_peers([peer]);
    if let Some(Server::Url(url)) = &settings.server {
        account = account.with_homeserver(url);
    }
    if settings.tls == Some(accounts::Tls::None) {
        account = account.allowing_plain_http();
    }
    match home {
        // A user's name on Matrix has no slash in its server's part, but may have one before.
        Some(home) => Ok(account.with_state_file(home.join(format!("matrix.{}", user.replace('/', "%2F"))))?),
        None => Ok(account),
    }
}

/// Which certificates the server may show.
fn tls(settings: &Settings) -> Result<Tls, Error> {
    let refused = |source| Error::Certificates { source };
    let trust = match &settings.trust_certificate {
        None => Trust::system(),
        Some(TrustedCertificate::Sha256(sha256)) => Trust::only_sha256(*sha256),
        Some(TrustedCertificate::Pem(path)) => {
            let unreadable = |source| Error::CertificateFile { path: path.clone(), source };
            Trust::system().and_pem(&std::fs::read(path).map_err(unreadable)?).map_err(refused)?
        }
    };
    Tls::new(trust).map_err(refused)
}
