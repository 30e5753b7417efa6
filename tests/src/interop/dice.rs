//! The one source of chance: the same seed, the same choices.

use chacha20::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Seeded chance.
#[derive(Debug)]
pub struct Dice {
    seed: u64,
    rng: ChaCha20Rng,
}

impl Dice {
    /// From `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, rng: ChaCha20Rng::seed_from_u64(seed) }
    }

    /// What they were made from, for a scenario that does not choose among its cases by chance but plays each of them.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// A number below `bound`, or 0 if that is 0. Slightly uneven, which no scenario minds.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.rng.next_u32().checked_rem(bound).unwrap_or(0)
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of `of`.
    ///
    /// # Panics
    ///
    /// If there is none to choose from.
    pub fn one_of<T: Copy, const N: usize>(&mut self, of: [T; N]) -> T {
        const { assert!(N > 0, "something to choose from") };
        let at = self.rng.next_u64().checked_rem(N.try_into().unwrap_or(1)).unwrap_or(0);
        of[usize::try_from(at).unwrap_or(0)]
    }

    /// A text that no other call makes: `number`, then up to `length` characters of what people and programs write.
    pub fn text(&mut self, number: u32, length: u32) -> String {
        const PIECES: [&str; 12] =
            ["word ", "  ", "ż", "🔒", "<b>bold</b>", "&amp;", "\n", "\"'", "?", "\t", "{\"a\":1}", "."];
        let mut text = format!("#{number} ");
        for _ in 0..self.below(length) {
            text.push_str(self.one_of(PIECES));
        }
        text.push('!');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let (mut one, mut same, mut other) = (Dice::new(1), Dice::new(1), Dice::new(2));
        let throw = |dice: &mut Dice| (0..20).map(|_| dice.below(1000)).collect::<Vec<_>>();
        let thrown = throw(&mut one);
        assert_eq!(thrown, throw(&mut same));
        assert_ne!(thrown, throw(&mut other));
        assert_eq!(one.below(0), 0);
    }
}
