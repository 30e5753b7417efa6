use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::account::Sasl;

/// Characters in one `AUTHENTICATE` line: IRCv3 sasl-3.1, "The AUTHENTICATE command".
const CHUNK: usize = 400;

/// The lines that answer a server's `AUTHENTICATE +` by SASL PLAIN: RFC 4616.
pub(crate) fn plain(sasl: &Sasl) -> Vec<Zeroizing<String>> {
    let response = Zeroizing::new(format!("\0{}\0{}", sasl.account, sasl.password.as_str()));
    let encoded = Zeroizing::new(STANDARD.encode(response.as_bytes()));
    let mut rest = encoded.as_str();
    let mut lines = Vec::new();
    loop {
        let (chunk, after) = rest.split_at_checked(CHUNK).unwrap_or((rest, ""));
        // An empty one says that a full one was the last.
        let chunk = if chunk.is_empty() { "+" } else { chunk };
        lines.push(Zeroizing::new(format!("AUTHENTICATE {chunk}")));
        if rest.len() < CHUNK {
            return lines;
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(password: usize) -> Vec<usize> {
        let sasl = Sasl { account: "alice".to_owned(), password: "x".repeat(password).into() };
        plain(&sasl).iter().map(|line| line.len() - "AUTHENTICATE ".len()).collect()
    }

    #[test]
    fn the_response_is_that_of_the_specification() {
        let sasl = Sasl { account: "jilles".to_owned(), password: "sesame".to_owned().into() };
        assert_eq!(plain(&sasl), [Zeroizing::new("AUTHENTICATE AGppbGxlcwBzZXNhbWU=".to_owned())]);
    }

    #[test]
    fn long_responses_are_cut_and_full_ones_closed() {
        // 7 bytes besides the password, 3 bytes in 4 characters.
        assert_eq!(lengths(290), [396]);
        assert_eq!(lengths(293), [400, 1]);
        assert_eq!(lengths(294), [400, 4]);
        assert_eq!(lengths(593), [400, 400, 1]);
    }
}
