//! Both sides start: every order in which a network can deliver, lose and repeat.
//!
//! What a party does depends only on what it has received, in order. So each party is a tree of histories, computed
//! once by replaying, and the search over all orders of both parties and both channels walks two trees without any
//! cryptography.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop the test")]

mod common;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    rc::Rc,
};

use common::Party;
use otr_ake::{Error, Outcome};
use otr_crypto::SessionId;
use otr_wire::{Message, MessageType, Payload};

/// The reply to a message, and the session id if it completed an exchange.
type Response = (Option<Vec<u8>>, Option<SessionId>);

/// Something that takes part in an exchange.
trait Peer {
    fn begin(&mut self) -> Vec<u8>;
    /// `None` if nothing changed.
    fn receive(&mut self, bytes: &[u8]) -> Option<Response>;
}

impl Peer for Party {
    fn begin(&mut self) -> Vec<u8> {
        Self::begin(self)
    }

    fn receive(&mut self, bytes: &[u8]) -> Option<Response> {
        match Self::receive(self, bytes) {
            Ok(Outcome::Ignored) => None,
            Ok(Outcome::Reply(reply)) => Some((Some(reply), None)),
            Ok(Outcome::Established(established, reply)) => Some((reply, Some(established.session_id))),
            Err(Error::Verification) => Some((None, None)),
            Err(error) => panic!("no honest message brings about: {error}"),
        }
    }
}

/// A peer with the one state of the specification, which always yields: a D-H Commit is answered whatever its hash.
struct OneSlot {
    initiator: Party,
    responder: Party,
    state: OneState,
    /// Whether, having answered our commit, it still takes our key for its own.
    takes_late_key: bool,
}

#[derive(PartialEq)]
enum OneState {
    Idle,
    AwaitingDhKey,
    AwaitingRevealSignature,
    AwaitingSignature,
}

impl Peer for OneSlot {
    fn begin(&mut self) -> Vec<u8> {
        self.state = OneState::AwaitingDhKey;
        self.initiator.begin()
    }

    fn receive(&mut self, bytes: &[u8]) -> Option<Response> {
        match common::kind(bytes) {
            MessageType::DhCommit => {
                self.state = OneState::AwaitingRevealSignature;
                Peer::receive(&mut self.responder, bytes)
            }
            MessageType::DhKey => {
                let takes = match self.state {
                    OneState::AwaitingDhKey | OneState::AwaitingSignature => true,
                    OneState::AwaitingRevealSignature => self.takes_late_key && self.initiator.state().is_active(),
                    OneState::Idle => false,
                };
                if !takes {
                    return None;
                }
                self.state = OneState::AwaitingSignature;
                Peer::receive(&mut self.initiator, bytes)
            }
            MessageType::RevealSignature if self.state == OneState::AwaitingRevealSignature => {
                let result = Peer::receive(&mut self.responder, bytes);
                self.note(result)
            }
            MessageType::Signature if self.state == OneState::AwaitingSignature => {
                let result = Peer::receive(&mut self.initiator, bytes);
                self.note(result)
            }
            MessageType::RevealSignature | MessageType::Signature | MessageType::Data => None,
        }
    }
}

