//! The two ends of a conversation, and a thing for each of them.

/// An end of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The one that begins, where one does.
    First,
    /// The other.
    Second,
}

impl End {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];

    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// What this end is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }
}

/// One thing for each end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Both<T> {
    first: T,
    second: T,
}

impl<T> Both<T> {
    /// Made for each end.
    ///
    /// # Errors
    ///
    /// The first error of `make`.
    pub fn try_new<E>(mut make: impl FnMut(End) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self { first: make(End::First)?, second: make(End::Second)? })
    }

    /// The one of `end`.
    pub const fn at(&self, end: End) -> &T {
        match end {
            End::First => &self.first,
            End::Second => &self.second,
        }
    }

    /// The one of `end`.
    pub const fn at_mut(&mut self, end: End) -> &mut T {
        match end {
            End::First => &mut self.first,
            End::Second => &mut self.second,
        }
    }
}
