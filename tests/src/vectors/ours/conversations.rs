//! Conversations of two accounts, from seeds: every input, and everything that comes of it (attack rule G-9).

use std::time::Duration;

use otr_session::{
    Account, Comparison, Config, Event, Incoming, KnownFingerprint, NotPossible, Origin, Output, Policy, RunId, Trust,
};
use otr_wire::{InstanceTag, MAX_MESSAGE, Version, Versions};
use serde::{Deserialize, Serialize};

use super::{
    events::Told,
    fixtures, scripts,
    watched::{Watched, sealed_again},
};
use crate::vectors::{
    Case, Group, Library, Problem, VectorFile, Verdict,
    file::Builder,
    keys::{Dsa, Ed25519},
    kinds::{Problems, each_with},
    problem::same,
    value::{Hex, Tag},
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shared {
    alice: Dsa,
    bob: Dsa,
    mallory: Dsa,
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
    /// The identity in the Curve25519 suite, where that is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) curve25519: Option<Ed25519>,
    /// The account's own address, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Rule {
    Never,
    Manual,
    Opportunistic,
    Always,
    Flags(Vec<Flag>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Flag {
    Allow,
    RequireEncryption,
    SendWhitespaceTag,
    WhitespaceStartAke,
    ErrorStartAke,
}

impl Rule {
    fn policy(&self) -> Policy {
        match self {
            Self::Never => Policy::NEVER,
            Self::Manual => Policy::MANUAL,
            Self::Opportunistic => Policy::OPPORTUNISTIC,
            Self::Always => Policy::ALWAYS,
            Self::Flags(flags) => flags.iter().fold(Policy::NEVER, |policy, flag| {
                policy.with(match flag {
                    Flag::Allow => Policy::ALLOW,
                    Flag::RequireEncryption => Policy::REQUIRE_ENCRYPTION,
                    Flag::SendWhitespaceTag => Policy::SEND_WHITESPACE_TAG,
                    Flag::WhitespaceStartAke => Policy::WHITESPACE_START_AKE,
                    Flag::ErrorStartAke => Policy::ERROR_START_AKE,
                })
            }),
        }
    }
}

/// How a body came, where it did not come directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Way {
    Delayed,
    Group,
    Copy,
    Own,
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
    ExtraKey {
        usage: u32,
        data: Hex,
    },
    SetTrust {
        fingerprint: Hex,
    },
    Tick,
    /// A body came some other way.
    Overhear {
        way: Way,
        body: String,
    },
    Compare {
        secret: String,
        question: Option<String>,
    },
    /// The comparison asked for last is answered.
    Answer(String),
    AbortComparison,
    /// The program is started anew: it has its key and the identities it knew, and draws on where it was.
    Restart,
    /// The same with the Curve25519 suite switched off.
    RestartWithoutCurve25519,
    /// The same with the key of somebody else.
    RestartAsMallory,
    SetPolicy(Rule),
    SetVersions(String),
    AllowDowngrade(bool),
    MayReply(bool),
    AcceptIdentity {
        fingerprint: Hex,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Out {
    Transmit(String),
    Event(Told),
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    let shared = group.fields::<Shared>().and_then(|shared| {
        // Not every case has a use for it.
        shared.mallory.get()?;
        Ok(shared)
    });
    each_with(shared, group, check_case)
}

fn check_case(shared: &Shared, case: &Case) -> Result<(), Problem> {
    let conversation: Conversation = case.fields()?;
    let mut scene = Scene::new(shared, &conversation)?;
    for (number, step) in conversation.steps.iter().enumerate() {
        let (answer, out) = scene.side(step.who).act(step.who.other(), step.at, &step.does)?;
        same(&format!("answer to step {number}"), &answer, &step.answer)?;
        same(&format!("what comes of step {number}"), &out, &step.out)?;
    }
    same("result", case.result, verdict(&conversation.steps, case.has_flag(scripts::IGNORED)))
}

/// A conversation is one of refusals when anything in it is, with or without a word.
fn verdict(steps: &[Step], is_ignored: bool) -> Verdict {
    let is_bad = |out: &Out| match out {
        Out::Event(Told::Warning(_)) => true,
        Out::Event(Told::Comparison { event, .. }) => {
            ["Failed", "Aborted", "Cheated", "TimedOut"].contains(&event.as_str())
        }
        Out::Event(_) | Out::Transmit(_) => false,
    };
    let warns = |step: &Step| step.out.iter().any(is_bad);
    let refuses = |step: &Step| !matches!(step.answer.as_str(), "" | "Encrypted" | "Plain" | "Queued") && !is_key(step);
    if is_ignored || steps.iter().any(|step| warns(step) || refuses(step)) { Verdict::Invalid } else { Verdict::Valid }
}

/// The extra key is an answer too.
fn is_key(step: &Step) -> bool {
    matches!(step.does, Does::ExtraKey { .. }) && step.answer.len() == 64
}

struct Party {
    account: Account,
    rng: Watched,
    identity: Dsa,
    mallory: Dsa,
    curve25519: Option<Ed25519>,
    /// The comparison that the user was asked for last.
    asked: Option<RunId>,
}

impl Party {
    fn new(shared: &Shared, who: Who, setup: &Setup) -> Result<Self, Problem> {
        let config = Config {
            policy: setup.policy.policy(),
            versions: versions(&setup.versions)?,
            max_message_size: setup.max_message_size,
            message_limit: MAX_MESSAGE,
            padding: setup.padding,
            address: setup.address.clone(),
        };
        let identity = match who {
            Who::Alice => shared.alice.clone(),
            Who::Bob => shared.bob.clone(),
        };
        let curve25519 = setup.curve25519.clone();
        let account = account(&identity, curve25519.as_ref(), setup.tag.get()?, config)?;
        let rng = Watched::new(setup.seed.array()?);
        Ok(Self { account, rng, identity, mallory: shared.mallory.clone(), curve25519, asked: None })
    }

    /// A program started anew.
    fn restart(&mut self, peer: &str) -> Result<(), Problem> {
        let known = self.account.known_fingerprints(peer);
        let (tag, config) = (self.account.instance_tag(), self.account.config().clone());
        self.account = account(&self.identity, self.curve25519.as_ref(), tag, config)?;
        for KnownFingerprint { fingerprint, trust, .. } in known {
            self.account.remember(peer, fingerprint, trust)?;
        }
        Ok(())
    }

    /// Does one thing; gives the answer and everything that came out.
    fn act(&mut self, peer: Who, at: u64, does: &Does) -> Result<(String, Vec<Out>), Problem> {
        let (peer, now) = (peer.name(), Duration::from_millis(at));
        match does {
            Does::Restart => self.restart(peer)?,
            Does::RestartWithoutCurve25519 => {
                self.curve25519 = None;
                self.restart(peer)?;
            }
            Does::RestartAsMallory => {
                self.identity = self.mallory.clone();
                self.restart(peer)?;
            }
            _ => {}
        }
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
            Does::Overhear { way, body } => {
                let origin = match way {
                    Way::Delayed => Origin::Delayed,
                    Way::Group => Origin::Group,
                    Way::Copy => Origin::Copy,
                    Way::Own => Origin::Own,
                };
                account.receive(peer, Incoming { body: body.as_bytes(), origin }, now, &mut self.rng);
                String::new()
            }
            Does::Compare { secret, question } => {
                done(account.start_comparison(peer, secret, question.as_deref(), now, &mut self.rng))
            }
            Does::Answer(secret) => {
                let run = self.asked.ok_or_else(|| Problem::new("nothing was asked yet"))?;
                done(account.answer_comparison(peer, run, secret, now, &mut self.rng))
            }
            Does::AbortComparison => done(account.abort_comparison(peer, now)),
            Does::Restart | Does::RestartWithoutCurve25519 | Does::RestartAsMallory => String::new(),
            Does::SetPolicy(rule) => done(account.set_policy(peer, Some(rule.policy()))),
            Does::SetVersions(identifiers) => done(account.set_versions(peer, Some(versions(identifiers)?))),
            Does::AllowDowngrade(allow) => done(account.set_allow_downgrade(peer, *allow)),
            Does::MayReply(may_reply) => done(account.set_may_reply(peer, *may_reply)),
            Does::AcceptIdentity { fingerprint } => {
                let fingerprint = otr_session::Fingerprint::from_bytes(fingerprint.array()?);
                done(account.accept_identity(peer, fingerprint, now))
            }
        };
        let mut out = Vec::new();
        while let Some(output) = self.account.poll() {
            out.push(match output {
                Output::Transmit { message, .. } => Out::Transmit(message),
                Output::Event { event, .. } => {
                    if let Event::Comparison(comparison) = &event
                        && let Comparison::Asked { run, .. } = comparison.event
                    {
                        self.asked = Some(run);
                    }
                    Out::Event(Told::of(&event)?)
                }
            });
        }
        Ok((answer, out))
    }
}

fn account(identity: &Dsa, curve25519: Option<&Ed25519>, tag: InstanceTag, config: Config) -> Result<Account, Problem> {
    let mut account = Account::new(identity.get()?, tag, config);
    if let Some(key) = curve25519 {
        account.use_curve25519(key.get()?).map_err(|_| Problem::new("a key that is not of the suite"))?;
    }
    Ok(account)
}

struct Scene {
    alice: Party,
    bob: Party,
}

impl Scene {
    fn new(shared: &Shared, conversation: &Conversation) -> Result<Self, Problem> {
        let alice = Party::new(shared, Who::Alice, &conversation.alice)?;
        Ok(Self { alice, bob: Party::new(shared, Who::Bob, &conversation.bob)? })
    }

    const fn side(&mut self, who: Who) -> &mut Party {
        match who {
            Who::Alice => &mut self.alice,
            Who::Bob => &mut self.bob,
        }
    }
}

/// A digit for each version; the Curve25519 suite, which is never offered beside others, by its number.
fn versions(identifiers: &str) -> Result<Versions, Problem> {
    if identifiers == "25519" {
        return Ok(Versions::only(Version::Curve25519));
    }
    let version = |identifier| Version::ALL.into_iter().find(|version| version.identifier() == identifier);
    let versions: Option<Versions> = identifiers.chars().map(version).collect();
    versions.ok_or_else(|| Problem::new("a version that is not spoken"))
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
    fn new(
        shared: &Shared,
        number: u32,
        adjust: fn(&mut Setup),
        extend: impl FnOnce(&mut Setup, &mut Setup),
    ) -> Result<Self, Problem> {
        let setup = |name: &str, tag| -> Result<Setup, Problem> {
            let seed = Hex::from(fixtures::seed(&format!("conversation of {name}"), number).as_slice());
            let tag = InstanceTag::new(tag)?.into();
            let policy = Rule::Opportunistic;
            let mut setup = Setup {
                tag,
                seed,
                policy,
                versions: "3".into(),
                max_message_size: None,
                padding: 0,
                curve25519: None,
                address: None,
            };
            adjust(&mut setup);
            Ok(setup)
        };
        let (mut alice, mut bob) = (setup("alice", 0x1000)?, setup("bob", 0x2000)?);
        extend(&mut alice, &mut bob);
        let conversation = Conversation { alice, bob, steps: Vec::new() };
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

    /// A Data message of `who`, with what `change` makes of its content, as a peer that means ill would send it.
    pub(super) fn forge(
        &mut self,
        who: Who,
        body: &str,
        change: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> Result<String, Problem> {
        let Scene { alice, bob } = &self.scene;
        let (writer, reader) = match who {
            Who::Alice => (alice, bob),
            Who::Bob => (bob, alice),
        };
        sealed_again(&writer.rng, &reader.rng, body, change)
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
            "invalid: something in it is refused, dropped or warned about; what follows shows what is left. Where that",
            "makes no event, the flag is Ignored.",
            "restart: the program is started anew with its key and the identities it knew, and draws on where it was.",
        ],
    );
    let shared = shared()?;
    file.group("OtrConversation", &shared)?;
    for (number, script) in (0..).zip(scripts::all()) {
        let recorder = Recorder::new(&shared, number, script.setup, |_, _| {})?;
        record(&mut file, recorder, script)?;
    }
    Ok(file.finish())
}

/// The conversations of accounts with the Curve25519 suite.
pub(crate) fn generate_curve25519(_: &Library) -> Result<VectorFile, Problem> {
    /// Where the numbers of the seeds begin, so that none serves in another file too.
    const FIRST: u32 = 25_519;
    let mut file = Builder::new(
        "OTR-Curve25519-Conversation",
        &[
            "As in conversations.json. curve25519: the account's identity in the suite; where it is left out, the suite is",
            "off. address: the account's own address, where it is known; alice calls bob so, and the other way round.",
            "versions 25519: the suite alone. restartWithoutCurve25519: as restart, and the suite is off from now on.",
        ],
    );
    let shared = shared()?;
    file.group("OtrConversation", &shared)?;
    for (number, script) in (FIRST..).zip(scripts::moving::SCRIPTS) {
        let recorder = Recorder::new(&shared, number, script.script.setup, |alice, bob| {
            let [with_alice, with_bob] = script.suite;
            alice.curve25519 = with_alice.then(|| fixtures::ed25519("alice"));
            bob.curve25519 = with_bob.then(|| fixtures::ed25519("bob"));
            [alice.address, bob.address] = script.addresses.map(|address| address.map(Into::into));
        })?;
        let shown = record(&mut file, recorder, &script.script)?;
        if shown.contains("\"version\":25519") != script.moves {
            return Err(Problem::new(format!("{}: whether it moves is not as it says", script.script.name)));
        }
    }
    Ok(file.finish())
}

fn shared() -> Result<Shared, Problem> {
    Ok(Shared { alice: fixtures::dsa("alice")?, bob: fixtures::dsa("bob")?, mallory: fixtures::dsa("mallory")? })
}

/// Lets a script run, and sees that it shows what it is to show; gives all that came out.
fn record(file: &mut Builder, mut recorder: Recorder, script: &scripts::Script) -> Result<String, Problem> {
    (script.run)(&mut recorder)?;
    let steps = &recorder.conversation.steps;
    let shown = serde_json::to_string(steps)?;
    if let Some(missing) = script.shows.iter().find(|&&words| words != scripts::IGNORED && !shown.contains(words)) {
        return Err(Problem::new(format!("{}: it does not show {missing}", script.name)));
    }
    let is_ignored = script.shows.contains(&scripts::IGNORED);
    file.case(script.name, script.shows, verdict(steps, is_ignored), &recorder.conversation)?;
    Ok(shown)
}
