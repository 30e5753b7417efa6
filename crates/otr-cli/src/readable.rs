//! Making text from elsewhere safe to look at.

/// What stands for a character that is not shown.
const REPLACEMENT: char = '\u{fffd}';

/// `text` as one line: control characters, which drive the terminal, and characters that change the direction or hide
/// text are replaced (attack rule TEXT-3).
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_harmful(c) { REPLACEMENT } else { c }).collect()
}

/// `text` as the lines it has, each of them as [`one_line`]; a tab becomes blanks.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let unified = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
    unified.split('\n').map(one_line).collect()
}

/// Control characters (C0, DEL, C1), line separators, marks and overrides of direction, and invisible characters that
/// take no room.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    // attack: TEXT-3
    #[test]
    fn nothing_harmful_is_left() {
        let shown = one_line("a\x1b[2Jb\u{9b}31mc\u{202e}d\u{2066}e\u{7f}\u{200f}f\n");
        assert_eq!(shown, "a\u{fffd}[2Jb\u{fffd}31mc\u{fffd}d\u{fffd}e\u{fffd}\u{fffd}f\u{fffd}");
        assert!((0..=0x9f).filter_map(char::from_u32).filter(|c| c.is_control()).all(is_harmful));
    }

    #[test]
    fn ordinary_text_stays() {
        for text in ["Grüße, 你好, שלום", "👩‍💻 ok", "100 % <b>"] {
            assert_eq!(one_line(text), text);
        }
    }

    // attack: TEXT-2
    #[test]
    fn every_line_end_ends_a_line() {
        assert_eq!(lines("a\r\nb\rc\nd\te"), ["a", "b", "c", "d    e"]);
    }
}
