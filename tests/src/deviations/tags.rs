//! Instance tags.

use otr_wire::Version;

use super::{
    deviation::{Deviation, Must, Stage},
    drafts::{Draft, Envelope},
    peer::{Began, Peer},
};

/// An instance that is neither of the two.
const OTHER: u32 = 0x4004;

/// Makes a message after the header of an honest one was changed.
type Make = fn(&mut Peer, fn(&mut Envelope, &Peer)) -> String;

/// Deviations in the tags of whole messages.
pub(super) fn deviations() -> Vec<Deviation> {
    let mut all = Vec::new();
    let messages: [(&str, Stage, Must, Make); 5] = [
        ("commit", Stage::Stranger, Must::Drop, |peer, change| {
            let mut draft = peer.commit();
            change(&mut draft.envelope, peer);
            draft.text()
        }),
        ("dh-key", Stage::AwaitingDhKey, Must::Drop, |peer, change| {
            let mut draft = peer.dh_key();
            change(&mut draft.envelope, peer);
            draft.text()
        }),
        ("reveal-signature", Stage::AwaitingRevealSignature, Must::Drop, |peer, change| {
            let mut draft = peer.honest_proof(Began::Peer);
            change(&mut draft.envelope, peer);
            draft.text()
        }),
        ("signature", Stage::AwaitingSignature, Must::Drop, |peer, change| {
            let mut draft = peer.honest_proof(Began::Victim);
            change(&mut draft.envelope, peer);
            draft.text()
        }),
        ("data", Stage::Private, Must::Refuse, |peer, change| {
            let mut draft = peer.draft(b"hello");
            change(&mut draft.envelope, peer);
            peer.seal(&draft).text()
        }),
    ];
    let changes: [Change; 7] = [
        ("sender-zero", &["TAG-1"], "sent by instance 0", |envelope, _| envelope.set_sender(0)),
        ("sender-below-100", &["TAG-1"], "sent by instance ff", |envelope, _| envelope.set_sender(0xff)),
        ("sender-of-victim", &["TAG-6"], "sent by the victim's own instance", |envelope, peer| {
            envelope.set_sender(peer.victim_tag);
        }),
        ("receiver-1", &["TAG-2"], "for instance 1", |envelope, _| envelope.set_receiver(1)),
        ("receiver-below-100", &["TAG-2"], "for instance ff", |envelope, _| envelope.set_receiver(0xff)),
        ("receiver-other", &["TAG-2", "TAG-3"], "for another instance", |envelope, _| envelope.set_receiver(OTHER)),
        ("receiver-everybody", &["TAG-2"], "for every instance", |envelope, _| envelope.set_receiver(0)),
    ];
    for (message, stage, must, make) in messages {
        for (change_name, rows, about, change) in changes {
            if message == "commit" && change_name == "receiver-everybody" {
                continue;
            }
            let name = format!("{message}-{change_name}");
            let deviation = Deviation::new(name, rows, stage, about, move |peer| make(peer, change));
            all.push(deviation.must(must.clone()).only_in(Version::Three));
        }
        if matches!(message, "reveal-signature" | "signature" | "data") {
            let about = "sent by an instance that has nothing to do with it";
            let name = format!("{message}-sender-other");
            let deviation = Deviation::new(name, &["TAG-7", "AKE-9"], stage, about, move |peer| {
                make(peer, |envelope, _| envelope.set_sender(OTHER))
            });
            all.push(deviation.must(must).only_in(Version::Three));
        }
    }
    all
}

/// A name, its rules, what it is, and the change.
type Change = (&'static str, &'static [&'static str], &'static str, fn(&mut Envelope, &Peer));
