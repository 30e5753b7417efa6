//! Running a deviation, and judging what came of it.

use otr_wire::Version;

use super::{
    deviation::{Deviation, Must, Stage},
    peer::{Peer, Said},
    ring::{Observed, Ring},
    victim::{Output, Trouble, Victim},
};

/// What came of a deviation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The victim did what it must, and the conversation went on.
    AsRequired,
    /// It did something else: what it did, in words.
    Different(String),
    /// The way to the victim cannot carry the deviation.
    NotCarried,
}

/// Runs `deviation` in `version` against `victim`.
///
/// # Errors
///
/// When the victim does not get as far as to the deviation.
pub fn run(deviation: &Deviation, version: Version, victim: &mut dyn Victim, seed: u64) -> Result<Outcome, Trouble> {
    let victim_tag = victim.meet()?;
    let mut ring = Ring::new(Peer::new(version, victim_tag, seed), victim)?;
    ring.reach(deviation.stage)?;
    match (deviation.strike)(&mut ring) {
        Ok(()) => {}
        Err(Trouble::NotCarried) => return Ok(Outcome::NotCarried),
        Err(Trouble::Refused(reason)) => return Err(Trouble::Refused(reason)),
        Err(Trouble::Gone(_)) => return Ok(Outcome::Different("ends".to_owned())),
    }
    let (status_unchanged, memory_unchanged) = ring.unchanged()?;
    let observed = ring.observed().clone();
    let mut faults = Vec::new();
    if !(is_met(&deviation.must, &observed) && status_unchanged) {
        faults.push(describe(&observed));
        if !status_unchanged && !observed.told.iter().any(|told| matches!(told, Output::Session(_))) {
            faults.push(format!("is in another state: {}", ring.status()?.state));
        }
    }
    if !memory_unchanged && matches!(deviation.must, Must::Drop | Must::Refuse) && status_unchanged {
        faults.push("remembers something of it".to_owned());
    }
    // A commitment of the victim's own may cross with the peer's; who yields would be a matter of chance.
    let crosses = deviation.stage == Stage::Stranger && observed.sent.contains(&Said::Exchange("D-H Commit"));
    if !crosses && let Err(trouble) = ring.go_on(deviation.stage) {
        faults.push(format!("does not go on: {trouble}"));
    }
    if faults.is_empty() { Ok(Outcome::AsRequired) } else { Ok(Outcome::Different(faults.join("; "))) }
}

/// Whether a victim did what it must, as far as it can be heard.
fn is_met(must: &Must, observed: &Observed) -> bool {
    let Observed { bodies, sent, told } = observed;
    let warnings = told.iter().filter(|told| matches!(told, Output::Warning(..))).count();
    let silent = |told: &Output| matches!(told, Output::Warning(..));
    let quiet = told.iter().all(silent) && warnings <= *bodies && told.iter().all(is_presentable);
    let errors_only = sent.iter().all(|said| *said == Said::Error) && sent.len() <= 1;
    match must {
        Must::Drop | Must::Swallow => quiet && sent.is_empty(),
        Must::Refuse | Must::Forget => quiet && errors_only,
        Must::ShowInClear(text) => {
            let shown = [Output::ClearText(text.clone()), Output::Text { text: text.clone(), encrypted: false }];
            sent.is_empty() && matches!(told.as_slice(), [one] if shown.contains(one))
        }
        Must::Show(text) => sent.is_empty() && *told == [Output::Text { text: text.clone(), encrypted: true }],
        Must::Collect(text) => {
            let shown: Vec<_> = told.iter().filter(|told| !silent(told)).cloned().collect();
            sent.is_empty() && shown == [Output::Text { text: text.clone(), encrypted: true }]
        }
        Must::SendAtMost(messages) => {
            let mut left = messages.clone();
            let each = sent.iter().all(|said| match said {
                Said::Exchange(name) => left.iter().position(|left| left == name).map(|at| left.remove(at)).is_some(),
                _ => false,
            });
            quiet && each
        }
        Must::EndSmp | Must::AbortSmp => {
            let told = |told: &Output| match told {
                Output::Smp(event) => event != "succeeded" && event != "asked",
                Output::Warning(..) => true,
                _ => false,
            };
            let aborts = |said: &Said| matches!(said, Said::Data(text, records) if text.is_empty() && *records == [6]);
            let end = |told: &Output| matches!(told, Output::Smp(event) if event != "in_progress");
            let ended = observed.told.iter().any(end);
            (ended || *must == Must::AbortSmp)
                && observed.told.iter().all(told)
                && sent.iter().all(aborts)
                && sent.len() <= 1
        }
    }
}

/// Whether words that others may have chosen are fit to be shown in a warning.
fn is_presentable(told: &Output) -> bool {
    match told {
        Output::Warning(_, words) => words.chars().count() <= 256 && !words.chars().any(char::is_control),
        _ => true,
    }
}

/// What a victim did, in words.
fn describe(observed: &Observed) -> String {
    let mut words: Vec<String> = Vec::new();
    for said in &observed.sent {
        words.push(match said {
            Said::Clear(_) => "sends text in clear".to_owned(),
            Said::Query => "answers with a query".to_owned(),
            Said::Error => "answers with an error message".to_owned(),
            Said::Exchange(name) => format!("answers with a {name}"),
            Said::Data(text, records) if text.is_empty() && records.is_empty() => "sends an empty message".to_owned(),
            Said::Data(text, records) if text.is_empty() => {
                let kinds: Vec<_> = records.iter().map(u16::to_string).collect();
                format!("sends a record of type {}", kinds.join(", "))
            }
            Said::Data(..) => "sends text encrypted".to_owned(),
            Said::Sealed => "sends something encrypted".to_owned(),
        });
    }
    // A warning says little where something was done besides; and which of several attempts it was about is chance.
    let is_warning = |told: &&Output| matches!(told, Output::Warning(..));
    let only_warnings = words.is_empty() && observed.told.iter().all(|told| is_warning(&told));
    for told in observed.told.iter().filter(|told| only_warnings || !is_warning(told)) {
        words.push(match told {
            Output::Transmit(_) => continue,
            Output::Text { text, encrypted: true } => format!("shows {} as encrypted", quote(text)),
            Output::Text { text, encrypted: false } => format!("shows {}", quote(text)),
            Output::ClearText(text) => format!("shows {} with a warning", quote(text)),
            Output::Session(state) => format!("tells the state {state}"),
            Output::Smp(event) => format!("tells of SMP: {event}"),
            Output::ExtraKey => "hands over an extra key".to_owned(),
            Output::Fingerprint => "tells a fingerprint".to_owned(),
            Output::Warning(code, _) => format!("warns: {code}"),
        });
    }
    words.dedup();
    if words.is_empty() { "ignores it and raises no event".to_owned() } else { words.join(", ") }
}

/// The beginning of a text, fit for a table.
fn quote(text: &str) -> String {
    const LONGEST: usize = 24;
    if text.contains("?OTR:") {
        return "the message as it came".to_owned();
    }
    let fit = |c: char| if c.is_ascii_graphic() && c != '|' && c != '`' { c } else { ' ' };
    let mut shown: String = text.chars().map(fit).take(LONGEST).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    format!("\"{}\"", shown.trim())
}
