//! What a file is, by its contents.

use std::str;

use crate::potr;

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// libotr's `otr.private_key`.
    PrivateKeys,
    /// libotr's `otr.fingerprints`.
    Fingerprints,
    /// libotr's `otr.instance_tags`.
    InstanceTags,
    /// One key as potr stores it.
    Potr,
    /// Jitsi's configuration.
    Jitsi,
    /// ChatSecure's key store.
    ChatSecure,
    /// Something that `openssl enc` has encrypted with a passphrase.
    Encrypted,
    /// CoyIM's accounts.
    CoyIm,
    /// CoyIM's accounts, encrypted.
    CoyImEncrypted,
    /// Nothing at all, or comments only.
    Empty,
    /// None of these.
    Unknown,
}

impl Kind {
    /// The format of these bytes. Whether they are whole, reading them will tell.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"Salted__") {
            return Self::Encrypted;
        }
        if potr::looks_like_it(bytes) {
            return Self::Potr;
        }
        let start = bytes.trim_ascii_start();
        match start.first() {
            None => Self::Empty,
            Some(b'(') if contains(bytes, b"privkeys") => Self::PrivateKeys,
            Some(b'{') if contains(bytes, b"\"Accounts\"") => Self::CoyIm,
            Some(b'{') if contains(bytes, b"\"Params\"") => Self::CoyImEncrypted,
            Some(_) => Self::of_lines(bytes),
        }
    }

    /// Whether private keys are in it, or may be.
    pub(crate) fn is_secret(self) -> bool {
        matches!(self, Self::PrivateKeys | Self::Potr | Self::Jitsi | Self::ChatSecure | Self::CoyIm)
    }

    fn of_lines(bytes: &[u8]) -> Self {
        if bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"net.java.sip.communicator.")) {
            return Self::Jitsi;
        }
        let properties = [&b".privateKey"[..], b".publicKey", b".fingerprint"];
        if properties.iter().any(|name| contains(bytes, name)) && contains(bytes, b"=") {
            return Self::ChatSecure;
        }
        let mut kinds = bytes.split(|byte| *byte == b'\n').filter_map(of_table);
        kinds.next().unwrap_or_else(|| if bytes.starts_with(b"#") { Self::Empty } else { Self::Unknown })
    }
}

/// What a line of fields can belong to.
fn of_table(line: &[u8]) -> Option<Kind> {
    let fields: Vec<&str> = str::from_utf8(line).ok()?.trim_end_matches('\r').split('\t').collect();
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match *fields.as_slice() {
        [_, _, tag] if digits(tag, 8) => Some(Kind::InstanceTags),
        [_, _, _, fingerprint, ..] if digits(fingerprint, 40) => Some(Kind::Fingerprints),
        _ => None,
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contents_decide() {
        let fingerprint = format!("you\tme\txmpp\t{}\tverified\n", "0a".repeat(20));
        for (bytes, kind) in [
            (&b"(privkeys)"[..], Kind::PrivateKeys),
            (b" \n(privkeys", Kind::PrivateKeys),
            (fingerprint.as_bytes(), Kind::Fingerprints),
            (b"# Do not copy\nme\tprpl-irc\t00000100\n", Kind::InstanceTags),
            (b"me\tprpl-irc\t00000100\r\n", Kind::InstanceTags),
            (b"#Tue\nnet.java.sip.communicator.plugin.otr.x_publicKey=A\n", Kind::Jitsi),
            (b"#Tue\nme@example.org.privateKey=A\n", Kind::ChatSecure),
            (b"Salted__12345678", Kind::Encrypted),
            (b"{\"Accounts\": []}", Kind::CoyIm),
            (b"{\"Params\": {}, \"Data\": \"\"}", Kind::CoyImEncrypted),
            (b"", Kind::Empty),
            (b"# nothing\n", Kind::Empty),
            (b"{}", Kind::Unknown),
            (b"(defun", Kind::Unknown),
            (b"hello\n", Kind::Unknown),
            (b"\x7fELF", Kind::Unknown),
        ] {
            assert_eq!(Kind::of(bytes), kind, "{}", bytes.escape_ascii());
        }
    }
}
