use otr_transport::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of the length before each text: unsigned, big-endian.
const PREFIX_SIZE: usize = 4;
/// How much room is made for one read. Memory grows by what arrived, never by what was announced.
const READ_SIZE: usize = 16 * 1024;
/// An empty buffer larger than this, left behind by a large message, is given back.
const KEPT_CAPACITY: usize = 4 * READ_SIZE;

/// The bytes that carry `text`, if it may be sent at all.
pub(crate) fn encode(text: &str, limit: usize) -> Result<Vec<u8>, Error> {
    let too_large = Error::MessageTooLarge { size: text.len(), limit };
    if text.is_empty() {
        return Err(Error::EmptyMessage);
    }
    if text.len() > limit {
        return Err(too_large);
    }
    let length = u32::try_from(text.len()).map_err(|_| too_large)?;
    let mut frame = Vec::with_capacity(PREFIX_SIZE + text.len());
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(text.as_bytes());
    Ok(frame)
}

/// Finds whole messages in a stream of bytes, however they are cut into packets.
#[derive(Debug)]
pub(crate) struct FrameReader<R> {
    inner: R,
    limit: usize,
    buffer: Vec<u8>,
    /// Where in `buffer` the next message begins.
    start: usize,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(crate) fn new(inner: R, limit: usize) -> Self {
        Self { inner, limit, buffer: Vec::new(), start: 0 }
    }

