//! Messages that came one after the other and none between them was missing: what was read is named by such stretches.
//!
//! All messages that are made with the same two keys are counted one by one (spec: "Data Message", counter), so their
//! reader sees whether one is missing; between messages of different keys it does not.

use otr_wire::KeyId;

/// What identifies a Data message to both sides: its authenticator.
pub(crate) type MessageMac = [u8; 20];

/// A stretch as it is named: the authenticator of its last message and, big-endian, how many messages it has.
pub(crate) type Named = [u8; 24];

/// Which message of a conversation a Data message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// In which session; see [`Session::number`](crate::session::Session::number).
    pub(crate) session: u64,
    /// The serial number of its writer's key.
    pub(crate) sender_keyid: KeyId,
    /// The serial number of its reader's key.
    pub(crate) recipient_keyid: KeyId,
    /// Its number among those that are made with these keys.
    pub(crate) counter: u64,
}

/// Messages made with the same keys, with counters that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) last: Place,
    /// The first one's counter.
    pub(crate) first: u64,
}

impl Stretch {
    /// The `count` messages that end with the one at `last`.
    pub(crate) fn ending_at(last: Place, count: u32) -> Self {
        Self { last, first: last.counter.saturating_sub(u64::from(count).saturating_sub(1)) }
    }

    /// What names it to the other side, where `last` is its last message's authenticator.
    pub(crate) fn name(self, last: MessageMac) -> Named {
        let mut named = [0; 24];
        let (mac, count) = named.split_at_mut(20);
        mac.copy_from_slice(&last);
        let messages = self.last.counter.saturating_sub(self.first).saturating_add(1);
        count.copy_from_slice(&u32::try_from(messages).unwrap_or(u32::MAX).to_be_bytes());
        named
    }

    /// Whether it has the message at `place`.
    pub(crate) fn holds(self, place: Place) -> bool {
        (self.first..=self.last.counter).contains(&place.counter)
            && place == Place { counter: place.counter, ..self.last }
    }

    /// Whether `before` is the beginning of it.
    pub(crate) fn continues(self, before: Self) -> bool {
        self.first == before.first && self.holds(before.last)
    }
}

/// What is named: the last message and how many messages there are.
pub(crate) fn read_name(named: &Named) -> (MessageMac, u32) {
    let (mut mac, mut count) = ([0; 20], [0; 4]);
    let (first, last) = named.split_at(20);
    mac.copy_from_slice(first);
    count.copy_from_slice(last);
    (mac, u32::from_be_bytes(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(session: u64, sender: u32, recipient: u32, counter: u64) -> Place {
        let [sender_keyid, recipient_keyid] = [sender, recipient].map(|keyid| KeyId::new(keyid).unwrap());
        Place { session, sender_keyid, recipient_keyid, counter }
    }

    #[test]
    fn a_stretch_holds_what_was_made_with_its_keys_and_nothing_before_it() {
        let stretch = Stretch::ending_at(place(1, 2, 3, 9), 3);
        let counters: Vec<u64> = (0..20).filter(|counter| stretch.holds(place(1, 2, 3, *counter))).collect();
        assert_eq!(counters, [7, 8, 9]);
        assert!([place(2, 2, 3, 8), place(1, 3, 3, 8), place(1, 2, 2, 8)].iter().all(|other| !stretch.holds(*other)));
    }

    #[test]
    fn whatever_is_named_has_at_least_its_last_message() {
        let last = place(1, 2, 3, 9);
        for (count, first) in [(0, 9), (1, 9), (2, 8), (9, 1), (10, 0), (u32::MAX, 0)] {
            assert_eq!(Stretch::ending_at(last, count), Stretch { last, first });
        }
    }

    #[test]
    fn a_name_says_which_and_how_many() {
        let stretch = Stretch { last: place(1, 2, 3, 0x10_0000), first: 0xf_fffe };
        let named = stretch.name([7; 20]);
        assert_eq!(named, [[7; 20].as_slice(), &[0, 0, 0, 3]].concat().as_slice());
        assert_eq!(read_name(&named), ([7; 20], 3));
        let endless = Stretch { last: place(1, 2, 3, u64::MAX), first: 0 };
        assert_eq!(read_name(&endless.name([7; 20])).1, u32::MAX);
    }

    #[test]
    fn a_stretch_goes_on_until_a_message_is_missing() {
        let before = Stretch { last: place(1, 2, 3, 9), first: 4 };
        assert!(Stretch { last: place(1, 2, 3, 12), first: 4 }.continues(before));
        assert!(!Stretch { last: place(1, 2, 3, 12), first: 11 }.continues(before));
        assert!(!Stretch { last: place(1, 3, 3, 12), first: 4 }.continues(before));
    }
}
