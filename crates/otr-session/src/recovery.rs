//! Lost sessions: one side has lost its keys, as by a restart, and the other goes on with them.
//!
//! Who receives what it cannot read says so in clear (an error message, which anybody can forge) and begins an
//! exchange. Who is told so begins one, too. When new keys are there, the reader names, inside the new conversation,
//! the very messages it could not read ([`UNREAD`]), and the writer sends their texts again. Other programs do not
//! name them; there, each error message stands for one of the last texts. A text goes out again only to the identity
//! it was written to, soon, and once; otherwise it is handed back (attack rules RESEND-1, RESEND-3).

use core::time::Duration;
use std::collections::VecDeque;

use otr_wire::{Data, Flags, Plaintext, Tlv, TlvType, Version, error_message};
use rand_core::CryptoRng;

use crate::{
    Event, Policy, RESEND_WINDOW, Refusal, Text, Warning,
    contact::{Contact, Destination, InstanceName},
    outgoing,
    receiving::Turn,
    shared::Shared,
    unconfirmed::{MAX_UNCONFIRMED_TEXTS, MessageMac, SentText},
};

/// The record that names messages which could not be read: their 20-byte authenticators, one after the other. It is
/// none of the spec's types; programs that do not know it pass over it, or over the message that holds nothing else.
pub const UNREAD: TlvType = TlvType(0x4f52);

/// What a text that goes out again begins with, as in other programs (attack rule RESEND-3).
pub const RESENT: &str = "[resent] ";

/// The longest quotation of the other side's error message, in characters.
const MAX_QUOTED: usize = 256;

/// What is known of a loss of keys.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    /// The last messages of theirs that we could not read.
    unread: VecDeque<MessageMac>,
    /// How many texts of ours they could not read, going by their error messages, and since when.
    complaints: Option<(usize, Duration)>,
    /// An exchange is needed, but was not begun yet for want of budget.
    repair_due: bool,
}

impl Loss {
    pub(crate) fn is_idle(&self) -> bool {
        self.complaints.is_none() && !self.repair_due
    }

    /// When texts that were complained of are handed back.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        self.complaints.map(|(_, since)| since.saturating_add(RESEND_WINDOW))
    }

    fn note_unread(&mut self, mac: MessageMac) {
        if !self.unread.contains(&mac) {
            self.unread.push_back(mac);
        }
        if self.unread.len() > MAX_UNCONFIRMED_TEXTS {
            self.unread.pop_front();
        }
    }
}

impl Contact {
    /// A Data message that cannot be read: the user and, at most once a minute, the other side are told, unless the
    /// message asks for silence; where there are no keys, new ones are agreed on. The words to the other side are the same for every cause
    /// (attack rules DATA-10, DATA-17, ERR-4, REL-10).
    pub(crate) fn unreadable<R: CryptoRng + ?Sized>(
        &mut self,
        warning: Warning,
        version: Version,
        data: &Data<'_>,
        turn: &mut Turn<'_, R>,
    ) {
        if data.flags.ignore_unreadable() {
            return;
        }
        turn.warn(warning);
        self.loss.note_unread(*data.mac);
        // Only who was met before can have lost keys. Version 2 does not say for which client a message is, so that
        // silence is right towards others.
        let is_known = !self.known.is_empty();
        if !turn.may_reply || (version == Version::Two && !is_known) {
            return;
        }
        if !self.budgets.errors.take(turn.now) || !turn.shared.take_exchange(turn.now) {
            return;
        }
        turn.shared.transmit(turn.peer, error_message("An encrypted message of yours could not be read."));
        // Keys are lost where there never were any since the program was started. In a private conversation a message
        // that cannot be read is as likely a forged one; and one that has been ended stays so.
        if is_known && self.sessions == 0 {
            self.repair(version, turn);
        }
    }

    /// An error message. Anybody can send it: it is quoted to the user, and makes us begin an exchange, within
    /// budget; the conversation there is stays as it is (attack rules ERR-1, ERR-2, VER-7).
    pub(crate) fn receive_error<R: CryptoRng + ?Sized>(&mut self, words: &[u8], turn: &mut Turn<'_, R>) {
        turn.warn(Warning::PeerError(Text::quoted(words, MAX_QUOTED)));
        if !turn.may_reply {
            return;
        }
        if self.is_private() {
            let (count, since) = self.loss.complaints.unwrap_or((0, turn.now));
            let count = count.saturating_add(1).min(self.unconfirmed.len());
            self.loss.complaints = (count > 0).then_some((count, since));
            self.settle_complaints(turn.peer, turn.shared, turn.now);
        }
        match self.destination() {
            Destination::Private(name) if self.loss.complaints.is_some() || self.unconfirmed.is_empty() => {
                if let Some(version) = self.session(name).map(|session| session.header().version()) {
                    self.repair(version, turn);
                }
            }
            Destination::Clear if self.policy(&turn.shared.config).contains(Policy::ERROR_START_AKE) => {
                let versions = self.offered_versions(&turn.shared.config);
                self.prompted(versions, turn);
            }
            Destination::Private(_) | Destination::Clear | Destination::Nowhere => {}
        }
    }

