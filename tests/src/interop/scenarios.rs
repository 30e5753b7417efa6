//! What happens in each scenario.

pub(crate) mod attack;
pub(crate) mod ending;
pub(crate) mod exchange;
pub(crate) mod extras;
pub(crate) mod restart;
pub(crate) mod talk;
