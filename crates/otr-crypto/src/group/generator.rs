//! Long powers of the generator: a comb, six bits of the exponent at a time.

use core::array;

use crypto_bigint::{CtAssign, CtEq, U1536, Word};
use zeroize::Zeroizing;

use super::{Element, G};

/// How many bits of the exponent are taken together.
const TEETH: usize = 6;
/// The distance between them in bits, and the number of squarings and products of one power.
const SPACING: usize = 1536 / TEETH;
/// One product of teeth for each pattern of bits.
const PATTERNS: usize = 1 << TEETH;
#[expect(clippy::as_conversions, reason = "32 or 64, and a constant")]
const WORD_BITS: usize = Word::BITS as usize;

/// 2 to 2^(256 i), for i from 1 to 5. A test computes them anew.
const FURTHER_TEETH: [Element; TEETH - 1] = [
    Element::new(&U1536::from_be_hex(
        "99eaea9c52199f6283e289537d03a14f4e066f6c16bff73c51d02107642dbac4\
         4110e381a723028e0f4d9d570fc72b19c45b8681e991668efdbf07d29c09ec35\
         ffe7d2f46374918c22581c6606e3e47b06fee7936c15d948777e5cf569171f14\
         6f8700244453bbf508f4f99de1ba6edfb6178e8d80f2c34888aae5497cc8b65e\
         f3942743820f7ab7ab78c597aafd9c8d884ec9b483a3a4da3613a18487c5b06e\
         a021e782343d366366e3a89d4966e59b774add820ec48a5ea7012bcb66aff512",
    )),
    Element::new(&U1536::from_be_hex(
        "42390984dcac31e25d151bf5b97b7d0301f950d945fd094a53ff2a7b7ae9b869\
         13948d5896cbbad6ea288c100c2c7f5406b7f701112cda681355ec4ef7c68a04\
         aacb3a77a47b867d5309b20df0a9f17c83ad3e03c0257aec7ac520b922e7aacc\
         12e56f2b634ad41abe3f6628365f1cbaa3696db75e4ce9f77616cb9c228b83d3\
         b73c4300e0b37e2498fa4d6712ad63394a87ffc3d0b5390bb401942e292b1b3b\
         57576ef3e6fad9efc3cf8c4abbbbdd9c622d5269631acaa3c210650ff922aef8",
    )),
    Element::new(&U1536::from_be_hex(
        "8b5d0fda98caecbda08f0068a8bd7682c2f1b0225bf4c086d395017e78c4960a\
         6e994a30a72a132a74729c88d1f816417e42426dcfc806f74096751113fde7a8\
         859f5a2a047657baaf8b1d371b4c88c6cc49e600c1d9185c85d618a3bbaca79b\
         8ef73ce7c59a57d4f47fff22c208a63d5882aa60ac0b16bd567cf4e5f035a2da\
         8ec941b9fca46ddb07566492b2ca48164c44fdb748f1b257ff607c1b4821d865\
         585055ceb0989b9c39304d512edaf2b366813d97843551804a938f5d26dba263",
    )),
    Element::new(&U1536::from_be_hex(
        "e1102e81fe6fb4605d4e7d7bd7d9f19e73c5843509293bde247b4406b3460090\
         3ca39ed14efe534955196efe6ab7fbe01c7757364b3d581a109c58d4e22407df\
         265bcbc80755653e8543c023f1ee01512775b94814f16ccca846dc9735d11415\
         8d5b01d850562a1c946bead360d201af461eac6273e7301559ca7e5aac9d2b9d\
         80840c0934a8a3ace5020f293d871d5d15ed11b8956c7877bd28b951cb97b238\
         5dd78eb966a4440be62b79a386a1b8795dd3c82cec267b6255016065656841ba",
    )),
    Element::new(&U1536::from_be_hex(
        "0c9cf860d05800c65853f61f1e1f6510221e9442d6ce83931968b09be4dba0d1\
         c238ec6dafd6ebe7cfb0ec519816e2bf6163f400b1c9d87d450b2622b52a2c57\
         b232b1d670ad447dc894a20f5ea7b5c9c97e1a3b76742e75fed4f51a3dfd3bfa\
         1b34272708daf67e998b44ec3520241cdf7bac2ed210b87fba9534c08b61ddfa\
         ba782236b1f3fa84d9749d119a596b4c3038da8d7ee9cb001be2a7083dd24963\
         36ec182d24b19d7c853a0f2c76592f5f789ec4e4efb9dd019f4b6f7448ef73cf",
    )),
];

