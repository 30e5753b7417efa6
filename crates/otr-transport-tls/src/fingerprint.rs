use std::fmt;
use std::str::FromStr;

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

/// What a fingerprint may begin with.
const LABEL: &str = "sha256:";

/// The SHA-256 of a certificate in DER, by which it can be told from every other one.
///
/// It is written `sha256:AB:CD:..`. When read, the label, the colons and the case of the digits are free, so what
/// certificate viewers and error messages show can be pasted.
///
/// ```
/// use otr_transport_tls::CertificateFingerprint;
///
/// let fingerprint: CertificateFingerprint = "ab".repeat(32).parse()?;
/// assert!(fingerprint.to_string().starts_with("sha256:AB:AB:"));
/// assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
/// # Ok::<(), otr_transport_tls::InvalidFingerprint>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertificateFingerprint([u8; 32]);

/// The text is not the SHA-256 of a certificate: 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a certificate fingerprint is 64 hexadecimal digits")]
pub struct InvalidFingerprint;

impl CertificateFingerprint {
    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl From<[u8; 32]> for CertificateFingerprint {
    fn from(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }
}

impl From<CertificateFingerprint> for [u8; 32] {
    fn from(fingerprint: CertificateFingerprint) -> Self {
        fingerprint.0
    }
}

impl FromStr for CertificateFingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let text = text.trim();
        let labelled = text.get(..LABEL.len()).is_some_and(|label| label.eq_ignore_ascii_case(LABEL));
        let digits = if labelled { text.get(LABEL.len()..).unwrap_or_default() } else { text };
        let digits: String = digits.chars().filter(|sign| *sign != ':').collect();
        let mut sha256 = [0; 32];
        match base16ct::mixed::decode(&digits, &mut sha256) {
            Ok(decoded) if decoded.len() == 32 => Ok(Self(sha256)),
            _ => Err(InvalidFingerprint),
        }
    }
}

impl fmt::Display for CertificateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256")?;
        self.0.iter().try_for_each(|byte| write!(f, ":{byte:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_way_to_write_it_is_read() {
        let bytes: [u8; 32] = std::array::from_fn(|place| u8::try_from(place * 7).unwrap());
        let expected = CertificateFingerprint::from(bytes);
        let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        for text in [
            expected.to_string(),
            pairs.concat(),
            pairs.join(":"),
            pairs.concat().to_uppercase(),
            format!(" SHA256:{}\n", pairs.join(":")),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let digits = "ab".repeat(32);
        for text in [
            "",
            "sha256:",
            &digits[1..],
            &digits[2..],
            &format!("{digits}00"),
            &format!("sha1:{digits}"),
            &digits.replacen('a', "g", 1),
            &digits.replacen('a', "\u{e9}", 1),
        ] {
            assert_eq!(text.parse::<CertificateFingerprint>(), Err(InvalidFingerprint), "{text}");
        }
    }
}
