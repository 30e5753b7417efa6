//! What is typed is what is read, with every program of the list.

use proptest::prelude::*;

use super::*;

const TYPED: &str = "<b>&amp; 3 < 4 é 𝄞";

/// libotr's words, as Debian's programs send them.
const LIBOTR: &str = "<b>bob@localhost</b> has requested an <a href=\"https://otr.cypherpunks.ca/\">Off-the-Record \
                      private conversation</a>.  However, you do not have a plugin to support that.";

/// A program: how it puts a text into OTR, and what it shows of one that comes out.
struct Program {
    name: &'static str,
    network: Network,
    /// What it says of itself where the network tells, and what it sends in clear to ask for a conversation.
    software: &'static str,
    query: &'static [&'static str],
    sends: fn(&str) -> String,
    shows: fn(&str) -> String,
}

const BARE: &[&str] = &["?OTRv23?"];
const LIBOTR_ON_XMPP: &[&str] = &[
    "?OTRv23?\n<b>bob@localhost</b> has requested an <a href=\"https://otr.cypherpunks.ca/\">Off-the-Record private \
     conversation</a>.  However, you do not have a plugin to support that.",
];
const LIBOTR_ON_IRC: &[&str] = &["?OTRv23?", LIBOTR];
const PROFANITY: &[&str] =
    &["?OTR?v2? This user has requested an Off-the-Record private conversation. However, you do \
                              not have a plugin to support that."];
const WEECHAT: &[&str] =
    &["?OTRv2? I would like to start an Off-the-Record private conversation. However, you do not \
                            have a plugin to support that."];

#[rustfmt::skip]
const PROGRAMS: &[Program] = &[
    Program { name: "Pidgin", network: Network::Xmpp, software: "http://pidgin.im/", query: LIBOTR_ON_XMPP, sends: escaped, shows: pidgin },
    Program { name: "Pidgin on IRC", network: Network::Irc, software: "", query: LIBOTR_ON_IRC, sends: escaped, shows: pidgin },
    Program { name: "BitlBee", network: Network::Xmpp, software: "http://bitlbee.org/xmpp/caps", query: LIBOTR_ON_XMPP, sends: escaped_but_lines, shows: bitlbee },
    Program { name: "MCabber", network: Network::Xmpp, software: "http://mcabber.com/caps", query: LIBOTR_ON_XMPP, sends: as_it_is, shows: mcabber },
    Program { name: "irssi", network: Network::Irc, software: "", query: BARE, sends: as_it_is, shows: as_it_is },
    Program { name: "HexChat", network: Network::Irc, software: "", query: BARE, sends: as_it_is, shows: as_it_is },
    Program { name: "Profanity", network: Network::Xmpp, software: "http://profanity-im.github.io", query: PROFANITY, sends: as_it_is, shows: as_it_is },
    Program { name: "WeeChat", network: Network::Irc, software: "", query: WEECHAT, sends: as_it_is, shows: pidgin },
    Program { name: "otr", network: Network::Xmpp, software: "", query: BARE, sends: as_it_is, shows: as_it_is },
    Program { name: "otr on Matrix", network: Network::Matrix, software: "", query: BARE, sends: as_it_is, shows: as_it_is },
];

fn as_it_is(text: &str) -> String {
    text.to_owned()
}

/// What Pidgin's input line gives: four entities, and `<br>` between lines.
fn escaped(text: &str) -> String {
    escaped_but_lines(text).replace('\n', "<br>")
}

fn escaped_but_lines(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The entities that all three know.
fn unescaped(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&apos;", '\'')];
        let found = known.iter().find_map(|&(entity, c)| Some((c, from.strip_prefix(entity)?)));
        let (c, after) = found.unwrap_or(('&', &from[1..]));
        shown.push(c);
        rest = after;
    }
    shown + rest
}

/// Pidgin shows no tag that it knows, `<br>` as a line break, and all others as they are.
fn pidgin(text: &str) -> String {
    let mut text = text.replace("<br>", "\n");
    for tag in ["<b>", "</b>", "<i>", "</i>", "<u>", "</u>"] {
        text = text.replace(tag, "");
    }
    unescaped(&text)
}

/// BitlBee shows nothing that begins as a tag does and ends somewhere.
fn bitlbee(text: &str) -> String {
    let text = text.replace("<br>", "\n");
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        let is_tag = from[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match from.split_once('>').filter(|_| is_tag) {
            Some((_, after)) => rest = after,
            None => {
                shown.push('<');
                rest = &from[1..];
            }
        }
    }
    unescaped(&(shown + rest))
}

/// MCabber knows entities and `<br>`.
fn mcabber(text: &str) -> String {
    unescaped(&text.replace("<br>", "\n"))
}

fn form(program: &Program) -> TextForm {
    TextForm::new(TextMode::Auto, program.network)
}

/// `typed` goes both ways.
fn talk(form: &mut TextForm, program: &Program, typed: &str) {
    assert_eq!((program.shows)(&form.outgoing(typed)), typed, "{} shows", program.name);
    assert_eq!(form.incoming(&(program.sends)(typed)), typed, "we show what {} sends", program.name);
    assert_eq!((program.shows)(&form.outgoing(typed)), typed, "{} shows afterwards", program.name);
}

#[test]
fn what_is_typed_is_read_when_the_program_asks_for_the_conversation() {
    for program in PROGRAMS {
        let mut form = form(program);
        program.query.iter().for_each(|line| form.peer_query(line));
        form.session_began();
        talk(&mut form, program, TYPED);
        talk(&mut form, program, "two\nlines & \"quotes\"");
    }
}

