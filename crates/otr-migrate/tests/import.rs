//! What is taken over, what is not, and that nothing happens before.

mod common;

use std::fs;
use std::time::{Duration, SystemTime};

use otr_crypto::Fingerprint;
use otr_migrate::{Importing, Item, Name, Outcome, Plan, PlanError, Reason, SeveralAccounts, Unnamed};
use otr_store::{How, Store, Verification};

use common::*;

fn outcomes(plan: &Plan) -> Vec<Outcome> {
    plan.steps().iter().map(|step| step.outcome).collect()
}

#[test]
fn keys_and_trust_come_over_under_the_names_of_chat() {
    let (dir, mut store) = store();
    let files = [
        put(&dir.path().join("k"), libotr_keys(&[("me@example.org/home", "prpl-jabber", key(0))])),
        put(
            &dir.path().join("f"),
            fingerprint_line("you@example.org", "me@example.org/home", "prpl-jabber", 7, "smp")
                + &fingerprint_line("you@example.org", "me@example.org/home", "prpl-jabber", 8, ""),
        ),
        put(&dir.path().join("t"), "me@example.org/home\tprpl-jabber\t00001234\n"),
    ];
    let plan = Plan::new(found(&files), &store, &Importing::default()).unwrap();
    assert_eq!(outcomes(&plan), [Outcome::Taken, Outcome::Taken, Outcome::Taken, Outcome::Left(Reason::InUse)],);
    assert_eq!(plan.steps()[0].ours, Some(Name::new("me@example.org", "prpl-jabber")));
    // Nothing has changed yet.
    assert_eq!(store.accounts().unwrap(), []);
    assert_eq!(store.fingerprints().unwrap().records, []);

    let when = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    plan.carry_out(&mut store, when).unwrap();
    let stored = store.identity("me@example.org", "prpl-jabber").unwrap().unwrap();
    assert_eq!(fingerprint_of(&stored), fingerprint_of(key(0)));
    assert_eq!(store.instance_tag("me@example.org", "prpl-jabber").unwrap(), None);
    let identities = store.known_identities().unwrap();
    assert_eq!(identities[0].known, known("you@example.org", "me@example.org", "prpl-jabber", 7, "smp"));
    assert_eq!(identities[0].verification, Verification::Here { how: How::Imported, when });
    assert_eq!(identities[1].verification, Verification::None);

    // Again, nothing is new.
    let again = take(&files, &mut store);
    assert_eq!(outcomes(&again)[..3], [Outcome::Known; 3]);
    assert_eq!(store.known_identities().unwrap(), identities);
}

