//! Texts that went out encrypted and that the other side has not yet shown to have received.
//!
//! A text is confirmed when the other side uses a key that was announced with it, or later. Until then it is kept, so
//! that it is not lost in silence when the other side turns out to have lost its keys.

use core::time::Duration;
use std::collections::VecDeque;

use otr_crypto::Fingerprint;
use otr_wire::KeyId;

use crate::{RESEND_WINDOW, kept_text::KeptText, session::Sealed};

/// How many texts to one contact are kept until they are confirmed, and how many more that may have been lost.
pub const MAX_UNCONFIRMED_TEXTS: usize = 32;

/// How many bytes of text to one contact are kept, in the same way: 64 KiB, or one longer text.
pub const MAX_UNCONFIRMED_BYTES: usize = 64 * 1024;

/// Of how many sessions it is remembered that a text had to make room; of an earlier one it is told.
const MAX_FORGOTTEN: usize = 4;

/// What identifies a Data message to both sides: its authenticator.
pub(crate) type MessageMac = [u8; 20];

/// The texts to one contact, in the order they went out.
#[derive(Default)]
pub(crate) struct Unconfirmed {
    texts: VecDeque<SentText>,
    /// Of each session in which a text had to make room, the last one's announced key; see [`MAX_FORGOTTEN`].
    forgotten: VecDeque<(u64, KeyId)>,
}

/// A text that went out.
pub(crate) struct SentText {
    pub(crate) text: KeptText,
    /// To whom.
    pub(crate) to: Fingerprint,
    /// In which session; see [`Session::number`](crate::session::Session::number).
    pub(crate) session: u64,
    mac: MessageMac,
    /// The serial number of the key that was announced with it.
    announces: KeyId,
    /// Whether no message before announced that key.
    is_first: bool,
    pub(crate) at: Duration,
    /// Whether it had gone out before.
    pub(crate) is_resent: bool,
    /// Whether it may have been lost alone, so that what comes later does not confirm it.
    is_doubtful: bool,
    /// Whether the session that it went out in is known to be over.
    is_over: bool,
}

impl SentText {
    pub(crate) fn new(
        text: &str,
        to: Fingerprint,
        session: u64,
        sealed: &Sealed,
        is_resent: bool,
        at: Duration,
    ) -> Self {
        Self {
            text: KeptText::new(text),
            to,
            session,
            mac: sealed.mac,
            announces: sealed.announces,
            is_first: sealed.is_first,
            at,
            is_resent,
            is_doubtful: false,
            is_over: false,
        }
    }

    fn is_in_doubt(&self) -> bool {
        self.is_doubtful || self.is_over
    }

    /// Whether it may go out once more without the user being asked: soon after the first time, and once
    /// (attack rule RESEND-1).
    pub(crate) fn may_go_again(&self, now: Duration) -> bool {
        !self.is_resent && now.saturating_sub(self.at) <= RESEND_WINDOW
    }
}

impl Unconfirmed {
    /// Takes in a text, of whatever length; the oldest make room: of those in doubt, which go to `hand_back`, and of the others,
    /// each by themselves, for many are in doubt only until the other side names them. Whether it cannot be remembered any more
    /// that others made room is the answer.
    #[must_use]
    pub(crate) fn push(&mut self, text: SentText, mut hand_back: impl FnMut(&SentText)) -> bool {
        self.texts.push_back(text);
        while let Some(oldest) = self.take_excess(true) {
            hand_back(&oldest);
        }
        let mut forgot_earlier = false;
        while let Some(oldest) = self.take_excess(false) {
            self.forgotten.retain(|(session, _)| *session != oldest.session);
            self.forgotten.push_back((oldest.session, oldest.announces));
            if self.forgotten.len() > MAX_FORGOTTEN {
                self.forgotten.pop_front();
                forgot_earlier = true;
            }
        }
        forgot_earlier
    }

    /// The other side names what it has read. As with its keys, whoever has read a text has read all before it, unless some
    /// may have been lost alone.
    pub(crate) fn confirm_named(&mut self, named: &[SentText]) {
        let certain = |session| named.iter().any(|sent| sent.session == session && !sent.is_doubtful);
        self.forgotten.retain(|(session, _)| !certain(*session));
    }

