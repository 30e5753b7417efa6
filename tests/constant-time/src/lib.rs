//! Everything that handles a secret, with secrets that memcheck takes for undefined: whatever jumps, or reads or writes
//! at an address, by a bit of one is reported, unless it is told on purpose (`told.supp`). `marks.c` calls it.

use core::convert::Infallible;
use core::hint::black_box;

use otr_crypto::{
    Challenge, ComparedSecret, DhKeyPair, DhPublic, Group, IdentityKey, Modp1536, Ristretto255, Suite, Transcript,
};
use rand_core::{TryCryptoRng, TryRng};

/// What the C program does to memory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Marks {
    /// Writes random bytes and makes them undefined.
    fill: extern "C" fn(*mut u8, usize),
    /// Makes bytes undefined.
    hide: extern "C" fn(*const u8, usize),
    /// Makes bytes defined: they are sent, so they are known.
    publish: extern "C" fn(*const u8, usize),
}

/// Random bytes that memcheck takes for undefined.
struct Undefined(Marks);

impl TryRng for Undefined {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        (self.0.fill)(out.as_mut_ptr(), out.len());
        Ok(())
    }
}

impl TryCryptoRng for Undefined {}

fn publish<T: ?Sized>(rng: &Undefined, value: &T) {
    (rng.0.publish)((&raw const *value).cast(), size_of_val(value));
}

/// The parts of a key in the file of test vectors, as hexadecimal text.
fn key(text: &str, name: &str) -> Vec<u8> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap_or_default();
    let digit = |digit: u8| (digit as char).to_digit(16).unwrap_or(0) as u8;
    line.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// Runs the operation of this number; returns 0 when there is none.
#[unsafe(no_mangle)]
pub extern "C" fn run(number: u32, marks: Marks) -> u32 {
    let rng = &mut Undefined(marks);
    match number {
        1 => drop(black_box(DhKeyPair::generate(rng))),
        2 => data_keys(rng),
        3 => sign(rng),
        4 => compare::<Modp1536>(rng),
        5 => compare::<Ristretto255>(rng),
        6 => curve25519(rng),
        _ => return 0,
    }
    1
}

/// What must be reported, or the watching is worth nothing: a jump by a secret bit, and an address.
#[unsafe(no_mangle)]
pub extern "C" fn leak(marks: Marks) {
    let mut secret = [0; 2];
    (marks.fill)(secret.as_mut_ptr(), secret.len());
    let table = black_box([1_u8; 256]);
    if black_box(secret[0]) > 100 {
        black_box(table[usize::from(secret[1])]);
    }
}

/// A value of somebody else: 2^16.
fn theirs() -> DhPublic {
    DhPublic::from_bytes(&[1, 0, 0]).unwrap_or_else(|_| std::process::abort())
}

// attack: DH-6, SIDE-1, SIDE-4
/// A shared secret, and cipher and authenticator with keys that come from it.
fn data_keys(rng: &mut Undefined) {
    let ours = DhKeyPair::generate(rng);
    publish(rng, ours.public());
    let Ok(shared) = ours.agree(&theirs()) else { return };
    let keys = shared.data_keys(ours.public(), &theirs());
    let mut text = [7; 300];
    keys.sending.encrypt(1, &mut text);
    let mac = keys.sending.mac(&text);
    black_box(keys.receiving.verify(&text, &mac).is_ok());
    keys.receiving.decrypt(1, &mut text);
    black_box(keys.receiving.is_mac_key(&mac));
    black_box(keys.extra.as_bytes());
}

// attack: DSA-5, SIDE-4
/// A signature with an undefined key, over an undefined value, by an undefined nonce.
fn sign(rng: &mut Undefined) {
    const KEYS: &str = include_str!("../../../crates/otr-crypto/tests/data/dsa_libgcrypt.txt");
    let [p, q, g, y, x] = ["p", "q", "g", "y", "x"].map(|name| key(KEYS, name));
    // That a stored number has no zero byte before it is checked of everything that is read.
    let (_, rest) = x.split_at(1);
    (rng.0.hide)(rest.as_ptr(), rest.len());
    let Ok(identity) = IdentityKey::from_parts(&p, &q, &g, &y, &x) else { std::process::abort() };
    let shared = DhKeyPair::generate(rng);
    publish(rng, shared.public());
    let Ok(secret) = shared.agree(&theirs()) else { return };
    let m = secret.ake_keys().reveal_signature().authenticate(shared.public(), &theirs(), identity.public_key(), 1);
    black_box(identity.sign(&m, rng).is_ok());
}

// attack: SMP-20, SIDE-4
/// Powers of a comparison, with everything undefined that has not been sent.
fn compare<G: Group>(rng: &mut Undefined) {
    let (exponent, blinding) = (G::draw(rng), G::draw(rng));
    let text = [5; 32];
    (rng.0.hide)(text.as_ptr(), text.len());
    let secret = G::exponent(&ComparedSecret::hazmat_from_bytes(text));
    let power = G::generator_power(&exponent);
    let base = G::base(&power, Some(&exponent));
    black_box(G::base_power(&base, &secret));
    black_box(G::power(&power, &blinding));
    black_box(G::generator_product(&blinding, &base, &secret).is_some());
    black_box(G::respond(&blinding, &exponent, &Challenge::hash::<G>(1, &[])).is_some());
    black_box(G::equal(&power, &power.clone()));
}

// attack: SIDE-1, SIDE-4
/// An exchange of the Curve25519 suite, its signature, and cipher and authenticator with keys that come from it.
fn curve25519(rng: &mut Undefined) {
    let suite = Suite::Curve25519;
    let identity = IdentityKey::generate_ed25519(rng);
    publish(rng, identity.public_key().encoded());
    let (ours, theirs) = (suite.key_pair(rng), DhKeyPair::hazmat_from_x25519([7; 32]));
    publish(rng, ours.public());
    let Ok(shared) = ours.agree(theirs.public()) else { return };
    let kem_key = suite.kem_key(rng);
    publish(rng, kem_key.public());
    let Ok((ciphertext, _)) = suite.encapsulate(kem_key.public(), rng) else { return };
    publish(rng, ciphertext.as_slice());
    let Ok(kem) = kem_key.open(&ciphertext) else { return };
    let (keys, root) = shared.exchange_keys(&kem, &Transcript::new(suite).and(&ciphertext));
    let m = keys.reveal_signature().authenticate(ours.public(), theirs.public(), identity.public_key(), 1);
    black_box(identity.sign(&m, rng).is_ok());
    let root = root.between(identity.public_key(), identity.public_key());
    let keys = root.data_keys(&shared, ours.public(), theirs.public());
    let mut text = [7; 300];
    keys.sending.encrypt(1, &mut text);
    let mac = keys.sending.mac(&text);
    black_box(keys.receiving.verify(&text, &mac).is_ok());
    keys.receiving.decrypt(1, &mut text);
}
