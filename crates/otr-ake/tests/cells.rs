//! Every message in every state: what comes back, where the slots stand, and that a refusal changes nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop the test")]

mod common;

use common::{Party, kind, run};
use otr_ake::{Error, Outcome, State};
use otr_wire::{
    Counter, DataEncoder, DataFields, DhKey, Flags, Header, KeyId, Message, MessageType, Mpi, Payload, Plaintext,
};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Initiating {
    Idle,
    AwaitingDhKey,
    AwaitingSignature,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Answering {
    Idle,
    /// The commit we answer has a hash below that of our offer.
    AwaitingLower,
    /// It has a hash above that of our offer.
    AwaitingHigher,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Input {
    /// A new commit with a hash below ours.
    LowerCommit,
    /// A new commit with a hash above ours.
    HigherCommit,
    /// Our own commit.
    OwnCommit,
    /// The key that answers our offer (in whatever state we are).
    FittingKey,
    /// A legal key of another run.
    ForeignKey,
    /// A number that is no group element.
    IllegalKey,
    /// The Reveal Signature for the commit we answered last, or of another run where there is none.
    FittingReveal,
    /// A Reveal Signature of another run.
    ForeignReveal,
    /// The Signature for our Reveal Signature, or of another run where there is none.
    FittingSignature,
    /// A Signature of another run.
    ForeignSignature,
    /// A Data message.
    Data,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Result {
    Ignored,
    Refused(Error),
    Reply(MessageType),
    /// A message sent before, byte for byte.
    Again(MessageType),
    Established(Option<MessageType>),
}

const INITIATING: [Initiating; 3] = [Initiating::Idle, Initiating::AwaitingDhKey, Initiating::AwaitingSignature];
const ANSWERING: [Answering; 3] = [Answering::Idle, Answering::AwaitingLower, Answering::AwaitingHigher];
const INPUTS: [Input; 11] = [
    Input::LowerCommit,
    Input::HigherCommit,
    Input::OwnCommit,
    Input::FittingKey,
    Input::ForeignKey,
    Input::IllegalKey,
    Input::FittingReveal,
    Input::ForeignReveal,
    Input::FittingSignature,
    Input::ForeignSignature,
    Input::Data,
];

/// The table: what is answered, and the new state of each slot.
fn expected(initiating: Initiating, answering: Answering, input: Input) -> (Result, Initiating, Answering) {
    let stay = |result| (result, initiating, answering);
    let idle = |result| (result, Initiating::Idle, Answering::Idle);
    match (input, initiating, answering) {
        (Input::LowerCommit, Initiating::AwaitingDhKey, _) => stay(Result::Again(MessageType::DhCommit)),
        (Input::OwnCommit, Initiating::AwaitingDhKey | Initiating::AwaitingSignature, _) => {
            stay(Result::Refused(Error::Reflected))
        }
        (Input::LowerCommit | Input::HigherCommit | Input::OwnCommit, _, Answering::Idle) => {
            let answering =
                if input == Input::LowerCommit { Answering::AwaitingLower } else { Answering::AwaitingHigher };
            (Result::Reply(MessageType::DhKey), initiating, answering)
        }
        (Input::LowerCommit | Input::HigherCommit | Input::OwnCommit, _, _) => stay(Result::Again(MessageType::DhKey)),
        (Input::FittingKey | Input::ForeignKey, Initiating::AwaitingDhKey, _) => {
            (Result::Reply(MessageType::RevealSignature), Initiating::AwaitingSignature, answering)
        }
        (Input::FittingKey, Initiating::AwaitingSignature, _) => stay(Result::Again(MessageType::RevealSignature)),
        (Input::IllegalKey, Initiating::AwaitingDhKey, _) => stay(Result::Refused(Error::IllegalValue)),
        (Input::FittingKey | Input::ForeignKey | Input::IllegalKey, _, _) => stay(Result::Ignored),
        (Input::FittingReveal | Input::ForeignReveal, _, Answering::Idle) => stay(Result::Ignored),
        (Input::FittingReveal, Initiating::AwaitingSignature, Answering::AwaitingLower) => {
            (Result::Established(Some(MessageType::Signature)), Initiating::AwaitingSignature, Answering::Idle)
        }
        (Input::FittingReveal, _, _) => idle(Result::Established(Some(MessageType::Signature))),
        (Input::ForeignReveal, _, _) => stay(Result::Refused(Error::Verification)),
        (Input::FittingSignature, Initiating::AwaitingSignature, _) => idle(Result::Established(None)),
        (Input::ForeignSignature, Initiating::AwaitingSignature, _) => stay(Result::Refused(Error::Verification)),
        (Input::FittingSignature | Input::ForeignSignature, _, _) => stay(Result::Ignored),
        (Input::Data, _, _) => stay(Result::Ignored),
    }
}

fn state(initiating: Initiating, answering: Answering) -> State {
    State {
        awaiting_dh_key: initiating == Initiating::AwaitingDhKey,
        awaiting_signature: initiating == Initiating::AwaitingSignature,
        awaiting_reveal_signature: answering != Answering::Idle,
    }
}

/// Alice in some state, and her peer's two sides of what is under way.
struct World {
    us: Party,
    /// Answers our offer.
    answerer: Party,
    /// Made the offer that we answer.
    starter: Party,
    sent: Vec<Vec<u8>>,
    commit: Vec<u8>,
    fitting_key: Vec<u8>,
    fitting_reveal: Option<Vec<u8>>,
    fitting_signature: Option<Vec<u8>>,
}

/// The same arguments give the same world, byte for byte.
fn world(initiating: Initiating, answering: Answering) -> World {
    let mut us = Party::alice(10);
    let mut answerer = Party::bob(11);
    let (mut sent, mut fitting_reveal, mut fitting_signature) = (Vec::new(), None, None);
    // In `Idle` the offer is made, and answered, but it is not ours any more.
    let offer = us.offer();
    let commit = offer.message(Some(common::tag(0x200)));
    let (mut starter, their_commit) = starter(answering == Answering::AwaitingLower, &commit);
    if answering != Answering::Idle {
        let key = us.answer(&their_commit);
        fitting_reveal = Some(starter.answer(&key));
        sent.push(key);
    }
    let fitting_key = answerer.answer(&commit);
    if initiating != Initiating::Idle {
        us.ake.begin(offer);
        sent.push(commit.clone());
    }
    if initiating == Initiating::AwaitingSignature {
        let reveal = us.answer(&fitting_key);
        fitting_signature = answerer.complete(&reveal).1;
        sent.push(reveal);
    }
    assert_eq!(us.state(), state(initiating, answering));
    World { us, answerer, starter, sent, commit, fitting_key, fitting_reveal, fitting_signature }
}

/// A peer whose commit has a hash below, or above, that of `ours`.
fn starter(is_lower: bool, ours: &[u8]) -> (Party, Vec<u8>) {
    let begin = |seed| {
        let mut starter = Party::bob(seed);
        let commit = starter.begin();
        (starter, commit)
    };
    (100..).map(begin).find(|(_, commit)| (hash(commit) < hash(ours)) == is_lower).unwrap()
}

fn hash(commit: &[u8]) -> [u8; 32] {
    match Message::decode(commit).unwrap().payload {
        Payload::DhCommit(commit) => *commit.hashed_gx,
        other => panic!("{other:?}"),
    }
}

impl World {
    fn input(&self, input: Input) -> Vec<u8> {
        let foreign = || run(&mut Party::bob(20), &mut Party::alice(21));
        let foreign_signature = || run(&mut Party::alice(22), &mut Party::bob(23)).signature;
        match input {
            Input::LowerCommit => starter(true, &self.commit).1,
            Input::HigherCommit => starter(false, &self.commit).1,
            Input::OwnCommit => {
                // As the network would have to change it, to get past the check of the tags.
                let mut message = Message::decode(&self.commit).unwrap();
                message.header = common::v3(0x200, 0x100);
                message.encode()
            }
            Input::FittingKey => self.fitting_key.clone(),
            Input::ForeignKey => Party::bob(13).answer(&Party::alice(14).begin()),
            Input::IllegalKey => {
                let gy = Mpi::new(&[1]).unwrap();
                Message { header: common::v3(0x200, 0x100), payload: Payload::DhKey(DhKey { gy, kem_key: &[] }) }
                    .encode()
            }
            Input::FittingReveal => self.fitting_reveal.clone().unwrap_or_else(|| foreign().reveal),
            Input::ForeignReveal => foreign().reveal,
            Input::FittingSignature => self.fitting_signature.clone().unwrap_or_else(foreign_signature),
            Input::ForeignSignature => foreign_signature(),
            Input::Data => data(common::v3(0x200, 0x100)),
        }
    }

    fn result(&mut self, bytes: &[u8]) -> Result {
        match self.us.receive(bytes) {
            Ok(Outcome::Ignored) => Result::Ignored,
            Ok(Outcome::Reply(reply)) if self.sent.contains(&reply) => Result::Again(kind(&reply)),
            Ok(Outcome::Reply(reply)) => Result::Reply(kind(&reply)),
            Ok(Outcome::Established(_, reply)) => Result::Established(reply.map(|reply| kind(&reply))),
            Err(error) => Result::Refused(error),
        }
    }

    /// Finishes the exchange that we started with the peer who answered honestly.
    fn finish_ours(mut self) {
        let reveal = self.us.answer(&self.fitting_key);
        let signature = match self.fitting_signature {
            Some(signature) => {
                assert!(self.sent.contains(&reveal), "the same Reveal Signature as before");
                signature
            }
            None => self.answerer.complete(&reveal).1.unwrap(),
        };
        let _ = self.us.complete(&signature);
        assert_eq!(self.us.state(), common::IDLE);
    }

    /// Finishes the exchange that we answered.
    fn finish_theirs(mut self) {
        let (ours, signature) = self.us.complete(&self.fitting_reveal.unwrap());
        let (theirs, _) = self.starter.complete(&signature.unwrap());
        assert_eq!(ours.session_id, theirs.session_id);
        assert!(!self.us.state().awaiting_reveal_signature);
    }
}

fn data(header: Header) -> Vec<u8> {
    let fields = DataFields {
        flags: Flags::NONE,
        sender_keyid: KeyId::MIN,
        recipient_keyid: KeyId::MIN,
        next_dh: Mpi::new(&[5]).unwrap(),
        counter: Counter::MIN,
    };
    DataEncoder::new(header, &fields, &Plaintext::default(), 0).finish(&[0; 20], &[])
}

// attack: AKE-3, AKE-10, G-1
#[test]
fn every_message_in_every_state() {
    for initiating in INITIATING {
        for answering in ANSWERING {
            for input in INPUTS {
                let mut world = world(initiating, answering);
                let bytes = world.input(input);
                let (result, next_initiating, next_answering) = expected(initiating, answering, input);
                let cell = format!("{input:?} in {initiating:?}, {answering:?}");
                assert_eq!(world.result(&bytes), result, "{cell}");
                assert_eq!(world.us.state(), state(next_initiating, next_answering), "{cell}");
            }
        }
    }
}

// attack: AKE-3, AKE-10, G-1
#[test]
fn what_is_refused_or_ignored_or_answered_again_changes_nothing() {
    for initiating in INITIATING {
        for answering in ANSWERING {
            for input in INPUTS {
                let (result, next_initiating, next_answering) = expected(initiating, answering, input);
                if (next_initiating, next_answering) != (initiating, answering) {
                    continue;
                }
                // The one answer in an unchanged state that does change something: a newer commit takes the place of
                // the one before.
                let replaces = result == Result::Again(MessageType::DhKey);
                let after = || {
                    let mut world = world(initiating, answering);
                    let bytes = world.input(input);
                    assert_eq!(world.result(&bytes), result);
                    world
                };
                if initiating != Initiating::Idle {
                    after().finish_ours();
                }
                if answering != Answering::Idle && !replaces {
                    after().finish_theirs();
                }
            }
        }
    }
}

// attack: AKE-9
#[test]
fn a_newer_commit_takes_the_place_of_the_one_before() {
    let mut world = world(Initiating::Idle, Answering::AwaitingLower);
    let mut newer = Party::bob(30);
    let key = world.us.answer(&newer.begin());
    assert_eq!(key, world.sent[0], "the key stays the same");
    let old = world.fitting_reveal.clone().unwrap();
    assert_eq!(world.us.receive(&old).err(), Some(Error::Verification));
    let reveal = newer.answer(&key);
    let (ours, signature) = world.us.complete(&reveal);
    let (theirs, _) = newer.complete(&signature.unwrap());
    assert_eq!(ours.session_id, theirs.session_id);
}

// attack: AKE-9
#[test]
fn the_first_slot_to_complete_wipes_the_other() {
    for answering in [Answering::AwaitingLower, Answering::AwaitingHigher] {
        let mut world = world(Initiating::AwaitingSignature, answering);
        let _ = world.us.complete(&world.fitting_signature.clone().unwrap());
        assert!(matches!(world.us.receive(&world.fitting_reveal.clone().unwrap()), Ok(Outcome::Ignored)));
    }
    let mut world = world(Initiating::AwaitingSignature, Answering::AwaitingHigher);
    let _ = world.us.complete(&world.fitting_reveal.clone().unwrap());
    assert!(matches!(world.us.receive(&world.fitting_signature.clone().unwrap()), Ok(Outcome::Ignored)));
    assert!(matches!(world.us.receive(&world.fitting_key.clone()), Ok(Outcome::Ignored)));
}

// attack: AKE-4, AKE-9
#[test]
fn the_exchange_with_the_higher_hash_stands_when_both_complete() {
    let mut world = world(Initiating::AwaitingSignature, Answering::AwaitingLower);
    let (theirs, _) = world.us.complete(&world.fitting_reveal.clone().unwrap());
    let (ours, reply) = world.us.complete(&world.fitting_signature.clone().unwrap());
    assert_ne!(ours.session_id, theirs.session_id);
    assert_eq!(reply, None);
    assert_eq!(world.us.state(), common::IDLE);
}

// attack: AKE-6, AKE-9
#[test]
fn the_exchange_that_is_kept_is_forgotten_once_the_peer_has_settled_on_the_other() {
    let mut world = world(Initiating::AwaitingSignature, Answering::AwaitingLower);
    let _ = world.us.complete(&world.fitting_reveal.clone().unwrap());
    assert!(world.us.state().awaiting_signature);
    world.us.ake.settle();
    assert_eq!(world.us.state(), common::IDLE);
    assert!(matches!(world.us.receive(&world.fitting_signature.clone().unwrap()), Ok(Outcome::Ignored)));
    // An exchange that has outlived nothing is no matter of settling.
    let mut world = self::world(Initiating::AwaitingSignature, Answering::Idle);
    world.us.ake.settle();
    assert!(world.us.state().awaiting_signature);
}

// attack: AKE-6, AKE-8
#[test]
fn an_exchange_begun_anew_leaves_the_last_message_of_the_one_before_its_minute() {
    for (seconds, completes) in [(59, true), (60, false)] {
        let mut world = world(Initiating::AwaitingSignature, Answering::Idle);
        let offer = world.us.offer();
        world.us.ake.begin(offer);
        assert!(world.us.state().awaiting_dh_key && !world.us.state().awaiting_signature);
        world.us.now += core::time::Duration::from_secs(seconds);
        let result = world.us.receive(&world.fitting_signature.clone().unwrap());
        assert_eq!(matches!(result, Ok(Outcome::Established(_, None))), completes, "after {seconds} s");
        assert_eq!(matches!(result, Ok(Outcome::Ignored)), !completes, "after {seconds} s");
    }
}
