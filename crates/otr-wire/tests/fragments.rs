//! Long messages in pieces: the grammar, cutting, and putting together under attack.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop the test")]

mod common;

use core::time::Duration;
use std::collections::BTreeMap;

use otr_wire::{
    Assembled, Assembler, Body, Dropped, FRAGMENT_OVERHEAD_V2, FRAGMENT_OVERHEAD_V3, Fragment, Header, InstanceTag,
    InvalidFragment, MAX_MESSAGE, MAX_PARTIAL_AGE, MAX_PARTIAL_BYTES, MAX_PARTIALS, MAX_PIECE, TooSmall, split,
};
use proptest::{collection::vec, prelude::*};

const NOW: Duration = Duration::from_secs(1000);

fn tag(value: u32) -> InstanceTag {
    InstanceTag::new(value).unwrap()
}

fn v3(sender: u32) -> Header {
    Header::V3 { sender: tag(sender), receiver: Some(tag(0x200)) }
}

fn parse(body: &[u8]) -> Result<Fragment<'_>, InvalidFragment> {
    match Body::classify(body) {
        Body::Fragment(fragment) => Ok(fragment),
        Body::InvalidFragment(error) => Err(error),
        other => panic!("{other:?}"),
    }
}

/// One piece as text.
fn piece(header: Header, k: u16, n: u16, bytes: &[u8]) -> Vec<u8> {
    let tags = match header {
        Header::V2 => String::from(","),
        Header::V3 { sender, receiver } | Header::Curve25519 { sender, receiver } => {
            format!("|{sender}|{:x},", receiver.map_or(0, InstanceTag::get))
        }
    };
    [format!("?OTR{tags}{k},{n},").as_bytes(), bytes, b","].concat()
}

fn push(assembler: &mut Assembler, body: &[u8], now: Duration) -> Assembled {
    assembler.push(&parse(body).unwrap(), now)
}

// attack: FRAG-1, FRAG-2
#[test]
fn the_grammar() {
    let good: [(&str, (u16, u16), Header); 7] = [
        ("?OTR,1,1,x,", (1, 1), Header::V2),
        ("?OTR,00001,00003,x,", (1, 3), Header::V2),
        ("?OTR,65535,65535,x,", (65535, 65535), Header::V2),
        ("?OTR|100|200,1,2,x,", (1, 2), v3(0x100)),
        ("?OTR|00000100|00000200,1,2,x,", (1, 2), v3(0x100)),
        ("?OTR|fFfFfFfF|200,1,2,x,", (1, 2), v3(u32::MAX)),
        ("?OTR|5a73a599|0,2,2,x,", (2, 2), Header::V3 { sender: tag(0x5a73_a599), receiver: None }),
    ];
    for (text, (k, n), header) in good {
        let fragment = parse(text.as_bytes()).expect(text);
        assert_eq!((fragment.k.get(), fragment.n.get(), fragment.header, fragment.piece), (k, n, header, &b"x"[..]));
    }

    let grammar = [
        "?OTR,",
        "?OTR|",
        "?OTR,1",
        "?OTR,1,1",
        "?OTR,1,1,",
        "?OTR,1,1,x",
        "?OTR,1,1,x,y",
        "?OTR,1,1,x,,",
        "?OTR,1,1,x, ",
        "?OTR,1,1,x,\n",
        "?OTR,,1,x,",
        "?OTR,1,,x,",
        "?OTR,000001,1,x,",
        "?OTR,1,000001,x,",
        "?OTR,-65535,+1,x,",
        "?OTR,+1,1,x,",
        "?OTR,1,+1,x,",
        "?OTR,-1,1,x,",
        "?OTR,0x1,1,x,",
        "?OTR,1,0x1,x,",
        "?OTR, 1,1,x,",
        "?OTR,1 ,1,x,",
        "?OTR,1,1 ,x,",
        "?OTR,a,1,x,",
        "?OTR,1.0,1,x,",
        "?OTR,\u{661},1,x,",
        "?OTR|100,1,1,x,",
        "?OTR|100|200|1,1,x,",
        "?OTR|1|100|200,1,1,x,",
        "?OTR||200,1,1,x,",
        "?OTR|100|,1,1,x,",
        "?OTR|000000100|200,1,1,x,",
        "?OTR|100|000000200,1,1,x,",
        "?OTR|+100|200,1,1,x,",
        "?OTR|0x100|200,1,1,x,",
        "?OTR| 100|200,1,1,x,",
        "?OTR|10g|200,1,1,x,",
        "?OTR|100|-200,1,1,x,",
        "?OTR|100|200,1,1,x",
        "?OTR|100|200,1,1,x,z,",
    ];
    for text in grammar {
        assert_eq!(parse(text.as_bytes()), Err(InvalidFragment::Grammar), "{text}");
    }
    let numbers = [
        "?OTR,0,0,x,",
        "?OTR,0,1,x,",
        "?OTR,1,0,x,",
        "?OTR,2,1,x,",
        "?OTR,65535,65534,x,",
        "?OTR,65536,65536,x,",
        "?OTR,65537,65537,x,",
        "?OTR,1,65536,x,",
        "?OTR,99999,99999,x,",
        "?OTR|100|200,0,3,x,",
        "?OTR|100|200,4,3,x,",
    ];
    for text in numbers {
        assert_eq!(parse(text.as_bytes()), Err(InvalidFragment::Numbers), "{text}");
    }
    for text in ["?OTR,1,1,,", "?OTR|100|200,1,2,,"] {
        assert_eq!(parse(text.as_bytes()), Err(InvalidFragment::Piece), "{text}");
    }
    assert!(parse(&piece(Header::V2, 1, 1, &vec![b'x'; MAX_PIECE])).is_ok());
    assert_eq!(parse(&piece(Header::V2, 1, 1, &vec![b'x'; MAX_PIECE + 1])), Err(InvalidFragment::Piece));
}

