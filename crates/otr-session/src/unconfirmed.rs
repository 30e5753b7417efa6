//! Texts that went out encrypted and that the other side has not yet shown to have received.
//!
//! A text is confirmed when the other side uses a key that was announced with it, or later. Until then it is kept, so
//! that it is not lost in silence when the other side turns out to have lost its keys.

use std::collections::VecDeque;

use otr_crypto::Fingerprint;
use otr_wire::KeyId;

use crate::{
    sent_text::SentText,
    stretch::{MessageMac, Named, Place, Stretch, read_name},
};

/// How many texts to one contact are kept until they are confirmed, and how many more that may have been lost.
pub const MAX_UNCONFIRMED_TEXTS: usize = 1024;

/// How many bytes of text to one contact are kept, in the same way: 64 KiB, or one longer text.
pub const MAX_UNCONFIRMED_BYTES: usize = 64 * 1024;

/// How many messages or stretches of messages one record names, and how many texts go out again.
pub(crate) const MAX_NAMED: usize = 32;

/// Of how many sessions it is remembered that a text had to make room; of an earlier one it is told.
const MAX_FORGOTTEN: usize = 4;

/// The texts to one contact, in the order they went out.
#[derive(Default)]
pub(crate) struct Unconfirmed {
    texts: VecDeque<SentText>,
    /// How much of it is in doubt.
    in_doubt: Amount,
    /// How much of it is not.
    under_way: Amount,
    /// Of each session in which texts had to make room, those; see [`MAX_FORGOTTEN`].
    forgotten: VecDeque<Forgotten>,
}

/// Texts of one session that had to make room.
#[derive(Debug, Clone, Copy)]
struct Forgotten {
    first: Place,
    last: Place,
    /// The serial number of the key that was announced with the last.
    announces: KeyId,
}

impl Forgotten {
    const fn session(&self) -> u64 {
        self.last.session
    }
}

/// How much is kept.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Amount {
    texts: usize,
    bytes: usize,
}

impl Amount {
    fn add(&mut self, sent: &SentText) {
        self.texts = self.texts.saturating_add(1);
        self.bytes = self.bytes.saturating_add(sent.text.len());
    }

    fn remove(&mut self, sent: &SentText) {
        self.texts = self.texts.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(sent.text.len());
    }

    const fn is_too_much(self) -> bool {
        self.texts > 1 && (self.texts > MAX_UNCONFIRMED_TEXTS || self.bytes > MAX_UNCONFIRMED_BYTES)
    }
}

impl Unconfirmed {
    /// Takes in a text, of whatever length; the oldest make room: of those in doubt, which go to `hand_back`, and of the others,
    /// each by themselves, for many are in doubt only until the other side names them. Whether it cannot be remembered any more
    /// that others made room is the answer.
    #[must_use]
    pub(crate) fn push(&mut self, text: SentText, mut hand_back: impl FnMut(&SentText)) -> bool {
        self.amount(text.is_in_doubt()).add(&text);
        self.texts.push_back(text);
        while let Some(oldest) = self.take_excess(true) {
            hand_back(&oldest);
        }
        let mut forgot_earlier = false;
        while let Some(oldest) = self.take_excess(false) {
            let of_it = self.forgotten.iter().position(|forgotten| forgotten.session() == oldest.session());
            let before = of_it.and_then(|place| self.forgotten.remove(place));
            let first = before.map_or(oldest.place, |before| before.first);
            self.forgotten.push_back(Forgotten { first, last: oldest.place, announces: oldest.announces });
            if self.forgotten.len() > MAX_FORGOTTEN {
                self.forgotten.pop_front();
                forgot_earlier = true;
            }
        }
        forgot_earlier
    }

    /// The other side, `reader`, names what it has read. Unlike with its keys, that says nothing of what is not named: it may
    /// have been lost alone.
    pub(crate) fn confirm_named(&mut self, named: &[Named], reader: Fingerprint) {
        let stretches: Vec<Stretch> = names(named).iter().filter_map(|named| self.stretch(named, reader)).collect();
        self.texts.retain(|sent| !stretches.iter().any(|stretch| stretch.holds(sent.place)));
        self.count();
        self.forgotten.retain(|forgotten| {
            !stretches.iter().any(|stretch| stretch.holds(forgotten.first) && stretch.holds(forgotten.last))
        });
    }

    /// What is named, if its last message is a text of those here, written to `reader`.
    fn stretch(&self, named: &Named, reader: Fingerprint) -> Option<Stretch> {
        let (mac, count) = read_name(named);
        let last = self.texts.iter().find(|sent| sent.mac == mac && sent.to == reader)?;
        Some(Stretch::ending_at(last.place, count))
    }

    /// The oldest of those in doubt, or of the others, if they are too many.
    fn take_excess(&mut self, in_doubt: bool) -> Option<SentText> {
        if !self.amount(in_doubt).is_too_much() {
            return None;
        }
        let place = self.texts.iter().position(|sent| sent.is_in_doubt() == in_doubt)?;
        let oldest = self.texts.remove(place)?;
        self.amount(in_doubt).remove(&oldest);
        Some(oldest)
    }

