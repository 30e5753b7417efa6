//! What happens in each scenario.

pub(crate) mod attack;
pub(crate) mod ending;
pub(crate) mod errors;
pub(crate) mod exchange;
pub(crate) mod extras;
pub(crate) mod instances;
pub(crate) mod negotiation;
pub(crate) mod policy;
pub(crate) mod restart;
pub(crate) mod smp;
pub(crate) mod talk;
