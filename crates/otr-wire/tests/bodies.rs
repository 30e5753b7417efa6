//! Telling apart what arrives: queries, tags, errors, plain text.

use otr_wire::{Body, InvalidFragment, Query, Tagged, Version, Versions, error_message};
use proptest::{collection::vec, prelude::*};

const TWO: Versions = Versions::only(Version::Two);
const THREE: Versions = Versions::only(Version::Three);
const BOTH: Versions = TWO.with(Version::Three);

const BASE_TAG: &[u8] = b" \t  \t\t\t\t \t \t \t  ";
const TAG_V1: &[u8] = b" \t \t  \t ";
const TAG_V2: &[u8] = b"  \t\t  \t ";
const TAG_V3: &[u8] = b"  \t\t  \t\t";

fn offered(body: &[u8]) -> Option<Versions> {
    match Body::classify(body) {
        Body::Query(query) => Some(query.offered),
        Body::Plain(_)
        | Body::Tagged(_)
        | Body::Error(_)
        | Body::Fragment(_)
        | Body::InvalidFragment(_)
        | Body::Encoded(_) => None,
    }
}

// attack: VER-4, PARSE-3, G-12
#[test]
fn odd_queries() {
    let cases: [(&str, Option<Versions>); 24] = [
        ("?OTR?", Some(Versions::NONE)),
        ("?OTR?v?", Some(Versions::NONE)),
        ("?OTRv?", Some(Versions::NONE)),
        ("?OTRv2?", Some(TWO)),
        ("?OTRv3?", Some(THREE)),
        ("?OTRv23?", Some(BOTH)),
        ("?OTRv32?", Some(BOTH)),
        ("?OTR?v2?", Some(TWO)),
        ("?OTR?v23?", Some(BOTH)),
        ("?OTRv24x?", Some(TWO)),
        ("?OTR?v24x?", Some(TWO)),
        ("?OTRv4?", Some(Versions::NONE)),
        ("?OTRv1?", Some(Versions::NONE)),
        ("?OTRv?4?", Some(Versions::NONE)),
        ("?OTRv?2?", Some(Versions::NONE)),
        ("?OTRv2222333?", Some(BOTH)),
        ("?OTRv3?<p>Let us talk</p>", Some(THREE)),
        ("?OTRv3? v2?", Some(THREE)),
        // What begins like a version 1 query is one, whatever follows.
        ("?OTR?v23", Some(Versions::NONE)),
        // Without the closing mark there is no list.
        ("?OTRv", None),
        ("?OTRv23", None),
        ("?OTRv2 3?", None),
        ("?OTRv-3?", None),
        ("?OTR", None),
    ];
    for (text, expected) in cases {
        assert_eq!(offered(text.as_bytes()), expected, "{text}");
    }
    for text in ["?OTR", "?OTRv", "?OTRv23", "?OTR v23?", "?OTR2?", "?OTRV23?", "?otrv23?"] {
        assert_eq!(Body::classify(text.as_bytes()), Body::Plain(text.as_bytes()), "{text}");
    }
}

// attack: PARSE-6
#[test]
fn markers_count_only_at_the_start() {
    for marker in
        ["?OTRv23?", "?OTR?", "?OTR:AAMKAAABAAAAAgAAAAABBQ==.", "?OTR|100|200,1,1,x,", "?OTR,1,1,x,", "?OTR Error: no"]
    {
        assert!(!matches!(Body::classify(marker.as_bytes()), Body::Plain(_)), "{marker}");
        for before in [" ", "x", "\n", "\0", "my program sent me "] {
            let text = [before, marker].concat();
            assert_eq!(Body::classify(text.as_bytes()), Body::Plain(text.as_bytes()), "{text:?}");
        }
    }
    // The first marker decides; what it is glued to is refused where the message is taken apart.
    assert!(matches!(Body::classify(b"?OTR:AAMKAAABAAAAAgAAAAABBQ==.?OTRv23?"), Body::Encoded(_)));
    assert!(matches!(Body::classify(b"?OTR,1,1,x,?OTRv23?"), Body::InvalidFragment(InvalidFragment::Grammar)));
}

