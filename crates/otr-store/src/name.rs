use crate::Error;

/// The longest name or trust word, in bytes.
const MAX_TEXT: usize = 1024;

/// Checks a text before it goes into a file where tabs and line ends have a meaning.
pub(crate) fn check(what: &'static str, text: &str) -> Result<(), Error> {
    match problem(text) {
        Some(problem) => Err(Error::Text { what, problem }),
        None => Ok(()),
    }
}

/// Checks the two names of one of our accounts.
pub(crate) fn check_account(account: &str, protocol: &str) -> Result<(), Error> {
    check("account name", account)?;
    check("protocol name", protocol)
}

/// What keeps `text` from being a name or a trust word.
pub(crate) fn problem(text: &str) -> Option<&'static str> {
    if text.len() > MAX_TEXT {
        return Some("it is longer than 1024 bytes");
    }
    text.contains(char::is_control).then_some("it contains a control character")
}
