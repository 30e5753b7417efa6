//! The files of other programs, made here with throwaway keys.

#![allow(dead_code, reason = "not every test needs every format")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use aes::Aes256;
use base64ct::{Base64, Encoding};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use chacha20::ChaCha20Rng;
use md5::{Digest, Md5};
use otr_crypto::{Fingerprint, IdentityKey, IdentityParts};
use otr_migrate::{Found, Importing, Plan, Reading, read};
use otr_store::{ForeignFile, KnownFingerprint, Store};
use rand_core::SeedableRng;
use tempfile::TempDir;

/// One of two keys, made once.
pub(crate) fn key(which: usize) -> &'static IdentityKey {
    static KEYS: [OnceLock<IdentityKey>; 2] = [OnceLock::new(), OnceLock::new()];
    KEYS[which].get_or_init(|| {
        let seed = if which == 0 { [40; 32] } else { [41; 32] };
        IdentityKey::generate(&mut ChaCha20Rng::from_seed(seed))
    })
}

pub(crate) fn fingerprint_of(key: &IdentityKey) -> Fingerprint {
    key.public_key().fingerprint()
}

/// Somebody's fingerprint.
pub(crate) fn fingerprint(byte: u8) -> Fingerprint {
    Fingerprint::from_bytes([byte; 20])
}

/// Writes a file that only its owner can reach, and the directories above it.
pub(crate) fn put(path: &Path, bytes: impl AsRef<[u8]>) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    path.to_owned()
}

/// libotr's private keys, of several accounts.
pub(crate) fn libotr_keys(accounts: &[(&str, &str, &IdentityKey)]) -> Vec<u8> {
    let path = Path::new("keys");
    let mut file = None;
    for (account, protocol, key) in accounts {
        let new = ForeignFile::with_private_key(file.as_ref(), account, protocol, key).unwrap();
        file = Some(ForeignFile::of_bytes(path, new));
    }
    file.map_or_else(|| b"(privkeys)".to_vec(), |file| file.bytes().to_vec())
}

/// A line of libotr's fingerprints.
pub(crate) fn fingerprint_line(contact: &str, account: &str, protocol: &str, byte: u8, trust: &str) -> String {
    format!("{contact}\t{account}\t{protocol}\t{:x}\t{trust}\n", fingerprint(byte))
}

pub(crate) fn parts(key: &IdentityKey) -> IdentityParts {
    key.hazmat_parts().unwrap()
}

/// potr's `.key3`.
pub(crate) fn potr_key(key: &IdentityKey) -> Vec<u8> {
    let parts = parts(key);
    let numbers = [&parts.p, &parts.q, &parts.g, &parts.y, &*parts.x];
    let mpi = |number: &&Vec<u8>| [&u32::try_from(number.len()).unwrap().to_be_bytes()[..], number].concat();
    [vec![0, 0], numbers.iter().flat_map(mpi).collect()].concat()
}

/// Tag, length, value.
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = match value.len() {
        short @ 0..0x80 => vec![u8::try_from(short).unwrap()],
        long @ 0x80..0x100 => vec![0x81, u8::try_from(long).unwrap()],
        longer => [&[0x82][..], &u16::try_from(longer).unwrap().to_be_bytes()].concat(),
    };
    [vec![tag], length, value.to_vec()].concat()
}

fn integer(number: &[u8]) -> Vec<u8> {
    let sign = if number[0] >= 0x80 { vec![0] } else { vec![] };
    der(2, &[sign, number.to_vec()].concat())
}

fn algorithm(parts: &IdentityParts) -> Vec<u8> {
    let oid = der(6, &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1]);
    let domain = der(0x30, &[integer(&parts.p), integer(&parts.q), integer(&parts.g)].concat());
    der(0x30, &[oid, domain].concat())
}

/// A private key as Java writes it, and its public key.
pub(crate) fn java_pair(key: &IdentityKey) -> (String, String) {
    let parts = parts(key);
    let x = der(4, &integer(&parts.x));
    let private = der(0x30, &[integer(&[0]), algorithm(&parts), x].concat());
    let y = der(3, &[vec![0], integer(&parts.y)].concat());
    let public = der(0x30, &[algorithm(&parts), y].concat());
    (Base64::encode_string(&private), Base64::encode_string(&public))
}

/// ChatSecure's key store: our account, a contact with a resource, and what was verified.
pub(crate) fn chatsecure(key: &IdentityKey, contact: &IdentityKey) -> String {
    let (private, public) = java_pair(key);
    let (_, theirs) = java_pair(contact);
    // Line breaks as Java's encoder makes them, and the escapes of properties.
    let broken = |text: &str| {
        let lines: Vec<&str> = (0..text.len()).step_by(76).map(|at| &text[at..text.len().min(at + 76)]).collect();
        lines.join("\\n").replace('=', "\\=")
    };
    format!(
        "#Tue Nov 15 14:39:30 EST 2011\n\
         me@example.org.privateKey={}\nme@example.org.publicKey={}\nme@example.org.fingerprint={:x}\n\
         you@example.org/phone.publicKey={}\nyou@example.org/phone.fingerprint={:x}\n\
         you@example.org.{}.publicKey.verified=true\n\
         other@example.org.{}.publicKey.verified=false\n",
        broken(&private),
        broken(&public),
        fingerprint_of(key),
        broken(&theirs),
        fingerprint_of(contact),
        fingerprint_of(contact).to_string().replace(' ', ""),
        "09".repeat(20),
    )
}