impl OneSlot {
    fn note(&mut self, result: Option<Response>) -> Option<Response> {
        if let Some((_, Some(_))) = result {
            self.state = OneState::Idle;
        }
        result
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Input {
    Begin,
    Receive(Rc<[u8]>),
}

/// A party as the tree of its histories.
struct Histories {
    make: Box<dyn Fn() -> Box<dyn Peer>>,
    nodes: Vec<Node>,
}

/// A node, and the message sent on the way to it.
type Step = (usize, Option<Rc<[u8]>>);

struct Node {
    history: Vec<Input>,
    established: Option<SessionId>,
    next: HashMap<Input, Step>,
}

impl Histories {
    fn new(make: impl Fn() -> Box<dyn Peer> + 'static) -> Self {
        let root = Node { history: Vec::new(), established: None, next: HashMap::new() };
        Self { make: Box::new(make), nodes: vec![root] }
    }

    /// The node after `input`, and the message sent.
    fn step(&mut self, at: usize, input: &Input) -> Step {
        if let Some(known) = self.nodes[at].next.get(input) {
            return known.clone();
        }
        let mut peer = (self.make)();
        let mut apply = |input: &Input| match input {
            Input::Begin => Some((Some(peer.begin()), None)),
            Input::Receive(bytes) => peer.receive(bytes),
        };
        for input in &self.nodes[at].history {
            let _ = apply(input);
        }
        let result = match apply(input) {
            // Nothing changed (`tests/cells.rs` proves it), so this is the same node.
            None => (at, None),
            Some((reply, established)) => {
                let history = [&self.nodes[at].history[..], core::slice::from_ref(input)].concat();
                let established = established.or(self.nodes[at].established);
                self.nodes.push(Node { history, established, next: HashMap::new() });
                (self.nodes.len() - 1, reply.map(Rc::from))
            }
        };
        self.nodes[at].next.insert(input.clone(), result.clone());
        result
    }
}

/// What the network does beside delivering each direction in order.
#[derive(Debug, Clone, Copy, Default)]
struct Network {
    losses: u8,
    /// Messages that come twice, one right after the other.
    repeats: u8,
    /// Messages that come again after everything that is on its way.
    late_repeats: u8,
    /// Whether messages overtake each other.
    reorders: bool,
}

/// When the two sides start.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Start {
    /// Both before anything is delivered.
    Crossing,
    /// At any moment before the exchange is complete.
    AnyTime,
}

const STARTS: [Start; 2] = [Start::Crossing, Start::AnyTime];

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    nodes: [usize; 2],
    /// Whether each side has yet to start.
    to_begin: [bool; 2],
    /// What is on its way to each side.
    queues: [VecDeque<Rc<[u8]>>; 2],
    losses: u8,
    repeats: u8,
    late_repeats: u8,
    sent: usize,
}

/// What the search found at the ends, where nothing is on its way any more.
#[derive(Debug, Default)]
struct Findings {
    most_sent: usize,
    both_established: usize,
    /// One side is established, the last message to the other was lost.
    one_established: usize,
    none_established: usize,
    /// The ways to two sides that are established with different session ids.
    splits: Vec<String>,
}

struct Search {
    parties: [Histories; 2],
    reorders: bool,
    seen: HashSet<World>,
    findings: Findings,
}

impl Search {
    fn run(parties: [Histories; 2], network: Network, start: Start) -> Findings {
        let mut search =
            Self { parties, reorders: network.reorders, seen: HashSet::new(), findings: Findings::default() };
        let mut world = World {
            nodes: [0, 0],
            to_begin: [true, true],
            queues: [VecDeque::new(), VecDeque::new()],
            losses: network.losses,
            repeats: network.repeats,
            late_repeats: network.late_repeats,
            sent: 0,
        };
        if start == Start::Crossing {
            world = search.begin(world, 0);
            world = search.begin(world, 1);
        }
        search.visit(world, &mut Vec::new());
        search.findings
    }

    fn established(&self, world: &World) -> [Option<SessionId>; 2] {
        [0, 1].map(|side| self.parties[side].nodes[world.nodes[side]].established)
    }

    fn begin(&mut self, mut world: World, side: usize) -> World {
        world.to_begin[side] = false;
        self.apply(world, side, &Input::Begin)
    }

    fn receive(&mut self, world: World, side: usize, message: &Rc<[u8]>) -> World {
        self.apply(world, side, &Input::Receive(message.clone()))
    }

    fn apply(&mut self, mut world: World, side: usize, input: &Input) -> World {
        let (node, reply) = self.parties[side].step(world.nodes[side], input);
        world.nodes[side] = node;
        if let Some(reply) = reply {
            world.sent += 1;
            world.queues[1 - side].push_back(reply);
        }
        world
    }

