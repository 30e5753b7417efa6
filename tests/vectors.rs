//! All test vectors, against our crates; and that a vector with any byte changed fails.

#![expect(clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

use std::{collections::BTreeMap, sync::LazyLock};

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use otr_tests::vectors::{Group, Library, VectorFile, Verdict::Invalid, kinds, library};
use serde_json::Value;

static LIBRARY: LazyLock<Library> =
    LazyLock::new(|| Library::load(&library::directory()).expect("the vectors are readable"));

/// Checks a file as it is, and then that changed values in it fail.
fn holds(name: &str) {
    let (report, failures) = LIBRARY.check_file(name);
    assert!(failures.is_empty(), "{failures:#?}");
    assert_ne!(report.valid + report.invalid, 0, "{name} is empty");
    changed_values_fail(name);
}

#[test]
fn recorded_exchanges() {
    holds("libotr/ake.json");
}

#[test]
fn recorded_conversations() {
    holds("libotr/data.json");
}

#[test]
fn recorded_fragments() {
    holds("libotr/fragments.json");
}

#[test]
fn recorded_keys() {
    holds("libotr/keys.json");
}

// attack: SMP-12, SMP-16
#[test]
fn recorded_comparisons() {
    holds("libotr/smp.json");
}

#[test]
fn recorded_texts() {
    holds("libotr/text.json");
    holds("otr/text.json");
}

// attack: PARSE-6, VER-4, VER-5
#[test]
fn bodies() {
    holds("otr/bodies.json");
}

// attack: G-9
#[test]
fn conversations_replay_byte_for_byte() {
    holds("otr/conversations.json");
}

// attack: AKE-2, DH-1, DH-3, DH-7, PARSE-4
#[test]
fn derivations() {
    holds("otr/derivations.json");
}

// attack: PARSE-1, PARSE-3, PARSE-4, PARSE-7, PARSE-8, PARSE-12
#[test]
fn encodings() {
    holds("otr/encodings.json");
}

// attack: G-9
#[test]
fn exchanges_replay_byte_for_byte() {
    holds("otr/exchanges.json");
}

// attack: NEW-7, NEW-9
#[test]
fn conversations_of_the_suite_replay_byte_for_byte() {
    holds("otr/curve25519/conversations.json");
}

// attack: NEW-1, NEW-7, NEW-8, NEW-9
#[test]
fn derivations_of_the_suite() {
    holds("otr/curve25519/derivations.json");
}

#[test]
fn encodings_of_the_suite() {
    holds("otr/curve25519/encodings.json");
}

// attack: NEW-1, NEW-7
#[test]
fn exchanges_of_the_suite_replay_byte_for_byte() {
    holds("otr/curve25519/exchanges.json");
}

// attack: FRAG-1, FRAG-2, FRAG-11
#[test]
fn fragments() {
    holds("otr/fragments.json");
}

// attack: SMP-1, SMP-2, SMP-4, SMP-5, SMP-6, SMP-7, SMP-9, SMP-12
#[test]
fn comparisons() {
    holds("otr/smp.json");
}

// attack: TLV-2, TLV-6
#[test]
fn plaintexts() {
    holds("otr/plaintexts.json");
}

#[test]
fn every_file_has_a_test_and_a_digest() {
    let source = include_str!("vectors.rs");
    for name in LIBRARY.files.keys() {
        assert!(source.contains(&format!("holds({name:?})")), "{name} has no test here");
    }
    assert_eq!(LIBRARY.check_digests(), []);
}

#[test]
fn our_files_are_what_we_make_today() {
    assert_eq!(LIBRARY.check_generated(), []);
}

