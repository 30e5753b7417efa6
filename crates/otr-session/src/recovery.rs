//! Lost sessions: one side has lost its keys, as by a restart, and the other goes on with them.
//!
//! Who receives what it cannot read says so in clear (an error message, which anybody can forge) and begins an
//! exchange. Who is told so begins one, too; and so does who writes and does not get the answer that a program gives
//! by itself, for there are programs that say nothing. When new keys are there, the reader names, inside the new
//! conversation and before anything else, the very messages it could not read ([`UNREAD`]), and the writer sends
//! their texts again. Other programs do not name them; there, each error message stands for one of the last texts,
//! and of the others that were not confirmed the user is told. A text goes out again only to the identity it was
//! written to, soon, and once; otherwise it is handed back (attack rules RESEND-1, RESEND-3).

use core::time::Duration;
use std::collections::VecDeque;

use otr_wire::{Data, Flags, Plaintext, Tlv, TlvType, Version, error_message};
use rand_core::CryptoRng;

use crate::{
    Event, Policy, RESEND_WINDOW, Refusal, Text, Warning,
    contact::{Contact, Destination, InstanceName},
    outgoing,
    receiving::Turn,
    session::Session,
    shared::Shared,
    unconfirmed::{MAX_UNCONFIRMED_TEXTS, MessageMac, SentText},
};

/// The record that names messages which could not be read: their 20-byte authenticators, one after the other. It is
/// none of the spec's types; programs that do not know it pass over it, or over the message that holds nothing else.
pub const UNREAD: TlvType = TlvType(0x4f52);

/// What a text that goes out again begins with, as in other programs (attack rule RESEND-3).
pub const RESENT: &str = "[resent] ";

/// How long we wait for what the other side could not read before the user is told that it is not known.
pub const UNSURE_AFTER: Duration = Duration::from_secs(10);

/// How long the other side's program may take to answer a text by itself, where it has to (see
/// [`HEARTBEAT_INTERVAL`](crate::HEARTBEAT_INTERVAL)).
pub const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// The longest quotation of the other side's error message, in characters.
const MAX_QUOTED: usize = 256;

/// What is known of a loss of keys.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    /// The last messages of theirs that we could not read.
    unread: VecDeque<MessageMac>,
    /// How many texts of ours they could not read, going by their error messages, and since when.
    complaints: Option<(usize, Duration)>,
    /// What is known of texts that went out in sessions that are over.
    unsure: Option<Unsure>,
    /// An exchange is needed, but was not begun yet for want of budget.
    repair_due: bool,
}

/// Texts that may have been read or not.
#[derive(Debug, Clone, Copy)]
struct Unsure {
    /// Until when the other side may say what it could not read.
    until: Duration,
    /// Whether it says such things, so that silence means that it has read the rest.
    reports: bool,
}

impl Loss {
    pub(crate) fn is_idle(&self) -> bool {
        self.complaints.is_none() && self.unsure.is_none() && !self.repair_due
    }

