//! What the engine does when it is asked.

use std::time::Duration;

use otr_session::{Account, ComparisonState, Incoming, NotPossible, Sent, Trust};
use otr_store::How;
use otr_wire::Versions;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::notify::{session_id, state, suite_fingerprint};
use super::params::{self, Peer};
use super::rpc::{Code, Fault, params};
use crate::outside;
use crate::profile::Profile;

/// Does `method`. What it causes waits in the account.
pub(crate) fn call(
    method: &str,
    raw: Option<&RawValue>,
    account: &mut Account,
    profile: &mut Profile,
    now: Duration,
) -> Result<Value, Fault> {
    match method {
        "identity" => {
            params::<serde::de::IgnoredAny>(raw)?;
            Ok(identity(account, profile))
        }
        "start" => {
            let Peer { peer } = params(raw)?;
            account.start(&peer.0, now).map(nothing).map_err(fault)
        }
        "send" => {
            let params::Send { peer, text } = params(raw)?;
            Ok(sent(account.send(&peer.0, &text, now)))
        }
        "receive" => {
            let params::Receive { peer, message, origin } = params(raw)?;
            let incoming = Incoming { body: message.as_bytes(), origin: origin.into() };
            account.receive(&peer.0, incoming, now, &mut outside::randomness());
            Ok(nothing(()))
        }
        "end" => {
            let Peer { peer } = params(raw)?;
            account.end(&peer.0, now);
            Ok(nothing(()))
        }
        "heartbeat" => {
            let Peer { peer } = params(raw)?;
            account.heartbeat(&peer.0, now).map(nothing).map_err(fault)
        }
        "smp.start" => {
            let params::Comparison { peer, secret, question } = params(raw)?;
            let rng = &mut outside::randomness();
            account.start_comparison(&peer.0, &secret, question.as_deref(), now, rng).map(nothing).map_err(fault)
        }
        "smp.answer" => {
            let params::Answer { peer, secret, run } = params(raw)?;
            let waiting = match account.status(&peer.0).comparison {
                ComparisonState::AwaitingUser(waiting) => Some(waiting),
                _ => None,
            };
            let asked = waiting.filter(|waiting| run.is_none_or(|run| run == waiting.to_string()));
            let asked = asked.ok_or_else(|| Fault::new(Code::WrongState, "no comparison waits for this answer"))?;
            let rng = &mut outside::randomness();
            account.answer_comparison(&peer.0, asked, &secret, now, rng).map(nothing).map_err(fault)
        }
        "smp.abort" => {
            let Peer { peer } = params(raw)?;
            account.abort_comparison(&peer.0, now).map(nothing).map_err(fault)
        }
        "trust" => trust(&params(raw)?, account, profile, now),
        "accept" => {
            let params::Accept { peer, fingerprint } = params(raw)?;
            account.accept_identity(&peer.0, fingerprint, now).map(nothing).map_err(fault)
        }
        "extra_key" => {
            let params::ExtraKey { peer, usage, data } = params(raw)?;
            let key = account.extra_key(&peer.0, usage, &data, now).map_err(fault)?;
            Ok(json!({"key": hex::encode(key.as_bytes())}))
        }
        "policy" => policy(&params(raw)?, account),
        "status" => {
            let Peer { peer } = params(raw)?;
            Ok(status(account, &peer.0))
        }
        _ => Err(Fault::new(Code::MethodNotFound, "there is no such method")),
    }
}

fn identity(account: &Account, profile: &Profile) -> Value {
    json!({
        "account": profile.account(),
        "protocol": profile.protocol(),
        "fingerprint": format!("{:x}", account.fingerprint()),
        "curve25519_fingerprint": account.curve25519_fingerprint().map(|fingerprint| format!("{fingerprint:x}")),
        "instance_tag": account.instance_tag().to_string(),
        "versions": numbers(account.config().versions),
    })
}

fn trust(params: &params::Trust, account: &mut Account, profile: &mut Profile, now: Duration) -> Result<Value, Fault> {
    let trust = if params.trusted { Trust::Verified } else { Trust::Unverified };
    account.set_trust(&params.peer.0, params.fingerprint, trust, now).map_err(fault)?;
    let stored = match trust {
        Trust::Verified => profile.verify(&params.peer.0, params.fingerprint, How::ByHand),
        Trust::Unverified => profile.distrust(&params.peer.0, params.fingerprint),
    };
    stored.map(nothing).map_err(|error| Fault::storage(&error))
}

fn policy(params: &params::Policy, account: &mut Account) -> Result<Value, Fault> {
    let peer = &params.peer.0;
    if let Some(policy) = &params.policy {
        account.set_policy(peer, Some(policy.into())).map_err(fault)?;
    }
    if params.versions.is_some() {
        account.set_versions(peer, params.versions).map_err(fault)?;
    }
    if let Some(allow) = params.allow_downgrade {
        account.set_allow_downgrade(peer, allow).map_err(fault)?;
    }
    let (policy, versions) = account.policy(peer);
    Ok(json!({"policy": params::PolicyWords::from(policy), "versions": numbers(versions)}))
}

fn status(account: &Account, peer: &str) -> Value {
    let status = account.status(peer);
    let conversation = status.conversation.as_ref();
    json!({
        "state": state(status.state),
        "version": conversation.map(|conversation| conversation.version.number()),
        "their_fingerprint": conversation.map(|conversation| format!("{:x}", conversation.their_fingerprint)),
        "suite_fingerprint": suite_fingerprint(conversation),
        "trusted": conversation.is_some_and(|conversation| conversation.trust == Trust::Verified),
        "session_id": session_id(conversation),
        "our_instance": account.instance_tag().to_string(),
        "their_instance": status.their_instance.map(|tag| tag.to_string()),
        "smp": comparison(status.comparison),
        "blocked": status.blocked,
        "unreadable": status.unreadable,
    })
}

/// Where a comparison stands, in the words of the spec's states; null when there is none.
const fn comparison(state: ComparisonState) -> Option<&'static str> {
    match state {
        ComparisonState::Expect1 => None,
        ComparisonState::AwaitingUser(_) => Some("asked"),
        ComparisonState::Expect2 => Some("expect2"),
        ComparisonState::Expect3 => Some("expect3"),
        ComparisonState::Expect4 => Some("expect4"),
    }
}

fn sent(sent: Sent) -> Value {
    match sent {
        Sent::Encrypted => json!({"status": "sent"}),
        Sent::Plain => json!({"status": "plaintext"}),
        Sent::Queued => json!({"status": "queued"}),
        Sent::Refused(reason) => json!({"status": "refused", "reason": reason.to_string()}),
    }
}

fn numbers(versions: Versions) -> Vec<u16> {
    versions.iter().map(|version| version.number()).collect()
}

fn nothing((): ()) -> Value {
    json!({})
}

fn fault(reason: NotPossible) -> Fault {
    let code = match reason {
        NotPossible::Policy => Code::Policy,
        NotPossible::UnknownFingerprint => Code::Unknown,
        _ => Code::WrongState,
    };
    Fault::new(code, &reason.to_string())
}