    /// Sessions have ended: what went out in those for which `is_over` holds is confirmed by nothing but its name.
    pub(crate) fn note_over(&mut self, is_over: impl Fn(u64) -> bool) {
        self.texts.iter_mut().for_each(|sent| sent.is_over |= is_over(sent.session()));
        self.count();
    }

    /// Whether a text made room that was not confirmed and went out in a session for which `is_over` holds. It is told
    /// once.
    pub(crate) fn forgot_any(&mut self, is_over: impl Fn(u64) -> bool) -> bool {
        let before = self.forgotten.len();
        self.forgotten.retain(|forgotten| !is_over(forgotten.session()));
        self.forgotten.len() < before
    }

    /// The other side has used our key `used` in a session: it has received what announced that key first, and all
    /// that went out before.
    pub(crate) fn confirm(&mut self, session: u64, used: KeyId) {
        self.forgotten.retain(|forgotten| forgotten.session() != session || forgotten.announces >= used);
        self.texts.retain(|sent| {
            let later = sent.announces > used || (sent.announces == used && !sent.is_first);
            sent.session() != session || later || sent.is_doubtful
        });
        self.count();
        // Most contacts have nothing unconfirmed most of the time.
        if self.texts.is_empty() {
            self.texts = VecDeque::new();
        }
    }

    /// What is here may have been lost on its way, and what goes out later may not.
    pub(crate) fn doubt(&mut self) {
        self.texts.iter_mut().for_each(|sent| sent.is_doubtful = true);
        self.count();
    }

    /// The same of what went out in one session.
    pub(crate) fn doubt_in(&mut self, session: u64) {
        self.texts.iter_mut().filter(|sent| sent.session() == session).for_each(|sent| sent.is_doubtful = true);
        self.count();
    }

    /// Takes out what may have been lost.
    pub(crate) fn take_doubtful(&mut self) -> Vec<SentText> {
        self.take(|sent| sent.is_doubtful)
    }

    /// Takes out those among `macs` that were written to `reader`.
    pub(crate) fn take_named(&mut self, macs: &[MessageMac], reader: Fingerprint) -> Vec<SentText> {
        let macs = names(macs);
        self.take(|sent| sent.to == reader && macs.contains(&sent.mac))
    }

