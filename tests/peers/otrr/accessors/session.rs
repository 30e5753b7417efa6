
// Added by the driver's Makefile: what the library knows and does not tell.
impl Session {
    /// The fingerprint of the key that the instance signed with, while its session lasts.
    pub fn fingerprint_for_driver(&self, instance: InstanceTag) -> Option<[u8; 20]> {
        Some(self.instances.get(&instance)?.state.smp().ok()?.their_fingerprint_for_driver())
    }

    /// Why the last comparison of secrets was given up, while the session lasts.
    pub fn smp_aborted_for_driver(&self, instance: InstanceTag) -> Option<Vec<u8>> {
        match self.instances.get(&instance)?.state.smp().ok()?.status() {
            SMPStatus::Aborted(reason) => Some(reason),
            SMPStatus::Initial | SMPStatus::InProgress | SMPStatus::Completed => None,
        }
    }
}
