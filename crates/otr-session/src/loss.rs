//! What is known of messages that one side could not read.

use core::time::Duration;
use std::collections::VecDeque;

use crate::{
    RESEND_WINDOW, UNSURE_AFTER,
    stretch::{MessageMac, Stretch},
    unconfirmed::MAX_NAMED,
};

/// What a contact and we have missed of each other.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    /// The last messages of theirs that we could not read.
    unread: VecDeque<MessageMac>,
    /// The last texts of theirs that we could read: a forged copy, or one that comes again after the keys have
    /// changed, does not make them unread.
    read: VecDeque<MessageMac>,
    /// Those and the ones before them, each stretch with its last text.
    stretches: VecDeque<(MessageMac, Stretch)>,
    /// How many texts of ours they could not read, going by their error messages, and since when.
    pub(crate) complaints: Option<(usize, Duration)>,
    /// The complaint has our own words, so that it comes from a program that names what it could not read.
    pub(crate) will_name: bool,
    /// What is known of texts of ours that went out in sessions that are over.
    pub(crate) unsure: Option<Unsure>,
    /// Until when the other side may name what of a live session is in doubt.
    pub(crate) doubtful_until: Option<Duration>,
    /// An exchange is needed, but was not begun yet for want of budget.
    pub(crate) repair_due: bool,
}

/// Texts that may have been read or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unsure {
    /// Until when the other side may say so.
    pub(crate) until: Duration,
    /// Whether it says such things at all; then what is still under way will be named, too.
    pub(crate) reports: bool,
}

impl Loss {
    pub(crate) fn is_idle(&self) -> bool {
        self.complaints.is_none() && self.unsure.is_none() && self.doubtful_until.is_none() && !self.repair_due
    }

    /// When texts are handed back.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        let complaints = self.complaints.map(|(_, since)| since.saturating_add(RESEND_WINDOW));
        [complaints, self.unsure.map(|unsure| unsure.until), self.doubtful_until].into_iter().flatten().min()
    }

    /// Texts went out in a session that is over. What already waits does not wait longer for it.
    pub(crate) fn wait_for_report(&mut self, now: Duration) {
        self.unsure.get_or_insert(Unsure { until: now.saturating_add(UNSURE_AFTER), reports: false });
    }

    /// The other side has read nothing but what it has named. New keys may still come, with which it names the rest.
    pub(crate) fn wait_for_names(&mut self, now: Duration) {
        self.doubtful_until = Some(now.saturating_add(RESEND_WINDOW).saturating_add(UNSURE_AFTER));
    }

    /// The other side says what it has read and what not.
    pub(crate) fn heard_report(&mut self, now: Duration) {
        if let Some(unsure) = self.unsure.as_mut().filter(|unsure| !unsure.reports) {
            let until = now.saturating_add(RESEND_WINDOW).saturating_add(UNSURE_AFTER);
            *unsure = Unsure { until, reports: true };
        }
    }

    /// What has no text is not named: the other side keeps texts, and asks for nothing else.
    pub(crate) fn note_read(&mut self, mac: MessageMac, stretch: Stretch, has_text: bool) {
        self.unread.retain(|unread| *unread != mac);
        if has_text {
            push(&mut self.read, mac);
            self.stretches.retain(|(_, before)| !stretch.continues(*before));
            push(&mut self.stretches, (mac, stretch));
        }
    }

    pub(crate) fn note_unread(&mut self, mac: MessageMac) {
        if !self.unread.contains(&mac) && !self.read.contains(&mac) {
            push(&mut self.unread, mac);
        }
    }

    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// What we could not read, and what we could: the values of the two records.
    pub(crate) fn report(&self) -> [Vec<u8>; 2] {
        let unread = self.unread.iter().flatten().copied().collect();
        [unread, self.stretches.iter().flat_map(|(last, stretch)| stretch.name(*last)).collect()]
    }

    pub(crate) fn reported(&mut self) {
        self.unread.clear();
    }
}

/// As many are kept as are named.
fn push<T>(names: &mut VecDeque<T>, name: T) {
    names.push_back(name);
    if names.len() > MAX_NAMED {
        names.pop_front();
    }
}
