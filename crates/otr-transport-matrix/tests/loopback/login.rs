//! How we come in: finding the homeserver, trusting it, and tokens that are withdrawn.

use std::sync::Arc;

use otr_transport::{CertificateProblem, Error, Event, Recovery, Transport};
use otr_transport_matrix::{Login, MatrixAccount};
use otr_transport_tls::{Tls, Trust};
use serde_json::json;

use super::double::*;

#[tokio::test]
async fn a_withdrawn_token_is_renewed_for_the_same_device() {
    let (double, room, mut alice, mut bob) = alice_and_bob_talking().await;
    within(alice.send(BOB, "before")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "before"));
    let devices = |double: &Double| {
        let mut devices: Vec<_> = double.server().tokens.values().cloned().collect();
        devices.sort();
        devices
    };
    let were = devices(&double);
    double.server().forget_tokens();
    within(alice.send(BOB, "after")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "after"));
    within(bob.send(ALICE, "back")).await.unwrap();
    assert_eq!(next(&mut alice).await, live(BOB, "back"));
    assert_eq!(devices(&double), were);
    assert_eq!(double.server().texts(&room), ["before", "after", "back"]);
}

#[tokio::test]
async fn a_token_lets_in_until_it_is_withdrawn() {
    let double = Double::start().await;
    let token = double.server().token_for(ALICE, "ELSEWHERE");
    let mut alice = connect(account_with(&double, ALICE, Login::access_token(token))).await;
    double.server().forget_tokens();
    let receipt = alice.send(BOB, "too late");
    let gone = Event::Disconnected { error: Error::LoginRefused, recovery: Recovery::GaveUp };
    assert_eq!(next(&mut alice).await, Some(gone));
    assert_eq!(next(&mut alice).await, None);
    assert_eq!(within(receipt).await, Err(Error::LoginRefused));
    assert_eq!(within(alice.send(BOB, "later still")).await, Err(Error::LoginRefused));
    within(alice.close()).await.unwrap();
    assert!(double.server().logins.is_empty());
}

#[tokio::test]
async fn the_wrong_ways_in_are_refused() {
    let double = Double::start().await;
    let at = |login, user: &str| account_with(&double, user, login);
    assert_eq!(refused(at(password_of(BOB), ALICE)).await, Error::LoginRefused);
    let bobs = double.server().token_for(BOB, "ELSEWHERE");
    assert_eq!(refused(at(Login::access_token(bobs), ALICE)).await, Error::LoginRefused);
    assert_eq!(refused(at(Login::access_token(String::from("no such")), ALICE)).await, Error::LoginRefused);
    assert_eq!(refused(at(password_of(ALICE), "alice")).await, Error::InvalidAddress);
    assert_eq!(refused(account(&double, ALICE).with_peers(["bob"])).await, Error::InvalidAddress);
    let plain = MatrixAccount::new(ALICE, password_of(ALICE), tls()).with_homeserver(&double.url);
    assert!(matches!(refused(plain).await, Error::Tls(_)));
    let nobody = account(&double, ALICE).with_homeserver("http://127.0.0.1:1");
    assert_eq!(refused(nobody).await, Error::ConnectionRefused);
    double.answer("versions", 1, Reply::refusal(404, "M_UNRECOGNIZED"));
    assert!(matches!(refused(account(&double, ALICE)).await, Error::NotSupported(_)));
    double.answer("login", 1, Reply::refusal(429, "M_LIMIT_EXCEEDED"));
    assert_eq!(refused(account(&double, ALICE)).await, Error::RateLimited { wait: None });
}

#[tokio::test]
async fn the_homeserver_is_found_by_the_name_of_the_user() {
    let double = Double::start().await;
    let user = format!("@alice:127.0.0.1:{}", double.port);
    let found = || MatrixAccount::new(&user, password_of(&user), tls()).allowing_plain_http().with_options(quick());
    // Nothing there: the server itself.
    double.answer("client", 1, Reply::refusal(404, "M_NOT_FOUND"));
    connect(found()).await;
    double.end_scripts();
    let document = json!({"m.homeserver": {"base_url": format!("{}/", double.url)}});
    double.script(move |asked| asked.is("elsewhere").then(|| Reply::json(200, &document)));
    let moved = Reply::Answer(302, vec![("location", "/elsewhere".to_owned())], String::new());
    double.answer(".well-known", 1, moved.clone());
    connect(found()).await;
    double.answer(".well-known", 1, Reply::Answer(200, Vec::new(), "<html>".to_owned()));
    assert!(matches!(refused(found()).await, Error::Malformed(_)));
    double.end_scripts();
    let circle = Reply::Answer(302, vec![("location", "/.well-known/matrix/client".to_owned())], String::new());
    double.answer(".well-known", 100, circle);
    assert!(matches!(refused(found()).await, Error::Malformed(_)));
    assert!(double.server().asked.iter().filter(|asked| asked.is(".well-known")).all(|asked| asked.token.is_none()));
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused_until_it_is_trusted() {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let double = Double::start_tls(config).await;
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let at = |trust| {
        let tls = Tls::new(trust).unwrap();
        MatrixAccount::new(ALICE, password_of(ALICE), tls).with_homeserver(&double.url).with_options(quick())
    };
    let Error::Certificate { problem, sha256 } = refused(at(Trust::nobody().and_pem(other.as_bytes()).unwrap())).await
    else {
        panic!("the certificate is refused");
    };
    assert_eq!(problem, CertificateProblem::UnknownIssuer);
    assert!(double.server().asked.is_empty());
    connect(at(Trust::only_sha256(sha256))).await;
}
