use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::stage::{Rows, Stage};
use super::{Kind, Row, conversation, loss, tls};

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `otr`.
    pub otr: PathBuf,
    /// On which networks.
    pub kinds: Vec<Kind>,
    /// How many messages each way.
    pub messages: u32,
    /// How often a connection is cut.
    pub cuts: u32,
    /// Where the cuts are drawn from.
    pub seed: u64,
    /// Where what is typed and said in each talk is kept, if it is.
    pub records: Option<PathBuf>,
}

/// Runs everything, on all networks at once, and tells each row as it comes.
pub fn run(plan: &Plan, mut tell: impl FnMut(&Row)) -> Vec<Row> {
    let (sender, rows) = channel();
    thread::scope(|scope| {
        for &kind in &plan.kinds {
            let sender = sender.clone();
            scope.spawn(move || on_network(plan, kind, sender));
        }
        drop(sender);
        rows.iter().inspect(|row| tell(row)).collect()
    })
}

fn on_network(plan: &Plan, kind: Kind, sender: Sender<Row>) {
    // Whoever collects them waits for all.
    let tell = |row: Row| drop(sender.send(row));
    let mut rows = Rows::new(kind, &tell);
    let Some(mut stage) = rows.check("server", || {
        let stage = Stage::set(kind, plan)?;
        Ok((stage, String::new()))
    }) else {
        return;
    };
    conversation::play(&stage, plan.messages, &mut rows);
    loss::play(&mut stage, plan.cuts, plan.seed, &mut rows);
    rows.check("nothing in clear", || Ok(((), stage.search()?)));
    drop(stage);
    tls::play(kind, &plan.otr, &mut rows);
}
