//! The numbers of a DSA key, from whatever a program wraps them in.

use otr_crypto::IdentityKey;
use zeroize::Zeroizing;

/// p has this many bits in every key that a program of OTR makes, and q has 160.
const MODULUS_BITS: usize = 1024;

/// The five numbers, big-endian; leading zero bytes do not matter.
pub(crate) struct Numbers<'a> {
    pub(crate) p: &'a [u8],
    pub(crate) q: &'a [u8],
    pub(crate) g: &'a [u8],
    pub(crate) y: &'a [u8],
    pub(crate) x: &'a [u8],
}

impl Numbers<'_> {
    /// The key, if the numbers make one: 1024 and 160 bits, p and q prime, g and y of order q, y = g^x.
    pub(crate) fn key(&self) -> Result<IdentityKey, &'static str> {
        let parts = [self.p, self.q, self.g, self.y, self.x].map(without_zeros);
        let [p, q, g, y, x] = parts;
        check_size(p)?;
        IdentityKey::from_parts(p, q, g, y, x).map_err(reason)
    }
}

/// What libotr's files may hold otherwise: a key of another size.
pub(crate) fn check(key: IdentityKey) -> Result<IdentityKey, &'static str> {
    let parts = key.hazmat_parts().ok_or("this is not a DSA key")?;
    check_size(&parts.p).map(|()| key)
}

fn check_size(p: &[u8]) -> Result<(), &'static str> {
    let bits = p.len() * 8 - p.first().map_or(0, |first| usize::try_from(first.leading_zeros()).unwrap_or(0));
    if bits == MODULUS_BITS { Ok(()) } else { Err("the key is not DSA of 1024 and 160 bits") }
}

/// What is wrong with numbers that are no key.
pub(crate) fn reason(error: otr_crypto::Error) -> &'static str {
    match error {
        otr_crypto::Error::KeyModulus => "the key's p does not have the size it must have, or is even",
        otr_crypto::Error::KeyOrder => "the key's q does not have 160 bits, or does not divide p - 1",
        otr_crypto::Error::KeyGenerator => "the key's g is out of range or not of order q",
        otr_crypto::Error::KeyPublicValue => "the key's y is out of range or not of order q",
        otr_crypto::Error::KeyNotPrime => "the key's p or q is not prime",
        otr_crypto::Error::Rejected => "the key's secret does not belong to its public value",
        _ => "the numbers are no DSA key",
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// A key as OTR's own messages would carry it, with the secret after it (potr, otr3): two zero bytes, then p, q, g, y and
/// x, each after its length in four bytes.
pub(crate) fn from_mpis(bytes: &[u8]) -> Result<IdentityKey, &'static str> {
    let [p, q, g, y, x] = mpis(bytes).ok_or("the key is cut short, or something follows it")?;
    Numbers { p, q, g, y, x }.key()
}

/// The five numbers, if `bytes` is that many and nothing more.
pub(crate) fn mpis(bytes: &[u8]) -> Option<[&[u8]; 5]> {
    let mut rest = bytes.strip_prefix(&[0, 0])?;
    let mut next = || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (number, after) = after.split_at_checked(length)?;
        rest = after;
        Some(number)
    };
    let numbers = [next()?, next()?, next()?, next()?, next()?];
    rest.is_empty().then_some(numbers)
}

/// The reverse of [`from_mpis`], if the key is DSA.
pub(crate) fn to_mpis(key: &IdentityKey) -> Option<Zeroizing<Vec<u8>>> {
    let parts = key.hazmat_parts()?;
    let numbers = [&parts.p, &parts.q, &parts.g, &parts.y, &*parts.x];
    let size = numbers.iter().fold(2, |size, number| size + 4 + number.len());
    let mut bytes = Zeroizing::new(Vec::with_capacity(size));
    bytes.extend([0, 0]);
    for number in numbers {
        bytes.extend(u32::try_from(number.len()).ok()?.to_be_bytes());
        bytes.extend(number.iter());
    }
    Some(bytes)
}
