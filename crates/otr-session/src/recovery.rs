//! Lost sessions: one side has lost its keys, as by a restart, and the other goes on with them.
//!
//! Who receives what it cannot read says so in clear (an error message, which anybody can forge) and begins an
//! exchange. Who is told so begins one, too; and so does who writes and does not get the answer that a program gives
//! by itself, for there are programs that say nothing. When new keys are there, the reader names, inside the new
//! conversation and before anything else, the messages that it could not read ([`UNREAD`]) and those that it could
//! ([`READ`]). The writer sends the texts of the former again, and hands back what is in neither. Other programs name
//! nothing; there, each error message stands for one of the last texts, and the others that were not confirmed are
//! handed back. A text goes out again only to the identity it was written to, soon, and once
//! (attack rules RESEND-1, RESEND-3).

use core::time::Duration;

use otr_crypto::Fingerprint;
use otr_wire::{Data, Flags, Plaintext, Tlv, TlvType, Version, error_message};
use rand_core::CryptoRng;

use crate::{
    Config, Event, Policy, RESEND_WINDOW, Refusal, Text, Warning,
    contact::{Contact, Destination, InstanceName},
    instance::Instance,
    loss::Loss,
    outgoing,
    receiving::Turn,
    sent_text::SentText,
    session::{Opened, Session},
    shared::Shared,
    stretch::Place,
    unconfirmed::MAX_NAMED,
};

/// The record that names messages which could not be read: their 20-byte authenticators, one after the other. It is
/// none of the spec's types; programs that do not know it pass over it, or over the message that holds nothing else.
pub const UNREAD: TlvType = TlvType(0x4f52);

/// The record that names messages which could be read: of each stretch that came without a message missing, the last
/// text's 20-byte authenticator and, in 4 bytes, big-endian, how many messages it has. They are made with the same keys, and
/// their counters follow each other.
pub const READ: TlvType = TlvType(0x4f53);

/// The same, where new keys were wanted because messages may have been lost and did not come: nothing else was read of
/// what came with the keys that this message is in. Who reads it knows what is lost, or still under way.
pub const ONLY_READ: TlvType = TlvType(0x4f55);

/// What a text that goes out again begins with, as in other programs (attack rule RESEND-3).
pub const RESENT: &str = "[resent] ";

/// How long we wait for what the other side could not read before the user is told that it is not known.
pub const UNSURE_AFTER: Duration = Duration::from_secs(10);

/// How long the other side's program may take to answer a text by itself, where it has to (see
/// [`HEARTBEAT_INTERVAL`](crate::HEARTBEAT_INTERVAL)).
pub const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// What we say of a message that we could not read.
const COMPLAINT: &str = "An encrypted message of yours could not be read.";

/// The longest quotation of the other side's error message, in characters.
const MAX_QUOTED: usize = 256;

impl Contact {
    /// A Data message that cannot be read: the user and, at most once a minute, the other side are told, unless the
    /// message asks for silence; where there are no keys, new ones are agreed on. The words to the other side are the
    /// same for every cause (attack rules DATA-10, DATA-17, ERR-4, REL-10).
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
        // Version 2 does not say for which client a message is: another one may read it (attack rule DATA-17).
        if version == Version::Two {
            return;
        }
        self.loss.note_unread(*data.mac);
        if !turn.may_reply || !self.budgets.errors.take(turn.now) || !turn.shared.take_exchange(turn.now) {
            return;
        }
        turn.shared.transmit(turn.peer, error_message(COMPLAINT));
        // Keys are lost where there never were any since the program was started, with somebody met before. In a
        // private conversation a message that cannot be read is as likely a forged one; and one that has been ended
        // stays so.
        if !self.known.is_empty() && self.sessions == 0 {
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
            let count = count.saturating_add(1).min(self.unconfirmed.len()).min(MAX_NAMED);
            self.loss.complaints = (count > 0).then_some((count, since));
            self.loss.will_name = words.trim_ascii() == COMPLAINT.as_bytes();
            if !self.waits_for_names() {
                self.settle_complaints(turn.peer, turn.shared, turn.now);
            }
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
        let Some(version) = self.version_of_repair(version, turn.shared) else { return };
        if self.is_encrypted() && !self.budgets.prompts_in_private.take(turn.now) {
            self.loss.repair_due = true;
        } else if self.take_exchange(turn) {
            self.begin_exchange(version, turn);
        } else {
            self.loss.repair_due = true;
        }
    }

