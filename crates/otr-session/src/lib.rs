//! Off-the-Record conversations, without I/O: one account, its contacts, their sessions.
