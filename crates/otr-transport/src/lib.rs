//! How Off-the-Record messages travel: the transport trait and an in-memory pair.
