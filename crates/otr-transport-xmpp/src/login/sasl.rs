use std::collections::BTreeSet;
use std::str::FromStr;

use otr_transport::Error;
use sasl::client::Mechanism;
use sasl::client::mechanisms::{Plain, Scram};
use sasl::common::scram::{Sha1, Sha256};
use sasl::common::{ChannelBinding, Password};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::spawn_blocking;
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::ns;
use tokio_xmpp::parsers::sasl::{Auth, Challenge, Mechanism as Name, Response, Success};

use crate::Account;
use crate::wire::{Stream, read, write};

/// The most rounds of hashing that a server can make us do; it takes about a second. Servers ask for 4,096 to 100,000.
const MAX_ITERATIONS: u32 = 1_000_000;

/// What is not a login at all.
const UNEXPECTED: Error = Error::Malformed("the server does not keep to the steps of the login");

/// A mechanism at work. SCRAM comes as a box because its two kinds are types of their own.
enum Way {
    Scram(Box<dyn Mechanism + Send>),
    Plain(Plain),
}

/// Logs in by the best of the ways the server offers: SCRAM-SHA-256, SCRAM-SHA-1 (RFC 5802), PLAIN (RFC 4616). PLAIN
/// tells the server the password, so the connection must be encrypted, or the account say that it need not be.
pub(super) async fn log_in<S>(
    stream: &mut Stream<S>,
    offered: &BTreeSet<String>,
    account: &Account,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match choose(offered, account)? {
        Way::Scram(mechanism) => scram(stream, mechanism).await,
        Way::Plain(mechanism) => plain(stream, mechanism).await,
    }
}

fn choose(offered: &BTreeSet<String>, account: &Account) -> Result<Way, Error> {
    let name = account.address.node().map(|node| node.as_str()).unwrap_or_default();
    // A password that cannot be prepared is sent as it was typed: the server decides.
    let prepared = stringprep::saslprep(&account.password).unwrap_or_else(|_| account.password.as_str().into());
    let password = || Password::Plain(prepared.clone().into_owned());
    let escaped = || name.replace('=', "=3D").replace(',', "=2C");
    let binding = || ChannelBinding::Unsupported;
    if offered.contains("SCRAM-SHA-256") {
        return Scram::<Sha256>::new(escaped(), password(), binding()).map(boxed).map_err(|_| no_randomness());
    }
    if offered.contains("SCRAM-SHA-1") {
        return Scram::<Sha1>::new(escaped(), password(), binding()).map(boxed).map_err(|_| no_randomness());
    }
    if offered.contains("PLAIN") {
        return Ok(Way::Plain(Plain::new(name, prepared.into_owned())));
    }
    Err(Error::NotSupported("SCRAM-SHA-256, SCRAM-SHA-1 or PLAIN as ways to log in"))
}

fn boxed(mechanism: impl Mechanism + Send + 'static) -> Way {
    Way::Scram(Box::new(mechanism))
}

const fn no_randomness() -> Error {
    Error::System(std::io::ErrorKind::Other)
}

async fn plain<S>(stream: &mut Stream<S>, mut mechanism: Plain) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let first = mechanism.initial();
    begin(stream, mechanism.name(), first).await?;
    match answer(stream).await? {
        Answer::Success(_) => Ok(()),
        Answer::Challenge(_) => Err(UNEXPECTED),
    }
}

/// RFC 5802, 5. The server proves that it knows the password, too, in its last word; it may say that as a challenge of
/// its own (RFC 4422, 3.6) before it says that all is well.
async fn scram<S>(stream: &mut Stream<S>, mut mechanism: Box<dyn Mechanism + Send>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let first = mechanism.initial();
    begin(stream, mechanism.name(), first.clone()).await?;
    let Answer::Challenge(challenge) = answer(stream).await? else { return Err(UNEXPECTED) };
    check_challenge(&first, &challenge)?;
    // The hashing takes its time, and must not hold up others meanwhile.
    let hashing = spawn_blocking(move || mechanism.response(&challenge).map(|proof| (mechanism, proof)));
    let (mut mechanism, proof) = hashing.await.map_err(|_| UNEXPECTED)?.map_err(|_| UNEXPECTED)?;
    write(stream, Response { data: proof }).await?;
    let mut verify =
        |last: &[u8]| mechanism.success(last).map_err(|_| Error::Malformed("the server cannot prove that it knows us"));
    match answer(stream).await? {
        Answer::Success(last) => verify(&last),
        Answer::Challenge(last) => {
            verify(&last)?;
            write(stream, Response { data: Vec::new() }).await?;
            match answer(stream).await? {
                Answer::Success(_) => Ok(()),
                Answer::Challenge(_) => Err(UNEXPECTED),
            }
        }
    }
}