    /// The version that new keys are agreed on in, where those of a session of `version` are of no use any more.
    pub(crate) fn version_of_repair(&self, version: Version, shared: &Shared) -> Option<Version> {
        let offered = self.offered_versions(&shared.config);
        let version = if offered.contains(version) { Some(version) } else { offered.best() };
        version.filter(|_| self.policy(&shared.config).allows())
    }

    /// Asks for an exchange that is still due, if the budget allows it now. A query asks for it: nothing random is
    /// needed for that.
    fn repair_later(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        if self.repair_at(&shared.config).is_none_or(|at| at > now) || !self.budgets.prompts_in_private.take(now) {
            return;
        }
        self.loss.repair_due = false;
        let Destination::Private(name) = self.destination() else { return };
        let session = self.session_mut(name);
        if session.and_then(|session| session.answer_due.take_if(|due| *due <= now)).is_some() {
            shared.warn(peer, Warning::NoAnswer);
        }
        self.query(peer, shared, now);
    }

    /// When an exchange is asked for, in the conversation that text goes to: only such a one can have been lost.
    pub(crate) fn repair_at(&self, config: &Config) -> Option<Duration> {
        let Destination::Private(name) = self.destination() else { return None };
        let due = if self.loss.repair_due { Some(Duration::ZERO) } else { self.session(name)?.answer_due }?;
        let may_query_at = self.may_query_at(config)?;
        Some(self.budgets.prompts_in_private.ready_at().max(may_query_at).max(due))
    }

    /// When it is said what could not be read in a private conversation, if no text of ours goes out before.
    pub(crate) fn report_at(&self) -> Option<Duration> {
        let Destination::Private(name) = self.destination() else { return None };
        let due = self.loss.has_unread() && !self.settings.silent && self.session(name).is_some_and(can_report);
        due.then(|| self.budgets.errors.ready_at())
    }

    /// New keys are there: says which messages could not be read with the old ones, and sends again what the other
    /// side could not read. `is_new` tells that it is nobody we talked with before, whom old ones do not concern.
    pub(crate) fn recover<R: ?Sized>(&mut self, name: InstanceName, is_new: bool, turn: &mut Turn<'_, R>) {
        self.loss.repair_due = false;
        if !is_new {
            self.report(name, turn.peer, turn.shared, turn.now);
        }
        let reader = self.session(name).map(Session::fingerprint);
        let is_over = self.is_over();
        if !self.loss.will_name {
            self.settle_complaints(turn.peer, turn.shared, turn.now);
        }
        for sent in self.unconfirmed.take_over(&is_over, |to| Some(to) != reader) {
            hand_back(turn.peer, &sent, false, turn.shared);
        }
        self.wait_for_report(turn.now);
    }

    /// Whether the other side, where new keys have just come, is going to name what it means.
    fn waits_for_names(&self) -> bool {
        self.loss.will_name && self.ended.is_none() && self.loss.unsure.is_some_and(|unsure| !unsure.reports)
    }

    /// A session is over: texts that went out in it may have been read or not.
    pub(crate) fn wait_for_report(&mut self, now: Duration) {
        self.unconfirmed.note_over(self.is_over());
        if self.unconfirmed.any_over(self.is_over()) {
            self.loss.wait_for_report(now);
        }
    }