    fn visit(&mut self, world: World, trace: &mut Vec<String>) {
        if !self.seen.insert(world.clone()) {
            return;
        }
        self.findings.most_sent = self.findings.most_sent.max(world.sent);
        let established = self.established(&world);
        let mut over = world.queues.iter().all(VecDeque::is_empty);
        for side in [0, 1] {
            if world.to_begin[side] && established[side].is_none() {
                over = false;
                let next = self.begin(world.clone(), side);
                self.follow(next, &format!("{side} begins"), trace);
            }
            let waiting = world.queues[side].len();
            for at in 0..if self.reorders { waiting } else { waiting.min(1) } {
                self.deliver(&world, side, at, trace);
            }
        }
        if over {
            self.end(established, trace);
        }
    }

    /// Everything that can become of one message on its way.
    fn deliver(&mut self, world: &World, side: usize, at: usize, trace: &mut Vec<String>) {
        let mut without = world.clone();
        let message = without.queues[side].remove(at).unwrap();
        let name = format!("{:?} to {side}", common::kind(&message));
        let next = self.receive(without.clone(), side, &message);
        self.follow(next, &name, trace);
        if let Some(losses) = world.losses.checked_sub(1) {
            let next = World { losses, ..without.clone() };
            self.follow(next, &format!("{name} is lost"), trace);
        }
        if let Some(repeats) = world.repeats.checked_sub(1) {
            let once = self.receive(World { repeats, ..without.clone() }, side, &message);
            let next = self.receive(once, side, &message);
            self.follow(next, &format!("{name}, twice"), trace);
        }
        if let Some(late_repeats) = world.late_repeats.checked_sub(1) {
            let mut next = World { late_repeats, ..without };
            next.queues[side].push_back(message.clone());
            let next = self.receive(next, side, &message);
            self.follow(next, &format!("{name}, and again later"), trace);
        }
    }

    fn follow(&mut self, next: World, step: &str, trace: &mut Vec<String>) {
        trace.push(step.into());
        self.visit(next, trace);
        trace.pop();
    }

    fn end(&mut self, established: [Option<SessionId>; 2], trace: &[String]) {
        match established {
            [Some(a), Some(b)] if a == b => self.findings.both_established += 1,
            [Some(_), Some(_)] => self.findings.splits.push(trace.join("; ")),
            [Some(_), None] | [None, Some(_)] => self.findings.one_established += 1,
            [None, None] => self.findings.none_established += 1,
        }
    }
}

/// Seeds such that the hash of the first party's commit is above, or below, that of the second.
fn seeds(first_is_higher: bool) -> [u64; 2] {
    let hash = |mut party: Party| match Message::decode(&party.begin()).unwrap().payload {
        Payload::DhCommit(commit) => *commit.hashed_gx,
        other => panic!("{other:?}"),
    };
    let second = hash(Party::bob(2));
    let first = (10..).find(|&seed| (hash(Party::alice(seed)) > second) == first_is_higher);
    [first.unwrap(), 2]
}

fn two_of_ours(first_is_higher: bool) -> [Histories; 2] {
    let [first, second] = seeds(first_is_higher);
    [Histories::new(move || Box::new(Party::alice(first))), Histories::new(move || Box::new(Party::bob(second)))]
}

fn ours_and_one_slot(ours_is_higher: bool, takes_late_key: bool) -> [Histories; 2] {
    let [first, second] = seeds(ours_is_higher);
    let one_slot = move || OneSlot {
        initiator: Party::bob(second),
        responder: Party::bob(3),
        state: OneState::Idle,
        takes_late_key,
    };
    [Histories::new(move || Box::new(Party::alice(first))), Histories::new(move || Box::new(one_slot()))]
}