#[test]
fn what_is_typed_is_read_when_the_program_says_what_it_is() {
    for program in PROGRAMS.iter().filter(|program| !program.software.is_empty()) {
        let mut form = form(program);
        form.peer_software(program.software);
        form.session_began();
        talk(&mut form, program, TYPED);
        talk(&mut form, program, "&lt;");
    }
}

#[test]
fn without_any_word_before_its_own_text_tells() {
    for program in PROGRAMS {
        let mut form = form(program);
        form.session_began();
        assert_eq!(form.outgoing(TYPED), TYPED, "plain before anything is known");
        assert_eq!(form.incoming(&(program.sends)(TYPED)), TYPED, "{}", program.name);
        // The mixed way cannot be told from the plain one by texts.
        if !["MCabber", "WeeChat"].contains(&program.name) {
            talk(&mut form, program, TYPED);
        }
    }
}

#[test]
fn the_user_decides_over_all_evidence() {
    for mode in [TextMode::Plain, TextMode::Html] {
        let mut form = TextForm::new(mode, Network::Xmpp);
        for software in ["http://pidgin.im/", "profanity"] {
            form.peer_software(software);
            form.peer_query(LIBOTR);
            assert_eq!(form.outgoing("<").as_ref() == "&lt;", mode == TextMode::Html);
            assert_eq!(form.incoming("&lt;") == "<", mode == TextMode::Html);
            assert_eq!(form.incoming("a & b"), "a & b");
        }
    }
}

#[test]
fn libotrs_words_on_irc_are_revoked_by_a_text_that_is_no_html() {
    let mut form = TextForm::new(TextMode::Auto, Network::Irc);
    LIBOTR_ON_IRC.iter().for_each(|line| form.peer_query(line));
    assert_eq!(form.outgoing("<"), "&lt;");
    assert_eq!(form.incoming("a < b"), "a < b");
    assert_eq!(form.outgoing("<"), "<", "it was HexChat");
}

#[test]
fn one_who_types_an_entity_is_read_again_after_the_next_bare_sign() {
    let mut form = TextForm::new(TextMode::Auto, Network::Irc);
    assert_eq!(form.incoming("write &lt; for it"), "write < for it", "that much cannot be known");
    assert_eq!(form.incoming("a & b"), "a & b");
    assert_eq!(form.incoming("write &lt; for it"), "write &lt; for it");
    assert_eq!(form.outgoing("<"), "<");
}

#[test]
fn another_session_may_be_with_another_program() {
    let mut form = TextForm::new(TextMode::Auto, Network::Irc);
    assert_eq!(form.incoming("a < b"), "a < b");
    assert_eq!(form.incoming("&lt;"), "&lt;");
    form.session_began();
    assert_eq!(form.outgoing("<"), "<", "most often it is the same");
    assert_eq!(form.incoming("&lt;"), "<");
    assert_eq!(form.outgoing("<"), "&lt;");
}

#[test]
fn a_name_that_the_texts_refute_does_not_count() {
    let mut form = TextForm::new(TextMode::Auto, Network::Xmpp);
    form.peer_software("http://pidgin.im/");
    form.peer_software("something else");
    assert_eq!(form.outgoing("<"), "&lt;");
    assert_eq!(form.incoming("a < b"), "a < b");
    assert_eq!(form.outgoing("<"), "<");
}

#[test]
fn words_about_otr_in_ordinary_lines_count_only_as_queries() {
    let mut form = TextForm::new(TextMode::Auto, Network::Xmpp);
    form.peer_query(LIBOTR_ON_XMPP[0]);
    form.peer_query("hello <b>you</b>");
    assert_eq!(form.outgoing("<"), "&lt;");
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[^\r]*", "([<>&;\"'/#a-z \n]|&lt;|&amp;|<br>|<b>|𝄞){0,40}"]
}

proptest! {
    #[test]
    fn every_reader_of_html_reads_what_was_typed(text in any_text()) {
        let form = TextForm::new(TextMode::Html, Network::Xmpp);
        for reads in [pidgin, bitlbee, mcabber] {
            prop_assert_eq!(&reads(&form.outgoing(&text)), &text);
        }
    }

    #[test]
    fn what_we_send_we_read(text in any_text(), html: bool) {
        let mode = if html { TextMode::Html } else { TextMode::Plain };
        let mut form = TextForm::new(mode, Network::Xmpp);
        let sent = form.outgoing(&text).into_owned();
        prop_assert_eq!(form.incoming(&sent), text);
    }

    #[test]
    fn whatever_comes_the_known_programs_stay_readable(texts in prop::collection::vec(any_text(), 0..8)) {
        for program in PROGRAMS.iter().filter(|program| !program.software.is_empty()) {
            let mut form = form(program);
            form.peer_software(program.software);
            for text in &texts {
                let sent = (program.sends)(text);
                prop_assert_eq!(&form.incoming(&sent), text);
                prop_assert_eq!(&(program.shows)(&form.outgoing(text)), text);
            }
        }
    }

    #[test]
    fn nothing_panics(texts in prop::collection::vec(".*", 0..8)) {
        let mut form = TextForm::new(TextMode::Auto, Network::Irc);
        for text in &texts {
            form.peer_software(text);
            form.peer_query(text);
            form.incoming(text);
            form.outgoing(text);
            form.session_began();
        }
    }
}
