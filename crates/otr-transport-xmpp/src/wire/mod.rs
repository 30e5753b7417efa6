//! XML streams, bounded: what travels over a connection, and nothing of what it means.

mod link;
mod metered;
mod received;
mod shallow;
mod stream;

pub(crate) use link::{Link, Step};
pub(crate) use metered::Carrier;
pub(crate) use received::Received;
pub(crate) use stream::{Stream, is_stream_error, open, read, restart, stream_error, write};
