//! Conversations of two accounts, from seeds: every input, and everything that comes of it (attack rule G-9).

use std::time::Duration;

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use otr_session::{Account, Config, Incoming, NotPossible, Output, Policy, Trust};
use otr_wire::{InstanceTag, MAX_MESSAGE, Version, Versions};
use serde::{Deserialize, Serialize};

use super::{events::Told, fixtures, scripts};
use crate::vectors::{
    Case, Group, Library, Problem, VectorFile, Verdict,
    file::Builder,
    keys::Dsa,
    kinds::{Problems, each_with},
    problem::same,
    value::{Hex, Tag},
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shared {
    alice: Dsa,
    bob: Dsa,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conversation {
    alice: Setup,
    bob: Setup,
    pub(super) steps: Vec<Step>,
}

/// An account before anything has happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Setup {
    tag: Tag,
    seed: Hex,
    pub(super) policy: Rule,
    pub(super) versions: String,
    pub(super) max_message_size: Option<usize>,
    pub(super) padding: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Rule {
    Never,
    Manual,
    Opportunistic,
    Always,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Who {
    Alice,
    Bob,
}

impl Who {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Alice => Self::Bob,
            Self::Bob => Self::Alice,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Alice => "alice",
            Self::Bob => "bob",
        }
    }
}

/// What `who` does at a time in milliseconds, what the account answers, and what it has its host do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    at: u64,
    who: Who,
    does: Does,
    answer: String,
    pub(super) out: Vec<Out>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum Does {
    Receive(String),
    Send(String),
    Start,
    End,
    Heartbeat,
    ExtraKey { usage: u32, data: Hex },
    SetTrust { fingerprint: Hex },
    Tick,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Out {
    Transmit(String),
    Event(Told),
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Shared>(), group, check_case)
}

fn check_case(shared: &Shared, case: &Case) -> Result<(), Problem> {
    let conversation: Conversation = case.fields()?;
    let mut scene = Scene::new(shared, &conversation)?;
    for (number, step) in conversation.steps.iter().enumerate() {
        let (answer, out) = scene.side(step.who).act(step.who.other(), step.at, &step.does)?;
        same(&format!("answer to step {number}"), &answer, &step.answer)?;
        same(&format!("what comes of step {number}"), &out, &step.out)?;
    }
    same("result", case.result, verdict(&conversation.steps))
}

/// A conversation is one of refusals when anything in it is.
fn verdict(steps: &[Step]) -> Verdict {
    let warns = |step: &Step| step.out.iter().any(|out| matches!(out, Out::Event(Told::Warning(_))));
    let refuses = |step: &Step| !matches!(step.answer.as_str(), "" | "Encrypted" | "Plain" | "Queued") && !is_key(step);
    if steps.iter().any(|step| warns(step) || refuses(step)) { Verdict::Invalid } else { Verdict::Valid }
}

/// The extra key is an answer too.
fn is_key(step: &Step) -> bool {
    matches!(step.does, Does::ExtraKey { .. }) && step.answer.len() == 64
}

struct Party {
    account: Account,
    rng: ChaCha20Rng,
}

impl Party {
    fn new(identity: &Dsa, setup: &Setup) -> Result<Self, Problem> {
        let version = |identifier| Version::ALL.into_iter().find(|version| version.identifier() == identifier);
        let versions: Option<Versions> = setup.versions.chars().map(version).collect();
        let config = Config {
            policy: match setup.policy {
                Rule::Never => Policy::NEVER,
                Rule::Manual => Policy::MANUAL,
                Rule::Opportunistic => Policy::OPPORTUNISTIC,
                Rule::Always => Policy::ALWAYS,
            },
            versions: versions.ok_or_else(|| Problem::new("a version that is not spoken"))?,
            max_message_size: setup.max_message_size,
            message_limit: MAX_MESSAGE,
            padding: setup.padding,
        };
        let account = Account::new(identity.get()?, setup.tag.get()?, config);
        Ok(Self { account, rng: ChaCha20Rng::from_seed(setup.seed.array()?) })
    }

    /// Does one thing; gives the answer and everything that came out.
    fn act(&mut self, peer: Who, at: u64, does: &Does) -> Result<(String, Vec<Out>), Problem> {
        let (peer, now) = (peer.name(), Duration::from_millis(at));
        let account = &mut self.account;
        let done =
            |result: Result<(), NotPossible>| result.map_or_else(|error| format!("{error:?}"), |()| String::new());
        let answer = match does {
            Does::Receive(body) => {
                account.receive(peer, Incoming::direct(body.as_bytes()), now, &mut self.rng);
                String::new()
            }
            Does::Send(text) => format!("{:?}", account.send(peer, text, now)),
            Does::Start => done(account.start(peer, now)),
            Does::End => {
                account.end(peer, now);
                String::new()
            }
            Does::Heartbeat => done(account.heartbeat(peer, now)),
            Does::ExtraKey { usage, data } => match account.extra_key(peer, *usage, &data.0, now) {
                Ok(key) => hex::encode(key.as_bytes()),
                Err(error) => format!("{error:?}"),
            },
            Does::SetTrust { fingerprint } => {
                let fingerprint = otr_session::Fingerprint::from_bytes(fingerprint.array()?);
                done(account.set_trust(peer, fingerprint, Trust::Verified, now))
            }
            Does::Tick => {
                account.tick(now);
                String::new()
            }
        };
        let mut out = Vec::new();
        while let Some(output) = self.account.poll() {
            out.push(match output {
                Output::Transmit { message, .. } => Out::Transmit(message),
                Output::Event { event, .. } => Out::Event(Told::of(&event)?),
            });
        }
        Ok((answer, out))
    }
}

struct Scene {
    alice: Party,
    bob: Party,
}

impl Scene {
    fn new(shared: &Shared, conversation: &Conversation) -> Result<Self, Problem> {
        let alice = Party::new(&shared.alice, &conversation.alice)?;
        Ok(Self { alice, bob: Party::new(&shared.bob, &conversation.bob)? })
    }

    const fn side(&mut self, who: Who) -> &mut Party {
        match who {
            Who::Alice => &mut self.alice,
            Who::Bob => &mut self.bob,
        }
    }
}

/// Records a conversation while it happens.
pub(super) struct Recorder {
    scene: Scene,
    conversation: Conversation,
    /// In milliseconds; scripts move it.
    pub(super) at: u64,
    /// What is under way to each side, oldest first.
    under_way: [std::collections::VecDeque<String>; 2],
}

impl Recorder {
    fn new(shared: &Shared, number: u32, adjust: fn(&mut Setup)) -> Result<Self, Problem> {
        let setup = |name: &str, tag| -> Result<Setup, Problem> {
            let seed = Hex::from(fixtures::seed(&format!("conversation of {name}"), number).as_slice());
            let tag = InstanceTag::new(tag)?.into();
            let policy = Rule::Opportunistic;
            let mut setup = Setup { tag, seed, policy, versions: "3".into(), max_message_size: None, padding: 0 };
            adjust(&mut setup);
            Ok(setup)
        };
        let conversation =
            Conversation { alice: setup("alice", 0x1000)?, bob: setup("bob", 0x2000)?, steps: Vec::new() };
        let scene = Scene::new(shared, &conversation)?;
        Ok(Self { scene, conversation, at: 0, under_way: Default::default() })
    }

    /// Lets `who` do something; what goes out is then under way to the other side. Returns what went out.
    pub(super) fn act(&mut self, who: Who, does: Does) -> Result<Vec<String>, Problem> {
        let (answer, out) = self.scene.side(who).act(who.other(), self.at, &does)?;
        let sent: Vec<String> = out.iter().filter_map(Out::transmitted).map(Into::into).collect();
        self.conversation.steps.push(Step { at: self.at, who, does, answer, out });
        self.to(who.other()).extend(sent.iter().cloned());
        Ok(sent)
    }

    pub(super) fn send(&mut self, who: Who, text: &str) -> Result<Vec<String>, Problem> {
        self.act(who, Does::Send(text.into()))
    }

    pub(super) fn receive(&mut self, who: Who, body: &str) -> Result<Vec<String>, Problem> {
        self.act(who, Does::Receive(body.into()))
    }

    /// What is under way to a side.
    pub(super) const fn to(&mut self, who: Who) -> &mut std::collections::VecDeque<String> {
        let [to_alice, to_bob] = &mut self.under_way;
        match who {
            Who::Alice => to_alice,
            Who::Bob => to_bob,
        }
    }

    /// Delivers everything that is under way, and what comes of it, until all is quiet.
    pub(super) fn settle(&mut self) -> Result<(), Problem> {
        const MOST: usize = 1000;
        for _ in 0..MOST {
            let next = [Who::Bob, Who::Alice].into_iter().find_map(|who| Some((who, self.to(who).pop_front()?)));
            let Some((who, body)) = next else { return Ok(()) };
            self.receive(who, &body)?;
        }
        Err(Problem::new("the two go on for ever"))
    }
}

impl Out {
    fn transmitted(&self) -> Option<&str> {
        match self {
            Self::Transmit(text) => Some(text),
            Self::Event(_) => None,
        }
    }
}

pub(crate) fn generate(_: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTRv3-Conversation",
        &[
            "Two accounts; each draws from ChaCha20 with its seed as key, nonce 0, from block 0.",
            "steps: who does what at which millisecond, what the account answers, and what it has its host do, in order.",
            "invalid: something in it is refused, dropped or warned about; what follows shows what is left.",
        ],
    );
    let shared = Shared { alice: fixtures::dsa("alice")?, bob: fixtures::dsa("bob")? };
    file.group("OtrConversation", &shared)?;
    for (number, script) in (0..).zip(scripts::SCRIPTS) {
        let mut recorder = Recorder::new(&shared, number, script.setup)?;
        (script.run)(&mut recorder)?;
        let steps = &recorder.conversation.steps;
        let shown = serde_json::to_string(steps)?;
        if let Some(missing) = script.shows.iter().find(|words| !shown.contains(**words)) {
            return Err(Problem::new(format!("{}: it does not show {missing}: {shown}", script.name)));
        }
        file.case(script.name, script.shows, verdict(steps), &recorder.conversation)?;
    }
    Ok(file.finish())
}
