//! A listener that sends every message back, or one line said to it.
//!
//! ```text
//! cargo run -p otr-transport-tcp --example echo -- listen 127.0.0.1:5000
//! cargo run -p otr-transport-tcp --example echo -- say 127.0.0.1:5000 hello
//! ```

use std::env::args;
use std::io::Write;

use otr_transport::{Event, Transport};
use otr_transport_tcp::{Listener, Names, TcpAccount, TcpTransport};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["listen", address] => listen(address).await,
        ["say", address, text] => say(address, text).await,
        _ => Err("usage: echo listen ADDRESS | echo say ADDRESS TEXT".into()),
    }
}

async fn listen(address: &str) -> Result<(), Box<dyn std::error::Error>> {
    let listener = Listener::bind(address).await?;
    writeln!(std::io::stdout(), "listening on {}", listener.local_addr())?;
    let mut transport = TcpTransport::connect(TcpAccount::listening(listener, Names::new("echo", "caller"))).await?;
    while let Some(event) = transport.next_event().await {
        match event {
            Event::Message(message) => transport.send(&message.from, &message.body).await?,
            other => writeln!(std::io::stdout(), "{other:?}")?,
        }
    }
    Ok(())
}

async fn say(address: &str, text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut transport = TcpTransport::connect(TcpAccount::calling(address, Names::new("caller", "echo"))).await?;
    transport.send("echo", text).await?;
    while let Some(event) = transport.next_event().await {
        match event {
            Event::Message(message) => {
                writeln!(std::io::stdout(), "{} says: {}", message.from, message.body)?;
                transport.close().await?;
            }
            Event::Disconnected { error, .. } => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
