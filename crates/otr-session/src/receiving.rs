//! What the network delivers.

use core::time::Duration;

use otr_wire::{
    Assembled, Body, Data, DecodeError, Fragment, Header, Message, Payload, Plaintext, Tagged, TlvType, Version, armour,
};
use rand_core::CryptoRng;

use crate::{
    Event, HEARTBEAT_INTERVAL, Incoming, MessageReceived, Origin, Policy, Protection, Text, Warning,
    contact::{Contact, InstanceName, TagOffer},
    outgoing,
    session::{Opened, ReceiveError},
    shared::Shared,
};

/// One message being handled: whose it is, and what handling it may use.
pub(crate) struct Turn<'a, R: ?Sized> {
    pub(crate) peer: &'a str,
    pub(crate) shared: &'a mut Shared,
    pub(crate) now: Duration,
    pub(crate) rng: &'a mut R,
    /// The gate that every automatic message passes (attack rules G-7, VER-8).
    pub(crate) may_reply: bool,
}

impl<R: ?Sized> Turn<'_, R> {
    pub(crate) fn event(&mut self, event: Event) {
        self.shared.event(self.peer, event);
    }

    pub(crate) fn warn(&mut self, warning: Warning) {
        self.shared.warn_of_input(self.peer, warning, self.now);
    }

    pub(crate) fn transmit(&mut self, header: Header, message: &[u8]) {
        self.shared.transmit_encoded(self.peer, header, message);
    }
}

impl Contact {
    /// Handles one body.
    pub(crate) fn receive<R: CryptoRng + ?Sized>(&mut self, incoming: Incoming<'_>, turn: &mut Turn<'_, R>) {
        if !self.policy(&turn.shared.config).allows() && !self.is_private() {
            turn.event(plain(incoming.body.to_vec()));
            return;
        }
        let answering = !self.settings.silent || self.starting_until.is_some();
        turn.may_reply = incoming.origin == Origin::Direct && answering;
        let for_us_alone = matches!(incoming.origin, Origin::Direct | Origin::Delayed);
        match Body::classify(incoming.body) {
            Body::Plain(text) => self.receive_plain(text.to_vec(), incoming.origin, turn),
            Body::Tagged(tagged) => self.receive_tagged(&tagged, incoming.origin, turn),
            // attack rule VER-8: nothing else means anything in a room, or as a copy.
            _ if !for_us_alone => {}
            Body::Query(query) => {
                self.asked_as_we_ask = incoming.body == query.encode().as_bytes();
                self.prompted(query.offered, turn);
            }
            Body::Error(words) => self.receive_error(words, turn),
            Body::Fragment(fragment) => self.receive_fragment(&fragment, turn),
            Body::InvalidFragment(_) => turn.warn(Warning::Malformed),
            Body::Encoded(text) => self.receive_encoded(text, None, turn),
        }
    }

    /// Text in clear: shown as such, or with a warning where it should not have come in clear (attack rule STATE-8).
    fn receive_plain<R: ?Sized>(&mut self, text: Vec<u8>, origin: Origin, turn: &mut Turn<'_, R>) {
        if matches!(origin, Origin::Group | Origin::Own | Origin::Copy) {
            turn.event(plain(text));
            return;
        }
        self.forget_partial(None, turn.shared);
        if self.tag_offer == TagOffer::Sent {
            self.tag_offer = TagOffer::Rejected;
        }
        self.show_plain(text, turn);
    }

    fn receive_tagged<R: CryptoRng + ?Sized>(&mut self, tagged: &Tagged<'_>, origin: Origin, turn: &mut Turn<'_, R>) {
        if matches!(origin, Origin::Group | Origin::Own | Origin::Copy) {
            turn.event(plain(tagged.text()));
            return;
        }
        self.forget_partial(None, turn.shared);
        self.show_plain(tagged.text(), turn);
        let policy = self.policy(&turn.shared.config);
        let common = tagged.offered.common(self.versions(&turn.shared.config));
        if policy.contains(Policy::WHITESPACE_START_AKE) && !common.is_empty() {
            self.prompted(common, turn);
        }
    }

    fn show_plain<R: ?Sized>(&self, text: Vec<u8>, turn: &mut Turn<'_, R>) {
        let expected = !self.is_private() && !self.policy(&turn.shared.config).requires_encryption();
        if expected {
            turn.event(plain(text));
        } else {
            turn.warn(Warning::UnencryptedReceived(Text::new(text)));
        }
    }

