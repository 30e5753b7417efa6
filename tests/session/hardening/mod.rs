//! What an adversary tries who can inject messages, or who completes exchanges with keys of its own.

mod ending;
mod exchanges;
mod identities;
mod limits;
mod lost_keys;
mod waiting_text;

use std::time::Duration;

use otr_session::{
    Config, Event, Incoming, MAX_INSTANCES, Policy, Refusal, START_PATIENCE, Sent, SessionState, Trust, Warning,
};
use otr_tests::{
    hostile::{Exchange, Forged, Hostile},
    pair::{Pair, Side, Who, rng, unarmour},
};
use otr_wire::{Tlv, TlvType, armour};
use rand_core::Rng;

const NOW: Duration = Duration::from_secs(5);
const SECRET: &str = "the secret that must not leave in clear";

fn forged(kind: u8, sender: u32, receiver: u32, fields: &[&[u8]]) -> String {
    let mut bytes = [&[0, 3, kind][..], &sender.to_be_bytes(), &receiver.to_be_bytes()].concat();
    for field in fields {
        bytes.extend_from_slice(&u32::try_from(field.len()).expect("short").to_be_bytes());
        bytes.extend_from_slice(field);
    }
    armour::encode(&bytes)
}

fn forged_commit(sender: u32, receiver: u32) -> String {
    forged(0x02, sender, receiver, &[&[7; 5], &[0x55; 32]])
}

fn forged_dh_key(sender: u32, receiver: u32, gy: &[u8]) -> String {
    forged(0x0a, sender, receiver, &[gy])
}

fn bye() -> Vec<Tlv<'static>> {
    vec![Tlv::new(TlvType::DISCONNECTED, b"").expect("short")]
}

fn after(seconds: u64) -> Duration {
    NOW + Duration::from_secs(seconds)
}