// attack: G-12
#[test]
fn version_1_means_nothing() {
    assert_eq!(offered(b"?OTR?"), Some(Versions::NONE));
    for text in ["?OTR:AAEKAAAAAA==.", "?OTR:AAEDAAAAAA==."] {
        let Body::Encoded(armoured) = Body::classify(text.as_bytes()) else { panic!("{text}") };
        let bytes = otr_wire::armour::decode(armoured, 100).unwrap();
        assert_eq!(otr_wire::Message::decode(&bytes), Err(otr_wire::DecodeError::UnknownVersion(1)));
    }
    assert!(Version::ALL.iter().all(|version| version.number() > 1));
    assert_eq!(Version::from_number(1), None);
    let tagged = [b"hi", BASE_TAG, TAG_V1].concat();
    let Body::Tagged(tagged) = Body::classify(&tagged) else { panic!("no tag") };
    assert_eq!((tagged.text(), tagged.offered), (b"hi".to_vec(), Versions::NONE));
}

// attack: VER-10
#[test]
fn our_query_names_nobody() {
    for (versions, start) in [(TWO, "?OTRv2?"), (THREE, "?OTRv3?"), (BOTH, "?OTRv23?")] {
        let text = Query { offered: versions }.encode();
        let words = text.strip_prefix(start).expect("the query begins with its versions");
        assert_eq!(
            words,
            " I would like a private conversation (Off-the-Record), which your program does not seem to know."
        );
        assert!(!words.contains(['<', '>', '&', '?', '@']), "no mark-up, no marker, no address");
        assert_eq!(offered(text.as_bytes()), Some(versions));
    }
}

