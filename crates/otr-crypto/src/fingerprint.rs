use core::fmt;
use core::str::FromStr;

use crate::Error;

/// The fingerprint of an identity key, 20 bytes: SHA-1 over its MPIs p, q, g and y.
///
/// Shown as five groups of eight upper-case hexadecimal digits; `{:x}` gives 40 lower-case digits
/// without blanks. Parsing takes 40 digits of either case with blanks anywhere, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 20]);

impl Fingerprint {
    /// The fingerprint with these bytes.
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 && index.is_multiple_of(4) {
                f.write_str(" ")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::LowerHex for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut digits = text.chars().filter(|c| *c != ' ');
        let mut digit = || {
            let value = digits.next()?.to_digit(16)?;
            u8::try_from(value).ok()
        };
        let mut bytes = [0; 20];
        for byte in &mut bytes {
            let (high, low) = digit().zip(digit()).ok_or(Error::FingerprintText)?;
            *byte = high << 4 | low;
        }
        match digits.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(Error::FingerprintText),
        }
    }
}
