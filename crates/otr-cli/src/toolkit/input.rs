//! Messages on standard input.

use std::io::{self, Read};

use otr_toolkit::{Error as ToolkitError, Scanner};

use crate::error::Error;

/// A message unwrapped from its base64, or why what began as one is none.
type Found = Result<Vec<u8>, ToolkitError>;

/// Every message on standard input, as it comes; an error of its own if the input cannot be read.
pub(crate) fn messages() -> impl Iterator<Item = Result<Found, Error>> {
    let mut bytes = io::stdin().lock().bytes();
    let mut scanner = Some(Scanner::new());
    std::iter::from_fn(move || {
        loop {
            match bytes.next() {
                Some(Ok(byte)) => {
                    let found = scanner.as_mut()?.push(byte);
                    if found.is_some() {
                        return found.map(Ok);
                    }
                }
                Some(Err(error)) => {
                    scanner = None;
                    return Some(Err(Error::Input(error.kind())));
                }
                None => return scanner.take()?.finish().map(Ok),
            }
        }
    })
}

/// The first message on standard input.
pub(crate) fn first() -> Result<Vec<u8>, Error> {
    let first = messages().next().transpose()?;
    Ok(first.ok_or(ToolkitError::NoMessage)??)
}
