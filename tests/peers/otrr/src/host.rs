//! What the library calls.

use std::cell::Cell;
use std::rc::{Rc, Weak};

use otrr::Host;
use otrr::crypto::{dsa, ed448};
use serde_json::json;

use crate::engine::Engine;
use crate::keys::Keys;
use crate::peer::Peer;
use crate::rpc::notify;

/// The library's way to the network and to the user, for one peer.
pub(crate) struct PeerHost {
    keys: Rc<Keys>,
    max_message_size: usize,
    engine: Weak<Engine>,
    peer: Weak<Peer>,
    /// How many messages have been put on the network.
    pub(crate) injected: Cell<usize>,
}

impl PeerHost {
    /// Of nobody: for an account that only makes its profile.
    pub(crate) fn alone(keys: Rc<Keys>) -> Self {
        Self { keys, max_message_size: usize::MAX, engine: Weak::new(), peer: Weak::new(), injected: Cell::new(0) }
    }

    pub(crate) fn of(engine: &Rc<Engine>, peer: Weak<Peer>) -> Self {
        Self {
            keys: Rc::clone(&engine.keys),
            max_message_size: engine.options.max_message_size,
            engine: Rc::downgrade(engine),
            peer,
            injected: Cell::new(0),
        }
    }
}

impl Host for PeerHost {
    fn message_size(&self) -> usize {
        self.max_message_size
    }

    fn inject(&self, address: &[u8], message: &[u8]) {
        self.injected.set(self.injected.get() + 1);
        let (peer, message) = (String::from_utf8_lossy(address), String::from_utf8_lossy(message));
        notify("inject", json!({"peer": peer, "message": message}));
    }

    fn keypair(&self) -> Option<&dsa::Keypair> {
        Some(&self.keys.dsa)
    }

    fn keypair_identity(&self) -> &ed448::EdDSAKeyPair {
        &self.keys.identity
    }

    fn keypair_forging(&self) -> &ed448::EdDSAKeyPair {
        &self.keys.forging
    }

    fn query_smp_secret(&self, question: &[u8]) -> Option<Vec<u8>> {
        let (engine, peer) = (self.engine.upgrade()?, self.peer.upgrade()?);
        peer.asked(question);
        let secret = engine.wait_for_answer(&peer.name);
        peer.answered(secret.is_some());
        secret
    }

    fn client_profile(&self) -> Vec<u8> {
        self.keys.profile.borrow().clone()
    }

    fn update_client_profile(&self, encoded_payload: Vec<u8>) {
        self.keys.profile.replace(encoded_payload);
    }
}
