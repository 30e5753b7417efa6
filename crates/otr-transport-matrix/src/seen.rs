use std::collections::{BTreeSet, VecDeque};

use ruma::{EventId, OwnedEventId};

/// Event ids that are remembered. Servers repeat what is recent, and a gap is filled up to what is known.
const MAX_REMEMBERED: usize = 4096;

/// The events that have been handed up, the last ones of them.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    ids: BTreeSet<OwnedEventId>,
    order: VecDeque<OwnedEventId>,
}

impl Seen {
    pub(crate) fn contains(&self, id: &EventId) -> bool {
        self.ids.contains(id)
    }

    pub(crate) fn remember(&mut self, id: OwnedEventId) {
        if self.ids.insert(id.clone()) {
            self.order.push_back(id);
        }
        if self.order.len() > MAX_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_remembered_and_no_more() {
        let id = |n: usize| OwnedEventId::try_from(format!("$event{n}")).unwrap();
        let mut seen = Seen::default();
        for n in 0..MAX_REMEMBERED + 10 {
            seen.remember(id(n));
            seen.remember(id(n));
        }
        assert!(!seen.contains(&id(9)));
        assert!(seen.contains(&id(10)));
        assert!(seen.contains(&id(MAX_REMEMBERED + 9)));
        assert_eq!((seen.ids.len(), seen.order.len()), (MAX_REMEMBERED, MAX_REMEMBERED));
    }
}
