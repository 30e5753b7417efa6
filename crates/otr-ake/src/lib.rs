//! The authenticated key exchange of Off-the-Record Messaging.