fn explore(network: Network, mut check: impl FnMut(&Findings)) {
    for start in STARTS {
        for first_is_higher in [true, false] {
            let findings = Search::run(two_of_ours(first_is_higher), network, start);
            assert_eq!(findings.splits, [""; 0], "{network:?}, {start:?}, {first_is_higher}");
            assert!(findings.both_established > 0);
            check(&findings);
        }
    }
}

// attack: AKE-4, AKE-9
#[test]
fn without_loss_both_always_complete() {
    explore(Network::default(), |findings| {
        assert_eq!((findings.one_established, findings.none_established), (0, 0));
        assert!(findings.most_sent <= 12, "{}", findings.most_sent);
    });
}

// attack: AKE-4, AKE-9
#[test]
fn with_repetition_both_always_complete() {
    let at_once = [1, 2].map(|repeats| Network { repeats, ..Network::default() });
    let late = [1, 2].map(|late_repeats| Network { late_repeats, ..Network::default() });
    let mixed = Network { repeats: 1, late_repeats: 1, ..Network::default() };
    for network in at_once.into_iter().chain(late).chain([mixed]) {
        explore(network, |findings| {
            assert_eq!((findings.one_established, findings.none_established), (0, 0), "{network:?}");
            // Eight messages, and at most a commit, a key and a reveal more for each repetition.
            let repeats = usize::from(network.repeats + network.late_repeats);
            assert!(findings.most_sent <= 8 + 3 * repeats, "{network:?}: {}", findings.most_sent);
        });
    }
}

// attack: AKE-4, AKE-9
#[test]
fn with_loss_nobody_is_ever_misled() {
    for (losses, repeats) in [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2)] {
        explore(Network { losses, repeats, ..Network::default() }, |_| {});
    }
}

// attack: AKE-4, AKE-9
#[test]
fn an_old_message_after_a_loss_misleads_nobody() {
    explore(Network { losses: 1, late_repeats: 1, ..Network::default() }, |_| {});
}

// attack: AKE-4, AKE-9
#[test]
fn messages_that_overtake_each_other_mislead_nobody() {
    for repeats in [0, 1] {
        explore(Network { repeats, reorders: true, ..Network::default() }, |findings| {
            assert_eq!((findings.one_established, findings.none_established), (0, 0));
        });
    }
}

/// What no rule can prevent: whoever sends the last message of an exchange does not learn whether it arrived. When
/// both sides complete the other's exchange and then the Signature that would settle it is lost, they part; neither
/// can read the other then, and a new exchange mends it.
// attack: AKE-4, AKE-9
#[test]
fn only_the_loss_of_the_settling_signature_parts_the_sides() {
    let late = Network { losses: 2, late_repeats: 1, ..Network::default() };
    let reordered = Network { losses: 1, reorders: true, ..Network::default() };
    for network in [late, reordered] {
        for first_is_higher in [true, false] {
            let findings = Search::run(two_of_ours(first_is_higher), network, Start::Crossing);
            assert!(!findings.splits.is_empty());
            for split in findings.splits {
                let lost = |step: &str| step.starts_with("Signature to") && step.ends_with("is lost");
                assert!(split.split("; ").any(lost), "{network:?}: {split}");
            }
        }
    }
}

// attack: AKE-4
#[test]
fn crossing_starts_complete_with_a_peer_that_always_yields() {
    for takes_late_key in [false, true] {
        for ours_is_higher in [true, false] {
            for repeats in [0, 1] {
                let network = Network { repeats, ..Network::default() };
                let findings = Search::run(ours_and_one_slot(ours_is_higher, takes_late_key), network, Start::Crossing);
                let case = format!("{takes_late_key}, {ours_is_higher}, {repeats}: {findings:?}");
                assert!(findings.both_established > 0, "{case}");
                assert_eq!(findings.one_established + findings.none_established + findings.splits.len(), 0, "{case}");
                assert!(findings.most_sent <= 12, "{case}");
            }
        }
    }
}
