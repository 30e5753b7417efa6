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

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};

    use proptest::prelude::*;

    use super::*;

    const BYTES: [u8; 20] =
        [0x00, 0x01, 0x0a, 0xab, 0x00, 0, 0, 0x09, 0xff, 0xee, 0xdd, 0xcc, 1, 2, 3, 4, 0xa0, 0xb0, 0xc0, 0x0d];

    // attack: ID-1
    #[test]
    fn it_is_shown_in_five_groups_with_all_its_zeros() {
        let fingerprint = Fingerprint::from_bytes(BYTES);
        assert_eq!(fingerprint.to_string(), "00010AAB 00000009 FFEEDDCC 01020304 A0B0C00D");
        assert_eq!(format!("{fingerprint:x}"), "00010aab00000009ffeeddcc01020304a0b0c00d");
    }

    // attack: ID-1, ID-4
    #[test]
    fn only_40_digits_and_blanks_are_read() {
        let good = "00010aAb00000009 fFeEdDcC 01020304  a0b0c00d ";
        assert_eq!(good.parse(), Ok(Fingerprint::from_bytes(BYTES)));
        for bad in [
            "",
            "00010aab00000009ffeeddcc01020304a0b0c00",
            "00010aab00000009ffeeddcc01020304a0b0c00d0",
            "00010aab00000009ffeeddcc01020304a0b0c0",
            "00010aab00000009ffeeddcc01020304a0b0c00g",
            "00010aab:00000009ffeeddcc01020304a0b0c00d",
            "00010aab\t00000009ffeeddcc01020304a0b0c00d",
            "00010aab\n00000009ffeeddcc01020304a0b0c00d",
            "00010aab\u{a0}00000009ffeeddcc01020304a0b0c00d",
            "0x010aab00000009ffeeddcc01020304a0b0c00d",
            "+0010aab00000009ffeeddcc01020304a0b0c00d",
            "\u{ff10}0010aab00000009ffeeddcc01020304a0b0c00d",
        ] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(Error::FingerprintText), "{bad}");
        }
    }

    // attack: ID-4
    #[test]
    fn every_bit_counts() {
        for bit in 0..160 {
            let mut other = BYTES;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(Fingerprint::from_bytes(other), Fingerprint::from_bytes(BYTES));
        }
    }

    proptest! {
        // attack: ID-1
        #[test]
        fn what_is_shown_reads_back(bytes: [u8; 20]) {
            let fingerprint = Fingerprint::from_bytes(bytes);
            prop_assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
            prop_assert_eq!(format!("{fingerprint:x}").parse(), Ok(fingerprint));
            prop_assert_eq!(fingerprint.to_string().len(), 44);
        }

        #[test]
        fn reading_never_panics(text: String) {
            if let Ok(fingerprint) = text.parse::<Fingerprint>() {
                let digits: String = text.split(' ').collect();
                prop_assert_eq!(format!("{fingerprint:x}"), digits.to_lowercase());
            }
        }
    }
}
