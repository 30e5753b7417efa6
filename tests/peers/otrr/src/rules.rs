//! What may be asked of conversations.

/// What may be asked of a conversation. Of versions there is only the third.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) policy: Policy,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    Never,
    Manual,
    Opportunistic,
    Always,
}

impl Policy {
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Never, Self::Manual, Self::Opportunistic, Self::Always].into_iter().find(|policy| policy.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Manual => "manual",
            Self::Opportunistic => "opportunistic",
            Self::Always => "always",
        }
    }

    /// As the library has it.
    pub(crate) fn bits(self) -> otrr::Policy {
        use otrr::Policy as P;
        let starting = P::ALLOW_V3 | P::WHITESPACE_START_AKE | P::ERROR_START_AKE;
        match self {
            Self::Never => P::empty(),
            Self::Manual => P::ALLOW_V3,
            Self::Opportunistic => starting | P::SEND_WHITESPACE_TAG,
            Self::Always => starting | P::REQUIRE_ENCRYPTION,
        }
    }
}