    /// When texts are handed back.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        let complaints = self.complaints.map(|(_, since)| since.saturating_add(RESEND_WINDOW));
        [complaints, self.unsure.map(|unsure| unsure.until)].into_iter().flatten().min()
    }

    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
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
            for session in self.instances.values_mut().filter_map(|instance| instance.session.as_deref_mut()) {
                if session.answer_due.take_if(|due| *due <= now).is_some() {
                    shared.warn(peer, Warning::NoAnswer);
                }
            }
            self.query(peer, shared, now);
        }
    }

    /// When it is said what could not be read in a private conversation, if no text of ours goes out before.
    pub(crate) fn report_at(&self) -> Option<Duration> {
        let due = !self.loss.unread.is_empty() && self.is_encrypted() && !self.settings.silent;
        due.then(|| self.budgets.errors.ready_at())
    }

    /// When [`repair_later`](Self::repair_later) has something to do.
    pub(crate) fn repair_at(&self) -> Option<Duration> {
        let silent = self.sessions().filter_map(|(_, session)| session.answer_due).min();
        let due = if self.loss.repair_due { Some(Duration::ZERO) } else { silent }?;
        let wanted = self.is_encrypted() && !self.settings.silent;
        wanted.then(|| self.budgets.prompts_in_private.ready_at().max(due))
    }

    /// New keys are there: says which messages could not be read with the old ones, and sends again what the other
    /// side could not read. `is_new` tells that it is nobody we talked with before, who knows of no old ones.
    pub(crate) fn recover<R: ?Sized>(&mut self, name: InstanceName, is_new: bool, turn: &mut Turn<'_, R>) {
        self.loss.repair_due = false;
        if !is_new || !self.loss.unread.is_empty() {
            self.report_unread(name, turn.peer, turn.shared, turn.now);
        }
        self.settle_complaints(turn.peer, turn.shared, turn.now);
        let reader = self.session(name).map(Session::fingerprint);
        let is_over = self.is_over();
        let to_others = self.unconfirmed.take_over(&is_over, |to| Some(to) != reader);
        for sent in to_others {
            hand_back(turn.peer, &sent, false, turn.shared);
        }
        self.wait_for_report(turn.now);
    }

    /// A session is over: texts that went out in it may have been read or not.
    pub(crate) fn wait_for_report(&mut self, now: Duration) {
        let is_over = self.is_over();
        let until = now.saturating_add(UNSURE_AFTER);
        self.loss.unsure = self.unconfirmed.any_over(is_over).then_some(Unsure { until, reports: false });
    }

    /// The first message in new keys is here: it names what could not be read with the old ones, or the other side's
    /// program does not do that.
    pub(crate) fn first_word<R: ?Sized>(&mut self, name: InstanceName, tlvs: &[Tlv<'_>], turn: &mut Turn<'_, R>) {
        let reports: Vec<_> = tlvs.iter().filter(|tlv| tlv.kind() == UNREAD).collect();
        for report in &reports {
            self.receive_unread(name, report.value(), turn);
        }
        let Some(reader) = self.session(name).map(Session::fingerprint) else { return };
        let Some(unsure) = &mut self.loss.unsure else { return };
        if !reports.is_empty() {
            // What is still under way may be named later, as soon as the budget for it allows.
            *unsure = Unsure { until: turn.now.saturating_add(RESEND_WINDOW + UNSURE_AFTER), reports: true };
        } else if !unsure.reports {
            let is_over = self.is_over();
            for sent in self.unconfirmed.take_over(is_over, |to| to == reader) {
                hand_back(turn.peer, &sent, false, turn.shared);
            }
        }
    }

    /// The other side names messages of ours that it could not read (a record [`UNREAD`] of an accepted message).
    fn receive_unread<R: ?Sized>(&mut self, name: InstanceName, record: &[u8], turn: &mut Turn<'_, R>) {
        let Some(reader) = self.session(name).map(Session::fingerprint) else { return };
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
        let is_due = |(_, since): (usize, Duration)| since.saturating_add(RESEND_WINDOW) <= now;
        if self.loss.complaints.is_some_and(is_due) {
            let (count, _) = self.loss.complaints.take().unwrap_or_default();
            for sent in self.unconfirmed.take_last(count, |_| true) {
                hand_back(peer, &sent, true, shared);
            }
        }
        if let Some(unsure) = self.loss.unsure.take_if(|unsure| unsure.until <= now) {
            let is_over = self.is_over();
            for sent in self.unconfirmed.take_over(is_over, |_| true) {
                // Who names what it could not read has read the rest.
                if !unsure.reports {
                    hand_back(peer, &sent, false, shared);
                }
            }
        }
        if self.report_at().is_some_and(|at| at <= now)
            && let Destination::Private(name) = self.destination()
            && self.budgets.errors.take(now)
        {
            self.report_unread(name, peer, shared, now);
        }
        self.repair_later(peer, shared, now);
    }

    /// Does what is left to do about complaints where the session that a text went out in is over.
    fn settle_complaints(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        let Some((count, since)) = self.loss.complaints else { return };
        let is_over = self.is_over();
        let taken = self.unconfirmed.take_last(count, is_over);
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
        let reader = name.and_then(|name| self.session(name)).map(Session::fingerprint);
        let result = match name {
            Some(name) if reader == Some(sent.to) && sent.may_go_again(now) => {
                self.send_text(name, peer, &sent.text, true, shared, now)
            }
            _ => Err(Refusal::Finished),
        };
        match result {
            Ok(()) => shared.warn(peer, Warning::Resent(Text::new(sent.text.as_bytes().to_vec()))),
            Err(_) => hand_back(peer, &sent, true, shared),
        }
    }

    /// Says which messages could not be read: when new keys are there, and before the next text. It has a message of
    /// its own, because there are programs that drop a whole message with a record they do not know.
    pub(crate) fn report_unread(&mut self, name: InstanceName, peer: &str, shared: &mut Shared, now: Duration) {
        let record: Vec<u8> = self.loss.unread.iter().flatten().copied().collect();
        let Some(session) = self.session_mut(name).filter(|session| !session.blocked) else { return };
        // There are programs of version 2 that complain to the user about a record they do not know.
        if session.header().version() == Version::Two {
            self.loss.unread.clear();
            return;
        }
        let Ok(tlv) = Tlv::new(UNREAD, &record) else { return };
        let plaintext = Plaintext { tlvs: vec![tlv], ..Plaintext::default() };
        // Nothing waits for this message; what cannot be said now is said with the next text.
        if outgoing::send_data(peer, session, plaintext, Flags::IGNORE_UNREADABLE, shared, now).is_ok() {
            self.loss.unread.clear();
        }
    }

    /// Tells of sessions whether they are over.
    fn is_over(&self) -> impl Fn(u64) -> bool + use<> {
        let live: Vec<u64> = self.sessions().map(|(_, session)| session.number()).collect();
        move |session| !live.contains(&session)
    }
}

fn hand_back(peer: &str, sent: &SentText, certain: bool, shared: &mut Shared) {
    shared.event(peer, Event::NotDelivered { text: sent.text.to_string(), certain });
}
