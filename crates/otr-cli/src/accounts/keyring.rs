//! The kernel's keyring (keyrings(7)), which keeps a password in memory that is never swapped out or written anywhere.
//!
//! It is the user's persistent keyring, persistent-keyring(7): every login of the user has it, with a desktop or
//! without. It forgets what has not been asked for during some days, three as systems come, and everything at a restart.
//! What is to stay belongs into the keyring of the desktop or into a password manager; `password_command` reaches those.

use zeroize::Zeroizing;

#[cfg(target_os = "linux")]
use linux_keyutils::{KeyError, KeyRing, KeyRingIdentifier};

/// What is kept there is ours by this prefix.
#[cfg(target_os = "linux")]
const PREFIX: &str = "otr:";

/// Why the keyring does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// Nothing is kept there under this name.
    #[error("the keyring has no password for {0} (a restart empties it); `otr password set {0}` stores one")]
    Missing(String),
    /// The kernel does not let us.
    #[cfg(target_os = "linux")]
    #[error("the kernel's keyring cannot be used ({0}); use password_file, password_env or password_command")]
    Unusable(KeyError),
    /// There is none on this system.
    #[cfg(not(target_os = "linux"))]
    #[error("this system has no keyring that we know; use password_file, password_env or password_command")]
    NoKeyring,
}

/// The password kept under `name`.
#[cfg(target_os = "linux")]
pub(crate) fn load(name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let key = keyring()?.search(&description(name)).map_err(|error| failed(name, error))?;
    key.read_to_vec().map(Zeroizing::new).map_err(|error| failed(name, error))
}

/// Keeps `password` under `name`, in place of an older one.
#[cfg(target_os = "linux")]
pub(crate) fn store(name: &str, password: &str) -> Result<(), Error> {
    keyring()?.add_key(&description(name), password).map(|_| ()).map_err(|error| failed(name, error))
}

/// Forgets the password kept under `name`.
#[cfg(target_os = "linux")]
pub(crate) fn forget(name: &str) -> Result<(), Error> {
    let keyring = keyring()?;
    let key = keyring.search(&description(name)).map_err(|error| failed(name, error))?;
    keyring.unlink_key(key).map_err(|error| failed(name, error))
}

#[cfg(target_os = "linux")]
fn description(name: &str) -> String {
    format!("{PREFIX}{name}")
}

#[cfg(target_os = "linux")]
fn failed(name: &str, error: KeyError) -> Error {
    match error {
        KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked => Error::Missing(name.to_owned()),
        error => Error::Unusable(error),
    }
}

/// The user's persistent keyring. It is linked to our process: only who holds it may look into it, and a login without
/// a session of its own, as in a container, holds nothing else.
#[cfg(target_os = "linux")]
fn keyring() -> Result<KeyRing, Error> {
    KeyRing::get_persistent(KeyRingIdentifier::Process).map_err(Error::Unusable)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn load(_: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    Err(Error::NoKeyring)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn store(_: &str, _: &str) -> Result<(), Error> {
    Err(Error::NoKeyring)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn forget(_: &str) -> Result<(), Error> {
    Err(Error::NoKeyring)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Containers may have the keyring closed off; then every call has to say so, in the same words.
    #[test]
    fn a_password_is_kept_until_it_is_forgotten_or_the_refusal_is_clear() {
        let name = format!("xmpp:test-{}@example.org", std::process::id());
        match store(&name, "correct horse") {
            Ok(()) => {
                assert_eq!(load(&name).unwrap().as_slice(), b"correct horse");
                store(&name, "battery").unwrap();
                assert_eq!(load(&name).unwrap().as_slice(), b"battery");
                forget(&name).unwrap();
                let missing = load(&name).unwrap_err();
                assert_eq!(missing, Error::Missing(name.clone()));
                assert!(missing.to_string().contains(&format!("otr password set {name}")));
                assert_eq!(forget(&name), Err(missing));
            }
            Err(refused) => {
                assert!(refused.to_string().contains("use password_file"), "{refused}");
                assert_eq!(load(&name).unwrap_err(), refused);
                assert_eq!(forget(&name).unwrap_err(), refused);
            }
        }
    }
}
