//! Whole messages over TCP, length-prefixed and size-limited, with reconnection.