    /// Takes out the last `count` of those that went out in a session for which `is_over` holds.
    pub(crate) fn take_last(&mut self, count: usize, is_over: impl Fn(u64) -> bool) -> Vec<SentText> {
        let mut passed = self.texts.iter().filter(|sent| is_over(sent.session())).count().saturating_sub(count);
        self.take(|sent| {
            let over = is_over(sent.session());
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
        self.take(|sent| is_over(sent.session()) && is_to(sent.to))
    }

    /// Whether anything unconfirmed went out in a session for which `is_over` holds.
    pub(crate) fn any_over(&self, is_over: impl Fn(u64) -> bool) -> bool {
        self.texts.iter().any(|sent| is_over(sent.session()))
            || self.forgotten.iter().any(|forgotten| is_over(forgotten.session()))
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
        self.count();
        taken
    }

    const fn amount(&mut self, in_doubt: bool) -> &mut Amount {
        if in_doubt { &mut self.in_doubt } else { &mut self.under_way }
    }

    /// Counts anew what is kept.
    fn count(&mut self) {
        (self.in_doubt, self.under_way) = Default::default();
        for sent in &self.texts {
            if sent.is_in_doubt() { &mut self.in_doubt } else { &mut self.under_way }.add(sent);
        }
    }
}

/// Those that are looked at: nobody names more.
fn names<T>(named: &[T]) -> &[T] {
    named.get(..MAX_NAMED).unwrap_or(named)
}

impl std::fmt::Debug for Unconfirmed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Unconfirmed({} texts)", self.texts.len())
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::{kept_text::KeptText, session::Sealed};

    fn reader() -> Fingerprint {
        Fingerprint::from_bytes([1; 20])
    }

    fn mac(number: usize) -> MessageMac {
        let mut mac = [0; 20];
        mac[..size_of::<usize>()].copy_from_slice(&number.to_le_bytes());
        mac
    }

    /// The name of a text, or of `count` messages that end with it.
    fn named(number: usize, count: u32) -> Named {
        let mut named = [0; 24];
        named[..20].copy_from_slice(&mac(number));
        named[20..].copy_from_slice(&count.to_be_bytes());
        named
    }

    fn sent(number: usize, session: u64, announces: u32, is_first: bool) -> SentText {
        let announces = KeyId::new(announces).unwrap();
        let [sender_keyid, recipient_keyid] = [KeyId::MIN; 2];
        let place = Place { session, sender_keyid, recipient_keyid, counter: u64::try_from(number).unwrap() };
        let sealed = Sealed { message: Vec::new(), mac: mac(number), place, announces, is_first };
        SentText::new(&number.to_string(), reader(), &sealed, false, Duration::ZERO)
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
        for number in 0..=MAX_UNCONFIRMED_TEXTS {
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
        for doubt in [Unconfirmed::doubt, |log: &mut Unconfirmed| log.note_over(|session| session == 1)] {
            let mut log = Unconfirmed::default();
            for round in 0..2 {
                for number in 0..MAX_UNCONFIRMED_TEXTS {
                    assert_eq!(push(&mut log, sent(10_000 * round + number, 1, 2, true)), [""; 0]);
                }
                assert_eq!(log.len(), MAX_UNCONFIRMED_TEXTS * (round + 1));
                doubt(&mut log);
            }
            let handed_back = push(&mut log, sent(20_000, 2, 2, true));
            let oldest: Vec<String> = (0..MAX_UNCONFIRMED_TEXTS).map(|number| number.to_string()).collect();
            assert_eq!(handed_back, oldest);
            assert!(!log.forgot_any(|_| true));
        }
    }

    #[test]
    fn what_is_named_is_read_and_nothing_else() {
        for doubt in [|_: &mut Unconfirmed| {}, Unconfirmed::doubt] {
            let mut log = Unconfirmed::default();
            for (number, session) in [(1, 1), (2, 2), (3, 1), (4, 1), (5, 2), (6, 1)] {
                push(&mut log, sent(number, session, 2, true));
            }
            doubt(&mut log);
            log.confirm_named(&[named(4, 1), named(3, 1)], Fingerprint::from_bytes([2; 20]));
            assert_eq!(log.len(), 6);
            log.confirm_named(&[named(4, 1), named(3, 1)], reader());
            assert_eq!(texts(&log.take_last(9, |_| true)), ["1", "2", "5", "6"]);
        }
    }

    #[test]
    fn a_stretch_that_is_named_is_read() {
        let mut log = Unconfirmed::default();
        for (number, session) in [(1, 1), (2, 1), (3, 1), (4, 2), (5, 1), (7, 1), (8, 1)] {
            push(&mut log, sent(number, session, 2, true));
        }
        // The one in between was no text.
        log.confirm_named(&[named(7, 5), named(6, 6)], reader());
        assert_eq!(texts(&log.take(|_| true)), ["1", "2", "4", "8"]);
    }

    #[test]
    fn nobody_names_more_than_can_be_named() {
        let mut log = Unconfirmed::default();
        (0..100).for_each(|number| drop(push(&mut log, sent(number, 1, 2, true))));
        let macs: Vec<MessageMac> = (0..100).map(mac).collect();
        assert_eq!(log.take_named(&macs, reader()).len(), MAX_NAMED);
        assert_eq!(log.len(), 100 - MAX_NAMED);
    }

    #[test]
    fn what_is_kept_is_counted() {
        let mut log = Unconfirmed::default();
        let check = |log: &mut Unconfirmed| {
            let kept = (log.in_doubt, log.under_way);
            log.count();
            assert_eq!(kept, (log.in_doubt, log.under_way));
        };
        for (number, session) in (0..3000).zip([0, 1, 2].into_iter().cycle()) {
            push(&mut log, sent(number, session, 2, true));
            check(&mut log);
            match number % 700 {
                200 => log.doubt_in(1),
                300 => log.note_over(|session| session == 2),
                400 => log.confirm_named(&[named(number - 10, 1), named(number - 20, 1)], reader()),
                500 => drop(log.take_last(20, |_| true)),
                600 => log.doubt(),
                650 => log.confirm(0, KeyId::new(3).unwrap()),
                _ => continue,
            }
            check(&mut log);
        }
    }

    #[test]
    fn of_a_few_sessions_it_is_remembered_that_texts_made_room() {
        let mut log = Unconfirmed::default();
        let mut fill = |session| {
            (0..MAX_UNCONFIRMED_TEXTS).filter(|number| log.push(sent(*number, session, 2, true), |_| {})).count()
        };
        let told: Vec<usize> = (1..=7).map(&mut fill).collect();
        // The first session's texts make room in the second, and so on.
        assert_eq!(told, [0, 0, 0, 0, 0, 1, 1]);
        assert!(!log.forgot_any(|session| session < 3) && log.forgot_any(|session| session == 3));
    }

    #[test]
    fn of_what_made_room_it_is_known_that_it_was_read_if_all_of_it_was() {
        for (count, is_read) in [(1, false), (1025, false), (1026, true), (2000, true)] {
            let mut log = Unconfirmed::default();
            for number in 10..=MAX_UNCONFIRMED_TEXTS + 11 {
                push(&mut log, sent(number, 1, 2, true));
            }
            log.confirm_named(&[named(MAX_UNCONFIRMED_TEXTS + 11, count)], reader());
            assert_eq!(log.forgot_any(|_| true), !is_read, "{count}");
        }
    }
}