    /// The oldest of those in doubt, or of the others, if they are too many.
    fn take_excess(&mut self, in_doubt: bool) -> Option<SentText> {
        let alike = || self.texts.iter().enumerate().filter(|(_, sent)| sent.is_in_doubt() == in_doubt);
        let (count, bytes) =
            alike().fold((0_usize, 0_usize), |(count, bytes), (_, sent)| (count + 1, bytes + sent.text.len()));
        let too_many = count > 1 && (count > MAX_UNCONFIRMED_TEXTS || bytes > MAX_UNCONFIRMED_BYTES);
        let place = alike().next().filter(|_| too_many)?.0;
        self.texts.remove(place)
    }

    /// Sessions have ended: what went out in those for which `is_over` holds is confirmed by nothing but its name.
    pub(crate) fn note_over(&mut self, is_over: impl Fn(u64) -> bool) {
        self.texts.iter_mut().for_each(|sent| sent.is_over |= is_over(sent.session));
    }

    /// Whether a text made room that was not confirmed and went out in a session for which `is_over` holds. It is told
    /// once.
    pub(crate) fn forgot_any(&mut self, is_over: impl Fn(u64) -> bool) -> bool {
        let before = self.forgotten.len();
        self.forgotten.retain(|(session, _)| !is_over(*session));
        self.forgotten.len() < before
    }

    /// The other side has used our key `used` in a session: it has received what announced that key first, and all
    /// that went out before.
    pub(crate) fn confirm(&mut self, session: u64, used: KeyId) {
        self.forgotten.retain(|(of, announces)| *of != session || *announces >= used);
        self.texts.retain(|sent| {
            let later = sent.announces > used || (sent.announces == used && !sent.is_first);
            sent.session != session || later || sent.is_doubtful
        });
        // Most contacts have nothing unconfirmed most of the time.
        if self.texts.is_empty() {
            self.texts = VecDeque::new();
        }
    }

    /// What is here may have been lost on its way, and what goes out later may not.
    pub(crate) fn doubt(&mut self) {
        self.texts.iter_mut().for_each(|sent| sent.is_doubtful = true);
    }

    /// The same of what went out in one session.
    pub(crate) fn doubt_in(&mut self, session: u64) {
        self.texts.iter_mut().filter(|sent| sent.session == session).for_each(|sent| sent.is_doubtful = true);
    }

    /// Takes out what may have been lost.
    pub(crate) fn take_doubtful(&mut self) -> Vec<SentText> {
        self.take(|sent| sent.is_doubtful)
    }

    /// Takes out those among `macs` that were written to `reader`.
    pub(crate) fn take_named(&mut self, macs: &[MessageMac], reader: Fingerprint) -> Vec<SentText> {
        self.take(|sent| sent.to == reader && macs.contains(&sent.mac))
    }

    /// Takes out the last `count` of those that went out in a session for which `is_over` holds.
    pub(crate) fn take_last(&mut self, count: usize, is_over: impl Fn(u64) -> bool) -> Vec<SentText> {
        let mut passed = self.texts.iter().filter(|sent| is_over(sent.session)).count().saturating_sub(count);
        self.take(|sent| {
            let over = is_over(sent.session);
            let early = over && passed > 0;
            passed = passed.saturating_sub(usize::from(early));
            over && !early
        })
    }

    /// Takes out what went out in a session for which `is_over` holds, to an identity for which `is_to` does.
    pub(crate) fn take_over(
        &mut self,
        is_over: impl Fn(u64) -> bool,
        is_to: impl Fn(Fingerprint) -> bool,
    ) -> Vec<SentText> {
        self.take(|sent| is_over(sent.session) && is_to(sent.to))
    }

