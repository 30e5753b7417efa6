use std::collections::BTreeMap;

use tokio_xmpp::jid::BareJid;

use crate::letter::Limits;

/// What the host can look at any time while the task works.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) limits: Limits,
    /// Which programs peers run. Bounded as the table of contacts is.
    pub(crate) programs: BTreeMap<BareJid, String>,
}

impl View {
    /// Takes note of the program of `peer`; whether that changed anything.
    pub(crate) fn set_program(&mut self, peer: &BareJid, program: Option<&str>) -> bool {
        if self.programs.get(peer).map(String::as_str) == program {
            return false;
        }
        match program {
            Some(program) => drop(self.programs.insert(peer.clone(), program.to_owned())),
            None => drop(self.programs.remove(peer)),
        }
        true
    }
}
