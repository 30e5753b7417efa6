//! What stands behind the text: records, and text that looks like something else.

use super::{
    deviation::{Deviation, Must, Stage},
    drafts::{Draft, record},
    peer::Peer,
};

/// Deviations in what is encrypted. The messages are authentic, so their text is shown, and the rest is left.
pub(super) fn deviations() -> Vec<Deviation> {
    let mut all = records();
    all.extend(texts());
    all
}

fn records() -> Vec<Deviation> {
    let odd: [(&str, &'static [&'static str], Vec<u8>, &str); 14] = [
        ("of-type-9", &["TLV-1"], record(9, b"what"), "a record of the first type that nobody knows"),
        ("of-type-100", &["TLV-1"], record(0x0100, b"what"), "a record of type 100"),
        ("of-type-ffff", &["TLV-1"], record(0xffff, b"what"), "a record of the last type"),
        (
            "of-every-type",
            &["TLV-1"],
            (9..200).flat_map(|kind| record(kind, &[])).collect(),
            "191 records of unknown types",
        ),
        ("cut-in-type", &["TLV-2"], vec![0], "half a type"),
        ("cut-in-length", &["TLV-2"], vec![0, 9, 0], "a type and half a length"),
        ("without-value", &["TLV-2"], vec![0, 9, 0, 5], "a length of 5 and nothing after it"),
        ("beyond-the-end", &["TLV-2"], vec![0, 1, 0xff, 0xff, 0], "a disconnect that is longer than the message"),
        (
            "cut-after-a-good-one",
            &["TLV-2"],
            [record(9, b"what"), vec![0, 1]].concat(),
            "a good record, and half a disconnect",
        ),
        ("of-full-padding", &["TLV-1"], record(0, &[0xff; 300]), "padding that is not zero"),
        ("of-1100-paddings", &["G-5"], (0..1100).flat_map(|_| record(0, &[])).collect(), "1100 records of padding"),
        ("extra-key-without-use", &["XKEY-1"], record(8, &[]), "an extra key without its use"),
        ("extra-key-of-three-bytes", &["XKEY-1"], record(8, &[0, 0, 1]), "an extra key with three bytes of use"),
        (
            "beyond-the-end-extra-key",
            &["TLV-2", "XKEY-1"],
            vec![0, 8, 0, 200, 0, 0, 0, 1],
            "an extra key that is longer than the message",
        ),
    ];
    let mut all = Vec::new();
    for (name, rows, records, about) in odd {
        let deviation = Deviation::new(format!("record-{name}"), rows, Stage::Private, about, move |peer| {
            peer.say_records("hello", &records).text()
        });
        // Where something is cut off the user may be told.
        let whole = !rows.contains(&"TLV-2") && !rows.contains(&"G-5");
        let hello = "hello".to_owned();
        all.push(deviation.must(if whole { Must::Show(hello) } else { Must::Collect(hello) }));
    }
    all
}

fn texts() -> Vec<Deviation> {
    let texts: [(&str, &'static [&'static str], &str, &str); 6] = [
        ("query", &["PARSE-11"], "?OTRv23?", "a query"),
        ("error", &["PARSE-11"], "?OTR Error: no", "an error message"),
        ("armour", &["PARSE-11"], "?OTR:AAMDAAAA.", "an encoded message"),
        ("fragment", &["PARSE-11"], "?OTR,1,2,?OTR:AAMD,", "a fragment"),
        ("whitespace-tag", &["PARSE-11"], "hello \t  \t\t\t\t \t \t \t    \t\t  \t\t", "a whitespace tag"),
        ("controls", &["TEXT-3"], "\u{1b}[31mred", "what steers a terminal"),
    ];
    let mut all = Vec::new();
    for (name, rows, text, about) in texts {
        let about = format!("an encrypted text that is {about}");
        let deviation =
            Deviation::new(format!("text-of-{name}"), rows, Stage::Private, about, move |peer: &mut Peer| {
                peer.say(text).text()
            });
        all.push(deviation.must(Must::Show(text.to_owned())));
    }
    all
}