// attack: VER-5
#[test]
fn the_first_tag_counts_and_takes_its_blocks_with_it() {
    /// The pieces of a body, the text before its tag, the text after, the offer.
    type Case<'a> = (&'a [&'a [u8]], &'a [u8], &'a [u8], Versions);
    let unknown = b"\t\t\t\t\t\t\t\t";
    let cases: [Case<'_>; 9] = [
        (&[b"hi", BASE_TAG, TAG_V3], b"hi", b"", THREE),
        (&[BASE_TAG, TAG_V2, TAG_V3, b"hi"], b"", b"hi", BOTH),
        (&[b"a", BASE_TAG, TAG_V1, TAG_V2, b"b"], b"a", b"b", TWO),
        (&[b"a", BASE_TAG, unknown, TAG_V3, unknown, b"b"], b"a", b"b", THREE),
        (&[b"a", BASE_TAG, b"b"], b"a", b"b", Versions::NONE),
        // Seven blanks are no block: they are text.
        (&[b"a", BASE_TAG, TAG_V3, b"       b"], b"a", b"       b", THREE),
        (&[b"a", BASE_TAG, TAG_V3, b"  \t\t"], b"a", b"  \t\t", THREE),
        // A second tag is eight-character blocks like any other.
        (&[b"a", BASE_TAG, TAG_V2, BASE_TAG, TAG_V3, b"b"], b"a", b"b", BOTH),
        // Behind text it stays.
        (&[b"a", BASE_TAG, TAG_V2, b"x", BASE_TAG, TAG_V3], b"a", &[b"x", BASE_TAG, TAG_V3].concat(), TWO),
    ];
    for (pieces, before, after, offered) in cases {
        let body = pieces.concat();
        assert_eq!(Body::classify(&body), Body::Tagged(Tagged { before, after, offered }), "{body:?}");
    }
    let blanks = b" \t \t\t  \t \t  \t\t \t \t \t    \t\t  \t\t";
    assert_eq!(Body::classify(blanks), Body::Plain(blanks), "blanks alone are no tag");
}

// attack: VER-5
#[test]
fn a_text_that_would_spoil_the_tag_goes_without() {
    for spoiling in [&BASE_TAG[..12], &BASE_TAG[..15], &[b"x", BASE_TAG, b"y"].concat()] {
        let text = [b"hello", spoiling].concat();
        assert_eq!(Tagged::append(&text, BOTH), text, "{spoiling:?}");
    }
}

proptest! {
    // attack: VER-5
    #[test]
    fn stripping_undoes_inserting(text in vec(any::<u8>(), 0..80), blanks in "[ \t]{0,40}", two: bool, three: bool) {
        let versions = Version::ALL.into_iter().zip([two, three]).filter(|(_, wanted)| *wanted).map(|(v, _)| v);
        let versions: Versions = versions.collect();
        let text = [&text[..], blanks.as_bytes()].concat();
        let tagged = Tagged::append(&text, versions);
        prop_assume!(!text.starts_with(b"?OTR"));
        match Body::classify(&tagged) {
            // Who writes a tag by hand has written one, and gets no second.
            Body::Tagged(_) if matches!(Body::classify(&text), Body::Tagged(_)) => prop_assert_eq!(tagged, text),
            Body::Tagged(found) => {
                prop_assert_eq!(found.text(), &text[..]);
                prop_assert_eq!(found.offered, versions);
            }
            // Left off, because the text would have spoilt it.
            other => prop_assert_eq!(other, Body::Plain(&text)),
        }
    }

    // attack: VER-5
    #[test]
    fn ordinary_text_always_gets_its_tag(text in "[a-zA-Z0-9 .,!?]{0,80}[a-z.]") {
        let tagged = Tagged::append(text.as_bytes(), BOTH);
        prop_assert_eq!(&tagged[text.len()..], [BASE_TAG, TAG_V2, TAG_V3].concat());
    }

    // attack: PARSE-6, PARSE-9
    #[test]
    fn plain_text_comes_back_unchanged(before in "[a-z\0 ]{1,20}", marker in "\\?OTR[:v?|,]?[0-9a-z?]{0,5}", after in ".{0,20}") {
        let text = [before, marker, after].concat();
        prop_assert_eq!(Body::classify(text.as_bytes()), Body::Plain(text.as_bytes()));
    }

    // attack: G-4, PARSE-3
    #[test]
    fn classifying_never_panics(body in vec(any::<u8>(), 0..100), marker in "(\\?OTR)?[:|,?v ]?") {
        let _ = Body::classify(&body);
        let _ = Body::classify(&[marker.as_bytes(), &body[..]].concat());
    }
}

// attack: PARSE-6
#[test]
fn errors_are_recognised_at_the_start() {
    let text = error_message("no private conversation here");
    assert_eq!(text, "?OTR Error: no private conversation here");
    assert_eq!(Body::classify(text.as_bytes()), Body::Error(b"no private conversation here"));
    assert_eq!(Body::classify(b"?OTR Error:"), Body::Error(b""));
    assert_eq!(Body::classify(b"?OTR Error:?OTRv23?"), Body::Error(b"?OTRv23?"));
    assert_eq!(Body::classify(b"?OTR Error"), Body::Plain(b"?OTR Error"));
}

#[test]
fn versions_are_sets() {
    assert_eq!(BOTH.best(), Some(Version::Three));
    assert_eq!(TWO.best(), Some(Version::Two));
    assert_eq!(Versions::NONE.best(), None);
    assert_eq!(BOTH.common(TWO), TWO);
    assert_eq!(TWO.common(THREE), Versions::NONE);
    assert!(Versions::NONE.is_empty() && !TWO.is_empty());
    assert_eq!(TWO.with(Version::Two), TWO);
    assert_eq!(BOTH.iter().collect::<Vec<_>>(), Version::ALL);
    assert!(THREE.contains(Version::Three) && !THREE.contains(Version::Two));
    assert_eq!(Version::from_number(2), Some(Version::Two));
    assert_eq!(Version::from_number(3), Some(Version::Three));
}
