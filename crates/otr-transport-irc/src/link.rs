use otr_transport::Error;
use otr_transport_tls::open_tcp;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::timeout;
use zeroize::{Zeroize, Zeroizing};

use crate::account::{Encryption, IrcAccount};
use crate::line::{LineReader, lost};

/// Bytes that may wait to be written before nothing more is read, so that a server which makes us answer all the time,
/// and takes no answers, fills no memory.
const MAX_WAITING: usize = 16 * 1024;

/// Bytes of a server's `PING` that are sent back.
const MAX_TOKEN: usize = 400;

/// A connection to the server: lines in and lines out.
pub(crate) struct Link {
    pub(crate) incoming: LineReader<ReadHalf<Box<dyn Stream>>>,
    pub(crate) outgoing: LineWriter<WriteHalf<Box<dyn Stream>>>,
}

/// TCP, with or without TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Link {
    pub(crate) async fn open(account: &IrcAccount) -> Result<Self, Error> {
        let limit = account.options.connect_timeout;
        let stream = timeout(limit, open_stream(account)).await.map_err(|_| Error::TimedOut)??;
        let (reading, writing) = split(stream);
        Ok(Self { incoming: LineReader::new(reading), outgoing: LineWriter::new(writing) })
    }
}

async fn open_stream(account: &IrcAccount) -> Result<Box<dyn Stream>, Error> {
    let tcp = open_tcp(&account.host, account.port, account.options.connect_timeout).await?;
    Ok(match &account.encryption {
        Encryption::Tls { tls, server_name } => Box::new(tls.connect(server_name, tcp).await?),
        Encryption::None => Box::new(tcp),
    })
}

/// Collects lines and writes them as fast as the server takes them.
pub(crate) struct LineWriter<W> {
    inner: W,
    /// What is not written yet. It may hold a password.
    buffer: Zeroizing<Vec<u8>>,
    flushed: bool,
}

impl<W: AsyncWrite + Unpin> LineWriter<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, buffer: Zeroizing::new(Vec::with_capacity(MAX_WAITING)), flushed: true }
    }

    /// Writes `line` and its end when there is time; it holds no end of its own.
    pub(crate) fn push(&mut self, line: &str) {
        self.buffer.extend_from_slice(line.as_bytes());
        self.buffer.extend_from_slice(b"\r\n");
        self.flushed = false;
    }

    /// The same for a line that holds a password, which is not copied elsewhere on its way.
    pub(crate) fn push_secret(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.buffer.extend_from_slice(part.as_bytes()));
        self.push("");
    }

    /// Answers the server's question for a sign of life. One that does not fit into a line is nobody's.
    pub(crate) fn pong(&mut self, token: &str) {
        if token.len() <= MAX_TOKEN {
            self.push(&format!("PONG :{token}"));
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.buffer.len() >= MAX_WAITING / 2
    }

    /// Writes a part of what waits, or waits for ever when nothing does. Dropping the future loses nothing.
    pub(crate) async fn write_some(&mut self) -> Result<(), Error> {
        if !self.buffer.is_empty() {
            let count = self.inner.write(&self.buffer).await.map_err(|error| lost(&error))?;
            if count == 0 {
                return Err(Error::ClosedByPeer);
            }
            self.buffer.drain(..count);
            if self.buffer.is_empty() {
                // It wipes the room as well, not just the lines that were in it last.
                self.buffer.zeroize();
            }
            return Ok(());
        }
        if !self.flushed {
            self.inner.flush().await.map_err(|error| lost(&error))?;
            self.flushed = true;
            return Ok(());
        }
        std::future::pending().await
    }

    /// Writes all that waits.
    pub(crate) async fn write_all(&mut self) -> Result<(), Error> {
        while !self.flushed || !self.buffer.is_empty() {
            self.write_some().await?;
        }
        Ok(())
    }

    /// Forgets what waits.
    pub(crate) fn clear(&mut self) {
        self.buffer.zeroize();
    }
}

#[cfg(test)]
impl LineWriter<tokio::io::Sink> {
    /// One that keeps its lines.
    pub(crate) fn keeping() -> Self {
        Self::new(tokio::io::sink())
    }

    /// The lines since the last call.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        let text = String::from_utf8_lossy(&std::mem::take(&mut *self.buffer)).into_owned();
        text.split_terminator("\r\n").map(str::to_owned).collect()
    }
}
