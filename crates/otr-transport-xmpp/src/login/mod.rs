//! From nothing to a stream with a name on it.

mod bind;
mod connect;
mod locate;
mod resume;
mod sasl;

pub(crate) use bind::{Bound, bind};
pub(crate) use connect::{Authenticated, authenticate};
pub(crate) use resume::resume;
