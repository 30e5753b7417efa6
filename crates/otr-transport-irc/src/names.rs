/// What a target cannot begin with, as it would be a channel, all users of a server, or the rest of the line.
const NOT_A_NICK: &[char] = &['#', '&', '+', '!', '$', '@', '%', '~', ':'];

/// Whether `name` can be the nick of one user: a parameter of a line that is neither a channel nor a list.
pub(crate) fn is_nick(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(NOT_A_NICK)
        && !name.chars().any(|sign| sign.is_control() || sign.is_whitespace() || matches!(sign, ',' | '!' | '@'))
}

/// Which letters of two names are the same letter: `CASEMAPPING` in the server's 005 line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CaseMapping {
    /// RFC 2812 section 2.2: besides ASCII, `{}|^` are the lower case of `[]\~`.
    #[default]
    Rfc1459,
    /// The same without `^` and `~`.
    Rfc1459Strict,
    Ascii,
    /// What the newer servers call `rfc7613` or `precis`; Unicode's lower case comes close.
    Unicode,
}

impl CaseMapping {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "rfc1459" => Self::Rfc1459,
            "rfc1459-strict" | "strict-rfc1459" => Self::Rfc1459Strict,
            "ascii" => Self::Ascii,
            _ => Self::Unicode,
        }
    }

    pub(crate) fn same(self, one: &str, other: &str) -> bool {
        one == other || self.fold(one) == self.fold(other)
    }

    fn fold(self, name: &str) -> String {
        if self == Self::Unicode {
            return name.to_lowercase();
        }
        name.chars().map(|sign| self.fold_sign(sign)).collect()
    }

    fn fold_sign(self, sign: char) -> char {
        match (self, sign) {
            (Self::Rfc1459, '~') => '^',
            (Self::Rfc1459 | Self::Rfc1459Strict, '[') => '{',
            (Self::Rfc1459 | Self::Rfc1459Strict, ']') => '}',
            (Self::Rfc1459 | Self::Rfc1459Strict, '\\') => '|',
            _ => sign.to_ascii_lowercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nicks_are_single_users() {
        for nick in ["bob", "[b]ob`", "b{o}b|away", "\u{e9}mile", "*status", "1bob"] {
            assert!(is_nick(nick), "{nick}");
        }
        for other in [
            "", "#bob", "&bob", "+bob", "!bob", "$bob", "@bob", "~bob", ":bob", "bob,eve", "bob!u", "bob@h", "b ob",
            "bob\r", "bob\n", "bob\0",
        ] {
            assert!(!is_nick(other), "{other:?}");
        }
    }

    #[test]
    fn mappings_differ_in_four_letters() {
        let same = |mapping: &str| {
            let mapping = CaseMapping::named(mapping);
            [("BOB", "bob"), ("[]\\", "{}|"), ("~", "^"), ("\u{c9}", "\u{e9}")].map(|(a, b)| mapping.same(a, b))
        };
        assert_eq!(same("rfc1459"), [true, true, true, false]);
        assert_eq!(same("strict-rfc1459"), [true, true, false, false]);
        assert_eq!(same("ascii"), [true, false, false, false]);
        assert_eq!(same("precis"), [true, false, false, true]);
        assert_eq!(CaseMapping::default(), CaseMapping::Rfc1459);
    }
}
