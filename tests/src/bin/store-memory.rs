//! Uses a secret key in the ways that programs do, lets go of it, and looks for what is left of it in its own memory.

#![expect(clippy::print_stdout, reason = "what it says is what its tests go by")]

use std::error::Error;
use std::io::{Read, stdin};
use std::time::Duration;

use otr_crypto::{DhKeyPair, IdentityKey};
use otr_session::{Account, Config, Incoming, Output, Sent};
use otr_store::Store;
use otr_tests::store::memory::Pieces;
use otr_tests::store::{ACCOUNT, key};
use otr_wire::{InstanceTag, Version};
use rand_core::{CryptoRng, SeedableRng};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, home] = arguments.as_slice() else { return Err("usage: store-memory WHAT HOME".into()) };
    let mut pieces = String::new();
    stdin().read_to_string(&mut pieces)?;
    let pieces = Pieces::from_argument(&pieces).ok_or("no pieces")?;
    let kept = work(what, home)?;
    for (area, offset) in pieces.find()? {
        println!("{area} at {offset:#x}");
    }
    drop(kept);
    Ok(())
}

/// Does what the name says. What it gives back is what it has not let go of.
fn work(what: &str, home: &str) -> Result<Option<IdentityKey>, Box<dyn Error>> {
    let mut store = Store::open(home)?;
    let rng = &mut chacha20::ChaCha20Rng::from_seed([3; 32]);
    let dsa = |store: &Store| store.identity(ACCOUNT.0, ACCOUNT.1)?.ok_or(NO_KEY.into());
    let ed25519 = |store: &Store| store.ed25519_identity(ACCOUNT.0, ACCOUNT.1)?.ok_or(NO_KEY.into());
    let key: Result<IdentityKey, Box<dyn Error>> = match what {
        "keep" => return Ok(Some(dsa(&store)?)),
        "load" | "sign" => dsa(&store),
        "load-ed25519" | "sign-ed25519" => ed25519(&store),
        "save" => {
            let key = dsa(&store)?;
            store.save_identity("another", "irc", &key)?;
            store.save_identity("another", "irc", &key)?;
            Ok(key)
        }
        "save-ed25519" => {
            let key = ed25519(&store)?;
            store.save_ed25519_identity("another", "irc", &key)?;
            Ok(key)
        }
        "look" => {
            store.damage()?;
            store.accounts()?;
            dsa(&store)
        }
        // The account goes with all that it was in.
        "converse" => return converse(dsa(&store)?, ed25519(&store)?).map(|()| None),
        "encrypt" => {
            let passphrase = || otr_store::Passphrase::new("open".to_owned().into());
            store.encrypt(&passphrase()?, otr_store::WorkFactor::new(1).ok_or("no work")?)?;
            let key = dsa(&store)?;
            store.save_identity("another", "irc", &key)?;
            let mut store = Store::open(home)?;
            store.unlock(&passphrase()?)?;
            dsa(&store)
        }
        _ => return Err("no such work".into()),
    };
    let key = key?;
    if what.starts_with("sign") {
        sign(&key, rng)?;
    }
    Ok(None)
}

/// A private conversation of the account with another one, which moves over to the Curve25519 suite, and its end.
fn converse(dsa: IdentityKey, ed25519: IdentityKey) -> Result<(), Box<dyn Error>> {
    let account = |dsa, ed25519, tag| -> Result<Account, Box<dyn Error>> {
        let mut account = Account::new(dsa, InstanceTag::new(tag)?, Config::default());
        account.use_curve25519(ed25519)?;
        Ok(account)
    };
    let other = account(key(2), IdentityKey::from_ed25519_seed([2; 32]), 0x2002)?;
    let mut accounts = [account(dsa, ed25519, 0x1001)?, other];
    accounts[0].start(PEER, Duration::ZERO)?;
    carry(&mut accounts);
    let conversation = accounts[0].status(PEER).conversation.ok_or("it is not private")?;
    if conversation.version != Version::Curve25519 {
        return Err("the conversation did not move".into());
    }
    if accounts[0].send(PEER, "hello", Duration::ZERO) != Sent::Encrypted {
        return Err("nothing was sent".into());
    }
    carry(&mut accounts);
    accounts[0].end(PEER, Duration::ZERO);
    Ok(())
}

/// What either calls the other.
const PEER: &str = "peer";

/// Lets the two talk until nothing more comes.
fn carry(accounts: &mut [Account; 2]) {
    let rng = &mut chacha20::ChaCha20Rng::from_seed([4; 32]);
    let mut quiet = 0;
    for end in [0, 1].into_iter().cycle() {
        quiet += 1;
        while let Some(output) = accounts[end].poll() {
            if let Output::Transmit { message, .. } = output {
                accounts[1 - end].receive(PEER, Incoming::direct(message.as_bytes()), Duration::ZERO, rng);
                quiet = 0;
            }
        }
        if quiet > 2 {
            return;
        }
    }
}

const NO_KEY: &str = "no key";

fn sign(key: &IdentityKey, rng: &mut impl CryptoRng) -> Result<(), Box<dyn Error>> {
    let [ours, theirs] = [DhKeyPair::generate(rng), DhKeyPair::generate(rng)];
    let keys = ours.agree(theirs.public())?.ake_keys();
    let m = keys.reveal_signature().authenticate(ours.public(), theirs.public(), key.public_key(), 1);
    let signature = key.sign(&m, rng)?;
    Ok(key.public_key().verify(&m, &signature)?)
}
