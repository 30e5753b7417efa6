use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use otr_transport::Error;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use super::shallow::Shallow;

/// What a stream can run over, whatever is under it.
pub(crate) trait Carrier: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Carrier for T {}

/// Bytes that are read at once.
const READ_SIZE: usize = 8 * 1024;

/// A connection from which no more than so many bytes are read until it is [refilled](Self::refill), and no elements
/// that are too deep, so that nothing the server sends can grow without bound, whatever the XML parser would make of it.
pub(crate) struct Metered<S> {
    inner: S,
    raw: Vec<u8>,
    depth: Shallow,
    /// What has been read and let through, from `start` on not made use of.
    buffer: Vec<u8>,
    start: usize,
    limit: usize,
    left: AtomicUsize,
    restarted: AtomicBool,
}

impl<S: AsyncRead + Unpin> Metered<S> {
    pub(crate) fn new(inner: S, limit: usize) -> Self {
        Self {
            inner,
            raw: vec![0; READ_SIZE],
            depth: Shallow::default(),
            buffer: Vec::new(),
            start: 0,
            limit,
            left: AtomicUsize::new(limit),
            restarted: AtomicBool::new(false),
        }
    }

    /// A whole element has been read: the next one has all the room again.
    pub(crate) fn refill(&self) {
        self.left.store(self.limit, Ordering::Relaxed);
    }

    /// Another stream begins, at its root.
    pub(crate) fn restart(&self) {
        self.restarted.store(true, Ordering::Relaxed);
    }

    /// The connection itself.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] where more has been read than was made use of: it came without encryption, and must not
    /// be taken for what comes after it.
    pub(crate) fn into_inner(self) -> Result<S, Error> {
        if self.unused().is_empty() && self.depth.is_between_tags() {
            return Ok(self.inner);
        }
        Err(Error::Malformed("the server goes on in clear after agreeing to encrypt"))
    }

    fn unused(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Reads once. What comes may be left out altogether. The end is an error: a stream says itself that it is over.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let left = self.left.load(Ordering::Relaxed);
        let Some(room @ [_, ..]) = self.raw.get_mut(..left.min(READ_SIZE)) else {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        };
        let mut room = ReadBuf::new(room);
        ready!(Pin::new(&mut self.inner).poll_read(context, &mut room))?;
        if self.restarted.swap(false, Ordering::Relaxed) {
            self.depth = Shallow::default();
        }
        if room.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.left.store(left.saturating_sub(room.filled().len()), Ordering::Relaxed);
        self.buffer.clear();
        self.start = 0;
        self.depth.pass(room.filled(), &mut self.buffer);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncBufRead for Metered<S> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.unused().is_empty() {
            ready!(this.poll_more(context))?;
        }
        Poll::Ready(Ok(this.unused()))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        self.get_mut().start += amount;
    }
}

/// Required beside buffered reading, which alone is used.
impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let available = ready!(self.as_mut().poll_fill_buf(context))?;
        let taken = available.get(..to.remaining()).unwrap_or(available);
        to.put_slice(taken);
        let amount = taken.len();
        self.consume(amount);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, from)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

impl<S> fmt::Debug for Metered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metered").field("limit", &self.limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn no_more_is_read_than_allowed_until_refilled() {
        let mut metered = Metered::new(&[b'x'; 100][..], 10);
        let mut ten = [0; 10];
        metered.read_exact(&mut ten).await.unwrap();
        assert_eq!(metered.read(&mut ten).await.unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        metered.refill();
        assert_eq!(metered.read(&mut ten).await.unwrap(), 10);
    }

    #[tokio::test]
    async fn the_end_is_an_error() {
        let mut metered = Metered::new(&b"<a/>"[..], 10);
        metered.read_exact(&mut [0; 4]).await.unwrap();
        for _ in 0..2 {
            assert_eq!(metered.read(&mut [0]).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[tokio::test]
    async fn what_was_read_ahead_is_not_forgotten() {
        let mut metered = Metered::new(&b"<proceed/>injected"[..], 1000);
        let mut ten = [0; 10];
        metered.read_exact(&mut ten).await.unwrap();
        assert!(matches!(metered.into_inner(), Err(Error::Malformed(_))));

        let mut metered = Metered::new(&b"<proceed/><"[..], 1000);
        metered.read_exact(&mut ten).await.unwrap();
        assert!(matches!(metered.into_inner(), Err(Error::Malformed(_))));

        let mut metered = Metered::new(&b"<proceed/>"[..], 1000);
        metered.read_exact(&mut ten).await.unwrap();
        assert!(metered.into_inner().is_ok());
    }
}
