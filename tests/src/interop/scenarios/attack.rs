//! Messages that have to be refused, and change nothing.

use otr_wire::{MAX_MESSAGE, Message, Payload, armour};

use crate::interop::check::check;
use crate::interop::{End, Failure, Meeting};

use super::exchange::a_word_each;

/// Bytes of the authenticator behind the bytes that it covers.
const MAC: usize = 20;

// attack: DATA-1
pub(crate) fn replay(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.establish(End::First)?;
    a_word_each(meeting)?;
    for receiver in End::BOTH {
        let recorded = say(meeting, receiver.other())?;
        meeting.settle()?;
        meeting.check_read()?;
        meeting.check_refused(receiver, &recorded, "a replay")?;
        // And when its keys have been forgotten.
        for _ in 0..3 {
            a_word_each(meeting)?;
            meeting.check_refused(receiver, &recorded, "a late replay")?;
        }
    }
    a_word_each(meeting)
}

// attack: DATA-11
pub(crate) fn reflection(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.establish(End::First)?;
    a_word_each(meeting)?;
    for sender in End::BOTH {
        let message = say(meeting, sender)?;
        meeting.check_refused(sender, &message, "a reflection")?;
        meeting.settle()?;
        meeting.check_refused(sender, &message, "a late reflection")?;
        meeting.check_read()?;
    }
    a_word_each(meeting)
}

// attack: G-1
pub(crate) fn changed_bytes(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.establish(End::First)?;
    a_word_each(meeting)?;
    for receiver in End::BOTH {
        let message = say(meeting, receiver.other())?;
        let bytes = decode(&message)?;
        for (at, byte) in bytes.iter().enumerate().take(covered(&bytes)?) {
            let mut changed = bytes.clone();
            let mask = u8::try_from(meeting.dice.below(255)).unwrap_or(0).saturating_add(1);
            changed[at] = byte ^ mask;
            meeting.check_refused(receiver, &armour::encode(&changed), &format!("byte {at} changed by {mask:#04x}"))?;
        }
        // The message itself is as welcome as ever.
        meeting.settle()?;
        meeting.check_read()?;
    }
    a_word_each(meeting)
}

/// Has `sender` say something, and returns the message that carries it, still on its way.
fn say(meeting: &mut Meeting<'_>, sender: End) -> Result<String, Failure> {
    let text = meeting.dice.text(7, 20);
    meeting.send(sender, &text)?;
    let message = meeting.in_flight(sender.other()).back().map(|packet| packet.message.clone());
    message.ok_or_else(|| Failure("nothing is on its way".to_owned()))
}

fn decode(message: &str) -> Result<Vec<u8>, Failure> {
    armour::decode(message.as_bytes(), MAX_MESSAGE).map_err(|error| Failure(format!("{error}: {message}")))
}

/// How many bytes of a Data message, from the first, are covered by the authenticator or belong to it.
pub(super) fn covered_by_mac(message: &str) -> Result<usize, Failure> {
    covered(&decode(message)?)
}

fn covered(bytes: &[u8]) -> Result<usize, Failure> {
    let message = Message::decode(bytes).map_err(|error| Failure(error.to_string()))?;
    let Payload::Data(data) = message.payload else { return Err(Failure("not a data message".to_owned())) };
    let length = data.authenticated().len().saturating_add(MAC);
    check(length > 240, || format!("only {length} bytes are covered"))?;
    Ok(length)
}
