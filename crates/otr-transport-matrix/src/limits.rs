//! How large answers may be, and how much is remembered.

/// Bytes of an answer with few values, or with the members of a room of two: two events with what they replaced.
pub(crate) const SMALL: usize = 512 * 1024;
/// Bytes of an answer with events. Where one would be larger, fewer are asked for. Taken apart, such an answer can need
/// fifty times its size, if it consists of nothing but rooms where nothing happened.
pub(crate) const EVENTS: usize = 2 * 1024 * 1024;
/// The largest event that a server may pass on (client-server API, "Size limits"), in bytes.
pub(crate) const EVENT: usize = 65_536;
/// The longest event id, in bytes.
pub(crate) const EVENT_ID: usize = 255;