    /// What an accepted message says of those before. The first one in new keys names them, or the other side's
    /// program does not do that.
    pub(crate) fn hear_report<R: ?Sized>(
        &mut self,
        name: InstanceName,
        opened: &Opened,
        tlvs: &[Tlv<'_>],
        turn: &mut Turn<'_, R>,
    ) {
        if !tlvs.iter().any(|tlv| tlv.kind() == ONLY_READ) {
            let Place { session, recipient_keyid, .. } = opened.stretch.last;
            self.unconfirmed.confirm(session, recipient_keyid);
        }
        let Some(reader) = self.session(name).map(Session::fingerprint) else { return };
        let named = |kind| tlvs.iter().find(|tlv| tlv.kind() == kind).map(Tlv::value);
        let [unread, read, only_read] = [UNREAD, READ, ONLY_READ].map(named);
        let reports = unread.or(read).or(only_read).is_some();
        // First what was not read: what was read says something of all that went out before it.
        let unread = unread.map(|macs| self.unconfirmed.take_named(macs.as_chunks().0, reader)).unwrap_or_default();
        for read in [read, only_read].into_iter().flatten() {
            self.unconfirmed.confirm_named(read.as_chunks().0, reader);
        }
        if only_read.is_some() {
            // With new keys the other side names what is still under way.
            self.unconfirmed.doubt_in(opened.stretch.last.session);
            self.loss.wait_for_names(turn.now);
        }
        for sent in unread {
            if turn.may_reply {
                self.send_again(Some(name), sent, true, turn.peer, turn.shared, turn.now);
            } else {
                // attack rule G-7
                hand_back(turn.peer, &sent, true, turn.shared);
            }
        }
        if reports {
            let moving = self.instances.get_mut(name).and_then(|instance| instance.moving.as_deref_mut());
            if let Some(moving) = moving.filter(|_| opened.version == Version::Curve25519) {
                moving.heard_report = true;
            }
            self.loss.heard_report(turn.now);
            // What it complained of it has named.
            self.loss.complaints = None;
        } else if self.loss.unsure.is_some_and(|unsure| !unsure.reports) {
            self.settle_complaints(turn.peer, turn.shared, turn.now);
            let is_over = self.is_over();
            self.hand_back_over(is_over, |to| to == reader, turn.peer, turn.shared);
        }
        if !self.unconfirmed.any_over(self.is_over()) {
            self.loss.unsure = None;
        }
    }

    /// Nothing came of an exchange in time, or no report: what may not have been read is handed back.
    pub(crate) fn expire_loss(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        let is_due = |&mut (_, since): &mut (usize, Duration)| since.saturating_add(RESEND_WINDOW) <= now;
        if let Some((count, _)) = self.loss.complaints.take_if(is_due) {
            for sent in self.unconfirmed.take_last(count, |_| true) {
                hand_back(peer, &sent, false, shared);
            }
        }
        if self.loss.doubtful_until.take_if(|until| *until <= now).is_some() {
            self.hand_back_doubtful(peer, shared);
        }
        if self.loss.unsure.take_if(|unsure| unsure.until <= now).is_some() {
            self.settle_complaints(peer, shared, now);
            let is_over = self.is_over();
            self.hand_back_over(is_over, |_| true, peer, shared);
        }
        if self.report_at().is_some_and(|at| at <= now)
            && let Destination::Private(name) = self.destination()
            && self.budgets.errors.take(now)
        {
            self.report(name, peer, shared, now);
        }
        self.repair_later(peer, shared, now);
    }

    /// The user ends it all: nothing is left in doubt without a word.
    pub(crate) fn end_loss(&mut self, peer: &str, shared: &mut Shared) {
        if let Some((count, _)) = self.loss.complaints.take() {
            for sent in self.unconfirmed.take_last(count, |_| true) {
                hand_back(peer, &sent, false, shared);
            }
        }
        let is_over = self.is_over();
        self.hand_back_over(is_over, |_| true, peer, shared);
        self.hand_back_doubtful(peer, shared);
        self.unconfirmed.clear();
        self.loss = Loss::default();
    }

    /// What may have been lost, and nobody says whether it was.
    pub(crate) fn hand_back_doubtful(&mut self, peer: &str, shared: &mut Shared) {
        let doubtful = self.unconfirmed.take_doubtful();
        if !doubtful.is_empty() && self.unconfirmed.forgot_any(|_| true) {
            shared.warn(peer, Warning::MoreMayBeUnread);
        }
        for sent in doubtful {
            hand_back(peer, &sent, false, shared);
        }
    }

    fn hand_back_over(
        &mut self,
        is_over: impl Fn(u64) -> bool,
        is_to: impl Fn(Fingerprint) -> bool,
        peer: &str,
        shared: &mut Shared,
    ) {
        if self.unconfirmed.forgot_any(&is_over) {
            shared.warn(peer, Warning::MoreMayBeUnread);
        }
        for sent in self.unconfirmed.take_over(is_over, is_to) {
            hand_back(peer, &sent, false, shared);
        }
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
            // Anybody can have complained.
            self.send_again(name, sent, false, peer, shared, now);
        }
    }

