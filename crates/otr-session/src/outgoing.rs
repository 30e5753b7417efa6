//! Making Data messages from what is to be said.

use core::time::Duration;
use std::borrow::Cow;

use otr_wire::{Flags, Plaintext, Tlv, TlvType};

use crate::{
    ANSWER_WITHIN, Event, HEARTBEAT_INTERVAL, RESENT, Refusal, SUITES, Warning,
    contact::{Contact, Destination, InstanceName},
    moving,
    recovery::hand_back,
    sent_text::SentText,
    session::{Sealed, Session},
    shared::{Fits, Shared},
};

/// Encrypts `plaintext` for a session and puts it on the network.
pub(crate) fn send_data(
    peer: &str,
    session: &mut Session,
    plaintext: Plaintext<'_>,
    flags: Flags,
    shared: &mut Shared,
    now: Duration,
) -> Result<Sealed, Refusal> {
    let zeros = vec![0; padding_needed(plaintext.encoded_len(), shared.config.padding)];
    let mut plaintext = plaintext;
    if shared.config.padding > 0 {
        plaintext.tlvs.extend(Tlv::new(TlvType::PADDING, &zeros));
    }
    match shared.fits(session.header(), session.most_bytes(plaintext.encoded_len())) {
        Fits::Yes => {}
        Fits::TooLong => return Err(Refusal::TooLong),
        Fits::TooSmall => return Err(Refusal::TooSmall),
    }
    let sealed = session.encrypt(&plaintext, flags, now).map_err(|_| Refusal::Exhausted)?;
    shared.transmit_encoded(peer, session.header(), &sealed.message);
    Ok(sealed)
}

/// An empty message: nothing to show, but keys move on (attack rule DATA-13).
pub(crate) fn send_heartbeat(
    peer: &str,
    session: &mut Session,
    shared: &mut Shared,
    now: Duration,
) -> Result<(), Refusal> {
    send_data(peer, session, Plaintext::default(), Flags::IGNORE_UNREADABLE, shared, now).map(|_| ())
}

/// How many zeros a padding record needs to fill `length` bytes up to a multiple of `block`, the record's own four
/// bytes included (attack rule DATA-15).
fn padding_needed(length: usize, block: usize) -> usize {
    let with_record = length.saturating_add(4);
    match with_record.checked_rem(block) {
        None | Some(0) => 0,
        Some(over) => block.saturating_sub(over).min(usize::from(u16::MAX)),
    }
}

impl Contact {
    /// Sends a text of the user's in the private conversation with an instance, and keeps it until it is confirmed.
    /// One that goes out again says so.
    pub(crate) fn send_text(
        &mut self,
        name: InstanceName,
        peer: &str,
        text: &str,
        again: bool,
        shared: &mut Shared,
        now: Duration,
    ) -> Result<(), Refusal> {
        if self.loss.has_unread() {
            self.report(name, peer, shared, now);
        }
        let instance = self.instances.get_mut(name).ok_or(Refusal::Finished)?;
        let is_named = instance.moving.is_some();
        let session = instance.session.as_deref_mut().ok_or(Refusal::Finished)?;
        if session.blocked {
            return Err(Refusal::IdentityChanged);
        }
        let marked = if again { Cow::Owned([RESENT, text].concat()) } else { Cow::Borrowed(text) };
        // Until the other side has named its own, ours may be news to it.
        let suites = if is_named { None } else { moving::suites(session, shared) };
        let tlvs = suites.iter().flat_map(|record| Tlv::new(SUITES, record)).collect();
        let plaintext = Plaintext { text: marked.as_bytes(), tlvs, ..Plaintext::default() };
        let sealed = send_data(peer, session, plaintext, Flags::NONE, shared, now)?;
        session.spoken_in = true;
        session.named |= suites.is_some();
        // Who has been silent for so long answers a text by a heartbeat, if not by a text.
        if now.saturating_sub(session.last_received) > HEARTBEAT_INTERVAL {
            session.answer_due.get_or_insert(now.saturating_add(ANSWER_WITHIN));
        }
        let reader = session.fingerprint();
        if !again {
            self.talked_to = Some(reader);
        }
        let sent = SentText::new(text, reader, &sealed, again, now);
        if self.unconfirmed.push(sent, |sent| hand_back(peer, sent, false, shared)) {
            shared.warn(peer, Warning::MoreMayBeUnread);
        }
        Ok(())
    }

    /// Sends what waits, if text has somewhere private to go, to an identity the user can have meant: where one is
    /// verified, to a verified or accepted one (attack rules TAG-9, STATE-10).
    pub(crate) fn flush_queue(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        if self.renewal.is_some() {
            return;
        }
        let Destination::Private(name) = self.destination() else { return };
        let anyone_verified = self.known.verified().is_some();
        let Some(session) = self.session(name) else { return };
        let to = session.fingerprint();
        if session.blocked || (anyone_verified && !self.known.is_accepted(to)) {
            return;
        }
        for text in self.queue.take() {
            let event = match self.send_text(name, peer, &text, false, shared, now) {
                Ok(()) => Event::QueuedSent { text, to },
                Err(_) => Event::NotDelivered { text, certain: true },
            };
            shared.event(peer, event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::padding_needed;

    #[test]
    fn padding_fills_to_the_block() {
        for length in 0..2000 {
            assert_eq!((length + 4 + padding_needed(length, 256)) % 256, 0);
        }
        assert_eq!(padding_needed(7, 0), 0);
    }
}
