//! Which function checks which kind of group.

use super::{Case, Group, Library, Problem, libotr, ours, smp};

/// What is wrong with a group: by case, or as a whole.
pub type Problems = Vec<(Option<u64>, Problem)>;

/// Checks a group of one kind. The library serves kinds that compare with another file.
pub type Check = fn(&Group, &Library) -> Problems;

/// Every kind there is.
pub const KINDS: &[(&str, Check)] = &[
    ("OtrAke", libotr::ake::check),
    ("OtrDataConversation", libotr::data::check),
    ("OtrFragments", libotr::fragments::check),
    ("OtrDhSession", libotr::keys::check_sessions),
    ("OtrDhAuthKeys", libotr::keys::check_exchanges),
    ("OtrFingerprint", libotr::keys::check_fingerprints),
    ("OtrDsaSignature", libotr::signatures::check),
    ("OtrQueryMessage", libotr::text::check_queries),
    ("OtrPlainText", libotr::text::check_plain_texts),
    ("OtrErrorMessage", libotr::text::check_complaints),
    ("OtrOffer", libotr::text::check_offers),
    ("OtrEncodedMessage", ours::encodings::check),
    ("OtrFragment", ours::fragments::check_fragments),
    ("OtrReassembly", ours::fragments::check_reassembly),
    ("OtrSplit", ours::fragments::check_splits),
    ("OtrPlaintext", ours::plaintexts::check),
    ("OtrBody", ours::bodies::check),
    ("OtrTextComparison", ours::text::check),
    ("OtrCommitment", ours::derivations::check_commitments),
    ("OtrDhPublic", ours::derivations::check_publics),
    ("OtrDhAgreement", ours::derivations::check_agreements),
    ("OtrIdentityKey", ours::derivations::check_identities),
    ("OtrCurve25519Exchange", ours::curve25519::check_exchanges),
    ("OtrCurve25519Commitment", ours::curve25519::check_commitments),
    ("OtrCurve25519Public", ours::curve25519::check_publics),
    ("OtrCurve25519Identity", ours::curve25519::check_identities),
    ("OtrCurve25519Bond", ours::curve25519::check_bonds),
    ("OtrCurve25519BondOfParts", ours::curve25519::check_bonds_of_parts),
    ("OtrCurve25519Secret", ours::curve25519::check_secrets),
    ("OtrExchange", ours::exchanges::check),
    ("OtrConversation", ours::conversations::check),
    ("OtrSmpRun", smp::run::check),
    ("OtrSmpMessage", ours::smp::messages::check),
    ("OtrSmpStep", ours::smp::steps::check),
];

/// Checks a group, whatever its kind.
#[must_use]
pub fn check(group: &Group, library: &Library) -> Problems {
    match KINDS.iter().find(|(kind, _)| *kind == group.kind) {
        Some((_, check)) => check(group, library),
        None => vec![(None, Problem::new(format!("kind {:?} is not known", group.kind)))],
    }
}

/// For kinds whose cases stand alone.
pub(crate) fn each(group: &Group, mut check: impl FnMut(&Case) -> Result<(), Problem>) -> Problems {
    group.tests.iter().filter_map(|case| Some((Some(case.id), check(case).err()?))).collect()
}

/// For kinds whose cases need what the group says, read once.
pub(crate) fn each_with<T>(
    shared: Result<T, Problem>,
    group: &Group,
    mut check: impl FnMut(&T, &Case) -> Result<(), Problem>,
) -> Problems {
    match shared {
        Ok(shared) => each(group, |case| check(&shared, case)),
        Err(problem) => vec![(None, problem)],
    }
}
