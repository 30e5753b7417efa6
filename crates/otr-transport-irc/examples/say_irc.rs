//! Says one line to somebody on an IRC server, and prints what comes back within some seconds.
//!
//! ```text
//! cargo run -p otr-transport-irc --example say_irc -- HOST PORT NICK PEER TEXT
//! ```
//!
//! The connection is encrypted, and the server's certificate must be one that the system trusts.

use std::env::args;
use std::io::Write;
use std::time::Duration;

use otr_transport::{Event, Transport};
use otr_transport_irc::{IrcAccount, IrcTransport};
use otr_transport_tls::{Tls, Trust};
use tokio::time::timeout;

/// How long the other end has to answer.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = args().skip(1).collect();
    let [host, port, nick, peer, text] = arguments.as_slice() else {
        writeln!(std::io::stdout(), "usage: say_irc HOST PORT NICK PEER TEXT")?;
        return Ok(());
    };
    let tls = Tls::new(Trust::system())?;
    let account = IrcAccount::encrypted(host, port.parse()?, nick, tls);
    let mut transport = IrcTransport::connect(account).await?;
    let limit = transport.max_message_size(peer).unwrap_or_default();
    writeln!(std::io::stdout(), "here as {}, up to {limit} bytes fit into a line to {peer}", transport.address())?;

    transport.send(peer, text).await?;
    while let Ok(Some(event)) = timeout(PATIENCE, transport.next_event()).await {
        match event {
            Event::Message(message) => writeln!(std::io::stdout(), "{}: {}", message.from, message.body)?,
            other => writeln!(std::io::stdout(), "{other:?}")?,
        }
    }
    transport.close().await?;
    Ok(())
}