/// What the library does not look at: whether the server answers to our nonce, and how much work it asks for.
fn check_challenge(first: &[u8], challenge: &[u8]) -> Result<(), Error> {
    let ours = attribute(first, "r=").ok_or(UNEXPECTED)?;
    let nonce = attribute(challenge, "r=").ok_or(UNEXPECTED)?;
    let iterations: u32 = attribute(challenge, "i=").and_then(|count| count.parse().ok()).ok_or(UNEXPECTED)?;
    if !nonce.starts_with(ours) || nonce.len() == ours.len() {
        return Err(Error::Malformed("the server answers somebody else's login"));
    }
    if !(1..=MAX_ITERATIONS).contains(&iterations) {
        return Err(Error::Malformed("the server asks for an unreasonable number of hashes"));
    }
    Ok(())
}

/// The last attribute of that name, as the library takes it.
fn attribute<'a>(message: &'a [u8], name: &str) -> Option<&'a str> {
    str::from_utf8(message).ok()?.split(',').filter_map(|part| part.strip_prefix(name)).next_back()
}

async fn begin<S>(stream: &mut Stream<S>, name: &str, data: Vec<u8>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mechanism = Name::from_str(name).map_err(|_| UNEXPECTED)?;
    write(stream, Auth { mechanism, data }).await
}

/// What the server says to one step of ours.
enum Answer {
    Challenge(Vec<u8>),
    Success(Vec<u8>),
}

async fn answer<S>(stream: &mut Stream<S>) -> Result<Answer, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let element = read(stream).await?;
    if element.is("failure", ns::SASL) {
        return Err(refusal(&element));
    }
    if element.is("success", ns::SASL) {
        return Success::try_from(element).map(|success| Answer::Success(success.data)).map_err(|_| UNEXPECTED);
    }
    Challenge::try_from(element).map(|challenge| Answer::Challenge(challenge.data)).map_err(|_| UNEXPECTED)
}

/// Why the server does not let us in (RFC 6120, 6.5).
fn refusal(failure: &Element) -> Error {
    match failure.children().find(|child| child.name() != "text").map(Element::name) {
        Some("temporary-auth-failure") => Error::Unavailable { status: None },
        Some("encryption-required") => Error::Tls("the server demands it before a login"),
        Some("invalid-mechanism" | "mechanism-too-weak") => Error::NotSupported("our way to log in"),
        _ => Error::LoginRefused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Security;

    fn account() -> Account {
        Account::new("alice@example.org", "pw", Security::Cleartext).unwrap()
    }

    fn chosen(offered: &[&str]) -> Result<String, Error> {
        let offered = offered.iter().map(|&name| name.to_owned()).collect();
        choose(&offered, &account()).map(|way| match way {
            Way::Scram(mechanism) => mechanism.name().to_owned(),
            Way::Plain(mechanism) => mechanism.name().to_owned(),
        })
    }

    #[test]
    fn the_best_offer_is_taken_and_nothing_without_a_password() {
        assert_eq!(chosen(&["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"]).unwrap(), "SCRAM-SHA-256");
        assert_eq!(chosen(&["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"]).unwrap(), "SCRAM-SHA-1");
        assert_eq!(chosen(&["PLAIN", "ANONYMOUS"]).unwrap(), "PLAIN");
        for none in [&[][..], &["ANONYMOUS", "EXTERNAL", "DIGEST-MD5"]] {
            assert!(matches!(chosen(none), Err(Error::NotSupported(_))), "{none:?}");
        }
    }

    #[test]
    fn challenges_are_checked_before_any_work() {
        let first = b"n,,n=alice,r=abc";
        assert_eq!(check_challenge(first, b"r=abcdef,s=QQ==,i=4096"), Ok(()));
        for bad in [
            &b"r=abc,s=QQ==,i=4096"[..],
            b"r=xyz,s=QQ==,i=4096",
            b"s=QQ==,i=4096",
            b"r=abcdef,s=QQ==",
            b"r=abcdef,s=QQ==,i=0",
            b"r=abcdef,s=QQ==,i=1000001",
            b"r=abcdef,s=QQ==,i=4096,i=4294967295",
            b"r=abcdef,s=QQ==,i=-1",
            b"r=abcdef,s=QQ==,i=99999999999999999999",
            b"\xff",
        ] {
            assert!(matches!(check_challenge(first, bad), Err(Error::Malformed(_))), "{bad:?}");
        }
    }

    #[test]
    fn refusals_say_whether_another_attempt_makes_sense() {
        let failure = |condition: &str| {
            let element = format!("<failure xmlns='{}'><{condition}/><text>no</text></failure>", ns::SASL);
            refusal(&element.parse().unwrap())
        };
        for condition in ["not-authorized", "account-disabled", "credentials-expired", "something-new"] {
            assert_eq!(failure(condition), Error::LoginRefused, "{condition}");
        }
        assert_eq!(failure("temporary-auth-failure"), Error::Unavailable { status: None });
        assert!(matches!(failure("encryption-required"), Error::Tls(_)));
    }
}
