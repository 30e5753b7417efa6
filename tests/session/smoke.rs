use otr_session::{Config, SessionState};
use otr_tests::pair::{Pair, Who};

#[test]
fn two_accounts_talk_in_private() {
    let mut pair = Pair::private(1);
    for _ in 0..5 {
        pair.assert_talk_works();
    }
    pair.end(Who::Alice);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Plaintext);
    assert_eq!(pair.bob.state(), SessionState::Finished);
    let _ = Config::default();
    println!("{}", Pair::private(2).alice.snapshot());
}
