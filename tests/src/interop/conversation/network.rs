//! A network that loses, repeats and delays.

use std::collections::VecDeque;

use super::letter::{Content, Kind, Letter};
use crate::interop::{Both, Dice, End};

/// One packet: a piece of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet {
    /// Which letter, of those in its direction.
    pub(super) letter: usize,
    /// Which piece of it.
    pub(super) piece: usize,
}

/// What is on its way, and all that ever was.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// What was ever sent *to* each end.
    letters: Both<Vec<Letter>>,
    /// What is on its way to each end, oldest first.
    queues: Both<VecDeque<Packet>>,
    /// What is held back, to arrive when it is let go.
    held: Both<VecDeque<Packet>>,
}

impl Network {
    /// Sends a letter on its way to `end`.
    pub(super) fn post(&mut self, end: End, mut letter: Letter) {
        let letters = self.letters.at_mut(end);
        let index = letters.len();
        letter.number = index.try_into().unwrap_or(u32::MAX);
        let packets = (0..letter.pieces.len()).map(|piece| Packet { letter: index, piece });
        self.queues.at_mut(end).extend(packets);
        letters.push(letter);
    }

    /// The letter of a packet to `end`.
    pub(super) fn letter(&mut self, end: End, packet: Packet) -> Option<&mut Letter> {
        self.letters.at_mut(end).get_mut(packet.letter)
    }

    /// How many packets are on their way to `end`.
    pub(super) fn waiting(&self, end: End) -> usize {
        self.queues.at(end).len()
    }

    /// The next packet to `end`.
    pub(super) fn next(&mut self, end: End) -> Option<Packet> {
        self.queues.at_mut(end).pop_front()
    }

    /// Loses the next packet to `end`. Whether there was one.
    pub(super) fn lose(&mut self, end: End) -> bool {
        let lost = self.next(end);
        lost.is_some_and(|packet| self.disturb(end, packet))
    }

    /// Doubles the next packet to `end`; the copy comes at once, or is held back.
    pub(super) fn double(&mut self, end: End, dice: &mut Dice) -> bool {
        let Some(&packet) = self.queues.at(end).front() else { return false };
        let whole = self.letter(end, packet).is_some_and(|letter| letter.pieces.len() == 1);
        if !whole {
            // The copy of a piece may begin the message anew, or end it.
            self.queues.at_mut(end).push_front(packet);
            return self.disturb(end, packet);
        }
        if dice.chance(50) {
            self.queues.at_mut(end).push_front(packet);
        } else {
            self.held.at_mut(end).push_back(packet);
        }
        true
    }

    /// Holds the next packet to `end` back, if it is a text or of a key exchange, and whole: others may overtake it.
    pub(super) fn hold(&mut self, end: End) -> bool {
        let Some(&packet) = self.queues.at(end).front() else { return false };
        let fits = self.letter(end, packet).is_some_and(|letter| {
            let kind = letter.kind == Kind::Exchange || matches!(letter.content, Content::Text(_));
            kind && letter.pieces.len() == 1
        });
        if !fits {
            return false;
        }
        self.next(end);
        self.held.at_mut(end).push_back(packet);
        self.disturb(end, packet)
    }

    /// Now and then lets go what was held back from `end` first, to arrive next. Never between the pieces of a
    /// message: that would disturb this one as well.
    pub(super) fn release_sometimes(&mut self, end: End, dice: &mut Dice) {
        let midway = self.queues.at(end).front().is_some_and(|packet| packet.piece > 0);
        if !midway
            && dice.chance(20)
            && let Some(packet) = self.held.at_mut(end).pop_front()
        {
            self.queues.at_mut(end).push_front(packet);
        }
    }

    /// The letter sent to `end` last says something that is known only now.
    pub(super) fn last_says(&mut self, end: End, content: Content) {
        if let Some(letter) = self.letters.at_mut(end).last_mut() {
            letter.content = content;
        }
    }

    fn disturb(&mut self, end: End, packet: Packet) -> bool {
        if let Some(letter) = self.letter(end, packet) {
            letter.disturbed = true;
        }
        true
    }
}