    /// The next message, or `None` where the stream ends between two messages.
    ///
    /// Dropping the future loses nothing. After an error the stream has no readable continuation.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, Error> {
        loop {
            if let Some(text) = self.take_message()? {
                return Ok(Some(text));
            }
            self.make_room();
            let count = self.inner.read_buf(&mut self.buffer).await;
            if count.map_err(|error| Error::ConnectionLost(error.kind()))? == 0 {
                return self.end();
            }
        }
    }

    /// Reads and forgets until the stream ends.
    pub(crate) async fn drain(&mut self) {
        loop {
            self.buffer.clear();
            self.buffer.reserve(READ_SIZE);
            if !matches!(self.inner.read_buf(&mut self.buffer).await, Ok(1..)) {
                return;
            }
        }
    }

    /// A message that is in the buffer as a whole.
    fn take_message(&mut self) -> Result<Option<String>, Error> {
        let Some((size, rest)) = self.split_prefix() else { return Ok(None) };
        if size == 0 {
            return Err(Error::Malformed("a message has no text"));
        }
        if size > self.limit {
            return Err(Error::MessageTooLarge { size, limit: self.limit });
        }
        let Some(body) = rest.get(..size) else { return Ok(None) };
        let text = str::from_utf8(body).map_err(|_| Error::Malformed("a message is not UTF-8"))?.to_owned();
        self.start += PREFIX_SIZE + size;
        Ok(Some(text))
    }

    /// The announced size of the message at `start`, once known, and what follows the prefix.
    fn split_prefix(&self) -> Option<(usize, &[u8])> {
        let (prefix, rest) = self.pending().split_first_chunk::<PREFIX_SIZE>()?;
        Some((usize::try_from(u32::from_be_bytes(*prefix)).unwrap_or(usize::MAX), rest))
    }

    fn pending(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn make_room(&mut self) {
        self.buffer.drain(..self.start);
        self.start = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT_CAPACITY {
            self.buffer = Vec::new();
        }
        self.buffer.reserve(READ_SIZE);
    }

    /// What the end of the stream means here.
    fn end(&self) -> Result<Option<String>, Error> {
        let received = self.pending().len();
        if received == 0 {
            return Ok(None);
        }
        let expected = self.split_prefix().map_or(PREFIX_SIZE, |(size, _)| PREFIX_SIZE + size);
        Err(Error::CutOff { received, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1 << 20;

    /// All messages of a stream, and how it ended.
    async fn read_all(bytes: &[u8]) -> (Vec<String>, Result<(), Error>) {
        let mut reader = FrameReader::new(bytes, LIMIT);
        let mut messages = Vec::new();
        loop {
            match reader.next().await {
                Ok(Some(text)) => messages.push(text),
                Ok(None) => return (messages, Ok(())),
                Err(error) => return (messages, Err(error)),
            }
        }
    }

    fn frames(texts: &[&str]) -> Vec<u8> {
        texts.iter().flat_map(|text| encode(text, LIMIT).unwrap()).collect()
    }

    #[test]
    fn the_layout_is_length_then_text() {
        assert_eq!(encode("\u{e9}!", LIMIT).unwrap(), [0, 0, 0, 3, 0xc3, 0xa9, b'!']);
        assert_eq!(encode("", LIMIT), Err(Error::EmptyMessage));
        assert_eq!(encode("abc", 2), Err(Error::MessageTooLarge { size: 3, limit: 2 }));
    }

    #[tokio::test]
    async fn every_cut_of_a_stream_is_reported_with_its_place() {
        let bytes = frames(&["one", "zwei"]);
        for end in 0..bytes.len() {
            let (messages, outcome) = read_all(&bytes[..end]).await;
            let expected = match end {
                0 | 7 => Ok(()),
                1..=3 => Err(Error::CutOff { received: end, expected: 4 }),
                4..=6 => Err(Error::CutOff { received: end, expected: 7 }),
                8..=10 => Err(Error::CutOff { received: end - 7, expected: 4 }),
                _ => Err(Error::CutOff { received: end - 7, expected: 8 }),
            };
            assert_eq!(outcome, expected, "cut at {end}");
            assert_eq!(messages.len(), usize::from(end >= 7));
        }
    }

    #[tokio::test]
    async fn refuses_what_breaks_the_format() {
        assert_eq!(read_all(&[0, 0, 0, 0]).await.1, Err(Error::Malformed("a message has no text")));
        assert_eq!(read_all(&[0, 0, 0, 1, 0xff]).await.1, Err(Error::Malformed("a message is not UTF-8")));
        let huge = Error::MessageTooLarge { size: LIMIT + 1, limit: LIMIT };
        assert_eq!(read_all(&[0, 0x10, 0, 1]).await.1, Err(huge));
    }

    #[tokio::test]
    async fn what_came_before_an_error_is_kept() {
        let mut bytes = frames(&["one"]);
        bytes.extend([0, 0, 0, 0]);
        let (messages, outcome) = read_all(&bytes).await;
        assert_eq!(messages, ["one"]);
        assert!(outcome.is_err());
    }

    #[tokio::test]
    async fn an_announced_size_reserves_nothing() {
        let (mut peer, ours) = tokio::io::duplex(64);
        let mut reader = FrameReader::new(ours, LIMIT);
        let announced = u32::try_from(LIMIT).unwrap().to_be_bytes();
        tokio::io::AsyncWriteExt::write_all(&mut peer, &announced).await.unwrap();
        drop(peer);
        let cut = Error::CutOff { received: 4, expected: 4 + LIMIT };
        assert_eq!(reader.next().await, Err(cut));
        assert!(reader.buffer.capacity() <= 2 * READ_SIZE, "{} bytes", reader.buffer.capacity());
    }

    #[tokio::test]
    async fn a_dropped_future_loses_no_byte() {
        let (mut peer, ours) = tokio::io::duplex(64);
        let mut reader = FrameReader::new(ours, LIMIT);
        for (index, byte) in frames(&["one", "zwei"]).into_iter().enumerate() {
            // Polled once with nothing to read, then thrown away.
            tokio::select! {
                biased;
                _ = reader.next() => panic!("no message is whole yet"),
                () = std::future::ready(()) => {}
            }
            tokio::io::AsyncWriteExt::write_all(&mut peer, &[byte]).await.unwrap();
            if index == 6 {
                assert_eq!(reader.next().await, Ok(Some("one".to_owned())));
            }
        }
        assert_eq!(reader.next().await, Ok(Some("zwei".to_owned())));
    }

    #[tokio::test]
    async fn a_large_buffer_is_given_back() {
        let bytes = frames(&["x".repeat(LIMIT).as_str(), "y"]);
        let mut reader = FrameReader::new(bytes.as_slice(), LIMIT);
        assert_eq!(reader.next().await.unwrap().unwrap().len(), LIMIT);
        assert_eq!(reader.next().await, Ok(Some("y".to_owned())));
        assert_eq!(reader.next().await, Ok(None));
        assert!(reader.buffer.capacity() <= KEPT_CAPACITY, "{} bytes", reader.buffer.capacity());
    }
}
