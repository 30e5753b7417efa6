//! Policies flag by flag, and bodies that came some other way than directly.

use super::{
    super::conversations::{Does, Flag, Recorder, Rule, Setup, Way, Who},
    ALWAYS, BOTH_VERSIONS, Done, IGNORED, MANUAL, NEVER, Script, USUAL, begin, script,
};
use Flag::{Allow, ErrorStartAke, RequireEncryption, SendWhitespaceTag, WhitespaceStartAke};
use Who::{Alice, Bob};

const ONLY_ALLOW: fn(&mut Setup) = |setup| setup.policy = Rule::Flags(vec![Allow]);
const NO_FLAG: fn(&mut Setup) = |setup| setup.policy = Rule::Flags(vec![]);
const TAGS_OUT: fn(&mut Setup) = |setup| setup.policy = Rule::Flags(vec![Allow, SendWhitespaceTag]);
const TAGS_IN: fn(&mut Setup) = |setup| setup.policy = Rule::Flags(vec![Allow, WhitespaceStartAke]);
const TAGS: fn(&mut Setup) = |setup| setup.policy = Rule::Flags(vec![Allow, SendWhitespaceTag, WhitespaceStartAke]);
const REQUIRED: fn(&mut Setup) = |setup| setup.policy = Rule::Flags(vec![Allow, RequireEncryption]);
const ERRORS: fn(&mut Setup) = |setup| setup.policy = Rule::Flags(vec![Allow, ErrorStartAke]);
const ALL: fn(&mut Setup) = |setup| {
    setup.policy = Rule::Flags(vec![Allow, RequireEncryption, SendWhitespaceTag, WhitespaceStartAke, ErrorStartAke]);
};
const NOT_ALLOWED: fn(&mut Setup) = |setup| {
    setup.policy = Rule::Flags(vec![RequireEncryption, SendWhitespaceTag, WhitespaceStartAke, ErrorStartAke]);
};

const TAGGED: &str = "hello \t  \t\t\t\t \t \t \t    \t\t  \t   \t\t  \t\t";

pub(super) const SCRIPTS: &[Script] = &[
    script("allowed and nothing else", &["Plain"], ONLY_ALLOW, text_and_tag),
    script("tags are sent, not answered", &["Plain"], TAGS_OUT, text_and_tag),
    script("tags are answered, not sent", &["?OTR:AAMC"], TAGS_IN, text_and_tag),
    script("tags both ways, by flags", &["?OTR:AAMC"], TAGS, text_and_tag),
    script("encryption is required, by flags", &["Queued", "Encrypted"], REQUIRED, super::queued),
    script("an error starts the exchange, by its flag", &["PeerError", "?OTR:"], ERRORS, error_in_clear),
    script("an error starts no exchange without it", &["PeerError"], TAGS, error_in_clear),
    script("every flag", &["Queued", "Encrypted"], ALL, super::queued),
    script("every flag but the one that allows", &["Plain"], NOT_ALLOWED, text_and_tag),
    script("no flag", &["Plain"], NO_FLAG, text_and_tag),
    script("a start that the policy forbids", &["Policy"], NEVER, forbidden),
    script("the same by flags", &["Policy"], NOT_ALLOWED, forbidden),
    script("a policy of this contact's own", &["Queued", "Plain"], MANUAL, own_policy),
    script("forbidden while in private", &["Encrypted"], USUAL, forbidden_later),
    script("both offer both versions in a tag", &["\"version\":3"], BOTH_VERSIONS, super::tagged),
    script("a plain answer stops the tags", &["Plain"], USUAL, tags_stop),
    script("silence towards a contact", &["Plain"], USUAL, silent),
    script("a query from a history", &[IGNORED], USUAL, |r| overheard(r, Way::Delayed)),
    script("a query from a room", &[IGNORED], USUAL, |r| overheard(r, Way::Group)),
    script("a query to another client of ours", &[IGNORED], USUAL, |r| overheard(r, Way::Copy)),
    script("a query of another client of ours", &[IGNORED], USUAL, |r| overheard(r, Way::Own)),
    script("a message to read late", &["Encrypted"], USUAL, |r| late(r, Way::Delayed)),
    script("a copy of a message", &["Encrypted"], USUAL, |r| late(r, Way::Copy)),
    script("text in clear where encryption is required", &["UnencryptedReceived"], REQUIRED, text_and_tag),
    script("tagged text in clear where encryption is required", &["UnencryptedReceived"], ALWAYS, text_and_tag),
];

/// Text goes out, and text with both versions' tag comes in.
fn text_and_tag(r: &mut Recorder) -> Done {
    r.send(Alice, "hello")?;
    r.to(Bob).clear();
    r.receive(Alice, TAGGED)?;
    r.settle()?;
    r.send(Alice, "and now?")?;
    r.to(Bob).clear();
    Ok(())
}

fn error_in_clear(r: &mut Recorder) -> Done {
    r.receive(Alice, "?OTR Error: what was that?")?;
    r.settle()?;
    r.send(Alice, "hello")?;
    r.settle()
}

fn forbidden(r: &mut Recorder) -> Done {
    r.act(Alice, Does::Start)?;
    r.receive(Alice, "?OTRv23?")?;
    r.settle()
}

fn own_policy(r: &mut Recorder) -> Done {
    r.send(Alice, "in clear")?;
    r.act(Alice, Does::SetPolicy(Rule::Always))?;
    r.send(Alice, "in private")?;
    r.settle()?;
    r.act(Bob, Does::SetPolicy(Rule::Flags(vec![Allow, ErrorStartAke])))?;
    r.send(Bob, "so we are")?;
    r.settle()
}

fn forbidden_later(r: &mut Recorder) -> Done {
    begin(r)?;
    r.act(Alice, Does::SetPolicy(Rule::Never))?;
    r.send(Alice, "is this private?")?;
    r.send(Bob, "it is")?;
    r.settle()?;
    r.act(Bob, Does::Start)?;
    r.settle()
}

fn tags_stop(r: &mut Recorder) -> Done {
    r.send(Alice, "tagged")?;
    r.to(Bob).clear();
    r.receive(Alice, "I know nothing of that")?;
    r.send(Alice, "not tagged")?;
    r.to(Bob).clear();
    r.act(Alice, Does::Start)?;
    r.to(Bob).clear();
    Ok(())
}

fn silent(r: &mut Recorder) -> Done {
    r.act(Alice, Does::MayReply(false))?;
    r.receive(Alice, "?OTRv3?")?;
    r.receive(Alice, TAGGED)?;
    r.receive(Alice, "?OTR Error: hm")?;
    r.settle()?;
    r.act(Alice, Does::MayReply(true))?;
    r.receive(Alice, "?OTRv3?")?;
    r.settle()?;
    r.act(Alice, Does::MayReply(false))?;
    r.send(Alice, "only what I say")?;
    r.settle()
}

fn overheard(r: &mut Recorder, way: Way) -> Done {
    r.act(Alice, Does::Overhear { way, body: "?OTRv3?".into() })?;
    r.act(Alice, Does::Overhear { way, body: TAGGED.into() })?;
    r.act(Alice, Does::Overhear { way, body: "hello".into() })?;
    r.settle()?;
    begin(r)
}

fn late(r: &mut Recorder, way: Way) -> Done {
    begin(r)?;
    let body = super::held_back(r, Alice, "hello")?;
    r.act(Bob, Does::Overhear { way, body })?;
    r.settle()?;
    r.send(Alice, "hello again")?;
    r.settle()
}