// attack: FRAG-9, TAG-1, TAG-2
#[test]
fn small_tags_in_fragments_are_refused() {
    for value in 0..0x100 {
        let sender = format!("?OTR|{value:x}|200,1,1,x,");
        assert!(matches!(parse(sender.as_bytes()), Err(InvalidFragment::InstanceTag(_))), "{sender}");
        let receiver = format!("?OTR|100|{value:x},1,1,x,");
        match parse(receiver.as_bytes()) {
            Ok(fragment) => assert_eq!((value, fragment.header.receiver()), (0, None)),
            Err(error) => assert!(value > 0 && matches!(error, InvalidFragment::InstanceTag(_)), "{receiver}"),
        }
    }
}

// attack: FRAG-1
#[test]
fn an_illegal_piece_leaves_the_stored_ones() {
    let mut assembler = Assembler::new(MAX_MESSAGE);
    assert_eq!(push(&mut assembler, b"?OTR,1,2,ab,", NOW), Assembled::Incomplete);
    for illegal in ["?OTR,0,2,x,", "?OTR,3,2,x,", "?OTR,2,0,x,", "?OTR,2,2,,", "?OTR,65537,65537,x,"] {
        // It never becomes a `Fragment`, so there is nothing to push.
        assert!(parse(illegal.as_bytes()).is_err());
    }
    assert_eq!(push(&mut assembler, b"?OTR,2,2,cd,", NOW), Assembled::Complete(b"abcd".to_vec()));
    assert!(assembler.is_empty());
}

// attack: FRAG-3
#[test]
fn the_example_of_the_specification() {
    let message = "?OTR:AAMDJ+MVmSfjFZcAAAAAAQAAAAIAAADA1g5IjD1ZGLDVQEyCgCyn9hbrL3KAbGDdzE2ZkMyTKl7XfkSx\
        h8YJnudstiB74i4BzT0W2haClg6dMary/jo9sMudwmUdlnKpIGEKXWdvJKT+hQ26h9nzMgEditLB8vjPEWAJ6gBXvZrY6ZQ\
        rx3gb4v0UaSMOMiR5sB7Eaulb2Yc6RmRnnlxgUUC2alosg4WIeFN951PLjScajVba6dqlDi+q1H5tPvI5SWMN7PCBWIJ41+W\
        vF+5IAZzQZYgNaVLbAAAAAAAAAAEAAAAHwNiIi5Ms+4PsY/L2ipkTtquknfx6HodLvk3RAAAAAA==.";
    let header = Header::V3 { sender: tag(0x5a73_a599), receiver: Some(tag(0x27e3_1597)) };
    let pieces = split(header, message, 199).unwrap();
    assert_eq!(pieces.len(), 3);
    assert!(pieces[0].starts_with("?OTR|5a73a599|27e31597,00001,00003,?OTR:AAMDJ+MVmSfjFZcAAAAA"));
    assert!(pieces[2].starts_with("?OTR|5a73a599|27e31597,00003,00003,"));
    let mut assembler = Assembler::new(MAX_MESSAGE);
    let results: Vec<_> = pieces.iter().map(|piece| push(&mut assembler, piece.as_bytes(), NOW)).collect();
    assert_eq!(results, [Assembled::Incomplete, Assembled::Incomplete, Assembled::Complete(message.into())]);
}

