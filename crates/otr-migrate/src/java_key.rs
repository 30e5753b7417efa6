//! DSA keys as Java writes them: PKCS#8 (RFC 5958) and X.509 SubjectPublicKeyInfo (RFC 5280, RFC 3279 section 2.3.2), in
//! base64.

use base64ct::{Base64, Encoding};
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode, Reader, SliceReader};
use otr_crypto::{IdentityKey, PublicKey};
use zeroize::Zeroizing;

use crate::dsa::{self, Numbers};

const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");

/// p, q and g.
#[derive(PartialEq, Eq)]
struct Domain<'a>([&'a [u8]; 3]);

/// The key pair of a private and a public key.
pub(crate) fn pair(private: &str, public: &str) -> Result<IdentityKey, &'static str> {
    let (private, public) = (decode(private)?, decode(public)?);
    let (domain, x) = private_parts(&private).map_err(|_| "the private key is not DSA in PKCS#8")?;
    let (same, y) = public_parts(&public).map_err(|_| NOT_PUBLIC)?;
    if domain != same {
        return Err("the private and the public key do not belong together");
    }
    let Domain([p, q, g]) = domain;
    Numbers { p, q, g, y, x }.key()
}

/// Somebody else's public key.
pub(crate) fn public(public: &str) -> Result<PublicKey, &'static str> {
    let public = decode(public)?;
    let (Domain([p, q, g]), y) = public_parts(&public).map_err(|_| NOT_PUBLIC)?;
    PublicKey::from_parts(p, q, g, y).map_err(dsa::reason)
}

const NOT_PUBLIC: &str = "the public key is not DSA in X.509";

/// Constant-time in the characters; the line breaks among them show.
fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    packed.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(vec![0; packed.len() / 4 * 3 + 3]);
    let length = Base64::decode(packed.as_slice(), &mut bytes).map_err(|_| "the key is not in base64")?.len();
    bytes.truncate(length);
    Ok(bytes)
}

/// `SEQUENCE { INTEGER 0, AlgorithmIdentifier, OCTET STRING { INTEGER x }, attributes }`
fn private_parts(bytes: &[u8]) -> Result<(Domain<'_>, &[u8]), der::Error> {
    whole(bytes, |reader| {
        let version = u8::decode(reader)?;
        let domain = algorithm(reader)?;
        let key = <&OctetStringRef>::decode(reader)?;
        while !reader.is_finished() {
            AnyRef::decode(reader)?;
        }
        let x = UintRef::from_der(key.as_bytes())?.as_bytes();
        if version == 0 { Ok((domain, x)) } else { Err(der::ErrorKind::Failed.into()) }
    })
}

/// `SEQUENCE { AlgorithmIdentifier, BIT STRING { INTEGER y } }`
fn public_parts(bytes: &[u8]) -> Result<(Domain<'_>, &[u8]), der::Error> {
    whole(bytes, |reader| {
        let domain = algorithm(reader)?;
        let key = BitStringRef::decode(reader)?;
        let key = key.as_bytes().ok_or(der::ErrorKind::Failed)?;
        Ok((domain, UintRef::from_der(key)?.as_bytes()))
    })
}

/// `SEQUENCE { OID, SEQUENCE { INTEGER p, INTEGER q, INTEGER g } }`
fn algorithm<'a>(reader: &mut SliceReader<'a>) -> Result<Domain<'a>, der::Error> {
    reader.sequence(|reader| {
        let algorithm = ObjectIdentifier::decode(reader)?;
        if algorithm != DSA {
            return Err(der::ErrorKind::OidUnknown { oid: algorithm }.into());
        }
        reader.sequence(|reader| {
            let mut number = || UintRef::decode(reader).map(|number| number.as_bytes());
            Ok(Domain([number()?, number()?, number()?]))
        })
    })
}

fn whole<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut SliceReader<'a>) -> Result<T, der::Error>,
) -> Result<T, der::Error> {
    let mut reader = SliceReader::new(bytes)?;
    let value = reader.sequence(read)?;
    reader.finish()?;
    Ok(value)
}
