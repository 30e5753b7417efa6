//! Two accounts in one process, from the first query to the end of the conversation.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use otr_crypto::IdentityKey;
use otr_session::{Account, Config, Event, Incoming, Output, Sent};
use otr_wire::InstanceTag;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A program takes randomness from the system; a fixed seed makes this example the same every time.
    let mut rng = ChaCha20Rng::from_seed([42; 32]);
    let mut alice = Account::new(IdentityKey::generate(&mut rng), InstanceTag::new(0x1001)?, Config::default());
    let mut bob = Account::new(IdentityKey::generate(&mut rng), InstanceTag::new(0x2002)?, Config::default());

    // The host's monotonic time.
    let now = Duration::from_secs(1);
    alice.start("bob", now)?;
    carry(&mut alice, &mut bob, now, &mut rng);

    assert_eq!(alice.send("bob", "Can anybody hear us?", now), Sent::Encrypted);
    carry(&mut alice, &mut bob, now, &mut rng);
    assert_eq!(bob.send("alice", "Not a soul.", now), Sent::Encrypted);
    carry(&mut alice, &mut bob, now, &mut rng);

    alice.end("bob", now);
    carry(&mut alice, &mut bob, now, &mut rng);
    Ok(())
}

/// The network: carries messages both ways until both sides are quiet, and tells what happens.
fn carry(alice: &mut Account, bob: &mut Account, now: Duration, rng: &mut ChaCha20Rng) {
    let mut quiet = false;
    while !quiet {
        quiet = !(deliver("alice", alice, "bob", bob, now, rng) | deliver("bob", bob, "alice", alice, now, rng));
    }
}

fn deliver(
    sender: &str,
    from: &mut Account,
    receiver: &str,
    to: &mut Account,
    now: Duration,
    rng: &mut ChaCha20Rng,
) -> bool {
    let mut delivered = false;
    while let Some(output) = from.poll() {
        match output {
            Output::Transmit { message, .. } => {
                println!("  network   {:.70}", message);
                to.receive(sender, Incoming::direct(message.as_bytes()), now, rng);
                delivered = true;
            }
            Output::Event { event: Event::Message(message), .. } => println!("{sender} reads: {}", message.text),
            Output::Event { event: Event::Session(change), .. } => {
                println!("{sender}: the conversation with {receiver} is now {:?}", change.state);
            }
            Output::Event { .. } => {}
        }
    }
    delivered
}
