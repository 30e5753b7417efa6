use std::borrow::Cow;
use std::io;

use futures_util::{SinkExt, StreamExt};
use otr_transport::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::ns;
use tokio_xmpp::parsers::stream_features::StreamFeatures;
use tokio_xmpp::xmlstream::{
    InitiatingStream, PendingFeaturesRecv, ReadError, StreamHeader, Timeouts, XmlStream, initiate_stream,
};

use super::metered::Metered;
use super::received::Received;

/// The largest element that is read, in bytes. Servers commonly relay up to 512 KiB; whoever sends more than this means
/// harm, and loses the connection.
pub(crate) const MAX_STANZA_SIZE: usize = 1 << 20;

/// An XML stream (RFC 6120, 4), bounded in what it takes.
pub(crate) type Stream<S> = XmlStream<Metered<S>, Received>;

/// Opens a stream to the server of `domain` and reads what it offers.
pub(crate) async fn open<S>(stream: S, domain: &str, timeouts: Timeouts) -> Result<(Stream<S>, StreamFeatures), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let stream = Metered::new(stream, MAX_STANZA_SIZE);
    let opened = initiate_stream(stream, ns::JABBER_CLIENT, header(domain), timeouts).await;
    features(opened.map_err(|error| failure(&error))?).await
}

/// Begins the stream anew, as after a login.
pub(crate) async fn restart<S>(stream: Stream<S>, domain: &str) -> Result<(Stream<S>, StreamFeatures), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.get_stream().restart();
    let initiating: InitiatingStream<_> = stream.initiate_reset();
    features(initiating.send_header(header(domain)).await.map_err(|error| failure(&error))?).await
}

fn header(domain: &str) -> StreamHeader<'_> {
    StreamHeader { to: Some(Cow::Borrowed(domain)), from: None, id: None }
}

/// Read as any other element, and not by the library's own function, which sets no bound to their depth.
async fn features<S>(opened: PendingFeaturesRecv<Metered<S>>) -> Result<(Stream<S>, StreamFeatures), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = opened.skip_features();
    let element = read(&mut stream).await?;
    let features =
        StreamFeatures::try_from(element).map_err(|_| Error::Malformed("what the server offers is unreadable"))?;
    Ok((stream, features))
}

/// The next element while the stream is being set up. How long that may take is for the caller to bound.
pub(crate) async fn read<S>(stream: &mut Stream<S>) -> Result<Element, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let next = stream.next().await;
        if let Some(received) = arrival(next)? {
            stream.get_stream().refill();
            match received {
                Received::Whole(element) if is_stream_error(&element) => return Err(stream_error(&element)),
                Received::Whole(element) => return Ok(element),
                Received::TooComplex { .. } => return Err(Error::Malformed("an answer has too many parts")),
            }
        }
    }
}

/// Sends one element while the stream is being set up.
pub(crate) async fn write<S>(stream: &mut Stream<S>, element: impl Into<Element>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let element: Element = element.into();
    SinkExt::<&Element>::send(stream, &element).await.map_err(|error| Error::ConnectionLost(error.kind()))
}

/// What a read came to; `None` where the server has been silent for a while.
pub(super) fn arrival(next: Option<Result<Received, ReadError>>) -> Result<Option<Received>, Error> {
    match next {
        Some(Ok(received)) => Ok(Some(received)),
        Some(Err(ReadError::SoftTimeout)) => Ok(None),
        Some(Err(ReadError::HardError(error))) => Err(failure(&error)),
        Some(Err(ReadError::ParseError(_))) => Err(Error::Malformed("an element is unreadable")),
        Some(Err(ReadError::StreamFooterReceived)) | None => Err(Error::ClosedByPeer),
    }
}

/// Why reading failed.
fn failure(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidData => Error::Malformed("what the server sends is not an XML stream"),
        io::ErrorKind::FileTooLarge => Error::MessageTooLarge { size: MAX_STANZA_SIZE + 1, limit: MAX_STANZA_SIZE },
        io::ErrorKind::UnexpectedEof => Error::ClosedByPeer,
        kind => Error::ConnectionLost(kind),
    }
}

pub(crate) fn is_stream_error(element: &Element) -> bool {
    element.is("error", ns::STREAM)
}

/// What the server ended the stream for (RFC 6120, 4.9.3).
pub(crate) fn stream_error(element: &Element) -> Error {
    let condition = element.children().find(|child| child.has_ns(ns::XMPP_STREAMS) && child.name() != "text");
    match condition.map(Element::name) {
        Some("conflict") => Error::NameTaken,
        Some("host-gone" | "host-unknown" | "improper-addressing") => Error::NotSupported("this domain"),
        Some("not-authorized" | "invalid-from") => Error::LoginRefused,
        Some("policy-violation") => Error::NotAllowed,
        Some("connection-timeout") => Error::TimedOut,
        Some("reset" | "system-shutdown") => Error::ClosedByPeer,
        Some("internal-server-error" | "remote-connection-failed" | "resource-constraint" | "see-other-host")
        | None => Error::Unavailable { status: None },
        Some(_) => Error::Malformed("the server cannot read what we send"),
    }
}
