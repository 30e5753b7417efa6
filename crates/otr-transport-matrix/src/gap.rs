use ruma::api::Direction;
use ruma::api::client::message::get_message_events;
use ruma::{OwnedRoomId, UInt};

use crate::api::Client;
use crate::failure::Failure;
use crate::http::Bounds;
use crate::limits::EVENTS;
use crate::seen::Seen;
use crate::sync::{MOST_EVENTS, kinds};
use crate::timeline::{Entry, read};

/// Questions for one gap. At 25 events each; what is older is left out, and the host is told.
const MAX_PAGES: usize = 80;
/// Bytes that the events of one gap may take together.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A stretch of a room's events that `/sync` left out, to be read backwards with `/messages`.
#[derive(Debug)]
pub(crate) struct Gap<'a> {
    pub(crate) room: &'a OwnedRoomId,
    /// Where it ends: the token of the first event that we have.
    pub(crate) before: String,
    /// Where it begins, if known: up to there we have all.
    pub(crate) since: Option<&'a str>,
}

/// What was in a gap, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Filling {
    pub(crate) entries: Vec<Entry>,
    /// Whether older events were left out because there were too many.
    pub(crate) cut: bool,
}

impl Gap<'_> {
    /// Reads back to the first event that was seen before, or that `is_start` says is the first of interest, itself
    /// included.
    pub(crate) async fn fill(
        self,
        client: &Client,
        seen: &Seen,
        is_start: impl Fn(&Entry) -> bool,
    ) -> Result<Filling, Failure> {
        let bounds = Bounds { size: EVENTS, ..client.bounds };
        let mut newest_first = Vec::new();
        let mut bytes = 0;
        let mut from = self.before;
        for _ in 0..MAX_PAGES {
            let mut request = get_message_events::v3::Request::new(self.room.clone(), Direction::Backward);
            request.from = Some(from.clone());
            request.to = self.since.map(str::to_owned);
            request.limit = UInt::from(MOST_EVENTS);
            request.filter.types = Some(kinds());
            let answer = match client.call_within(request, bounds).await {
                Ok(answer) => answer,
                // We are no longer there.
                Err(Failure::Forbidden | Failure::NotFound | Failure::Refused(_)) => break,
                Err(failure) => return Err(failure),
            };
            for event in &answer.chunk {
                let Some(entry) = read(event) else { continue };
                if seen.contains(&entry.id) {
                    return Ok(turned(newest_first, false));
                }
                bytes += event.json().get().len();
                let start = is_start(&entry);
                newest_first.push(entry);
                if start {
                    return Ok(turned(newest_first, false));
                }
                if bytes > MAX_BYTES {
                    return Ok(turned(newest_first, true));
                }
            }
            match answer.end {
                // A server without an end would lead us in circles.
                Some(end) if end != from => from = end,
                _ => return Ok(turned(newest_first, false)),
            }
        }
        Ok(turned(newest_first, true))
    }
}

fn turned(mut entries: Vec<Entry>, cut: bool) -> Filling {
    entries.reverse();
    Filling { entries, cut }
}
