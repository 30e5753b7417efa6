//! Shows what a directory knows of an account, and gives it a key if it has none:
//! `cargo run -p otr-store --example account -- DIRECTORY ACCOUNT [PROTOCOL]`.

use std::env::args;
use std::error::Error;
use std::io::{Write, stdout};

use otr_crypto::IdentityKey;
use otr_store::Store;
use rand_core::UnwrapErr;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = args().skip(1).collect();
    let (directory, account, protocol) = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [directory, account] => ((*directory).to_owned(), (*account).to_owned(), "prpl-jabber".to_owned()),
        [directory, account, protocol] => ((*directory).to_owned(), (*account).to_owned(), (*protocol).to_owned()),
        _ => return Err("usage: account DIRECTORY ACCOUNT [PROTOCOL]".into()),
    };
    let mut store = Store::open(directory)?;
    let key = match store.identity(&account, &protocol)? {
        Some(key) => key,
        None => {
            let key = IdentityKey::generate(&mut UnwrapErr(getrandom::SysRng));
            store.save_identity(&account, &protocol, &key)?;
            key
        }
    };
    writeln!(stdout(), "{account} ({protocol}): {}", key.public_key().fingerprint())?;
    for known in store.fingerprints()?.records {
        let trust = if known.is_trusted() { known.trust.as_str() } else { "not verified" };
        writeln!(stdout(), "{}: {} ({trust})", known.contact, known.fingerprint)?;
    }
    Ok(())
}
