//! The primitives of Off-the-Record Messaging: group, signatures, cipher, MACs, key derivation.
