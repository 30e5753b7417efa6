//! Arguments as people type them.

use std::fmt::Display;
use std::str::FromStr;

use otr_crypto::{HazmatCipherKey, HazmatMacKey};
use zeroize::Zeroizing;

use crate::Error;

/// The cipher key of one direction, 32 hexadecimal digits.
///
/// # Errors
///
/// When `text` is anything else.
pub fn cipher_key(text: &str) -> Result<HazmatCipherKey, Error> {
    array("the AES key", text).map(HazmatCipherKey::from_bytes)
}

/// The authenticator key of one direction, 40 hexadecimal digits.
///
/// # Errors
///
/// When `text` is anything else.
pub fn mac_key(text: &str) -> Result<HazmatMacKey, Error> {
    array("the MAC key", text).map(HazmatMacKey::from_bytes)
}

/// A place in a text, counted in bytes from 0.
///
/// # Errors
///
/// When `text` is not a decimal number.
pub fn offset(text: &str) -> Result<usize, Error> {
    let offset: u32 = number("the offset", text, 0, u32::MAX)?;
    usize::try_from(offset).map_err(|_| Error::Outside { length: usize::MAX })
}

/// A decimal number from `least` to `most`, digits only.
pub(crate) fn number<T>(name: &'static str, text: &str, least: T, most: T) -> Result<T, Error>
where
    T: FromStr + PartialOrd + Copy + Display + Into<u64>,
{
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| Error::Number { name, least: least.into(), most: most.into() })
}

/// Exactly `N` bytes in hexadecimal digits.
pub(crate) fn array<const N: usize>(name: &'static str, text: &str) -> Result<[u8; N], Error> {
    let bytes = bytes(name, text)?;
    bytes.as_slice().try_into().map_err(|_| Error::Digits { name, digits: N.saturating_mul(2) })
}

/// An unsigned number of at most `most` bytes in hexadecimal digits, in its shortest form.
pub(crate) fn integer(name: &'static str, text: &str, most: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = bytes(name, text)?;
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    bytes.drain(..zeros);
    if bytes.len() > most {
        return Err(Error::TooManyDigits { name, digits: most.saturating_mul(2) });
    }
    Ok(bytes)
}

/// Any bytes in hexadecimal digits, small or capital.
pub(crate) fn bytes(name: &'static str, text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(vec![0; text.len() / 2]);
    base16ct::mixed::decode(text, &mut bytes).map_err(|_| Error::NotHex(name))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_one_size() {
        assert_eq!(cipher_key(&"0aF".repeat(10)).unwrap_err(), Error::Digits { name: "the AES key", digits: 32 });
        assert_eq!(cipher_key(&"a".repeat(32)).unwrap().as_bytes(), &[0xaa; 16]);
        assert_eq!(mac_key(&"A".repeat(40)).unwrap().as_bytes(), &[0xaa; 20]);
        assert_eq!(mac_key(&"a".repeat(39)).unwrap_err(), Error::NotHex("the MAC key"));
        assert_eq!(mac_key("").unwrap_err(), Error::Digits { name: "the MAC key", digits: 40 });
        for bad in ["é", "0x", "zz", " 1", "1 "] {
            assert_eq!(cipher_key(bad).unwrap_err(), Error::NotHex("the AES key"), "{bad}");
        }
    }

    #[test]
    fn numbers_are_digits_in_a_range() {
        assert_eq!(offset("0"), Ok(0));
        assert_eq!(offset("4294967295"), Ok(0xffff_ffff));
        for bad in ["", "-1", "+1", "1.0", "0x1", "4294967296", "1 ", "99999999999999999999999", "five"] {
            assert!(matches!(offset(bad), Err(Error::Number { .. })), "{bad}");
        }
        let least = Error::Number { name: "it", least: 1, most: 255 };
        assert_eq!(number::<u8>("it", "0", 1, 255), Err(least));
        assert_eq!(number::<u8>("it", "256", 1, 255), Err(least));
    }

    #[test]
    fn integers_are_shortened() {
        assert_eq!(*integer("it", "000102", 2).unwrap(), [1, 2]);
        assert!(integer("it", "0000", 0).unwrap().is_empty());
        assert_eq!(integer("it", "010203", 2).unwrap_err(), Error::TooManyDigits { name: "it", digits: 4 });
    }
}
