use crate::names::CaseMapping;

/// Bytes of a line with its end where the server says nothing else: RFC 2812 section 2.3.
pub(crate) const LINE_LENGTH: usize = 512;
/// The longest line that a server may announce.
const MAX_LINE_LENGTH: usize = 8192;
/// Bytes of a network's name that are kept.
const MAX_NETWORK: usize = 200;

/// What the server says about itself in its 005 lines, as far as it matters here. Later lines add to earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Isupport {
    pub(crate) case: CaseMapping,
    /// Bytes of the longest nick; 0 when it is not told.
    pub(crate) nick_length: usize,
    pub(crate) line_length: usize,
    pub(crate) network: Option<String>,
    pub(crate) presence: PresenceBy,
}

/// How the server tells who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PresenceBy {
    /// It answers when asked: RFC 2812 section 4.9.
    Asking,
    /// IRCv3 monitor.
    Monitor,
    /// The older command `WATCH`.
    Watch,
}

impl Default for Isupport {
    fn default() -> Self {
        Self {
            case: CaseMapping::default(),
            nick_length: 0,
            line_length: LINE_LENGTH,
            network: None,
            presence: PresenceBy::Asking,
        }
    }
}

impl Isupport {
    /// Takes in the parameters of one 005 line after our nick. The closing text is no token that means anything.
    pub(crate) fn learn<'a>(&mut self, tokens: impl Iterator<Item = &'a str>) {
        for token in tokens {
            let (key, value) = token.split_once('=').unwrap_or((token, ""));
            match key {
                "CASEMAPPING" => self.case = CaseMapping::named(value),
                "NICKLEN" => self.nick_length = value.parse().unwrap_or(self.nick_length),
                "LINELEN" => {
                    let length = value.parse().unwrap_or(self.line_length);
                    self.line_length = length.clamp(LINE_LENGTH, MAX_LINE_LENGTH);
                }
                "NETWORK" if value.len() <= MAX_NETWORK && !value.is_empty() => self.network = Some(value.to_owned()),
                "MONITOR" => self.presence = PresenceBy::Monitor,
                "WATCH" if self.presence == PresenceBy::Asking => self.presence = PresenceBy::Watch,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(tokens: &str) -> Isupport {
        let mut server = Isupport::default();
        server.learn(tokens.split(' '));
        server
    }

    #[test]
    fn what_matters_is_learned() {
        let server =
            learned("NETWORK=bed CASEMAPPING=ascii NICKLEN=30 LINELEN=1024 MODES=4 EXCEPTS WATCH=5 MONITOR=100");
        assert_eq!(server.network.as_deref(), Some("bed"));
        assert_eq!((server.case, server.nick_length, server.line_length), (CaseMapping::Ascii, 30, 1024));
        assert_eq!(server.presence, PresenceBy::Monitor);
        assert_eq!(learned("WATCH=128").presence, PresenceBy::Watch);
    }

    #[test]
    fn nonsense_changes_little() {
        assert_eq!(learned("NICKLEN=x LINELEN=-5 NETWORK= = =="), Isupport::default());
        assert_eq!(learned("LINELEN=1").line_length, 512);
        assert_eq!(learned("LINELEN=99999999").line_length, 8192);
        assert_eq!(learned(&format!("NETWORK={}", "n".repeat(201))).network, None);
    }
}
