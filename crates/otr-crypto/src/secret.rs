//! Storage for secret bytes.

use alloc::boxed::Box;
use core::fmt;

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` secret bytes, wiped on drop.
///
/// They sit in one heap block of their own: moving the owner moves a pointer, and leaves no copy
/// of the bytes behind in the place it moved from.
pub(crate) struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// All zero, to be filled through [`Self::as_mut`].
    pub(crate) fn zeroed() -> Self {
        Self(Box::new([0; N]))
    }

    /// Drawn from `rng`, exactly `N` bytes.
    pub(crate) fn random(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut secret = Self::zeroed();
        rng.fill_bytes(secret.as_mut());
        secret
    }

    /// Takes over `bytes` and wipes them where they stood.
    pub(crate) fn from_array(mut bytes: [u8; N]) -> Self {
        let mut secret = Self::zeroed();
        secret.0.copy_from_slice(&bytes);
        bytes.zeroize();
        secret
    }

    pub(crate) fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }

    pub(crate) fn as_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Zeroize for Secret<N> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

/// Gives each type a `Debug` that prints its name and nothing inside.
macro_rules! opaque_debug {
    ($($name:ident),+ $(,)?) => {$(
        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}
pub(crate) use opaque_debug;

#[cfg(test)]
mod tests {
    use alloc::format;

    use aes::Aes128;
    use ctr::Ctr128BE;
    use sha1::Sha1;
    use sha2::Sha256;

    use super::*;
    use crate::testing::{Stuck, rng};

    fn wipes_on_drop<T: ZeroizeOnDrop>() {
        assert!(core::mem::needs_drop::<T>());
    }

    // attack: SIDE-7, G-6
    #[test]
    fn wiping_is_switched_on_everywhere() {
        wipes_on_drop::<Secret<16>>();
        wipes_on_drop::<Aes128>();
        wipes_on_drop::<Ctr128BE<Aes128>>();
        wipes_on_drop::<Sha1>();
        wipes_on_drop::<Sha256>();
        wipes_on_drop::<zeroize::Zeroizing<crypto_bigint::U1536>>();
    }

    // attack: SIDE-7
    #[test]
    fn wiping_leaves_zeros() {
        let mut secret = Secret::<40>::random(&mut rng(9));
        assert_ne!(*secret.as_bytes(), [0; 40]);
        secret.zeroize();
        assert_eq!(*secret.as_bytes(), [0; 40]);

        let mut number = crypto_bigint::U1536::MAX;
        number.zeroize();
        assert_eq!(number, crypto_bigint::U1536::ZERO);
    }

    /// A move carries the pointer along; the bytes stay where they will be wiped.
    // attack: G-6
    #[test]
    fn moving_does_not_copy_the_bytes() {
        let secret = Secret::<32>::random(&mut rng(10));
        let before = secret.as_bytes().as_ptr();
        let moved = alloc::vec![secret];
        assert_eq!(moved[0].as_bytes().as_ptr(), before);
    }

    #[test]
    fn a_draw_takes_exactly_its_size() {
        let mut source = Stuck::at(1);
        assert_eq!(*Secret::<16>::random(&mut source).as_bytes(), [1; 16]);
        assert_eq!(source.given, 16);
    }

    // attack: SIDE-8
    #[test]
    fn debug_shows_no_byte() {
        assert_eq!(format!("{:?}", Secret::from_array([42; 4])), "Secret { .. }");
    }
}
