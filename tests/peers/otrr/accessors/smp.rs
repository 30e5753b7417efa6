
// Added by the driver's Makefile: what the library knows and does not tell.
impl SMPContext {
    pub(crate) fn their_fingerprint_for_driver(&self) -> [u8; FINGERPRINT_LEN] {
        self.their_fingerprint
    }
}
