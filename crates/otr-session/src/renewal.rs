//! New keys because messages may have been lost: our connection broke, or the other side's did.
//!
//! What was lost on its way leaves no trace of its own. A text counts as read once the other side uses a key that was
//! announced with it or later, and so what comes after a lost text would confirm that one as well. Therefore, from the
//! moment when something may have been lost until new keys are there, texts wait, and before anything else is said with
//! the old ones they say what was read, and that nothing else was ([`ONLY_READ`](crate::ONLY_READ)). With new keys both
//! sides name what they have read (see [`recovery`](crate::recovery)), and what nobody has read is handed back.

use core::time::Duration;

use rand_core::CryptoRng;

use crate::{
    RENEW_PATIENCE,
    account::NotPossible,
    contact::{Contact, Destination, InstanceName},
    receiving::Turn,
    shared::Shared,
};

/// How often new keys are asked for before text goes on with the old ones.
const MAX_ASKED: u8 = 4;

/// New keys have been asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Renewal {
    /// Until when they are waited for before they are asked for again.
    pub(crate) until: Duration,
    asked: u8,
}

impl Contact {
    /// Asks for new keys. It begins an exchange rather than asking the other side to, which a query would: that, anybody
    /// can send, so it is not always answered.
    pub(crate) fn renew<R: CryptoRng + ?Sized>(&mut self, turn: &mut Turn<'_, R>) -> Result<(), NotPossible> {
        let version = self.private_session()?.header().version();
        let version = self.version_of_repair(version, turn.shared).ok_or(NotPossible::Policy)?;
        self.unconfirmed.doubt();
        // New keys come with one of the contact's programs; texts that went to another one are not named with them.
        self.loss.wait_for_names(turn.now);
        self.renewal = Some(Renewal { until: turn.now.saturating_add(RENEW_PATIENCE), asked: 1 });
        self.begin_exchange(version, turn);
        Ok(())
    }

    /// No new keys came in time: they are asked for again, or text goes on with those there are.
    pub(crate) fn expire_renewal(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        let Some(renewal) = self.renewal.filter(|renewal| now >= renewal.until) else { return };
        if renewal.asked < MAX_ASKED {
            if !self.repeat_offer(peer, shared, now) {
                self.query(peer, shared, now);
            }
            let until = now.saturating_add(RENEW_PATIENCE);
            self.renewal = Some(Renewal { until, asked: renewal.asked.saturating_add(1) });
            return;
        }
        self.renewal = None;
        self.hand_back_doubtful(peer, shared);
        if let Destination::Private(name) = self.destination() {
            self.report_only(name, peer, shared, now);
        }
        self.flush_queue(peer, shared, now);
        self.release_queue(peer, shared);
    }

    /// Whether either side has asked for new keys that are not there yet, or has asked so often that it is not answered: it may
    /// have lost what was under way to it.
    pub(crate) fn is_renewing(&self, now: Duration) -> bool {
        let is_under_way = |until: Option<Duration>| until.is_some_and(|until| now < until);
        self.budgets.exchanges.ready_at() > now
            || self.instances.iter().any(|(_, instance)| is_under_way(instance.ake.under_way_until()))
    }

    /// Goes before whatever is said with the old keys although new ones are waited for.
    pub(crate) fn report_before(&mut self, name: InstanceName, peer: &str, shared: &mut Shared, now: Duration) {
        if self.renewal.is_some() {
            self.report_only(name, peer, shared, now);
        }
    }
}
