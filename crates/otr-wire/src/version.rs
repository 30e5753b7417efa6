//! Protocol versions and sets of them.

/// A version of the protocol. Version 1 is not among them and never will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Version 2: as 3, without instance tags.
    Two,
    /// Version 3.
    Three,
    /// The messages of version 3 with other primitives, between programs of ours (docs/curve25519.md).
    Curve25519,
}

impl Version {
    /// The published versions, lowest first.
    pub const ALL: [Self; 2] = [Self::Two, Self::Three];

    const KNOWN: [Self; 3] = [Self::Two, Self::Three, Self::Curve25519];

    /// The number in the header of an encoded message (SHORT).
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Two => 2,
            Self::Three => 3,
            Self::Curve25519 => 25519,
        }
    }

    /// The character for this version in a query message. That of [`Curve25519`](Self::Curve25519) is a digit that no
    /// version has, and that other programs pass over.
    #[must_use]
    pub const fn identifier(self) -> char {
        match self {
            Self::Two => '2',
            Self::Three => '3',
            Self::Curve25519 => '9',
        }
    }

    /// The version with this number in the header of an encoded message.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            2 => Some(Self::Two),
            3 => Some(Self::Three),
            25519 => Some(Self::Curve25519),
            _ => None,
        }
    }

    /// The version with this character in a query message.
    pub(crate) fn from_identifier(identifier: char) -> Option<Self> {
        Self::KNOWN.into_iter().find(|version| version.identifier() == identifier)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Two => 1,
            Self::Three => 2,
            Self::Curve25519 => 4,
        }
    }
}

/// A set of protocol versions: what a side offers or allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Versions(u8);

impl Versions {
    /// No version.
    pub const NONE: Self = Self(0);

    /// Every published version.
    pub const ALL: Self = Self::only(Version::Two).with(Version::Three);

    /// The set of just `version`.
    #[must_use]
    pub const fn only(version: Version) -> Self {
        Self(version.bit())
    }

    /// This set and `version`.
    #[must_use]
    pub const fn with(self, version: Version) -> Self {
        Self(self.0 | version.bit())
    }

    /// What is in both sets.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What of this set is not lower than `version`.
    #[must_use]
    pub fn from(self, version: Version) -> Self {
        self.iter().filter(|&other| other >= version).collect()
    }

    /// Whether `version` is in the set.
    #[must_use]
    pub const fn contains(self, version: Version) -> bool {
        self.0 & version.bit() != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The highest version in the set.
    #[must_use]
    pub fn best(self) -> Option<Version> {
        self.iter().last()
    }

    /// The versions in the set, lowest first.
    pub fn iter(self) -> impl Iterator<Item = Version> {
        Version::KNOWN.into_iter().filter(move |&version| self.contains(version))
    }
}

impl FromIterator<Version> for Versions {
    fn from_iter<I: IntoIterator<Item = Version>>(versions: I) -> Self {
        versions.into_iter().fold(Self::NONE, Self::with)
    }
}
