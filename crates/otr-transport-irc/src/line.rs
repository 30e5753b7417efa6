use std::io;

use irc_proto::{Command, Message};
use otr_transport::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::isupport::LINE_LENGTH;

/// Bytes that tags may take before the rest of a line: IRCv3 message-tags, "Size limit".
const TAGS_LENGTH: usize = 8191;
/// How much room is made for one read.
const READ_SIZE: usize = 4096;

/// Finds lines in what the server sends, however they are cut into packets.
pub(crate) struct LineReader<R> {
    inner: R,
    limit: usize,
    buffer: Vec<u8>,
    /// Where in `buffer` the next line begins.
    start: usize,
    /// Up to where no end of it has been found.
    searched: usize,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, limit: TAGS_LENGTH + LINE_LENGTH, buffer: Vec::new(), start: 0, searched: 0 }
    }

    /// Allows lines of `length` bytes, besides their tags.
    pub(crate) fn allow(&mut self, length: usize) {
        self.limit = TAGS_LENGTH + length;
    }

    /// The next line that can be understood; others are passed over.
    ///
    /// Dropping the future loses nothing. After an error there are no more lines.
    pub(crate) async fn next(&mut self) -> Result<Message, Error> {
        loop {
            while let Some(line) = self.take_line()? {
                if let Some(message) = parse(line) {
                    return Ok(message);
                }
            }
            self.make_room();
            match self.inner.read_buf(&mut self.buffer).await {
                Ok(0) => return Err(Error::ClosedByPeer),
                Ok(_) => {}
                Err(error) => return Err(lost(&error)),
            }
        }
    }

    /// A line that is in the buffer as a whole, without its end.
    fn take_line(&mut self) -> Result<Option<&[u8]>, Error> {
        let fresh = self.buffer.get(self.searched..).unwrap_or_default();
        let end = fresh.iter().position(|byte| *byte == b'\n').map(|offset| self.searched + offset);
        let size = end.unwrap_or(self.buffer.len()) - self.start;
        if size >= self.limit {
            return Err(Error::MessageTooLarge { size, limit: self.limit });
        }
        self.searched = end.map_or(self.buffer.len(), |end| end + 1);
        let Some(end) = end else { return Ok(None) };
        let line = self.buffer.get(self.start..end).unwrap_or_default();
        self.start = end + 1;
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    fn make_room(&mut self) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.buffer.reserve(READ_SIZE);
    }
}

/// Bytes that are not UTF-8 are replaced: there is no telling which of the old encodings they are in.
fn parse(line: &[u8]) -> Option<Message> {
    if line.iter().any(|byte| matches!(byte, b'\r' | b'\0')) {
        return None;
    }
    String::from_utf8_lossy(line).parse().ok()
}

/// What an error of a connection that was open means.
pub(crate) fn lost(error: &io::Error) -> Error {
    match error.kind() {
        // TLS calls it so when the other end says no goodbye.
        io::ErrorKind::UnexpectedEof => Error::ClosedByPeer,
        kind => Error::ConnectionLost(kind),
    }
}

/// A line's number and parameters, if it is a numeric reply.
pub(crate) fn numeric(command: &Command) -> Option<(u16, &[String])> {
    match command {
        #[expect(clippy::as_conversions, reason = "the enum has no other way to its numbers, which are its values")]
        Command::Response(response, parameters) => Some((*response as u16, parameters)),
        Command::Raw(name, parameters) if name.len() == 3 => Some((name.parse().ok()?, parameters)),
        _ => None,
    }
}

