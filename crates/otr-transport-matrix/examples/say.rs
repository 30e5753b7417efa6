//! Says one line to somebody on Matrix, and prints what comes back until the input ends. The password is the first line of
//! the input, so it does not show in the list of processes.
//!
//! ```text
//! cargo run -p otr-transport-matrix --example say -- @me:example.org @you:example.org hello
//! ```

use std::env::args;
use std::io::Write;

use otr_transport::{Event, Transport};
use otr_transport_matrix::{Login, MatrixAccount, MatrixTransport};
use otr_transport_tls::{Tls, Trust};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [me, you, text] => say(me, you, text).await,
        _ => Ok(writeln!(std::io::stdout(), "usage: say @ME:SERVER @YOU:SERVER TEXT < PASSWORD-FILE")?),
    }
}

async fn say(me: &str, you: &str, text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut input = BufReader::new(stdin()).lines();
    let password = input.next_line().await?.unwrap_or_default();
    let account = MatrixAccount::new(me, Login::password(password), Tls::new(Trust::system())?).with_peers([you]);
    let mut transport = MatrixTransport::connect(account).await?;
    let mut receipt = transport.send(you, text);
    let mut sent = false;
    loop {
        tokio::select! {
            outcome = &mut receipt, if !sent => {
                outcome?;
                sent = true;
            }
            event = transport.next_event() => match event {
                Some(Event::Message(message)) => writeln!(std::io::stdout(), "{}: {}", message.from, message.body)?,
                Some(other) => writeln!(std::io::stdout(), "{other:?}")?,
                None => break,
            },
            line = input.next_line() => if line?.is_none() { break },
        }
    }
    Ok(transport.close().await?)
}
