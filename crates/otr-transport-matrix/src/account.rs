use std::fmt;
use std::path::Path;

use otr_transport_tls::Tls;
use zeroize::Zeroizing;

use crate::Options;
use crate::state_file::{StateError, StateFile};

/// How we show the server who we are.
#[derive(Clone)]
pub struct Login(pub(crate) Secret);

#[derive(Clone)]
pub(crate) enum Secret {
    Password(Zeroizing<String>),
    AccessToken(Zeroizing<String>),
}

impl Login {
    /// By the account's password. The first login makes a device on the server; where a state file is kept, it is the
    /// same device ever after.
    pub fn password(password: impl Into<Zeroizing<String>>) -> Self {
        Self(Secret::Password(password.into()))
    }

    /// By an access token that somebody got before, for servers without passwords. When the server no longer knows it,
    /// there is no way back.
    pub fn access_token(token: impl Into<Zeroizing<String>>) -> Self {
        Self(Secret::AccessToken(token.into()))
    }
}

/// Names the way only.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Secret::Password(_) => "Login::password(..)",
            Secret::AccessToken(_) => "Login::access_token(..)",
        })
    }
}

/// What it takes to get into Matrix: a user, a way to log in, and who may open a room with us.
#[derive(Debug)]
pub struct MatrixAccount {
    pub(crate) user_id: String,
    pub(crate) login: Login,
    pub(crate) tls: Tls,
    pub(crate) homeserver: Option<String>,
    pub(crate) plain_http: bool,
    pub(crate) state: Option<StateFile>,
    pub(crate) peers: Vec<String>,
    pub(crate) options: Options,
}

impl MatrixAccount {
    /// The account of `user_id`, which is `@name:server`. Its homeserver is found by asking the server that the name
    /// ends with, unless [`with_homeserver`](Self::with_homeserver) says where it is.
    pub fn new(user_id: impl Into<String>, login: Login, tls: Tls) -> Self {
        Self {
            user_id: user_id.into(),
            login,
            tls,
            homeserver: None,
            plain_http: false,
            state: None,
            peers: Vec::new(),
            options: Options::default(),
        }
    }

    /// The homeserver's base URL, such as `https://matrix.example.org`.
    #[must_use]
    pub fn with_homeserver(mut self, base_url: impl Into<String>) -> Self {
        self.homeserver = Some(base_url.into());
        self
    }

    /// Allows `http://`, for a server on this very machine. Password, token and messages go in clear then.
    #[must_use]
    pub fn allowing_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Keeps the login and the place in the stream of events in the file `path`, so that the next start is the same
    /// device and misses nothing. The file holds an access token; it is made readable by its owner only. One process at
    /// a time may use it.
    ///
    /// # Errors
    ///
    /// Where the file is there and cannot be used; it is left as it is. [`StateError`] says why.
    pub fn with_state_file(mut self, path: impl AsRef<Path>) -> Result<Self, StateError> {
        self.state = Some(StateFile::open(path.as_ref(), &self.user_id)?);
        Ok(self)
    }

    /// Accepts invitations to direct rooms from these users, and tells when they come and go. Nobody else's invitation
    /// is accepted.
    #[must_use]
    pub fn with_peers(mut self, peers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.peers = peers.into_iter().map(Into::into).collect();
        self
    }

    /// The same with other limits and waiting times.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }
}
