//! Lines from a stream of which nothing is known.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use crate::profile::log;

/// The longest line that is kept, in bytes: 32 MiB, room for the longest message written with escapes.
const MAX_LINE: usize = 32 * 1024 * 1024;

/// Lines that wait to be handled.
const WAITING: usize = 4;

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Whole(Vec<u8>),
    /// It was longer than [`MAX_LINE`] and is dropped.
    TooLong,
}

/// Reads lines in a thread of its own, so that time can be kept while none comes. The channel closes when the input
/// ends; a last line without an end counts.
///
/// # Errors
///
/// When the system has no thread for us.
pub(crate) fn from(input: impl Read + Send + 'static) -> io::Result<Receiver<Line>> {
    let (sender, receiver) = sync_channel(WAITING);
    thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut input = BufReader::new(input);
        loop {
            match next(&mut input, MAX_LINE) {
                Ok(Some(line)) => {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) => return log(&format!("standard input ends: {error}")),
            }
        }
    })?;
    Ok(receiver)
}

/// The next line, or `None` at the end. Memory grows with what has arrived, never beyond `limit`.
fn next(input: &mut impl BufRead, limit: usize) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let mut too_long = false;
    let mut ended = false;
    let mut anything = false;
    while !ended {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            break;
        }
        anything = true;
        let end = available.iter().position(|&byte| byte == b'\n');
        let piece = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
        too_long |= line.len().saturating_add(piece.len()) > limit;
        if too_long {
            line = Vec::new();
        } else {
            line.extend_from_slice(piece);
        }
        let used = piece.len().saturating_add(usize::from(end.is_some()));
        input.consume(used);
        ended = end.is_some();
    }
    Ok(match (anything, too_long) {
        (false, _) => None,
        (true, true) => Some(Line::TooLong),
        (true, false) => Some(Line::Whole(line)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], limit: usize, buffer: usize) -> Vec<Line> {
        let mut input = BufReader::with_capacity(buffer, bytes);
        let mut lines = Vec::new();
        while let Some(line) = next(&mut input, limit).unwrap() {
            lines.push(line);
        }
        lines
    }

    #[test]
    fn lines_come_whole_whatever_the_buffer() {
        for buffer in 1..20 {
            let lines = all(b"one\n\n\xff\x00two\nlast", 100, buffer);
            let expected: [&[u8]; 4] = [b"one", b"", b"\xff\x00two", b"last"];
            assert_eq!(lines, expected.map(|line| Line::Whole(line.to_vec())));
        }
    }

    #[test]
    fn a_line_over_the_limit_is_dropped_and_the_next_one_is_whole() {
        for buffer in 1..20 {
            let lines = all(b"12345\n1234\n123456789012\n1\n", 4, buffer);
            let (long, whole) = (|| Line::TooLong, |line: &[u8]| Line::Whole(line.to_vec()));
            assert_eq!(lines, [long(), whole(b"1234"), long(), whole(b"1")]);
        }
    }
}
