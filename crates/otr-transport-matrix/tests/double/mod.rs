//! A small Matrix homeserver in this process: as much of the client-server API as the transport uses, and scripts for
//! what a real one would not do on demand.

#![allow(dead_code, reason = "each test file uses its own part of it")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

mod homeserver;
mod web;

use std::future::Future;
use std::time::Duration;

use otr_transport::{Error, Event, Incoming, Origin, Transport};
use otr_transport_matrix::{Login, MatrixAccount, MatrixTransport, Options};
use otr_transport_tls::{Tls, Trust};

pub(crate) use web::{Double, Reply};

/// A test that hangs fails, with time to spare on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const ALICE: &str = "@alice:double";
pub(crate) const BOB: &str = "@bob:double";
pub(crate) const CAROL: &str = "@carol:double";

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("this should not hang")
}

pub(crate) fn tls() -> Tls {
    Tls::new(Trust::only_sha256([7; 32])).unwrap()
}

pub(crate) fn quick() -> Options {
    let mut options = Options::default();
    options.retry_first = Duration::from_millis(4);
    options.retry_max = Duration::from_millis(40);
    options.close_timeout = Duration::from_secs(5);
    options
}

pub(crate) fn password_of(user: &str) -> Login {
    Login::password(format!("pw-{user}"))
}

/// The account of `user` on the double, who takes invitations of all the others.
pub(crate) fn account(double: &Double, user: &str) -> MatrixAccount {
    account_with(double, user, password_of(user))
}

pub(crate) fn account_with(double: &Double, user: &str, login: Login) -> MatrixAccount {
    MatrixAccount::new(user, login, tls())
        .with_homeserver(&double.url)
        .allowing_plain_http()
        .with_peers([ALICE, BOB, CAROL])
        .with_options(quick())
}

pub(crate) async fn connect(account: MatrixAccount) -> MatrixTransport {
    let mut transport = within(MatrixTransport::connect(account)).await.unwrap();
    assert_eq!(next(&mut transport).await, Some(Event::Connected { resumed: false }));
    transport
}

pub(crate) async fn refused(account: MatrixAccount) -> Error {
    within(MatrixTransport::connect(account)).await.map(drop).unwrap_err()
}

pub(crate) async fn next(transport: &mut MatrixTransport) -> Option<Event> {
    within(transport.next_event()).await
}

pub(crate) fn message(from: &str, body: &str, origin: Origin) -> Option<Event> {
    Some(Event::Message(Incoming::new(from, body, origin)))
}

pub(crate) fn live(from: &str, body: &str) -> Option<Event> {
    message(from, body, Origin::Live)
}

/// Alice and Bob on a new double, with nothing said yet.
pub(crate) async fn alice_and_bob() -> (Double, MatrixTransport, MatrixTransport) {
    let double = Double::start().await;
    let alice = connect(account(&double, ALICE)).await;
    let bob = connect(account(&double, BOB)).await;
    (double, alice, bob)
}

/// Alice and Bob, who have a room already.
pub(crate) async fn alice_and_bob_talking() -> (Double, String, MatrixTransport, MatrixTransport) {
    let double = Double::start().await;
    let room = double.server().room(&[ALICE, BOB]);
    let alice = connect(account(&double, ALICE)).await;
    let bob = connect(account(&double, BOB)).await;
    (double, room, alice, bob)
}

/// Alice, in a room with Bob, whose part the server plays.
pub(crate) async fn alice_alone() -> (Double, String, MatrixTransport) {
    let double = Double::start().await;
    let room = double.server().room(&[ALICE, BOB]);
    let alice = connect(account(&double, ALICE)).await;
    double.settled().await;
    (double, room, alice)
}