    /// Begins an exchange because one side has lost its keys: at once, or when the budget allows.
    fn repair<R: CryptoRng + ?Sized>(&mut self, version: Version, turn: &mut Turn<'_, R>) {
        if !self.policy(&turn.shared.config).allows() || !self.offered_versions(&turn.shared.config).contains(version) {
            return;
        }
        if self.is_encrypted() && !self.budgets.prompts_in_private.take(turn.now) {
            self.loss.repair_due = true;
        } else if self.take_exchange(turn) {
            self.begin_exchange(version, turn);
        }
    }

    /// Asks for an exchange that is still due, if the budget allows it now. A query asks for it: nothing random is
    /// needed for that.
    pub(crate) fn repair_later(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        if self.repair_at().is_some_and(|at| at <= now) && self.budgets.prompts_in_private.take(now) {
            self.loss.repair_due = false;
            self.query(peer, shared, now);
        }
    }

    /// When [`repair_later`](Self::repair_later) has something to do.
    pub(crate) fn repair_at(&self) -> Option<Duration> {
        let wanted = self.loss.repair_due && self.is_encrypted() && !self.settings.silent;
        wanted.then(|| self.budgets.prompts_in_private.ready_at())
    }

    /// New keys are there: says which messages could not be read with the old ones, and sends again what the other
    /// side could not read.
    pub(crate) fn recover<R: ?Sized>(&mut self, name: InstanceName, turn: &mut Turn<'_, R>) {
        self.loss.repair_due = false;
        self.report_unread(name, turn.peer, turn.shared, turn.now);
        self.settle_complaints(turn.peer, turn.shared, turn.now);
    }

    /// The other side names messages of ours that it could not read (a record [`UNREAD`] of an accepted message).
    pub(crate) fn receive_unread<R: ?Sized>(&mut self, name: InstanceName, record: &[u8], turn: &mut Turn<'_, R>) {
        let Some(reader) = self.session(name).map(crate::session::Session::fingerprint) else { return };
        let (macs, _) = record.as_chunks::<20>();
        for sent in self.unconfirmed.take_named(macs, reader) {
            self.send_again(Some(name), sent, turn.peer, turn.shared, turn.now);
        }
        if self.unconfirmed.is_empty() {
            self.loss.complaints = None;
        }
    }

    /// The conversation is over, or nothing came of an exchange in time: what was complained of is handed back.
    pub(crate) fn expire_loss(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        if self.loss.next_timeout().is_some_and(|at| at <= now) {
            let (count, _) = self.loss.complaints.take().unwrap_or_default();
            for sent in self.unconfirmed.take_last(count, |_| true) {
                shared.event(peer, Event::NotDelivered { text: sent.text.to_string() });
            }
        }
        let live = self.live_sessions();
        self.unconfirmed.expire(now, |session| !live.contains(&session));
        self.repair_later(peer, shared, now);
    }

    /// Does what is left to do about complaints where the session that a text went out in is over.
    fn settle_complaints(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        let Some((count, since)) = self.loss.complaints else { return };
        let live = self.live_sessions();
        let taken = self.unconfirmed.take_last(count, |session| !live.contains(&session));
        let left = count.saturating_sub(taken.len()).min(self.unconfirmed.len());
        self.loss.complaints = (left > 0).then_some((left, since));
        for sent in taken {
            let name = match self.destination() {
                Destination::Private(name) => Some(name),
                Destination::Clear | Destination::Nowhere => None,
            };
            self.send_again(name, sent, peer, shared, now);
        }
    }

    /// Sends a text again, to the identity it was written to, or hands it back.
    fn send_again(
        &mut self,
        name: Option<InstanceName>,
        sent: SentText,
        peer: &str,
        shared: &mut Shared,
        now: Duration,
    ) {
        let reader = name.and_then(|name| self.session(name)).map(crate::session::Session::fingerprint);
        let result = match name {
            Some(name) if reader == Some(sent.to) && sent.may_go_again(now) => {
                self.send_text(name, peer, &sent.text, true, shared, now)
            }
            _ => Err(Refusal::Finished),
        };
        match result {
            Ok(()) => shared.warn(peer, Warning::Resent(Text::new(sent.text.as_bytes().to_vec()))),
            Err(_) => shared.event(peer, Event::NotDelivered { text: sent.text.to_string() }),
        }
    }

    /// Says which messages could not be read: when new keys are there, and before the next text. It has a message of
    /// its own, because there are programs that drop a whole message with a record they do not know.
    pub(crate) fn report_unread(&mut self, name: InstanceName, peer: &str, shared: &mut Shared, now: Duration) {
        if self.loss.unread.is_empty() {
            return;
        }
        let record: Vec<u8> = self.loss.unread.iter().flatten().copied().collect();
        let Some(session) = self.session_mut(name).filter(|session| !session.blocked) else { return };
        let Ok(tlv) = Tlv::new(UNREAD, &record) else { return };
        let plaintext = Plaintext { tlvs: vec![tlv], ..Plaintext::default() };
        // Nothing waits for this message; what cannot be said now is said with the next text.
        if outgoing::send_data(peer, session, plaintext, Flags::IGNORE_UNREADABLE, shared, now).is_ok() {
            self.loss.unread.clear();
        }
    }

    fn live_sessions(&self) -> Vec<u64> {
        self.instances.values().filter_map(|instance| Some(instance.session.as_ref()?.number())).collect()
    }
}
