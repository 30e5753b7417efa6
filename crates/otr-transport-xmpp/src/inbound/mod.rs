//! What arrives, and what it means. Nothing here sends or keeps anything.

mod bounce;
mod iq;
mod message;
mod presence;

pub(crate) use bounce::{Bounce, read_bounce};
pub(crate) use iq::{answer, is_from_server};
pub(crate) use message::{Redelivery, read_message};
pub(crate) use presence::read_presence;