    /// Sends a text again, to the identity it was written to, or hands it back; `certain` tells whether its reader
    /// itself has said that it could not read it.
    fn send_again(
        &mut self,
        name: Option<InstanceName>,
        sent: SentText,
        certain: bool,
        peer: &str,
        shared: &mut Shared,
        now: Duration,
    ) {
        let reader = name.and_then(|name| self.session(name)).map(Session::fingerprint);
        let result = match name {
            // attack rule STATE-1: where the other side has ended it, nothing goes out at all.
            Some(name) if reader == Some(sent.to) && sent.may_go_again(now) && self.ended.is_none() => {
                self.send_text(name, peer, &sent.text.to_text(), true, shared, now)
            }
            _ => Err(Refusal::Finished),
        };
        match result {
            Ok(()) => shared.warn(peer, Warning::Resent(Text::new(sent.text.to_text().as_bytes().to_vec()))),
            Err(_) => hand_back(peer, &sent, certain, shared),
        }
    }

    /// Says which messages could not be read, and which could: when new keys are there, and before the next text. It has
    /// a message of its own, because there are programs that drop a whole message with a record they do not know.
    pub(crate) fn report(&mut self, name: InstanceName, peer: &str, shared: &mut Shared, now: Duration) {
        self.report_as(READ, name, peer, shared, now);
    }

    /// The same where messages may have been lost, and there are no new keys.
    pub(crate) fn report_only(&mut self, name: InstanceName, peer: &str, shared: &mut Shared, now: Duration) {
        self.report_as(ONLY_READ, name, peer, shared, now);
    }

    fn report_as(&mut self, kind: TlvType, name: InstanceName, peer: &str, shared: &mut Shared, now: Duration) {
        let [unread, read] = self.loss.report();
        let unread = (!unread.is_empty()).then_some((UNREAD, &unread));
        let records = unread.into_iter().chain([(kind, &read)]);
        let tlvs = records.filter_map(|(kind, macs)| Tlv::new(kind, macs).ok()).collect();
        let Some(session) = self.session_mut(name).filter(|session| can_report(session)) else { return };
        let plaintext = Plaintext { tlvs, ..Plaintext::default() };
        // Nothing waits for this message; what cannot be said now is said with the next text.
        if outgoing::send_data(peer, session, plaintext, Flags::IGNORE_UNREADABLE, shared, now).is_ok() {
            self.loss.reported();
        }
    }

    /// Tells of sessions whether they are over.
    fn is_over(&self) -> impl Fn(u64) -> bool + use<> {
        let former = |instance: &Instance| instance.moving.as_ref()?.former.as_ref().map(|former| former.number());
        let former = self.instances.iter().filter_map(|(_, instance)| former(instance));
        let live: Vec<u64> = self.sessions().map(|(_, session)| session.number()).chain(former).collect();
        move |session| !live.contains(&session)
    }
}

/// There are programs of version 2 that complain to the user about a record they do not know.
fn can_report(session: &Session) -> bool {
    !session.blocked && session.header().version() != Version::Two
}

/// Tells the user of a text that it is not delivered, or perhaps not.
pub(crate) fn hand_back(peer: &str, sent: &SentText, certain: bool, shared: &mut Shared) {
    // Of one that went out twice, the other copy may have been read.
    let certain = certain && !sent.is_resent;
    shared.event(peer, Event::NotDelivered { text: sent.text.to_text().to_string(), certain });
}
