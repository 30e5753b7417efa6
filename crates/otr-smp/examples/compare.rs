//! Two users compare a secret: once they know the same, once they do not.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use getrandom::SysRng;
use otr_crypto::{DhKeyPair, Fingerprint, SessionId};
use otr_smp::{Event, Message, Secret, Smp};
use rand_core::UnwrapErr;

const NAMES: [&str; 2] = ["Alice", "Bob"];

fn main() -> Result<(), Box<dyn Error>> {
    // In a program all three come out of the key exchange.
    let rng = &mut UnwrapErr(SysRng);
    let fingerprints = [[0xa1; 20], [0xb0; 20]].map(Fingerprint::from_bytes);
    let (one, other) = (DhKeyPair::generate(rng), DhKeyPair::generate(rng));
    let session = one.agree(other.public())?.ake_keys().session_id();

    compare(&fingerprints, &session, ["in the bakery", "in the bakery"])?;
    compare(&fingerprints, &session, ["in the bakery", "In Paris!"])
}

/// Alice asks; the message goes to and fro until nobody has anything to say.
fn compare(
    [alice, bob]: &[Fingerprint; 2],
    session: &SessionId,
    [expected, answer]: [&str; 2],
) -> Result<(), Box<dyn Error>> {
    let rng = &mut UnwrapErr(SysRng);
    let now = Duration::ZERO;
    let out = &mut io::stdout().lock();
    let secret = |text: &str| Secret::new(alice, bob, session, text.as_bytes());
    let mut parties: [Smp; 2] = [Smp::new(), Smp::new()];

    let [at_alice, _] = &mut parties;
    let mut on_the_way = Some(at_alice.start(secret(expected), Some("Where did we meet?"), now, rng)?);
    let mut names = NAMES;
    while let Some(message) = on_the_way.take() {
        parties.reverse();
        names.reverse();
        let ([receiver, _], [name, _]) = (&mut parties, names);
        let (kind, value) = message.encode();
        let received = receiver.receive(&Message::decode(kind, &value), now, rng);
        writeln!(out, "{name} receives {message:?}, {} bytes: {:?}", value.len(), received.event)?;
        on_the_way = match received.event {
            Some(Event::Asked { run, .. }) => Some(receiver.answer(run, secret(answer), now, rng)?),
            Some(_) | None => received.reply,
        };
    }
    Ok(())
}
