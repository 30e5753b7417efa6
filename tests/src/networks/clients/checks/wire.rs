//! What went over the network.

use super::super::super::secrecy::{Sought, contains};
use super::super::talk::Talk;
use super::Finding;
use crate::interop::Failure;

/// No line that was typed in private stands in what passed between the client and its server.
pub(super) fn nothing_in_clear(talk: &mut Talk) -> Result<Finding, Failure> {
    let passed: Vec<_> =
        talk.wire.recordings().into_iter().flat_map(|recording| [recording.up, recording.down]).collect();
    for line in &talk.written {
        let sought = Sought::new(line);
        if passed.iter().any(|bytes| sought.is_in(bytes)) {
            return Err(Failure(format!("a line stands in clear: {line}")));
        }
    }
    if talk.written.is_empty() || !passed.iter().any(|bytes| contains(bytes, b"?OTR:")) {
        return Err(Failure("no line went over the wire encrypted".to_owned()));
    }
    let bytes: usize = passed.iter().map(Vec::len).sum();
    Ok(Finding::Passed(format!("{} lines are not to be found in {bytes} bytes", talk.written.len())))
}
