//! Signing in constant time, verifying in variable time.

use crypto_bigint::CtEq;
use zeroize::Zeroizing;

use super::modulus::Powers;
use super::nonce::Nonces;
use super::scalar::{Order, SCALAR_BYTES, Scalar, to_bytes};
use crate::Error;
use crate::told::told;

/// Signs `m` as an integer modulo q: r and s, 20 bytes each.
pub(crate) fn sign(order: &Order, powers: &dyn Powers, x: &Scalar, m: &[u8; 32], fresh: &[u8; 32]) -> [u8; 40] {
    let h = Zeroizing::new(order.reduce_bytes(m));
    let mut nonces = Nonces::new(to_bytes(x).as_bytes(), to_bytes(&h).as_bytes(), fresh);
    loop {
        let k = nonces.next(order);
        let blind = nonces.next(order);
        if let Some(signature) = sign_with(order, powers, x, &h, &k, &blind) {
            return signature;
        }
    }
}

/// One attempt; `None` in the case, never met in practice, that r or s is zero.
fn sign_with(
    order: &Order,
    powers: &dyn Powers,
    x: &Scalar,
    h: &Scalar,
    k: &Scalar,
    blind: &Scalar,
) -> Option<[u8; 40]> {
    let r = powers.commit(order, k);

    // s = (h + x r) / k, computed as (b h + (b x) r) / (b k) with a random b, so that neither the
    // inversion nor the product with x ever works on a value an observer knows or sees twice.
    let b = order.residue(blind);
    let bk = Zeroizing::new(b.mul(&order.residue(k)));
    let inverse = bk.invert();
    if !told(inverse.is_some().to_u8()) {
        return None;
    }
    let inverse = Zeroizing::new(inverse.unwrap_or(*b));
    let bx = Zeroizing::new(b.mul(&order.residue(x)));
    let bh = Zeroizing::new(b.mul(&order.residue(h)));
    let bxr = Zeroizing::new(bx.mul(&order.residue(&r)));
    let s = inverse.mul(&bh.add(&bxr)).retrieve();

    if told((r.ct_eq(&Scalar::ZERO) | s.ct_eq(&Scalar::ZERO)).to_u8()) {
        return None;
    }
    let mut signature = [0; 40];
    let (left, right) = signature.split_at_mut(SCALAR_BYTES);
    left.copy_from_slice(to_bytes(&r).as_bytes());
    right.copy_from_slice(to_bytes(&s).as_bytes());
    Some(signature)
}

/// Checks r and s, 20 bytes each, over `m` taken as an integer modulo q.
pub(crate) fn verify(order: &Order, powers: &dyn Powers, m: &[u8; 32], signature: &[u8; 40]) -> Result<(), Error> {
    let (r, s) = signature.split_at(SCALAR_BYTES);
    let r = order.decode(r.try_into().map_err(|_| Error::Rejected)?);
    let s = order.decode(s.try_into().map_err(|_| Error::Rejected)?);
    let (r, s) = r.zip(s).ok_or(Error::Rejected)?;

    let w = order.residue(&s).invert_vartime().into_option();
    let w = w.ok_or(Error::Rejected)?;
    let u1 = w.mul(&order.residue(&order.reduce_bytes(m))).retrieve();
    let u2 = w.mul(&order.residue(&r)).retrieve();
    let fits = told(powers.combine(order, &u1, &u2).ct_eq(&r).to_u8());
    if fits { Ok(()) } else { Err(Error::Rejected) }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::super::scalar::from_bytes;
    use super::*;
    use crate::public_key::Dsa;
    use crate::testing::{LIBGCRYPT, big, key, padded, random, rng};

    /// The formula of the standard, and whatever the blinding value.
    // attack: DSA-5, DSA-2
    #[test]
    fn a_signature_equals_the_textbook_formula() {
        let entry = key(LIBGCRYPT, "plain");
        let identity = entry.identity();
        let Dsa { order, powers, .. } = identity.public_key().dsa().unwrap();
        let powers = &**powers;
        let [p, q, g, x] = ["p", "q", "g", "x"].map(|name| big(&entry.bytes(name)));
        let mut rng = rng(22);
        for _ in 0..20 {
            let k = order.random(&mut rng);
            let blind = order.random(&mut rng);
            let m: [u8; 32] = random(&mut rng);
            let k_big = big(to_bytes(&k).as_bytes());
            let r = g.modpow(&k_big, &p) % &q;
            let s = k_big.modinv(&q).unwrap() * (big(&m) + &x * &r) % &q;
            let expected = [padded::<20>(&r), padded(&s)].concat();

            let h = order.reduce_bytes(&m);
            let x = from_bytes(&padded(&x));
            let sign = |blind| sign_with(order, powers, &x, &h, &k, blind).unwrap();
            assert_eq!(sign(&blind).as_slice(), expected);
            assert_eq!(sign(&Scalar::ONE).as_slice(), expected);
        }
    }

    /// r and s of zero are never given out: h = -x r makes s zero.
    // attack: DSA-3
    #[test]
    fn a_zero_s_is_tried_again() {
        let entry = key(LIBGCRYPT, "plain");
        let identity = entry.identity();
        let Dsa { order, powers, .. } = identity.public_key().dsa().unwrap();
        let powers = &**powers;
        let [q, x] = ["q", "x"].map(|name| big(&entry.bytes(name)));
        let k = order.random(&mut rng(23));
        let r = big(to_bytes(&powers.commit(order, &k)).as_bytes());
        let h: BigUint = &q - &x * r % &q;
        let (x, h) = (from_bytes(&padded(&x)), from_bytes(&padded(&h)));
        assert!(sign_with(order, powers, &x, &h, &k, &Scalar::ONE).is_none());
        assert!(sign_with(order, powers, &x, &Scalar::ONE, &k, &Scalar::ONE).is_some());
    }

    /// No variable-time call touches the secret or the nonce.
    // attack: DSA-5
    #[test]
    fn signing_calls_nothing_of_variable_time() {
        let source = include_str!("sign.rs");
        let end = source.find("/// Checks r and s").unwrap();
        assert!(!source[..end].contains("vartime"));
        assert!(source[..end].contains("bk.invert()"));
    }
}
