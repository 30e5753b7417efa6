//! The MAC keys that were published on the way.

use otr_crypto::HazmatMacKey;

use super::tape::Tape;

/// The heading.
pub(crate) const TITLE: &str = "=== The authentication keys are published afterwards. Why? ===";

/// How long a MAC key is, in bytes.
const KEY: usize = 20;

/// A published key and the messages it authenticates.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) key: HazmatMacKey,
    /// The number of the message that publishes it.
    by: usize,
    /// The numbers of the messages it once authenticated, all earlier.
    pub(crate) authenticates: Vec<usize>,
}

impl Published {
    /// The beginning of the key, enough to tell it from others.
    pub(crate) fn name(&self) -> String {
        let (shown, _) = self.key.as_bytes().split_at(4);
        format!("{}..", hex::encode(shown))
    }

    fn describe(&self) -> String {
        let numbers: Vec<String> = self.authenticates.iter().map(ToString::to_string).collect();
        let what = match numbers.as_slice() {
            [] => "none recorded here".to_owned(),
            [number] => format!("message {number}"),
            numbers => format!("messages {}", numbers.join(", ")),
        };
        format!("  message {:>2} publishes {}, which authenticated: {what}", self.by, self.name())
    }
}

/// Every published key on the tape.
pub(crate) fn find(tape: &Tape) -> Vec<Published> {
    let keys = tape.data().flat_map(|(by, recorded)| {
        let keys = recorded.data().revealed.chunks_exact(KEY);
        keys.filter_map(|key| key.try_into().ok()).map(move |key| (by, HazmatMacKey::from_bytes(key)))
    });
    let authenticates = |key: &HazmatMacKey| {
        let messages = tape.data().filter(|(_, recorded)| recorded.verify(key).is_ok());
        messages.map(|(number, _)| number).collect()
    };
    keys.map(|(by, key)| Published { authenticates: authenticates(&key), key, by }).collect()
}

/// Says what was found.
pub(crate) fn report(tape: &Tape, published: &[Published]) -> Vec<String> {
    let list: Vec<String> = published.iter().map(Published::describe).collect();
    let mut covered: Vec<usize> = published.iter().flat_map(|found| found.authenticates.iter().copied()).collect();
    covered.sort_unstable();
    covered.dedup();
    let (covered, total) = (covered.len(), tape.data().count());
    vec![
        "While they talked, each message was authenticated with a key that only the two had, so nobody could change it. \
         Once a key has done its work, it is published, in clear, inside a later message:"
            .to_owned(),
        list.join("\n"),
        format!(
            "By now the keys of {covered} of the {total} messages are public (nobody spoke after the last ones), and \
             anybody can make messages that pass as these. So we do:"
        ),
    ]
}
