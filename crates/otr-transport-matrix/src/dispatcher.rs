use std::collections::{BTreeMap, VecDeque};

use otr_transport::Error;
use ruma::{OwnedRoomId, OwnedTransactionId, OwnedUserId};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::delivery::{Courier, Delivered, Outgoing, Room};

/// Peers whose room is remembered while nothing is to be sent to them.
const MAX_PEERS: usize = 1024;

/// Names for the messages of this run, which no other run uses: a random part and a number.
#[derive(Debug)]
pub(crate) struct Transactions {
    prefix: String,
    next: u64,
}

impl Transactions {
    pub(crate) fn new() -> Result<Self, Error> {
        let mut random = [0; 16];
        #[expect(clippy::disallowed_methods, reason = "a transaction id has to differ from those of every other run")]
        getrandom::fill(&mut random).map_err(|_| Error::System(std::io::ErrorKind::Other))?;
        Ok(Self { prefix: hex::encode(random), next: 0 })
    }

    fn next(&mut self) -> OwnedTransactionId {
        self.next += 1;
        format!("otr.{}.{}", self.prefix, self.next).into()
    }
}

/// What waits for one peer. One message is under way at a time, so they arrive in order.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Outgoing>,
    room: Option<Room>,
    busy: bool,
    /// Whether something changed in the room while a message was under way.
    changed: bool,
}

/// The half that sends: one line per peer.
pub(crate) struct Dispatcher {
    pub(crate) outbox: mpsc::Receiver<Outgoing>,
    pub(crate) changes: mpsc::Receiver<OwnedRoomId>,
    pub(crate) courier: Courier,
    pub(crate) closing: watch::Sender<bool>,
    pub(crate) transactions: Transactions,
    lines: BTreeMap<OwnedUserId, Line>,
    under_way: JoinSet<Delivered>,
}

impl Dispatcher {
    pub(crate) fn new(
        outbox: mpsc::Receiver<Outgoing>,
        changes: mpsc::Receiver<OwnedRoomId>,
        courier: Courier,
        closing: watch::Sender<bool>,
        transactions: Transactions,
    ) -> Self {
        let (lines, under_way) = (BTreeMap::new(), JoinSet::new());
        Self { outbox, changes, courier, closing, transactions, lines, under_way }
    }

    /// Sends until the host closes and all is sent, or its time is over.
    pub(crate) async fn run(&mut self) {
        let mut deadline = None;
        while deadline.is_none() || !self.under_way.is_empty() {
            tokio::select! {
                outgoing = self.outbox.recv(), if deadline.is_none() => match outgoing {
                    Some(outgoing) => self.enqueue(outgoing),
                    None => deadline = Some(Instant::now() + self.courier.options.close_timeout),
                },
                Some(ended) = self.under_way.join_next() => {
                    if let Ok(delivered) = ended {
                        self.delivered(delivered);
                    }
                }
                Some(room) = self.changes.recv() => self.changed(&room),
                () = until(deadline) => return self.stop().await,
            }
        }
    }

    fn enqueue(&mut self, outgoing: Outgoing) {
        let to = outgoing.to.clone();
        if self.lines.len() >= MAX_PEERS {
            self.lines.retain(|_, line| line.busy);
        }
        self.lines.entry(to.clone()).or_default().waiting.push_back(outgoing);
        self.send_next(&to);
    }

    fn send_next(&mut self, to: &OwnedUserId) {
        let Some(line) = self.lines.get_mut(to).filter(|line| !line.busy) else { return };
        let Some(outgoing) = line.waiting.pop_front() else { return };
        line.busy = true;
        line.changed = false;
        let transaction = self.transactions.next();
        self.under_way.spawn(self.courier.clone().deliver(outgoing, transaction, line.room.clone()));
    }

    fn delivered(&mut self, delivered: Delivered) {
        let Delivered { to, room } = delivered;
        if let Some(line) = self.lines.get_mut(&to) {
            line.busy = false;
            line.room = room.map(|id| Room { id, certain: !line.changed });
        }
        self.send_next(&to);
    }

    fn changed(&mut self, room: &OwnedRoomId) {
        for line in self.lines.values_mut() {
            line.changed |= line.busy;
            if let Some(known) = line.room.as_mut().filter(|known| known.id == *room) {
                known.certain = false;
            }
        }
    }

    /// Tells whoever still waits that it is over.
    async fn stop(&mut self) {
        for line in self.lines.values_mut() {
            for outgoing in line.waiting.drain(..) {
                outgoing.outcome.say(Err(Error::Closed));
            }
        }
        self.closing.send_replace(true);
        while self.under_way.join_next().await.is_some() {}
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_runs_and_no_two_messages_share_a_transaction() {
        let (mut one, mut other) = (Transactions::new().unwrap(), Transactions::new().unwrap());
        let mut ids = vec![one.next(), one.next(), other.next(), other.next()];
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 4);
    }
}
