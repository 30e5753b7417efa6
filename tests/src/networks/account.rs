use super::Kind;

/// An account that every [`Server`](super::Server) has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Its name, and on IRC the nick.
    pub name: &'static str,
    /// Its password, of which ngircd asks none.
    pub password: &'static str,
}

/// One of two.
pub const ALICE: Account = Account { name: "alice", password: "pw-alice" };

/// The other.
pub const BOB: Account = Account { name: "bob", password: "pw-bob" };

impl Account {
    /// Its address on a network of this kind, as others there write it.
    #[must_use]
    pub fn address(&self, kind: Kind) -> String {
        match kind {
            Kind::Prosody => format!("{}@localhost", self.name),
            Kind::Ngircd => self.name.to_owned(),
            Kind::Synapse => format!("@{}:localhost", self.name),
        }
    }
}