    /// Whether anything unconfirmed went out in a session for which `is_over` holds.
    pub(crate) fn any_over(&self, is_over: impl Fn(u64) -> bool) -> bool {
        self.texts.iter().any(|sent| is_over(sent.session))
            || self.forgotten.iter().any(|(session, _)| is_over(*session))
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    fn take(&mut self, mut is_taken: impl FnMut(&SentText) -> bool) -> Vec<SentText> {
        let (taken, kept): (Vec<_>, Vec<_>) = self.texts.drain(..).partition(|sent| is_taken(sent));
        self.texts = kept.into();
        taken
    }
}

impl std::fmt::Debug for Unconfirmed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Unconfirmed({} texts)", self.texts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(number: u8, session: u64, announces: u32, is_first: bool) -> SentText {
        let announces = KeyId::new(announces).unwrap();
        let sealed = Sealed { message: Vec::new(), mac: [number; 20], announces, is_first };
        SentText::new(&number.to_string(), Fingerprint::from_bytes([1; 20]), session, &sealed, false, Duration::ZERO)
    }

    /// Those that made room and are to be handed back.
    fn push(log: &mut Unconfirmed, text: SentText) -> Vec<String> {
        let mut back = Vec::new();
        let _ = log.push(text, |sent| back.push(sent.text.to_text().to_string()));
        back
    }

    fn texts(taken: &[SentText]) -> Vec<String> {
        taken.iter().map(|sent| sent.text.to_text().to_string()).collect()
    }

    #[test]
    fn a_used_key_confirms_what_announced_it_first_and_all_before() {
        let mut log = Unconfirmed::default();
        for (number, announces, is_first) in [(1, 2, true), (2, 2, false), (3, 3, true), (4, 3, false), (5, 4, true)] {
            push(&mut log, sent(number, 7, announces, is_first));
        }
        push(&mut log, sent(6, 8, 2, true));
        log.confirm(7, KeyId::new(3).unwrap());
        assert_eq!(texts(&log.take(|_| true)), ["4", "5", "6"]);
    }

    #[test]
    fn the_last_of_the_sessions_that_are_over_are_taken_in_order() {
        let mut log = Unconfirmed::default();
        for (number, session) in [(1, 1), (2, 1), (3, 2), (4, 1), (5, 2)] {
            push(&mut log, sent(number, session, 2, true));
        }
        assert_eq!(texts(&log.take_last(2, |session| session == 1)), ["2", "4"]);
        assert_eq!(texts(&log.take_last(9, |session| session == 1)), ["1"]);
        assert_eq!(log.len(), 2);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut log = Unconfirmed::default();
        for number in 0..200 {
            push(&mut log, sent(number, 1, 2, true));
        }
        assert_eq!(log.len(), MAX_UNCONFIRMED_TEXTS);
        assert!(!log.forgot_any(|session| session != 1) && log.forgot_any(|session| session == 1));
        let mut long = sent(1, 1, 2, true);
        long.text = KeptText::new(&"x".repeat(MAX_UNCONFIRMED_BYTES));
        push(&mut log, long);
        assert_eq!(log.len(), 1);
    }

    #[test]
    fn what_is_in_doubt_is_handed_back_when_there_is_too_much_of_it() {
        let most = u8::try_from(MAX_UNCONFIRMED_TEXTS).unwrap();
        for doubt in [Unconfirmed::doubt, |log: &mut Unconfirmed| log.note_over(|session| session == 1)] {
            let mut log = Unconfirmed::default();
            for round in 0..2 {
                for number in 0..most {
                    assert_eq!(push(&mut log, sent(100 * round + number, 1, 2, true)), [""; 0]);
                }
                assert_eq!(log.len(), MAX_UNCONFIRMED_TEXTS * (usize::from(round) + 1));
                doubt(&mut log);
            }
            let handed_back = push(&mut log, sent(200, 2, 2, true));
            let oldest: Vec<String> = (0..most).map(|number| number.to_string()).collect();
            assert_eq!(handed_back, oldest);
            assert!(!log.forgot_any(|_| true));
        }
    }

    #[test]
    fn of_a_few_sessions_it_is_remembered_that_texts_made_room() {
        let mut log = Unconfirmed::default();
        let most = u8::try_from(MAX_UNCONFIRMED_TEXTS).unwrap();
        let mut fill = |session| (0..most).filter(|number| log.push(sent(*number, session, 2, true), |_| {})).count();
        let told: Vec<usize> = (1..=7).map(&mut fill).collect();
        // The first session's texts make room in the second, and so on.
        assert_eq!(told, [0, 0, 0, 0, 0, 1, 1]);
        assert!(!log.forgot_any(|session| session < 3) && log.forgot_any(|session| session == 3));
        log.confirm_named(&[sent(1, 4, 2, true)]);
        assert!(!log.forgot_any(|session| session == 4));
        let mut lost_alone = sent(1, 5, 2, true);
        lost_alone.is_doubtful = true;
        log.confirm_named(&[lost_alone]);
        assert!(log.forgot_any(|session| session == 5));
    }
}
