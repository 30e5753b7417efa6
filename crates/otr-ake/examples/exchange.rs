//! Two parties run the key exchange to its end. Run with `cargo run -p otr-ake --example exchange`.

use std::{
    error::Error,
    io::{self, Write},
    time::Duration,
};

use getrandom::SysRng;
use otr_ake::{Ake, Context, Offer, Outcome};
use otr_crypto::{IdentityKey, PublicKeyCache};
use otr_wire::{Header, InstanceTag, Message};
use rand_core::UnwrapErr;

struct Party {
    name: &'static str,
    identity: IdentityKey,
    known_keys: PublicKeyCache,
    ake: Ake,
}

fn main() -> Result<(), Box<dyn Error>> {
    let rng = &mut UnwrapErr(SysRng);
    let now = Duration::ZERO;
    let (tag_a, tag_b) = (InstanceTag::new(0x1000)?, InstanceTag::new(0x2000)?);
    let mut party = |name, sender, receiver| Party {
        name,
        identity: IdentityKey::generate(rng),
        known_keys: PublicKeyCache::default(),
        ake: Ake::new(Header::V3 { sender, receiver: Some(receiver) }),
    };
    let mut parties = [party("Alice", tag_a, tag_b), party("Bob", tag_b, tag_a)];

    // Alice asks whoever is there; from here on each message goes to the other side.
    let offer = Offer::new(Header::V3 { sender: tag_a, receiver: None }, now, rng);
    let mut on_the_way = Some(offer.message(None));
    let [alice, _] = &mut parties;
    alice.ake.begin(offer);

    let out = &mut io::stdout().lock();
    while let Some(bytes) = on_the_way.take() {
        parties.reverse();
        let [receiver, _] = &mut parties;
        let message = Message::decode(&bytes)?;
        writeln!(out, "{} receives {:?}, {} bytes", receiver.name, message.payload.message_type(), bytes.len())?;
        let context =
            &mut Context { identity: &receiver.identity, known_keys: &mut receiver.known_keys, bond: None, now, rng };
        on_the_way = match receiver.ake.receive(&message, context)? {
            Outcome::Ignored => None,
            Outcome::Reply(reply) => Some(reply),
            Outcome::Established(established, reply) => {
                let (id, key) = (established.session_id, established.their_key.fingerprint());
                writeln!(out, "{} has session {:02x?} with {key}", receiver.name, id.as_bytes())?;
                reply
            }
        };
    }
    Ok(())
}
