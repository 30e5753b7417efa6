//! The Diffie-Hellman keys of a session and their rotation (spec: "Key Management").

use std::{mem, sync::Arc};

use otr_ake::{Established, MAX_KEYID};
use otr_crypto::{DhKeyPair, DhPublic, RevealedMacKey, SessionRoot};
use otr_wire::{Data, KeyId};
use rand_core::CryptoRng;

use crate::{revealed::PendingReveals, row::Row, session::ReceiveError};

/// Which of a side's two keys is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    Current,
    Previous,
}

/// Both sides' keys and the rows between them.
#[derive(Debug)]
pub(crate) struct KeyRing {
    root: SessionRoot,
    our_current: Arc<DhKeyPair>,
    our_previous: Arc<DhKeyPair>,
    /// The serial number of `our_current`; `our_previous` has the one before.
    our_keyid: KeyId,
    their_current: DhPublic,
    their_previous: Option<DhPublic>,
    /// The serial number of `their_current`.
    their_keyid: KeyId,
    /// Rows made so far: ours current, ours previous; in each theirs current, theirs previous.
    rows: [[Option<Row>; 2]; 2],
}

/// The next key of the other side, checked; made by [`KeyRing::check_next_key`] only.
#[derive(Debug)]
pub(crate) enum NextKey {
    /// A key not seen before.
    New(DhPublic),
    /// The one announced before.
    Known,
}

impl KeyRing {
    /// The ring after a key exchange: its keys are our previous and their current one; our current one is fresh.
    pub(crate) fn new(established: Established, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let Established { root, shared, our_dh, their_dh, .. } = established;
        let keys = root.data_keys(&shared, our_dh.public(), &their_dh);
        Self {
            root,
            our_current: Arc::new(their_dh.suite().key_pair(rng)),
            our_previous: our_dh,
            our_keyid: KeyId::MIN.saturating_add(1),
            their_current: their_dh,
            their_previous: None,
            their_keyid: established.their_keyid,
            rows: [[None, None], [Some(Row::new(keys)), None]],
        }
    }

    pub(crate) const fn root(&self) -> &SessionRoot {
        &self.root
    }

    /// The serial numbers for sending: of our previous key, which they have, and of their current one. `None` when
    /// our numbers are used up (attack rule DATA-4).
    pub(crate) fn sending_keyids(&self) -> Option<(KeyId, KeyId)> {
        let ours = KeyId::new(self.our_keyid.get().checked_sub(1)?)?;
        (ours.get() < MAX_KEYID).then_some((ours, self.their_keyid))
    }

    /// The row for sending.
    pub(crate) fn sending_row(&mut self) -> Option<&mut Row> {
        self.row(Age::Previous, Age::Current)
    }

    /// Our next public key, announced in every message.
    pub(crate) fn next_public(&self) -> &DhPublic {
        self.our_current.public()
    }

    /// Which keys a received message was made with; only the two latest of each side count (attack rule DATA-5).
    pub(crate) fn select(&self, message: &Data<'_>) -> Option<(Age, Age)> {
        let ours = age(message.recipient_keyid, self.our_keyid)?;
        let theirs = age(message.sender_keyid, self.their_keyid)?;
        (theirs == Age::Current || self.their_previous.is_some()).then_some((ours, theirs))
    }

    /// The row between two keys, made on first use and kept from then on.
    pub(crate) fn row(&mut self, ours: Age, theirs: Age) -> Option<&mut Row> {
        let key_pair = match ours {
            Age::Current => &self.our_current,
            Age::Previous => &self.our_previous,
        };
        let public = match theirs {
            Age::Current => &self.their_current,
            Age::Previous => self.their_previous.as_ref()?,
        };
        let [[cc, cp], [pc, pp]] = &mut self.rows;
        let slot = match (ours, theirs) {
            (Age::Current, Age::Current) => cc,
            (Age::Current, Age::Previous) => cp,
            (Age::Previous, Age::Current) => pc,
            (Age::Previous, Age::Previous) => pp,
        };
        if slot.is_none() {
            let shared = key_pair.agree(public).ok()?;
            *slot = Some(Row::new(self.root.data_keys(&shared, key_pair.public(), public)));
        }
        slot.as_mut()
    }

    /// Checks the key that an authenticated message announces (attack rules DH-2, DH-3, DH-4, DATA-8).
    pub(crate) fn check_next_key(&self, theirs: Age, message: &Data<'_>) -> Result<NextKey, ReceiveError> {
        let announced = message.next_dh.as_bytes();
        match theirs {
            Age::Current => {
                let suite = self.their_current.suite();
                let key = suite.public(announced).map_err(|_| ReceiveError::Unreadable)?;
                let ours = [self.our_current.public(), self.our_previous.public()];
                if ours.contains(&&key) || self.their_keyid.get() > MAX_KEYID {
                    return Err(ReceiveError::Unreadable);
                }
                Ok(NextKey::New(key))
            }
            Age::Previous if announced == self.their_current.as_bytes() => Ok(NextKey::Known),
            Age::Previous => Err(ReceiveError::Unreadable),
        }
    }

    /// Rotates after a message made with these keys was accepted; used MAC keys of ended rows go to `reveals`.
    /// Returns whether anything rotated.
    pub(crate) fn rotate(
        &mut self,
        ours: Age,
        next: NextKey,
        reveals: &mut PendingReveals,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> bool {
        let mut rotated = false;
        if ours == Age::Current {
            // They have our current key, so the previous one is needed no more.
            let [current, previous] = mem::take(&mut self.rows);
            reveals.retire(previous.into_iter().flatten());
            self.rows = [[None, None], current];
            let fresh = Arc::new(self.their_current.suite().key_pair(rng));
            self.our_previous = mem::replace(&mut self.our_current, fresh);
            self.our_keyid = self.our_keyid.saturating_add(1);
            rotated = true;
        }
        if let NextKey::New(key) = next {
            for row in &mut self.rows {
                let [current, previous] = mem::take(row);
                reveals.retire(previous);
                *row = [None, current];
            }
            self.their_previous = Some(mem::replace(&mut self.their_current, key));
            self.their_keyid = self.their_keyid.saturating_add(1);
            rotated = true;
        }
        rotated
    }

    /// Marks rows whose receiving MAC key stands in a received list of old keys; says whether there was one.
    pub(crate) fn expose(&mut self, published: &[u8]) -> bool {
        let mut found = false;
        for row in self.rows.iter_mut().flatten().flatten() {
            for key in published.as_chunks().0 {
                found |= row.expose(key);
            }
        }
        found
    }

    /// Ends every row, for a session that is over.
    pub(crate) fn retire_all(&mut self, reveals: &mut PendingReveals) {
        reveals.retire(mem::take(&mut self.rows).into_iter().flatten().flatten());
    }

    /// The MAC keys that [`retire_all`](Self::retire_all) would reveal, in number of bytes at most.
    pub(crate) fn most_reveals(&self) -> usize {
        const MAC_KEY: usize = size_of::<RevealedMacKey>();
        self.rows.iter().flatten().flatten().count().saturating_mul(MAC_KEY)
    }

    /// Forces our serial number, to reach the end of the numbers without 2^32 rotations.
    #[cfg(test)]
    pub(crate) fn force_our_keyid(&mut self, keyid: KeyId) {
        self.our_keyid = keyid;
    }
}

fn age(named: KeyId, current: KeyId) -> Option<Age> {
    match current.get().checked_sub(named.get())? {
        0 => Some(Age::Current),
        1 => Some(Age::Previous),
        _ => None,
    }
}