    /// A piece of a longer message. It makes no instance and answers nothing (attack rule FRAG-10).
    fn receive_fragment<R: CryptoRng + ?Sized>(&mut self, fragment: &Fragment<'_>, turn: &mut Turn<'_, R>) {
        // The fragments of all but version 2 look alike.
        let versions = self.versions(&turn.shared.config);
        let header = match fragment.header {
            Header::V3 { sender, receiver } if !versions.contains(Version::Three) => {
                Header::Curve25519 { sender, receiver }
            }
            header => header,
        };
        if !self.is_for_us(header, turn) {
            return;
        }
        let before = self.assembler.bytes();
        let assembled = self.assembler.push(fragment, turn.now);
        let others = turn.shared.partial_bytes.saturating_sub(before);
        turn.shared.partial_bytes = others.saturating_add(self.assembler.bytes());
        match assembled {
            Assembled::Incomplete => {}
            Assembled::Dropped(_) => turn.warn(Warning::FragmentDropped),
            Assembled::Complete(body) => match Body::classify(&body) {
                Body::Encoded(text) => self.receive_encoded(text, Some(fragment.header), turn),
                // attack rule PARSE-11: only encoded messages come in pieces.
                _ => turn.warn(Warning::Malformed),
            },
        }
    }

    /// An encoded message, whole or put together from fragments with the header `fragments`.
    fn receive_encoded<R: CryptoRng + ?Sized>(
        &mut self,
        text: &[u8],
        fragments: Option<Header>,
        turn: &mut Turn<'_, R>,
    ) {
        let mut bytes = turn.shared.take_buffer();
        let decoded = armour::decode_into(text, turn.shared.config.message_limit, &mut bytes);
        self.receive_decoded(decoded.map(|()| &*bytes), fragments, turn);
        turn.shared.give_back_buffer(bytes);
    }

    fn receive_decoded<R: CryptoRng + ?Sized>(
        &mut self,
        decoded: Result<&[u8], DecodeError>,
        fragments: Option<Header>,
        turn: &mut Turn<'_, R>,
    ) {
        let message = match decoded.and_then(Message::decode) {
            Ok(message) => message,
            Err(DecodeError::UnknownVersion(_)) => return turn.warn(Warning::UnsupportedVersion),
            Err(_) => return turn.warn(Warning::Malformed),
        };
        // attack rule FRAG-8
        if fragments.is_some_and(|header| header != message.header.of_fragments()) {
            return turn.warn(Warning::Malformed);
        }
        if !self.is_for_us(message.header, turn) {
            return;
        }
        if fragments.is_none() {
            self.forget_partial(message.header.sender(), turn.shared);
        }
        match &message.payload {
            Payload::Data(data) => self.receive_data(message.header, data, turn),
            Payload::DhCommit(_) | Payload::DhKey(_) | Payload::RevealSignature(_) | Payload::Signature(_) => {
                self.receive_exchange(&message, turn);
            }
        }
    }

    /// Whether a message travels from another client to this one, in a version that is allowed.
    fn is_for_us<R: ?Sized>(&mut self, header: Header, turn: &mut Turn<'_, R>) -> bool {
        let ours = turn.shared.instance_tag;
        if !self.speaks(header.version(), turn.shared) {
            turn.warn(Warning::UnsupportedVersion);
            return false;
        }
        // attack rule TAG-6
        if header.sender() == Some(ours) {
            turn.warn(Warning::Reflected);
            return false;
        }
        if header.receiver().is_some_and(|receiver| receiver != ours) {
            if self.budgets.other_instance_warnings.take(turn.now) {
                turn.warn(Warning::ForOtherInstance);
            }
            return false;
        }
        true
    }

    /// Whether messages of a version mean anything. Those of the Curve25519 suite do where it is on.
    fn speaks(&self, version: Version, shared: &Shared) -> bool {
        let by_suite = version == Version::Curve25519 && shared.curve25519.is_some();
        by_suite || self.versions(&shared.config).contains(version)
    }

