//! The codes for bold and coloured text that IRC programs put between the characters.

use std::borrow::Cow;

/// `text` without formatting codes: bold, italics, underline, strikethrough, monospace, reverse, reset, and colours with
/// the digits that belong to them (the list at modern.ircdocs.horse/formatting).
pub(crate) fn without_formatting(text: &str) -> Cow<'_, str> {
    if !text.contains(is_code) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_code) {
        let (before, code) = rest.split_at(at);
        plain.push_str(before);
        rest = match code.strip_prefix(is_code).unwrap_or_default() {
            after if code.starts_with('\x03') => after_colours(after, |c| c.is_ascii_digit(), 1, 2),
            after if code.starts_with('\x04') => after_colours(after, |c| c.is_ascii_hexdigit(), 6, 6),
            after => after,
        };
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn is_code(c: char) -> bool {
    matches!(c, '\x02' | '\x03' | '\x04' | '\x0f' | '\x11' | '\x16' | '\x1d' | '\x1e' | '\x1f')
}

/// What follows a colour of `least` to `most` digits, and a comma and one more, as far as they are there.
fn after_colours(text: &str, is_digit: fn(char) -> bool, least: usize, most: usize) -> &str {
    let after_one = |text: &str| {
        let digits = text.chars().take(most).take_while(|&c| is_digit(c)).count();
        // Digits are of one byte.
        (digits >= least).then_some(digits)
    };
    let Some(after) = after_one(text).and_then(|digits| text.get(digits..)) else { return text };
    let second = after.strip_prefix(',').and_then(|second| second.get(after_one(second)?..));
    second.unwrap_or(after)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_go_and_the_text_stays() {
        for (text, plain) in [
            ("\x02bold\x02 \x1ditalic\x1d \x1funder\x1f \x16reverse\x16\x0f", "bold italic under reverse"),
            ("\x034red \x0312,1both\x03 5", "red both 5"),
            ("\x03,5 no colour, no background", ",5 no colour, no background"),
            ("\x034, a comma", ", a comma"),
            ("\x03123", "3"),
            ("\x031,234", "4"),
            ("\x04ff0000red\x04ff00no", "redff00no"),
            ("\x1estruck\x1e \x11mono\x11", "struck mono"),
            ("\x03é", "é"),
            ("\x1b[31m\x07 and the rest is for others to judge", "\x1b[31m\x07 and the rest is for others to judge"),
        ] {
            assert_eq!(without_formatting(text), plain);
        }
        assert!(matches!(without_formatting("<b>&amp; 3 < 4 é 𝄞\n\t"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn no_code_is_left(text in "[\\x02\\x03\\x04\\x0f\\x160-9a-f,é𝄞 ]*", any in ".*") {
            prop_assert!(!without_formatting(&text).contains(is_code));
            prop_assert!(!without_formatting(&any).contains(is_code));
        }
    }
}
