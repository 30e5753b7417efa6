//! What the listening half does when it gets no answer, or a bad one.

use std::time::Duration;

use otr_transport::{Error, Event, Recovery};
use tokio::time::sleep;

use crate::failure::Failure;
use crate::listener::{Halt, Listener, Place};

impl Listener {
    /// `Err` ends the listening.
    pub(crate) async fn recover(&mut self, failure: Failure) -> Result<(), Halt> {
        let failure = match failure {
            Failure::TokenRefused => match self.renew().await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            },
            Failure::Oversized if self.asks_for_less() => return Ok(()),
            other => other,
        };
        let error = failure.into_error();
        if error == Error::LoginRefused {
            self.link.send_modify(|link| link.gave_up = Some(error));
            self.say(Event::Disconnected { error, recovery: Recovery::GaveUp }).await?;
            return Err(Halt::HostGone);
        }
        let asked = match failure {
            Failure::RateLimited(Some(wait)) => wait.min(self.options.rate_limit_max),
            _ => Duration::ZERO,
        };
        self.rest(error, asked).await
    }

    async fn rest(&mut self, error: Error, at_least: Duration) -> Result<(), Halt> {
        let pause = self.health.backoff.next_delay().max(at_least);
        self.health.down = true;
        self.say(Event::Disconnected { error, recovery: Recovery::RetryIn(pause) }).await?;
        sleep(pause).await;
        Ok(())
    }

    /// Logs in again, as the same device.
    async fn renew(&mut self) -> Result<(), Failure> {
        if self.health.unproven {
            // A server that gives tokens and refuses them is not to keep us logging in.
            self.health.unproven = false;
            return Err(Failure::Trouble(Error::Malformed("an access token is refused as soon as it is given")));
        }
        let session = self.identity.log_in(&self.client.api, self.device.clone()).await?;
        self.device = session.device;
        self.health.unproven = true;
        self.health.hurried = true;
        self.link.send_modify(|link| {
            link.token = session.token;
            link.epoch = link.epoch.wrapping_add(1);
        });
        Ok(())
    }

    pub(crate) async fn start_over(&mut self) -> Result<(), Halt> {
        self.place = Place::at(None);
        self.health.missed = true;
        self.rest(Error::Malformed("the server no longer knows up to where we have read"), Duration::ZERO).await
    }

    /// Whether there is less to ask for.
    pub(crate) fn asks_for_less(&mut self) -> bool {
        let less = self.health.most_events / 2;
        self.health.most_events = less.max(1);
        less > 0
    }

    /// Tells the host that there are messages which it will not get.
    pub(crate) async fn missed_some(&mut self) -> Result<(), Halt> {
        let error = Error::Malformed("too much happened in a room at once to hand it all on");
        self.say(Event::Disconnected { error, recovery: Recovery::RetryIn(Duration::ZERO) }).await?;
        self.say(Event::Connected { resumed: false }).await
    }
}