    fn receive_data<R: CryptoRng + ?Sized>(&mut self, header: Header, data: &Data<'_>, turn: &mut Turn<'_, R>) {
        let name = header.sender();
        let best = self.best();
        let Some(instance) = self.instances.get_mut(name) else {
            return self.unreadable(Warning::NotInPrivate, header.version(), data, turn);
        };
        let Some(session) = instance.reading(header.version()) else {
            return self.unreadable(Warning::NotInPrivate, header.version(), data, turn);
        };
        match session.decrypt(data, turn.now, turn.rng) {
            Ok(opened) => {
                self.loss.note_read(*data.mac, opened.stretch, opened.has_text());
                instance.touched = turn.now;
                instance.ake.settle();
                self.note_move(name, header.version(), turn);
                self.deliver(name, opened, best, turn);
            }
            // attack rule DATA-1: a repeated message is no sign of lost keys, so it is not answered.
            Err(ReceiveError::Replayed) if data.flags.ignore_unreadable() => {}
            Err(ReceiveError::Replayed) => turn.warn(Warning::Replayed),
            Err(ReceiveError::Unreadable) => {
                instance.unreadable = instance.unreadable.saturating_add(1);
                self.unreadable(Warning::Unreadable, header.version(), data, turn);
            }
        }
    }

    /// Hands over what an accepted message says: the text, then the records, a disconnect last
    /// (attack rule STATE-11).
    fn deliver<R: CryptoRng + ?Sized>(
        &mut self,
        name: InstanceName,
        mut opened: Opened,
        best: Option<InstanceName>,
        turn: &mut Turn<'_, R>,
    ) {
        let extra_key = opened.extra_key.take();
        let text = opened.take_text();
        let Plaintext { tlvs, cut_short, .. } = opened.plaintext();
        let has_text = !text.is_empty();
        if has_text {
            let protection = Protection::Encrypted;
            turn.event(Event::Message(MessageReceived { text: Text::new(text), protection, instance: name }));
        }
        if cut_short {
            // attack rule TLV-2: what came before counts, and the user is told that there was more.
            turn.warn(Warning::Malformed);
        }
        for tlv in tlvs.iter().filter(|tlv| tlv.kind() == TlvType::EXTRA_SYMMETRIC_KEY) {
            if let (Some((usage, data)), Some(key)) = (tlv.value().split_first_chunk(), &extra_key) {
                let (usage, data) = (u32::from_be_bytes(*usage), data.to_vec());
                turn.event(Event::ExtraKey { usage, data, key: key.duplicate() });
            }
        }
        self.hear_report(name, &opened, &tlvs, turn);
        self.receive_comparison(name, opened.version, &tlvs, turn);
        self.hear_suites(name, &tlvs, turn);
        if opened.exposed {
            // attack rule REV-4: new keys, at once. The peer that asks for it is authenticated.
            turn.warn(Warning::LiveKeyRevealed);
            if let Some(version) = self.version_of_repair(opened.version, turn.shared)
                && turn.may_reply
                && self.take_exchange(turn)
            {
                self.begin_exchange(version, turn);
            }
        }
        if tlvs.iter().any(|tlv| tlv.kind() == TlvType::DISCONNECTED) {
            let events = self.finish(name, best);
            events.into_iter().flatten().for_each(|event| turn.event(event));
        } else if has_text {
            self.answer_with_heartbeat(name, turn);
        }
    }

    /// After a shown message, if we have been silent for a while, an empty one, so that keys move on
    /// (attack rule DATA-13).
    fn answer_with_heartbeat<R: ?Sized>(&mut self, name: InstanceName, turn: &mut Turn<'_, R>) {
        if self.renewal.is_some() {
            return;
        }
        let Some(session) = self.session_mut(name) else { return };
        let silent_for = turn.now.saturating_sub(session.last_sent);
        if turn.may_reply && silent_for >= HEARTBEAT_INTERVAL && !session.blocked {
            // Nothing waits for this message; what cannot be sent is left.
            let _ = outgoing::send_heartbeat(turn.peer, session, turn.shared, turn.now);
        }
    }

    fn forget_partial(&mut self, name: InstanceName, shared: &mut Shared) {
        let before = self.assembler.bytes();
        self.assembler.forget(name);
        shared.partial_bytes = shared.partial_bytes.saturating_sub(before.saturating_sub(self.assembler.bytes()));
    }
}

fn plain(text: Vec<u8>) -> Event {
    Event::Message(MessageReceived { text: Text::new(text), protection: Protection::Plain, instance: None })
}
