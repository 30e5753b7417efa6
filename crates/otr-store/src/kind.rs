/// The files of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    PrivateKey,
    Fingerprints,
    InstanceTags,
    Ed25519Keys,
    Vouched,
    Trust,
    Versions,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::PrivateKey,
        Self::Fingerprints,
        Self::InstanceTags,
        Self::Ed25519Keys,
        Self::Vouched,
        Self::Trust,
        Self::Versions,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PrivateKey => "otr.private_key",
            Self::Fingerprints => "otr.fingerprints",
            Self::InstanceTags => "otr.instance_tags",
            Self::Ed25519Keys => "otr.ed25519_keys",
            Self::Vouched => "otr.vouched",
            Self::Trust => "otr.trust",
            Self::Versions => "otr.versions",
        }
    }

    /// Whether it holds private keys, so that others must have no way to it.
    pub(crate) const fn is_secret(self) -> bool {
        match self {
            Self::PrivateKey | Self::Ed25519Keys => true,
            Self::Fingerprints | Self::InstanceTags | Self::Vouched | Self::Trust | Self::Versions => false,
        }
    }
}