#[test]
fn any_changed_byte_fails() {
    let mut rng = ChaCha20Rng::from_seed([0xb1; 32]);
    for name in LIBRARY.files.keys() {
        for _ in 0..20 {
            let mut changed = LIBRARY.clone();
            let text = changed.files.get_mut(name).expect("it is there");
            let at = below(&mut rng, text.len());
            text[at] ^= 1 << below(&mut rng, 8);
            let failures = changed.check_digests();
            assert!(failures.iter().any(|failure| failure.file == *name), "byte {at} of {name}");
        }
    }
    for at in 0..LIBRARY.digests.len() {
        let mut changed = LIBRARY.clone();
        let other = if changed.digests.as_bytes()[at] == b'0' { "1" } else { "0" };
        changed.digests.replace_range(at..=at, other);
        assert_ne!(changed.check_digests(), [], "byte {at} of the digests");
    }
    for removed in LIBRARY.files.keys() {
        let mut changed = LIBRARY.clone();
        changed.files.remove(removed);
        assert_ne!(changed.check_digests(), [], "{removed} is gone");
    }
}

#[test]
fn nothing_is_skipped_in_silence() {
    let text = LIBRARY.files.get("otr/plaintexts.json").expect("it is there");
    let text = std::str::from_utf8(text).expect("JSON is UTF-8");
    for (from, to) in [
        (r#""type": "OtrPlaintext""#, r#""type": "OtrPlainTexts""#),
        (r#""numberOfTests": "#, r#""numberOfTests": 1"#),
        (r#""tcId": 2,"#, r#""tcId": 3,"#),
        (r#""bytes": "#, r#""more": 1, "bytes": "#),
        (r#""result": "valid""#, r#""result": "acceptable""#),
        (r#""origin": "#, r#""orgin": "#),
    ] {
        assert!(text.contains(from), "{from} is not in the file");
        let mut changed = LIBRARY.clone();
        changed.files.insert("otr/plaintexts.json".into(), text.replacen(from, to, 1).into());
        assert_ne!(changed.check_file("otr/plaintexts.json").1, [], "{to}");
    }
}

/// Fields whose content nothing follows from. Their bytes are covered by the digests.
const WORDS: &[&str] = &["comment", "flags", "reason"];

/// Fields of single kinds that may change without any effect of their own: what the recorder threw its dice with; the
/// words of a complaint and the message it is about, of which the keys are unknown; moments that no deadline is near.
/// They are covered by the digests, and those of our files by making them anew.
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("OtrDataConversation", "seed"),
    ("OtrErrorMessage", "message"),
    ("OtrErrorMessage", "output"),
    ("OtrExchange", "steps.at"),
    ("OtrConversation", "steps.at"),
    ("OtrReassembly", "steps.push.at"),
];

/// Kinds whose cases hang together. Of the others, a case is checked alone.
const TOGETHER: &[&str] = &["OtrDataConversation", "OtrDsaSignature", "OtrQueryMessage", "OtrPlainText"];

/// Changes one digit, letter or number in a field of every kind in a file, and sees the checks of the cases fail, without
/// any help of the digests.
///
/// In recorded files every change must show. In ours a change at one place may show nothing, as in a message that is
/// refused with or without it: there several places are tried, those in accepted cases first.
fn changed_values_fail(name: &str) {
    const RECORDED: usize = 3;
    const OURS: usize = 24;
    let mut rng = ChaCha20Rng::from_seed([0xb2; 32]);
    let file = LIBRARY.parse(name).expect("the file holds");
    let mut unseen = Vec::new();
    for (field, mut places) in fields(&file) {
        shuffle(&mut places, &mut rng);
        let mut bites = |place: &Place| change_fails(&file, place, &mut rng);
        let is_seen = if name.starts_with("otr/") {
            places.sort_by_key(|place| {
                place.case.map(|case| file.test_groups[place.group].tests[case].result == Invalid)
            });
            places.iter().take(OURS).any(&mut bites)
        } else {
            places.iter().take(RECORDED).all(&mut bites)
        };
        if !is_seen {
            unseen.push(field);
        }
    }
    assert!(unseen.is_empty(), "{name}: changes of these go unseen: {unseen:#?}");
}

fn shuffle<T>(list: &mut [T], rng: &mut ChaCha20Rng) {
    for index in (1..list.len()).rev() {
        list.swap(index, below(rng, index + 1));
    }
}

/// A value of a file: its group, its case if it is in one, and the way to it from there.
struct Place {
    group: usize,
    case: Option<usize>,
    pointer: String,
}

/// Every field of a file, by kind of group and by name, with all its places.
fn fields(file: &VectorFile) -> BTreeMap<(String, String), Vec<Place>> {
    let mut fields = BTreeMap::<_, Vec<Place>>::new();
    for (group_index, group) in file.test_groups.iter().enumerate() {
        let mut add = |case: Option<usize>, prefix: &str, object: &serde_json::Map<String, Value>| {
            for (name, pointer) in leaves(&Value::Object(object.clone())) {
                let is_exempt = WORDS.contains(&name.rsplit('.').next().unwrap_or_default())
                    || WITHOUT_EFFECT.contains(&(group.kind.as_str(), name.as_str()));
                if !is_exempt {
                    let key = (group.kind.clone(), format!("{prefix}{name}"));
                    fields.entry(key).or_default().push(Place { group: group_index, case, pointer });
                }
            }
        };
        add(None, "group: ", &group.fields);
        for (index, case) in group.tests.iter().enumerate() {
            add(Some(index), "", &case.fields);
        }
    }
    fields
}

/// The names (without list positions) of all values that hold no others, and the JSON pointers to them.
fn leaves(value: &Value) -> Vec<(String, String)> {
    let below = |step: &str, name: &str, value: &Value| -> Vec<(String, String)> {
        let join =
            |rest: String| [name, &rest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
        leaves(value).into_iter().map(|(rest, pointer)| (join(rest), format!("/{step}{pointer}"))).collect()
    };
    match value {
        Value::Object(map) => map.iter().flat_map(|(name, value)| below(name, name, value)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(index, value)| below(&index.to_string(), "", value)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![(String::new(), String::new())],
    }
}

fn change_fails(file: &VectorFile, place: &Place, rng: &mut ChaCha20Rng) -> bool {
    let mut group: Group = file.test_groups[place.group].clone();
    if !TOGETHER.contains(&group.kind.as_str()) {
        let case = place.case.unwrap_or_else(|| below(rng, group.tests.len()));
        group.tests = vec![group.tests.swap_remove(case)];
    }
    let case = place.case.map(|index| if group.tests.len() == 1 { 0 } else { index });
    let object = match case {
        None => &mut group.fields,
        Some(index) => &mut group.tests[index].fields,
    };
    let mut value = Value::Object(std::mem::take(object));
    change(value.pointer_mut(&place.pointer).expect("the place is there"), rng);
    let Value::Object(changed) = value else { unreachable!("it was an object") };
    match case {
        None => group.fields = changed,
        Some(index) => group.tests[index].fields = changed,
    }
    !kinds::check(&group, &LIBRARY).is_empty()
}

/// The smallest change of a value: another digit, another letter, the next number.
fn change(value: &mut Value, rng: &mut ChaCha20Rng) {
    *value = match value {
        Value::Null => Value::from("changed"),
        Value::Bool(old) => Value::from(!*old),
        Value::Number(old) => Value::from(old.as_u64().expect("numbers here are whole") + 1),
        Value::String(old) if old.is_empty() => Value::from("00"),
        Value::String(old) => {
            let mut letters: Vec<char> = old.chars().collect();
            let at = below(rng, letters.len());
            letters[at] = match letters[at] {
                '0' => '1',
                '1'..='9' | 'b'..='f' | 'B'..='Z' | 'g'..='z' => {
                    char::from_u32(u32::from(letters[at]) - 1).expect("a letter")
                }
                'a' => 'b',
                _ => 'A',
            };
            Value::from(letters.into_iter().collect::<String>())
        }
        Value::Array(_) | Value::Object(_) => unreachable!("a leaf"),
    };
}

fn below(rng: &mut ChaCha20Rng, end: usize) -> usize {
    usize::try_from(rng.next_u64()).expect("64 bits") % end
}
