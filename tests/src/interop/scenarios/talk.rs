//! Talk over networks that lose, cross, double and cut.

use crate::interop::check::check;
use crate::interop::{End, Failure, Meeting, Setting};

use super::exchange::a_word_each;

// attack: DATA-7, REL-1
pub(crate) fn talk_with_losses(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    const TEXTS: u32 = 500;
    meeting.establish(End::First)?;
    let mut sender = End::First;
    let mut lost = 0_u32;
    for number in 0..TEXTS {
        if meeting.dice.chance(40) {
            sender = sender.other();
        }
        let text = meeting.dice.text(number, 60);
        meeting.send(sender, &text)?;
        if meeting.dice.chance(20) {
            meeting.in_flight(sender.other()).pop_back();
            lost = lost.saturating_add(1);
        }
        // The rhythm: what is on its way arrives soon, or only after more has been said.
        for _ in 0..meeting.dice.below(4) {
            let end = meeting.dice.one_of(End::BOTH);
            meeting.deliver(end)?;
        }
    }
    meeting.settle()?;
    check((50..150).contains(&lost), || format!("{lost} of {TEXTS} were lost, which is not a fifth"))?;
    meeting.check_read()?;
    meeting.in_agreement().map(drop)
}

pub(crate) fn crossing_messages(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.establish(End::First)?;
    for round in 0..30 {
        for sender in End::BOTH {
            for _ in 0..=meeting.dice.below(3) {
                let text = meeting.dice.text(round, 20);
                meeting.send(sender, &text)?;
            }
        }
        meeting.settle()?;
    }
    meeting.check_read()
}

// attack: DATA-1
pub(crate) fn doubled_messages(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.establish(End::First)?;
    for number in 0..40 {
        let sender = meeting.dice.one_of(End::BOTH);
        let text = meeting.dice.text(number, 20);
        meeting.send(sender, &text)?;
        let copy = meeting.in_flight(sender.other()).back().map(|packet| packet.message.clone());
        meeting.settle()?;
        meeting.check_read()?;
        if let Some(copy) = copy.filter(|_| meeting.dice.chance(50)) {
            meeting.check_refused(sender.other(), &copy, "a second copy")?;
        }
    }
    a_word_each(meeting)
}

// attack: FRAG-11
pub(crate) fn fragments(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    check(meeting.setting() == Setting::Fragments, || "this needs programs that cut messages".to_owned())?;
    meeting.establish(End::First)?;
    // A Reveal Signature and a Signature message, and the D-H messages before them, from both ends.
    let is_piece = |message: &&String| message.starts_with("?OTR|") || message.starts_with("?OTR,");
    let pieces = meeting.wire().iter().filter(is_piece).count();
    check(pieces >= 10, || format!("only {pieces} pieces in the key exchange"))?;
    for number in 0..12 {
        for sender in End::BOTH {
            let text = meeting.dice.text(number, 1000);
            meeting.send(sender, &text)?;
        }
        meeting.settle()?;
    }
    meeting.check_read()?;
    for message in meeting.wire() {
        let of_otr = message.starts_with("?OTR|") || message.starts_with("?OTR:") || message.starts_with("?OTR,");
        let fits = !of_otr || message.len() <= Setting::FRAGMENT;
        check(fits, || format!("{} bytes at once: {message}", message.len()))?;
    }
    Ok(())
}
