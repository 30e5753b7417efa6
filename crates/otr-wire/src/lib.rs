//! The Off-the-Record wire format: bytes to typed messages and back.
