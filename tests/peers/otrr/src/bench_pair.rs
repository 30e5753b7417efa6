//! Two accounts in one process that hand each other their messages.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::rc::Rc;

use otrr::crypto::{dsa, ed448};
use otrr::session::{Account, Session};
use otrr::{Host, Policy, ProtocolStatus, UserMessage};

use crate::keys::{Keys, hex};

const SECRET: &[u8] = b"in the bakery";

/// The accounts, and the conversation between them that is measured.
pub(crate) struct Pair {
    sides: [Side; 2],
    /// What each calls the other.
    peer: String,
    /// How many conversations there have been. The library keeps them all.
    met: usize,
}

struct Side {
    account: Account,
    host: Rc<Queue>,
}

impl Pair {
    /// Two accounts with fresh keys, that have not met.
    pub(crate) fn new() -> Result<Self, String> {
        let sides = [Side::new("alice")?, Side::new("bob")?];
        Ok(Self { sides, peer: String::new(), met: 0 })
    }

    /// A conversation between accounts that have never met: with the keys they have, under a name that neither has
    /// heard of. Making an account is slow, so there are only two.
    pub(crate) fn become_strangers(&mut self) {
        self.met += 1;
        self.peer = format!("peer {}", self.met);
        for side in [0, 1] {
            let _ = self.session(side);
        }
    }

    /// A whole key exchange, from the query until both are encrypted.
    pub(crate) fn exchange(&mut self) -> Result<(), String> {
        self.session(0).query().map_err(text)?;
        self.settle()?;
        for side in [0, 1] {
            let theirs = self.instance(1 - side);
            let print = self.session(side).fingerprint_for_driver(theirs).map(|print| hex(&print));
            let expected = self.sides[1 - side].host.keys.fingerprint();
            if self.session(side).status(theirs) != Some(ProtocolStatus::Encrypted) || print != Some(expected) {
                return Err("an exchange failed".to_owned());
            }
        }
        Ok(())
    }

    /// What goes over the network for a text.
    pub(crate) fn seal(&mut self, from: usize, message: &[u8]) -> Result<Vec<u8>, String> {
        let theirs = self.instance(1 - from);
        let mut sealed = self.session(from).send(theirs, message).map_err(text)?;
        match (sealed.pop(), sealed.len()) {
            (Some(only), 0) if only.starts_with(b"?OTR:") => Ok(only),
            _ => Err("a text did not go out encrypted".to_owned()),
        }
    }

    /// Takes in a message, which is to hold a text so long and to need no answer.
    pub(crate) fn open(&mut self, to: usize, sealed: &[u8], length: usize) -> Result<(), String> {
        match self.session(to).receive(sealed).map_err(text)? {
            UserMessage::Confidential(_, text, _) if text.len() == length => {}
            other => return Err(format!("a text of {length} bytes arrived as {other:?}")),
        }
        if self.sides[to].host.out.borrow().is_empty() { Ok(()) } else { Err("a text was answered".to_owned()) }
    }

    pub(crate) fn hand_over(&mut self, from: usize, text: &[u8]) -> Result<(), String> {
        let sealed = self.seal(from, text)?;
        self.open(1 - from, &sealed, text.len())
    }

    /// A whole comparison of equal secrets.
    pub(crate) fn compare(&mut self) -> Result<(), String> {
        let theirs = self.instance(1);
        self.session(0).start_smp(theirs, SECRET, b"").map_err(text)?;
        let told = self.settle()?;
        let succeeded =
            |side| told.iter().any(|(at, told)| *at == side && matches!(told, UserMessage::SMPSucceeded(_)));
        if succeeded(0) && succeeded(1) { Ok(()) } else { Err(format!("the secrets were not found equal: {told:?}")) }
    }

    fn session(&mut self, side: usize) -> &mut Session {
        self.sides[side].account.session(self.peer.as_bytes())
    }

    fn instance(&self, side: usize) -> u32 {
        self.sides[side].account.instance_tag()
    }

    /// Hands over messages until there are none; what either side told its user.
    fn settle(&mut self) -> Result<Vec<(usize, UserMessage)>, String> {
        let mut told = Vec::new();
        while let Some((from, message)) = self.next_message() {
            let to = 1 - from;
            told.push((to, self.session(to).receive(&message).map_err(text)?));
        }
        Ok(told)
    }

    fn next_message(&self) -> Option<(usize, Vec<u8>)> {
        [0, 1].into_iter().find_map(|side| Some((side, self.sides[side].host.out.borrow_mut().pop_front()?)))
    }
}

impl Side {
    fn new(name: &str) -> Result<Self, String> {
        let host = Rc::new(Queue { keys: Keys::generate(), out: RefCell::default() });
        let account = Account::new(name.into(), Policy::ALLOW_V3, Rc::<Queue>::clone(&host)).map_err(text)?;
        Ok(Self { account, host })
    }
}

fn text(error: impl Debug) -> String {
    format!("{error:?}")
}

/// What the library calls: its way to the network ends here.
struct Queue {
    keys: Keys,
    out: RefCell<VecDeque<Vec<u8>>>,
}

impl Host for Queue {
    fn inject(&self, _: &[u8], message: &[u8]) {
        self.out.borrow_mut().push_back(message.to_owned());
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

    fn query_smp_secret(&self, _: &[u8]) -> Option<Vec<u8>> {
        Some(SECRET.to_owned())
    }

    fn client_profile(&self) -> Vec<u8> {
        self.keys.profile.borrow().clone()
    }

    fn update_client_profile(&self, encoded_payload: Vec<u8>) {
        self.keys.profile.replace(encoded_payload);
    }
}