/// 2 to the secret `exponent` of 1536 bits, in constant time.
///
/// Takes 256 squarings and 313 products, where a power of any other base takes 1536 and 398: every entry of the table
/// is read at each step, and each step is the same.
pub(super) fn power(exponent: &U1536) -> Zeroizing<Element> {
    let table = table();
    let mut power = Zeroizing::new(Element::ONE);
    let mut chosen = Zeroizing::new(Element::ONE);
    for column in (0..SPACING).rev() {
        *power = power.square();
        let pattern = Zeroizing::new(pattern(exponent, column));
        *chosen = Element::ONE;
        for (entry, number) in table.iter().zip(0_u8..) {
            chosen.ct_assign(entry, Word::from(number).ct_eq(&pattern));
        }
        *power *= &*chosen;
    }
    power
}

/// The products of all sets of teeth: entry 0b000101 is the product of the first and the third.
fn table() -> [Element; PATTERNS] {
    let mut table = [Element::ONE; PATTERNS];
    let teeth: [Element; TEETH] = array::from_fn(|tooth| match tooth.checked_sub(1) {
        None => G,
        Some(further) => FURTHER_TEETH[further],
    });
    for (tooth, value) in teeth.iter().enumerate() {
        let (known, rest) = table.split_at_mut(1 << tooth);
        for (new, old) in rest.iter_mut().zip(known) {
            *new = old.mul(value);
        }
    }
    table
}

/// The bits of `exponent` at `column` and at each [`SPACING`] above it. Only public numbers choose what is read.
fn pattern(exponent: &U1536, column: usize) -> Word {
    let words = exponent.as_words();
    (0..TEETH).rev().fold(0, |pattern, tooth| {
        let bit = tooth * SPACING + column;
        (pattern << 1) | ((words[bit / WORD_BITS] >> (bit % WORD_BITS)) & 1)
    })
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::super::{ELEMENT_BYTES, P, encode};
    use super::*;
    use crate::testing::{big, padded, random, rng};

    fn p() -> BigUint {
        big(P.to_be_bytes().as_ref())
    }

    #[test]
    fn the_teeth_are_the_powers_that_they_should_be() {
        for (i, tooth) in (1..).zip(&FURTHER_TEETH) {
            let expected = BigUint::from(2_u8).modpow(&(BigUint::from(1_u8) << (256 * i)), &p());
            assert_eq!(*encode(tooth), padded(&expected));
        }
    }

    // attack: DH-6
    #[test]
    fn every_power_equals_that_of_an_independent_library() {
        let mut rng = rng(31);
        let mut exponents: [BigUint; 60] = array::from_fn(|_| big(&random::<ELEMENT_BYTES>(&mut rng)));
        for (bit, exponent) in exponents.iter_mut().skip(40).enumerate() {
            *exponent = BigUint::from(1_u8) << (bit * 80);
        }
        exponents[37] = BigUint::ZERO;
        exponents[38] = (BigUint::from(1_u8) << 1536) - 1_u8;
        exponents[39] = BigUint::from(5_u8);
        for exponent in exponents {
            let expected = BigUint::from(2_u8).modpow(&exponent, &p());
            let number = U1536::from_be_slice(&padded::<ELEMENT_BYTES>(&exponent));
            assert_eq!(*encode(&power(&number)), padded(&expected));
        }
    }
}