/// The value of a tag; one without a value has an empty one.
pub(crate) fn tag<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    let found = message.tags.iter().flatten().find(|tag| tag.0 == name)?;
    Some(found.1.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn read_all(bytes: &[u8]) -> (Vec<Message>, Error) {
        let mut reader = LineReader::new(bytes);
        let mut messages = Vec::new();
        loop {
            match reader.next().await {
                Ok(message) => messages.push(message),
                Err(error) => return (messages, error),
            }
        }
    }

    fn bodies(messages: &[Message]) -> Vec<&str> {
        messages
            .iter()
            .filter_map(|message| match &message.command {
                Command::PRIVMSG(_, body) => Some(body.as_str()),
                _ => None,
            })
            .collect()
    }

    #[tokio::test]
    async fn lines_end_with_either_end_and_bodies_are_whole() {
        let (messages, end) = read_all(
            b"PRIVMSG a :one \r\nPRIVMSG a :two : :\n\r\n\nPRIVMSG a three\r\nPRIVMSG a :  \r\nPRIVMSG a ::-)\r\nPRIVMSG a :cut",
        )
        .await;
        assert_eq!(bodies(&messages), ["one ", "two : :", "three", "  ", ":-)"]);
        assert_eq!(end, Error::ClosedByPeer);
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_are_replaced_and_broken_lines_passed_over() {
        let (messages, _) =
            read_all(b"PRIVMSG a :\xff\xe9t\xc3\xa9\r\nPRIVMSG a :x\ry\r\nPRIVMSG a :x\0\r\n:x\r\n@t\r\n").await;
        assert_eq!(bodies(&messages), ["\u{fffd}\u{fffd}t\u{e9}"]);
    }

    #[tokio::test]
    async fn a_line_without_end_is_an_error_and_takes_no_memory() {
        let limit = 8191 + 512;
        let mut line = vec![b'x'; limit - 1];
        line.push(b'\n');
        assert_eq!(read_all(&line).await.1, Error::ClosedByPeer);
        line.insert(0, b'x');
        assert_eq!(read_all(&line).await.1, Error::MessageTooLarge { size: limit, limit });

        let mut reader = LineReader::new(tokio::io::repeat(b'x'));
        assert!(matches!(reader.next().await, Err(Error::MessageTooLarge { .. })));
        assert!(reader.buffer.capacity() <= 4 * limit, "{} bytes", reader.buffer.capacity());
    }

    #[tokio::test]
    async fn longer_lines_are_taken_once_allowed() {
        let mut line = vec![b'x'; 8191 + 600];
        line.push(b'\n');
        let mut reader = LineReader::new(line.as_slice());
        reader.allow(1024);
        assert!(reader.next().await.is_ok());
    }

    #[tokio::test]
    async fn a_dropped_future_loses_no_byte() {
        let (mut peer, ours) = tokio::io::duplex(64);
        let mut reader = LineReader::new(ours);
        for byte in *b"PRIVMSG a :one\r" {
            tokio::io::AsyncWriteExt::write_all(&mut peer, &[byte]).await.unwrap();
            tokio::select! {
                biased;
                _ = reader.next() => panic!("no line is whole yet"),
                () = std::future::ready(()) => {}
            }
        }
        tokio::io::AsyncWriteExt::write_all(&mut peer, b"\n").await.unwrap();
        assert_eq!(bodies(&[reader.next().await.unwrap()]), ["one"]);
    }

    #[test]
    fn numerics_are_found_whether_or_not_the_library_names_them() {
        for (line, expected) in [(":s 401 me bob :No such nick", 401), (":s 531 me bob :No", 531), (":s 001 me", 1)] {
            let message: Message = line.parse().unwrap();
            let (number, parameters) = numeric(&message.command).unwrap();
            assert_eq!((number, parameters[0].as_str()), (expected, "me"));
        }
        for line in ["PRIVMSG a b", "ABC a", "0x1 a", "99999 a"] {
            assert!(numeric(&line.parse::<Message>().unwrap().command).is_none(), "{line}");
        }
    }

    proptest! {
        /// The library parses whatever a server may send without panicking.
        #[test]
        fn any_line_is_parsed_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_line_like_one_is_parsed_or_refused(
            line in "(@[a-z=;\\\\ ]{0,9} )?(:[a-z!@. ]{0,9} )?(PRIVMSG|MODE|CAP|BATCH|METADATA|WHO|JOIN|KICK|[0-9]{3}|[A-Z]{0,9})( [+:#a-zé*-]{0,5}){0,17}( :.{0,9})?"
        ) {
            let _ = parse(line.as_bytes()).map(|message| numeric(&message.command).is_some());
        }

        #[test]
        fn a_body_arrives_as_it_was_sent(body in "[^\r\n\0]{1,100}") {
            let messages = [parse(format!(":bob!u@h PRIVMSG alice :{body}").as_bytes()).unwrap()];
            prop_assert_eq!(bodies(&messages), [body]);
        }
    }
}