/// The rules of the specification, word for word, with a store for each sender.
#[derive(Default)]
struct Reference(BTreeMap<Option<InstanceTag>, Stored>);

/// K, N and F of the specification; `header` is kept beside them.
#[derive(Default)]
struct Stored {
    k: u16,
    n: u16,
    header: Option<Header>,
    bytes: Vec<u8>,
}

impl Reference {
    fn push(&mut self, fragment: &Fragment<'_>) -> Option<Vec<u8>> {
        let (k, n, header) = (fragment.k.get(), fragment.n.get(), Some(fragment.header));
        let stored = self.0.entry(fragment.header.sender()).or_default();
        if k == 1 {
            *stored = Stored { k, n, header, bytes: fragment.piece.to_vec() };
        } else if n == stored.n && k == stored.k + 1 && header == stored.header {
            stored.k = k;
            stored.bytes.extend_from_slice(fragment.piece);
        } else {
            *stored = Stored::default();
        }
        (stored.n > 0 && stored.k == stored.n).then(|| core::mem::take(stored).bytes)
    }

    fn bytes(&self) -> usize {
        self.0.values().map(|stored| stored.bytes.len()).sum()
    }
}

fn any_header() -> impl Strategy<Value = Header> {
    prop_oneof![
        Just(Header::V2),
        (0x100..0x103u32, prop::option::weighted(0.9, Just(0x200u32)))
            .prop_map(|(sender, receiver)| Header::V3 { sender: tag(sender), receiver: receiver.map(tag) }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    // attack: FRAG-3, FRAG-6, FRAG-7, FRAG-8
    #[test]
    fn the_assembler_follows_the_specification(
        stream in vec((any_header(), 1..4u16, 0..3u16, vec(b'a'..=b'z', 1..4)), 0..60),
    ) {
        let mut assembler = Assembler::new(MAX_MESSAGE);
        let mut reference = Reference::default();
        for (header, k, more, bytes) in stream {
            let body = piece(header, k, k + more, &bytes);
            let fragment = parse(&body).unwrap();
            let expected = reference.push(&fragment);
            match assembler.push(&fragment, NOW) {
                Assembled::Complete(message) => prop_assert_eq!(Some(message), expected),
                Assembled::Incomplete | Assembled::Dropped(_) => prop_assert_eq!(None, expected),
            }
            prop_assert_eq!(assembler.bytes(), reference.bytes());
        }
    }

    // attack: FRAG-11, FRAG-3
    #[test]
    fn assembling_undoes_splitting(
        header in common::header(),
        limit in prop_oneof![20..100usize, 20..=2000usize],
        length in prop_oneof![1..3000usize, 1..=70000usize],
    ) {
        let message: String = ('!'..='~').filter(|&c| c != ',').cycle().take(length).collect();
        let overhead = match header {
            Header::V2 => FRAGMENT_OVERHEAD_V2,
            Header::V3 { .. } | Header::Curve25519 { .. } => FRAGMENT_OVERHEAD_V3,
        };
        let room = limit.saturating_sub(overhead);
        let fits = length <= limit || (room > 0 && length.div_ceil(room) <= 65535);
        match split(header, &message, limit) {
            Err(error) => {
                prop_assert!(!fits);
                prop_assert_eq!(error, TooSmall { limit });
            }
            Ok(whole) if length <= limit => prop_assert_eq!(whole, [message]),
            Ok(pieces) => {
                prop_assert!(fits && pieces.len() == length.div_ceil(room));
                let mut assembler = Assembler::new(MAX_MESSAGE);
                let (last, first) = pieces.split_last().unwrap();
                for piece in first {
                    prop_assert!(piece.len() <= limit);
                    prop_assert_eq!(parse(piece.as_bytes()).unwrap().header, header);
                    prop_assert_eq!(push(&mut assembler, piece.as_bytes(), NOW), Assembled::Incomplete);
                }
                prop_assert!(last.len() <= limit);
                prop_assert_eq!(push(&mut assembler, last.as_bytes(), NOW), Assembled::Complete(message.into_bytes()));
                prop_assert!(assembler.is_empty());
            }
        }
    }

    // attack: FRAG-2, G-4
    #[test]
    fn only_the_grammar_is_a_fragment(body in "\\?OTR[|,][0-9a-f|,+x -]{0,24},") {
        if let Ok(fragment) = parse(body.as_bytes()) {
            let (k, n) = (fragment.k.get(), fragment.n.get());
            prop_assert!(k <= n);
            let again = piece(fragment.header, k, n, fragment.piece);
            let again = parse(&again).unwrap();
            prop_assert_eq!(again, fragment);
        }
    }

    // attack: FRAG-13, FRAG-6
    #[test]
    fn injected_pieces_do_not_block_the_next_message(
        stream in vec((any_header(), 1..4u16, 0..3u16, vec(b'a'..=b'z', 1..4)), 0..60),
        header in any_header(),
    ) {
        let mut assembler = Assembler::new(MAX_MESSAGE);
        for (header, k, more, bytes) in stream {
            let _ = push(&mut assembler, &piece(header, k, k + more, &bytes), NOW);
        }
        // A message that comes whole does not pass through here at all: it only clears its sender's store.
        assembler.forget(header.sender());
        prop_assert_eq!(push(&mut assembler, &piece(header, 1, 2, b"ab"), NOW), Assembled::Incomplete);
        prop_assert_eq!(push(&mut assembler, &piece(header, 2, 2, b"cd"), NOW), Assembled::Complete(b"abcd".to_vec()));
    }
}

/// All orders in which two queues can be emptied, each in its own order: `true` takes from the first.
fn interleavings(first: usize, second: usize) -> Vec<Vec<bool>> {
    match (first, second) {
        (0, _) => vec![vec![false; second]],
        (_, 0) => vec![vec![true; first]],
        (_, _) => {
            let with =
                |next: bool, rest: Vec<Vec<bool>>| rest.into_iter().map(move |order| [vec![next], order].concat());
            let a = with(true, interleavings(first - 1, second));
            a.chain(with(false, interleavings(first, second - 1))).collect()
        }
    }
}

// attack: FRAG-6
#[test]
fn two_senders_in_all_orders() {
    let senders = [(v3(0x100), v3(0x101)), (v3(0x100), Header::V2)];
    for (one, other) in senders {
        let orders = interleavings(4, 5);
        assert_eq!(orders.len(), 126);
        for order in orders {
            let mut assembler = Assembler::new(MAX_MESSAGE);
            let (mut k_one, mut k_other, mut complete) = (0, 0, Vec::new());
            for take_one in order {
                let body = if take_one {
                    k_one += 1;
                    piece(one, k_one, 4, &[b'0' + u8::try_from(k_one).unwrap()])
                } else {
                    k_other += 1;
                    piece(other, k_other, 5, &[b'a' + u8::try_from(k_other).unwrap()])
                };
                match push(&mut assembler, &body, NOW) {
                    Assembled::Complete(message) => complete.push(message),
                    Assembled::Incomplete => {}
                    Assembled::Dropped(why) => panic!("{why}"),
                }
            }
            complete.sort();
            assert_eq!(complete, [b"1234".to_vec(), b"bcdef".to_vec()]);
        }
    }
}

// attack: FRAG-6
#[test]
fn a_whole_message_clears_only_its_own_sender() {
    let headers = [v3(0x100), v3(0x101), Header::V2];
    for cleared in headers {
        let mut assembler = Assembler::new(MAX_MESSAGE);
        for header in headers {
            assert_eq!(push(&mut assembler, &piece(header, 1, 2, b"ab"), NOW), Assembled::Incomplete);
        }
        assembler.forget(cleared.sender());
        for header in headers {
            let expected = if header == cleared {
                Assembled::Dropped(Dropped::OutOfOrder)
            } else {
                Assembled::Complete(b"abcd".to_vec())
            };
            assert_eq!(push(&mut assembler, &piece(header, 2, 2, b"cd"), NOW), expected);
        }
    }
}

// attack: FRAG-7
#[test]
fn a_repeated_piece_drops_the_message() {
    let mut assembler = Assembler::new(MAX_MESSAGE);
    assert_eq!(push(&mut assembler, b"?OTR,1,3,a,", NOW), Assembled::Incomplete);
    assert_eq!(push(&mut assembler, b"?OTR,2,3,b,", NOW), Assembled::Incomplete);
    assert_eq!(push(&mut assembler, b"?OTR,2,3,b,", NOW), Assembled::Dropped(Dropped::OutOfOrder));
    assert!(assembler.is_empty());
    assert_eq!(push(&mut assembler, b"?OTR,3,3,c,", NOW), Assembled::Dropped(Dropped::OutOfOrder));
    // The first piece again is a new beginning.
    for (body, expected) in [
        ("?OTR,1,2,x,", Assembled::Incomplete),
        ("?OTR,1,2,a,", Assembled::Incomplete),
        ("?OTR,2,2,b,", Assembled::Complete(b"ab".to_vec())),
    ] {
        assert_eq!(push(&mut assembler, body.as_bytes(), NOW), expected);
    }
}

// attack: FRAG-8
#[test]
fn pieces_with_different_tags_do_not_join() {
    let sender = tag(0x100);
    let receivers = [None, Some(tag(0x200)), Some(tag(0x201))];
    for first in receivers {
        for second in receivers {
            let mut assembler = Assembler::new(MAX_MESSAGE);
            let one = piece(Header::V3 { sender, receiver: first }, 1, 2, b"ab");
            let two = piece(Header::V3 { sender, receiver: second }, 2, 2, b"cd");
            assert_eq!(push(&mut assembler, &one, NOW), Assembled::Incomplete);
            let expected = if first == second {
                Assembled::Complete(b"abcd".to_vec())
            } else {
                Assembled::Dropped(Dropped::OutOfOrder)
            };
            assert_eq!(push(&mut assembler, &two, NOW), expected);
        }
    }
}

// attack: PARSE-11
#[test]
fn a_fragment_in_a_fragment_is_told_apart_from_a_message() {
    // The piece of a fragment has no comma, so one fragment cannot hold another; several together cannot either.
    for inner in ["?OTR,1,1,?OTR:AAAA.,", "?OTR|100|200,1,1,?OTR:AAAA.,"] {
        for limit in 37..60 {
            for body in split(v3(0x100), inner, limit).unwrap() {
                let Body::Fragment(fragment) = Body::classify(body.as_bytes()) else { continue };
                assert!(!fragment.piece.contains(&b','));
            }
        }
        let glued = [b"?OTR|100|200,1,1,", inner.as_bytes(), b","].concat();
        assert_eq!(parse(&glued), Err(InvalidFragment::Grammar));
    }
    let mut assembler = Assembler::new(MAX_MESSAGE);
    let _ = push(&mut assembler, b"?OTR|100|200,1,2,?OTR|100|200,", NOW);
    let Assembled::Complete(body) = push(&mut assembler, b"?OTR|100|200,2,2,x,", NOW) else { panic!("incomplete") };
    assert!(matches!(Body::classify(&body), Body::InvalidFragment(_)), "what comes out is judged by its own form");
}

// attack: FRAG-4
#[test]
fn a_message_longer_than_the_limit_is_dropped() {
    let limit = 64 * 1024;
    let mut assembler = Assembler::new(limit);
    let bytes = vec![b'x'; 1024];
    for k in 1..=64 {
        assert_eq!(push(&mut assembler, &piece(v3(0x100), k, 65535, &bytes), NOW), Assembled::Incomplete);
    }
    assert_eq!(assembler.bytes(), limit);
    let next = piece(v3(0x100), 65, 65535, &bytes);
    assert_eq!(push(&mut assembler, &next, NOW), Assembled::Dropped(Dropped::TooLong));
    assert!(assembler.is_empty());
    // Said once: what follows is merely out of order, and the store stays empty.
    let next = piece(v3(0x100), 66, 65535, &bytes);
    assert_eq!(push(&mut assembler, &next, NOW), Assembled::Dropped(Dropped::OutOfOrder));
    // One huge piece is no way around it, not even as a whole message.
    let huge = piece(v3(0x100), 1, 1, &vec![b'x'; limit + 1]);
    assert_eq!(push(&mut assembler, &huge, NOW), Assembled::Dropped(Dropped::TooLong));
}

// attack: FRAG-4, FRAG-10
#[test]
fn floods_stay_within_the_limits() {
    let mut assembler = Assembler::new(MAX_MESSAGE);
    for sender in 0x100..0x100 + 100_000 {
        let body = piece(v3(sender), 1, 65535, b"0123456789");
        assert_eq!(push(&mut assembler, &body, NOW), Assembled::Incomplete);
        assert!(assembler.bytes() <= MAX_PARTIALS * 10);
    }
    let bytes = vec![b'x'; MAX_PIECE];
    for sender in 0x100..0x200 {
        assert_eq!(push(&mut assembler, &piece(v3(sender), 1, 65535, &bytes), NOW), Assembled::Incomplete);
        assert!(assembler.bytes() <= MAX_PARTIAL_BYTES);
    }
    assert!(!assembler.is_empty());
    // A limit above the default leaves room for one message of that size, and no more.
    let limit = 16 * 1024 * 1024;
    let mut assembler = Assembler::new(limit);
    for k in 1..=64 {
        assert_eq!(push(&mut assembler, &piece(v3(0x100), k, 65, &bytes), NOW), Assembled::Incomplete);
    }
    assert_eq!(assembler.bytes(), limit);
    assert_eq!(push(&mut assembler, &piece(v3(0x101), 1, 65, &bytes), NOW), Assembled::Incomplete);
    assert!(assembler.bytes() <= limit);
}

// attack: FRAG-10
#[test]
fn the_newest_piece_is_never_the_one_to_go() {
    // All at the same moment, with tags that fall: the store must not prefer high tags.
    let mut assembler = Assembler::new(MAX_MESSAGE);
    for sender in (0x100..0x100 + 100).rev() {
        assert_eq!(push(&mut assembler, &piece(v3(sender), 1, 3, b"ab"), NOW), Assembled::Incomplete);
        assert_eq!(push(&mut assembler, &piece(v3(sender), 2, 3, b"cd"), NOW), Assembled::Incomplete, "{sender:x}");
    }
}

// attack: FRAG-12
#[test]
fn old_partials_are_forgotten() {
    let just_before = MAX_PARTIAL_AGE - Duration::from_millis(1);
    for (wait, expected) in
        [(just_before, Assembled::Complete(b"ab".to_vec())), (MAX_PARTIAL_AGE, Assembled::Dropped(Dropped::OutOfOrder))]
    {
        let mut assembler = Assembler::new(MAX_MESSAGE);
        assert_eq!(push(&mut assembler, b"?OTR,1,2,a,", NOW), Assembled::Incomplete);
        // Another sender's pieces keep nobody else's alive.
        assert_eq!(push(&mut assembler, b"?OTR|100|200,1,3,x,", NOW + wait), Assembled::Incomplete);
        assert_eq!(push(&mut assembler, b"?OTR,2,2,b,", NOW + wait), expected);
    }
    // Each piece gives its message a new span of life; a clock that goes back does no harm.
    let mut assembler = Assembler::new(MAX_MESSAGE);
    for k in 1..=4u16 {
        assert_eq!(push(&mut assembler, &piece(Header::V2, k, 9, b"x"), just_before * k.into()), Assembled::Incomplete);
    }
    assert_eq!(push(&mut assembler, &piece(Header::V2, 5, 9, b"x"), Duration::ZERO), Assembled::Incomplete);
    assembler.expire(MAX_PARTIAL_AGE);
    assert!(assembler.is_empty());
}

// attack: FRAG-11
#[test]
fn limits_that_leave_no_room() {
    let message = "x".repeat(65536);
    assert_eq!(split(Header::V2, &message, FRAGMENT_OVERHEAD_V2), Err(TooSmall { limit: 18 }));
    assert_eq!(split(v3(0x100), &message, FRAGMENT_OVERHEAD_V3), Err(TooSmall { limit: 36 }));
    assert_eq!(split(v3(0x100), &message, 0), Err(TooSmall { limit: 0 }));
    assert_eq!(split(v3(0x100), &message, 37), Err(TooSmall { limit: 37 }), "65,536 pieces of one byte");
    assert_eq!(split(v3(0x100), &message[1..], 37).unwrap().len(), 65535);
    assert_eq!(split(v3(0x100), &message, 65536).unwrap(), [&message[..]], "it fits as it is");
    // Pieces stay below what a receiver takes, however much the network carries.
    let long = "x".repeat(MAX_PIECE + 1);
    assert_eq!(split(v3(0x100), &long, MAX_PIECE).unwrap().len(), 2);
    let longer = "x".repeat(3 * MAX_PIECE);
    assert_eq!(split(v3(0x100), &longer, 2 * MAX_PIECE + 100).unwrap().len(), 3);
}
