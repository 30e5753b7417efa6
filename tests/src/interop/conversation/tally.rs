//! What happened in conversations, counted.

use std::ops::AddAssign;

/// Counts; a run that never lost anything, or never compared a secret, has shown nothing about that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Conversations.
    pub conversations: u64,
    /// Texts sent.
    pub sent: u64,
    /// Texts shown.
    pub shown: u64,
    /// Packets lost.
    pub lost: u64,
    /// Packets that came twice.
    pub doubled: u64,
    /// Packets that were overtaken.
    pub held: u64,
    /// Texts that arrived in another session than their own, and were not shown.
    pub stale: u64,
    /// Key exchanges completed, counted at each side.
    pub sessions: u64,
    /// Of them, those that took the place of a session.
    pub refreshed: u64,
    /// Conversations ended by a side.
    pub ended: u64,
    /// Extra keys agreed on.
    pub extra_keys: u64,
    /// Comparisons that succeeded, counted at each side.
    pub succeeded: u64,
    /// Comparisons that failed, as they should, counted at each side.
    pub failed: u64,
    /// Conversations that had to be begun anew when the network had healed.
    pub healed: u64,
    /// Messages of key exchanges that reached the first side, which allows so many a second.
    pub exchange_messages: u64,
}

impl Tally {
    /// The counts with their names.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, u64); 14] {
        [
            ("conversations", self.conversations),
            ("texts sent", self.sent),
            ("texts shown", self.shown),
            ("packets lost", self.lost),
            ("packets doubled", self.doubled),
            ("packets overtaken", self.held),
            ("texts of another session", self.stale),
            ("sessions", self.sessions),
            ("sessions refreshed", self.refreshed),
            ("endings", self.ended),
            ("extra keys", self.extra_keys),
            ("comparisons succeeded", self.succeeded),
            ("comparisons failed", self.failed),
            ("begun anew at the end", self.healed),
        ]
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.sent += other.sent;
        self.shown += other.shown;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.held += other.held;
        self.stale += other.stale;
        self.sessions += other.sessions;
        self.refreshed += other.refreshed;
        self.ended += other.ended;
        self.extra_keys += other.extra_keys;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.healed += other.healed;
        self.exchange_messages += other.exchange_messages;
    }
}