#[test]
fn instance_tags_come_when_they_are_asked_for() {
    let (dir, mut store) = store();
    let files = [put(&dir.path().join("t"), "me@example.org\tjabber\t00001234\n")];
    let mut how = Importing { instance_tags: true, ..Importing::default() };
    let plan = Plan::new(found(&files), &store, &how).unwrap();
    assert_eq!(outcomes(&plan), [Outcome::Taken]);
    plan.carry_out(&mut store, SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(store.instance_tag("me@example.org", "prpl-jabber").unwrap(), Some(0x1234));

    let other = [put(&dir.path().join("t"), "me@example.org\tjabber\t00005678\n")];
    let plan = Plan::new(found(&other), &store, &how).unwrap();
    assert_eq!(outcomes(&plan), [Outcome::Left(Reason::OtherTag(0x1234))]);
    how.replace = true;
    assert_eq!(outcomes(&Plan::new(found(&other), &store, &how).unwrap()), [Outcome::Taken]);
}

#[test]
fn a_key_is_replaced_only_if_that_is_wanted_and_the_old_one_is_kept() {
    let (dir, mut store) = store();
    store.save_identity("me@example.org", "prpl-jabber", key(1)).unwrap();
    let files = [put(&dir.path().join("k"), libotr_keys(&[("me@example.org/home", "prpl-jabber", key(0))]))];
    let mut how = Importing::default();
    let plan = Plan::new(found(&files), &store, &how).unwrap();
    assert_eq!(outcomes(&plan), [Outcome::Left(Reason::OtherKey(fingerprint_of(key(1))))]);
    plan.carry_out(&mut store, SystemTime::UNIX_EPOCH).unwrap();
    let stored = |store: &Store| fingerprint_of(&store.identity("me@example.org", "prpl-jabber").unwrap().unwrap());
    assert_eq!(stored(&store), fingerprint_of(key(1)));

    how.replace = true;
    let plan = Plan::new(found(&files), &store, &how).unwrap();
    assert_eq!(outcomes(&plan), [Outcome::Replaces(fingerprint_of(key(1)))]);
    plan.carry_out(&mut store, SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(stored(&store), fingerprint_of(key(0)));
    let kept = found(&[store.path().join("otr.private_key.previous")]);
    assert_eq!(fingerprint_of(&kept.keys[0].key), fingerprint_of(key(1)));
}

#[test]
fn every_key_that_goes_in_one_run_stays_in_a_file() {
    let (dir, mut store) = store();
    let accounts = ["one@example.org", "two@example.org"];
    store.save_identity(accounts[0], "prpl-jabber", key(0)).unwrap();
    store.save_identity(accounts[1], "prpl-jabber", key(1)).unwrap();
    let new = accounts.into_iter().zip([key(1), key(0)]).map(|(account, key)| (account, "prpl-jabber", key));
    let files = [put(&dir.path().join("k"), libotr_keys(&new.collect::<Vec<_>>()))];
    let how = Importing { replace: true, ..Importing::default() };
    let plan = Plan::new(found(&files), &store, &how).unwrap();
    assert!(matches!(outcomes(&plan)[..], [Outcome::Replaces(_), Outcome::Replaces(_)]));
    plan.carry_out(&mut store, SystemTime::UNIX_EPOCH).unwrap();

    // What comes later overwrites no copy.
    store.save_identity("three@example.org", "prpl-jabber", key(0)).unwrap();
    let kept: Vec<(String, Fingerprint)> = fs::read_dir(store.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("otr.private_key"))
        .flat_map(|path| found(&[path]).keys)
        .map(|found| (found.name.account, fingerprint_of(&found.key)))
        .collect();
    for (account, key) in accounts.into_iter().zip([key(0), key(1)]) {
        assert!(kept.contains(&(account.to_owned(), fingerprint_of(key))), "{account} in {kept:?}");
    }
}

#[test]
fn two_resources_with_a_key_each_are_one_account_with_one_key() {
    let (dir, mut store) = store();
    let accounts = [("me@example.org/home", "prpl-jabber", key(0)), ("me@example.org/work", "prpl-jabber", key(1))];
    let files = [put(&dir.path().join("k"), libotr_keys(&accounts))];
    let plan = take(&files, &mut store);
    assert_eq!(outcomes(&plan), [Outcome::Taken, Outcome::Left(Reason::SecondKey(fingerprint_of(key(0))))]);

    let how = Importing { only: Some("me@example.org/work".to_owned()), replace: true, ..Importing::default() };
    let plan = Plan::new(found(&files), &store, &how).unwrap();
    assert_eq!(outcomes(&plan), [Outcome::Replaces(fingerprint_of(key(0)))]);
}

#[test]
fn what_has_no_name_here_is_left_until_it_gets_one() {
    let (dir, store) = store();
    let files = [
        put(&dir.path().join("k"), libotr_keys(&[("liberachat", "IRC", key(0))])),
        put(&dir.path().join("f"), fingerprint_line("you", "liberachat", "IRC", 7, "smp")),
    ];
    let plan = Plan::new(found(&files), &store, &Importing::default()).unwrap();
    assert_eq!(outcomes(&plan), [Outcome::Left(Reason::Unnamed(Unnamed::NotNickAndServer)); 2]);
    assert_eq!(plan.steps()[0].ours, None);

    let mut how = Importing { name: Some(Name::new("me@irc.libera.chat", "prpl-irc")), ..Importing::default() };
    let plan = Plan::new(found(&files), &store, &how).unwrap();
    assert_eq!(outcomes(&plan), [Outcome::Taken; 2]);

    // One name does not do for two.
    let two = libotr_keys(&[("liberachat", "IRC", key(0)), ("oftc", "IRC", key(1))]);
    put(&dir.path().join("k"), two);
    let several = SeveralAccounts(vec!["liberachat".to_owned(), "oftc".to_owned()]);
    assert_eq!(Plan::new(found(&files), &store, &how).err(), Some(PlanError::Several(several)));
    how.only = Some("oftc".to_owned());
    assert_eq!(outcomes(&Plan::new(found(&files), &store, &how).unwrap()), [Outcome::Taken]);
}

/// An older file of another program does not take away what has been verified here.
#[test]
fn trust_is_added_and_never_taken_away() {
    let (dir, mut store) = store();
    let me = "me@example.org";
    store.save_fingerprint(&known("a", me, "prpl-jabber", 1, "verified")).unwrap();
    store.save_fingerprint(&known("b", me, "prpl-jabber", 2, "")).unwrap();
    let lines = [("a", 1, ""), ("b", 2, "smp"), ("c", 3, "geprüft"), ("c", 3, "")];
    let file: String = lines.map(|(who, byte, trust)| fingerprint_line(who, me, "xmpp", byte, trust)).concat();
    // Within one file the later line counts, as for libotr.
    let plan = take(&[put(&dir.path().join("f"), &file)], &mut store);
    assert_eq!(outcomes(&plan), [Outcome::Known, Outcome::Left(Reason::NotVerified), Outcome::Taken]);
    let trust = |store: &Store| -> Vec<String> {
        store.fingerprints().unwrap().records.into_iter().map(|known| known.trust).collect()
    };
    assert_eq!(trust(&store), ["verified", "", ""]);
    let how = Importing { trust: true, ..Importing::default() };
    let plan = Plan::new(found(&[dir.path().join("f")]), &store, &how).unwrap();
    assert_eq!(outcomes(&plan), [Outcome::Known, Outcome::Verifies, Outcome::Known]);
    plan.carry_out(&mut store, SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(trust(&store), ["verified", "smp", ""]);
}

/// What the user has taken back comes back only if that is wanted.
#[test]
fn distrust_here_outlives_an_import() {
    let (dir, mut store) = store();
    let me = "me@example.org";
    // Twice in the file: that one comes before the other is no reason either.
    let lines =
        ["a", "b"].map(|resource| fingerprint_line("you", &format!("{me}/{resource}"), "prpl-jabber", 7, "smp"));
    let files = [put(&dir.path().join("f"), lines.concat())];
    assert_eq!(outcomes(&take(&files, &mut store)), [Outcome::Taken, Outcome::Known]);
    store.set_trust("you", me, "prpl-jabber", &fingerprint(7), "").unwrap();
    assert_eq!(outcomes(&take(&files, &mut store)), [Outcome::Left(Reason::NotVerified); 2]);
    assert_eq!(store.fingerprints().unwrap().records, [known("you", me, "prpl-jabber", 7, "")]);
}

/// The same contact met with two resources of ours, or from two of theirs, is one.
#[test]
fn resources_of_contacts_are_left_out() {
    let (dir, mut store) = store();
    let lines =
        [("you@example.org/phone", "me@example.org/a", ""), ("you@example.org", "me@example.org/b", "verified")];
    let file: String = lines.map(|(who, me, trust)| fingerprint_line(who, me, "prpl-jabber", 7, trust)).concat();
    let plan = take(&[put(&dir.path().join("f"), &file)], &mut store);
    assert_eq!(outcomes(&plan), [Outcome::Taken, Outcome::Verifies]);
    let records = store.fingerprints().unwrap().records;
    assert_eq!(records, [known("you@example.org", "me@example.org", "prpl-jabber", 7, "verified")]);
}

// attack: FILE-4
#[test]
fn names_that_would_forge_lines_are_left() {
    let (dir, mut store) = store();
    // JSON can have any character in a name, the files of libotr cannot.
    let evil = coyim(key(0)).replace("you@example.org", "x\\nbob@example.org\\tme@example.org\\tprpl-jabber");
    let plan = take(&[put(&dir.path().join("accounts.json"), &evil)], &mut store);
    let left = plan.steps().iter().filter(|step| step.outcome == Outcome::Left(Reason::Unstorable));
    assert!(left.map(|step| &step.item).all(|item| matches!(item, Item::Fingerprint { .. })));
    let contacts: Vec<String> = store.fingerprints().unwrap().records.into_iter().map(|known| known.contact).collect();
    assert_eq!(contacts, ["old@example.org"]);

    let account = coyim(key(0)).replace("\"me@example.org", "\"me\\n@example.org");
    let (_dir, mut empty) = common::store();
    let plan = take(&[put(&dir.path().join("accounts.json"), account)], &mut empty);
    assert!(plan.steps().iter().all(|step| matches!(step.outcome, Outcome::Left(_))));
    assert_eq!(empty.accounts().unwrap(), []);
}
