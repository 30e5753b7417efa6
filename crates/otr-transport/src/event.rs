use std::fmt;
use std::time::Duration;

use crate::Error;

/// What a transport has to say, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The connection is up: messages can be sent.
    Connected {
        /// Whether it goes on where the last one ended, so that nothing in between was lost in either direction.
        resumed: bool,
    },
    /// A whole message arrived.
    Message(Incoming),
    /// A peer came, went, or is about to be told of for the first time.
    Presence {
        /// Whose.
        of: String,
        /// Whether messages reach it.
        presence: Presence,
    },
    /// A peer goes by another address from now on.
    Renamed {
        /// The address so far.
        from: String,
        /// The address now.
        to: String,
    },
    /// Our own address is another one from now on; [`Transport::address`](crate::Transport::address) has it.
    AddressChanged,
    /// The connection is down, or an attempt to bring it up failed. Sending fails until the next
    /// [`Event::Connected`].
    Disconnected {
        /// Why.
        error: Error,
        /// What the transport does about it by itself.
        recovery: Recovery,
    },
}

/// Whether a peer can be reached, where the network says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Presence {
    /// It is there.
    Online,
    /// Its programs are there, its user is not.
    Away,
    /// It is not there.
    Offline,
}

/// What a transport does by itself after it lost its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// It tries again after this time.
    RetryIn(Duration),
    /// It waits for the other end to come back.
    Waiting,
    /// Nothing: no further event will come.
    GaveUp,
}

/// A message as the network delivered it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incoming {
    /// The address of the peer: who sent it, or in [`Origin::OwnCopy`] who it was sent to. It is one that can be sent
    /// to, without the part that names one of several devices.
    pub from: String,
    /// Which of the peer's devices sent it, where the network names them.
    pub device: Option<String>,
    /// The message, whole and unchanged.
    pub body: String,
    /// How it came to us.
    pub origin: Origin,
}

impl Incoming {
    /// A message from `from` with the text `body`.
    pub fn new(from: impl Into<String>, body: impl Into<String>, origin: Origin) -> Self {
        Self { from: from.into(), device: None, body: body.into(), origin }
    }

    /// The same, sent by the peer's device `device`.
    #[must_use]
    pub fn with_device(mut self, device: impl Into<String>) -> Self {
        self.device = Some(device.into());
        self
    }
}

/// Shows the body's size only: it may be a private text.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("from", &self.from)
            .field("device", &self.device)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("origin", &self.origin)
            .finish()
    }
}

/// How a message came to us. Only [`Origin::Live`] ones may ever cause an automatic reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// Sent to us now.
    Live,
    /// Sent earlier and stored by the network: archived, delayed or offline delivery.
    History,
    /// A copy of what another of our own clients sent.
    OwnCopy,
    /// A copy of what a peer sent to another of our own clients.
    PeerCopy,
    /// Said in a room or channel; OTR is between two and never touches it.
    Group,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_body() {
        let shown = format!("{:?}", Incoming::new("bob", "hush", Origin::Live));
        assert_eq!(shown, r#"Incoming { from: "bob", device: None, body: 4 bytes, origin: Live }"#);
    }
}