/// What `openssl aes-256-cbc -md md5` makes of it.
pub(crate) fn openssl<D: Digest>(plain: &[u8], passphrase: &str, salt: [u8; 8]) -> Vec<u8> {
    let mut material: Vec<u8> = Vec::new();
    let mut block: Vec<u8> = Vec::new();
    while material.len() < 48 {
        block = D::new().chain_update(&block).chain_update(passphrase).chain_update(salt).finalize().to_vec();
        material.extend(&block);
    }
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&material[..32], &material[32..48]).unwrap();
    let mut buffer = [plain, &[0; 16]].concat();
    let encrypted = cipher.encrypt_padded::<Pkcs7>(&mut buffer, plain.len()).unwrap().to_vec();
    [b"Salted__", &salt[..], &encrypted].concat()
}

pub(crate) fn ofcaes(plain: &[u8], passphrase: &str) -> Vec<u8> {
    openssl::<Md5>(plain, passphrase, *b"saltsalt")
}

/// Jitsi's configuration and contact list, in the newer and the older form.
pub(crate) fn jitsi(key: &IdentityKey, contact: &IdentityKey) -> (String, String) {
    let (private, public) = java_pair(key);
    let (_, theirs) = java_pair(contact);
    let p = "net.java.sip.communicator.plugin.otr.";
    let nine = format!("{:x}", fingerprint(9));
    let properties = format!(
        "#Wed Nov 16 22:22:25 EST 2011\n\
         net.java.sip.communicator.impl.protocol.jabber.acc1.ACCOUNT_UID=Jabber\\:me@example.org@example.org\n\
         {p}Jabber_me_example_org_example_org_privateKey={private}\n\
         {p}Jabber_me_example_org_example_org_publicKey={public}\n\
         {p}old_example_org_publicKey={theirs}\n{p}old_example_org_publicKey_verified=true\n\
         {p}p7you_example_org_fingerprints={nine},{:x}\n\
         {p}p7you_example_org{nine}_fingerprint_verified=true\n\
         {p}stranger_example_org_fingerprints={nine}\n",
        fingerprint(8)
    );
    let account = "account-id=\"Jabber:me@example.org@example.org\"";
    let contacts = format!(
        "<?xml version=\"1.0\"?><contactlist><group name=\"a\">\
         <contact {account} address=\"old@example.org\"/>\
         <contact address=\"7you@example.org\" {account}><name>You &amp; I</name></contact></group></contactlist>"
    );
    (properties, contacts)
}

/// CoyIM's accounts.
pub(crate) fn coyim(key: &IdentityKey) -> String {
    format!(
        r#"{{
	"Accounts": [
		{{
			"Account": "me@example.org",
			"Peers": [{{"UserID": "you@example.org", "Fingerprints": [
				{{"FingerprintHex": "{:x}", "Trusted": true}}, {{"FingerprintHex": "{:x}", "Trusted": false}}]}}],
			"KnownFingerprints": [{{"UserID": "old@example.org", "FingerprintHex": "{:x}", "Untrusted": false}}],
			"PrivateKeys": ["{}"],
			"InstanceTag": 4096
		}},
		{{"Account": "empty@example.org", "PrivateKeys": null, "Peers": null}}
	],
	"Bell": false
}}
"#,
        fingerprint(1),
        fingerprint(2),
        fingerprint(3),
        Base64::encode_string(&potr_key(key)),
    )
}

/// Adium's list of accounts.
pub(crate) const ADIUM: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
  <key>Accounts</key><array>
    <dict><key>ObjectID</key><string>9</string><key>Service</key><string>Bonjour</string><key>UID</key><string>Me</string></dict>
    <dict><key>ObjectID</key><string>1</string><key>Service</key><string>Jabber</string>
      <key>UID</key><string>me@example.org</string></dict>
  </array>
  <key>TopAccountID</key><integer>10</integer>
</dict></plist>
"#;

/// What reading these files gives, without problems.
pub(crate) fn found(files: &[PathBuf]) -> Found {
    let found = read(files, &Reading::default());
    assert_eq!(found.problems, [], "{files:?}");
    found
}

/// An empty store.
pub(crate) fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("otr")).unwrap();
    (dir, store)
}

/// Takes over all that the files have.
pub(crate) fn take(files: &[PathBuf], store: &mut Store) -> Plan {
    let plan = Plan::new(found(files), store, &Importing::default()).unwrap();
    plan.carry_out(store, std::time::SystemTime::UNIX_EPOCH).unwrap();
    plan
}

pub(crate) fn known(contact: &str, account: &str, protocol: &str, byte: u8, trust: &str) -> KnownFingerprint {
    KnownFingerprint {
        contact: contact.to_owned(),
        account: account.to_owned(),
        protocol: protocol.to_owned(),
        fingerprint: fingerprint(byte),
        trust: trust.to_owned(),
    }
}
