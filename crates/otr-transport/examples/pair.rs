//! Two transports in one process: Alice says something, Bob answers. Run with
//! `cargo run -p otr-transport --example pair`.

use std::io::Write;

use otr_transport::{Error, Event, Transport, pair};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut alice, mut bob) = pair("alice", "bob");
    let answering = tokio::spawn(async move { answer_everything(&mut bob).await });

    alice.send("bob", "hello").await?;
    alice.send("bob", "goodbye").await?;

    let mut out = std::io::stdout();
    let mut answers = 0;
    while answers < 2 {
        match alice.next_event().await {
            Some(Event::Message(message)) => {
                answers += 1;
                writeln!(out, "{} says: {}", message.from, message.body)?;
            }
            Some(other) => writeln!(out, "{other:?}")?,
            None => break,
        }
    }
    alice.close().await?;
    answering.await??;
    Ok(())
}

/// Written against the trait: it would work over any network.
async fn answer_everything(transport: &mut impl Transport) -> Result<(), Error> {
    while let Some(event) = transport.next_event().await {
        if let Event::Message(message) = event {
            let answer = format!("you said {:?}", message.body);
            transport.send(&message.from, &answer).await?;
        }
    }
    Ok(())
}
