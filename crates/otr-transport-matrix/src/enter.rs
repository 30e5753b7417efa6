use otr_transport::Error;
use ruma::api::client::account::whoami;
use ruma::api::client::session::login;
use ruma::{OwnedDeviceId, OwnedUserId, UserId};
use tokio::time::timeout;

use crate::account::{Login, MatrixAccount, Secret};
use crate::api::{Api, Token};
use crate::failure::Failure;
use crate::homeserver::{BaseUrl, Encryption, discover};
use crate::http::{Bounds, Http};
use crate::limits::SMALL;
use crate::state_file::Stored;

/// Who we are, and how to show it again.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) user: OwnedUserId,
    login: Login,
    device_name: String,
    bounds: Bounds,
}

/// A login that the server has accepted.
pub(crate) struct Session {
    pub(crate) token: Token,
    pub(crate) device: Option<OwnedDeviceId>,
}

/// We are in.
pub(crate) struct Entered {
    pub(crate) identity: Identity,
    pub(crate) api: Api,
    pub(crate) session: Session,
    /// From where to read on.
    pub(crate) next_batch: Option<String>,
}

/// Finds the server and logs in, by what is stored if that still works.
pub(crate) async fn enter(account: &MatrixAccount) -> Result<Entered, Error> {
    let limit = account.options.login_timeout;
    timeout(limit, enter_at_leisure(account)).await.unwrap_or(Err(Error::TimedOut))
}

async fn enter_at_leisure(account: &MatrixAccount) -> Result<Entered, Error> {
    let user = UserId::parse(&account.user_id).map_err(|_| Error::InvalidAddress)?;
    let bounds = Bounds { size: SMALL, time: account.options.request_timeout };
    let encryption = if account.plain_http { Encryption::Optional } else { Encryption::Required };
    let http = Http::new(account.tls.clone(), account.options.connect_timeout);
    let base = match &account.homeserver {
        Some(base) => BaseUrl::parse(base, encryption)?,
        None => discover(&http, user.server_name(), encryption, bounds).await?,
    };
    let api = Api::open(http, base, bounds).await.map_err(Failure::into_error)?;
    let identity =
        Identity { user, login: account.login.clone(), device_name: account.options.device_name.clone(), bounds };
    let stored = account.state.as_ref().and_then(|state| state.stored.as_ref());
    let session = identity.session(&api, stored).await?;
    // Another device has seen nothing yet.
    let same = stored.filter(|stored| stored.device_id.as_deref() == session.device.as_ref().map(|id| id.as_str()));
    let next_batch = same.and_then(|stored| stored.next_batch.clone());
    Ok(Entered { identity, api, session, next_batch })
}

impl Identity {
    async fn session(&self, api: &Api, stored: Option<&Stored>) -> Result<Session, Error> {
        if let Secret::AccessToken(token) = &self.login.0 {
            return self.recognized(api, Token::new(token.clone())).await.map_err(Failure::into_error);
        }
        // A token is shown only to the server that gave it.
        let ours = stored.filter(|stored| stored.homeserver == api.base.as_str());
        if let Some(token) = ours.and_then(|stored| stored.access_token.clone()) {
            match self.recognized(api, Token::new(token)).await {
                Err(Failure::TokenRefused) => {}
                outcome => return outcome.map_err(Failure::into_error),
            }
        }
        let device = stored.and_then(|stored| stored.device_id.clone()).map(OwnedDeviceId::from);
        self.log_in(api, device).await.map_err(Failure::into_error)
    }

    /// Asks whose the token is.
    async fn recognized(&self, api: &Api, token: Token) -> Result<Session, Failure> {
        let answer = api.call(whoami::v3::Request::new(), Some(&token), self.bounds).await?;
        if answer.user_id != self.user {
            return Err(Failure::Refused(Error::LoginRefused));
        }
        Ok(Session { token, device: answer.device_id })
    }

    /// Gets a token, for the device that we were before if there was one.
    ///
    /// With no password there is no way, which is [`Failure::TokenRefused`].
    pub(crate) async fn log_in(&self, api: &Api, device: Option<OwnedDeviceId>) -> Result<Session, Failure> {
        let Secret::Password(password) = &self.login.0 else { return Err(Failure::TokenRefused) };
        let secret = login::v3::Password::new((&self.user).into(), password.to_string());
        let mut request = login::v3::Request::new(login::v3::LoginInfo::Password(secret));
        request.device_id = device;
        request.initial_device_display_name = Some(self.device_name.clone());
        let answer = api.call(request, None, self.bounds).await.map_err(|failure| match failure {
            Failure::Forbidden => Failure::Refused(Error::LoginRefused),
            Failure::Refused(Error::NotAllowed) => Failure::Refused(Error::NotSupported("logging in by password")),
            other => other,
        })?;
        if answer.user_id != self.user {
            return Err(Failure::Refused(Error::LoginRefused));
        }
        Ok(Session { token: Token::new(answer.access_token), device: Some(answer.device_id) })
    }
}
