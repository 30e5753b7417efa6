//! Sends every live message back to whoever sent it. The password is the first line of the standard input.
//!
//! ```text
//! cargo run -p otr-transport-xmpp --example xmpp_echo -- me@example.org < password-file
//! ```

use std::io::Write;

use otr_transport::{Event, Origin, Transport};
use otr_transport_tls::{Tls, Trust};
use otr_transport_xmpp::{Account, Security, XmppTransport};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(address) = std::env::args().nth(1) else {
        writeln!(std::io::stdout(), "usage: xmpp_echo me@example.org < password-file")?;
        return Ok(());
    };
    let mut password = String::new();
    std::io::stdin().read_line(&mut password)?;
    let security = Security::StartTls(Tls::new(Trust::system())?);
    let mut transport = XmppTransport::connect(Account::new(&address, password.trim_end(), security)?).await?;
    while let Some(event) = transport.next_event().await {
        match event {
            // Nothing but live messages is ever answered.
            Event::Message(message) if message.origin == Origin::Live => {
                drop(transport.send(&message.from, &message.body));
            }
            other => writeln!(std::io::stdout(), "{other:?}")?,
        }
    }
    Ok(())
}
