use otr_transport::Error;
use tokio_xmpp::parsers::ns;
use tokio_xmpp::parsers::sm::{Resume, StreamId};

use crate::session::Session;
use crate::wire::{Carrier, Stream, read, write};

/// Takes up the session where its last connection left it (XEP-0198, 5). `false` where the server no longer knows it;
/// then what it says to have got of it is confirmed nevertheless.
pub(crate) async fn resume(stream: &mut Stream<Box<dyn Carrier>>, session: &mut Session) -> Result<bool, Error> {
    let Some(resumption) = session.resumption() else { return Ok(false) };
    let previous = resumption.id.clone();
    write(stream, Resume { h: session.handled, previd: StreamId(previous.clone()) }).await?;
    let answer = read(stream).await?;
    let count = answer.attr("h").and_then(|count| count.parse().ok());
    if answer.is("resumed", ns::SM) {
        if answer.attr("previd") != Some(previous.as_str()) {
            return Err(Error::Malformed("the server resumes another session"));
        }
        session.ledger.confirm(count.ok_or(Error::Malformed("the server does not say what it has got"))?)?;
        return Ok(true);
    }
    if !answer.is("failed", ns::SM) {
        return Err(Error::Malformed("the server neither resumes the session nor refuses to"));
    }
    if let Some(count) = count {
        session.ledger.confirm(count)?;
    }
    Ok(false)
}
