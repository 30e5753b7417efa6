//! Three columns side by side.

use std::io::Write;

use crate::error::Error;

/// The width of everything, in characters.
pub(crate) const WIDTH: usize = 100;

/// The widths of the columns; with two separators of three characters they make up [`WIDTH`].
const WIDTHS: [usize; 3] = [27, 40, 27];

/// Where rows of three cells go.
#[derive(Debug)]
pub(crate) struct Columns<W>(W);

impl<W: Write> Columns<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self(out)
    }

    /// One row; a cell that is too long for its column goes on below.
    pub(crate) fn row(&mut self, cells: [&str; 3]) -> Result<(), Error> {
        let [left, middle, right] = cells;
        let cells = [(left, WIDTHS[0]), (middle, WIDTHS[1]), (right, WIDTHS[2])].map(|(text, width)| wrap(text, width));
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let [left, middle, right] = cells.each_ref().map(|cell| cell.get(line).map_or("", String::as_str));
            let [first, second, _] = WIDTHS;
            self.write(&format!("{left:first$} | {middle:second$} | {right}"))?;
        }
        Ok(())
    }

    /// A line between two rows.
    pub(crate) fn rule(&mut self) -> Result<(), Error> {
        let [left, middle, right] = WIDTHS.map(|width| "-".repeat(width));
        self.write(&format!("{left}-+-{middle}-+-{right}"))
    }

    pub(crate) fn gap(&mut self) -> Result<(), Error> {
        self.write("")
    }

    fn write(&mut self, line: &str) -> Result<(), Error> {
        let written = writeln!(self.0, "{}", line.trim_end()).and_then(|()| self.0.flush());
        written.map_err(|error| Error::Output(error.kind()))
    }
}

/// The lines of `text`, broken between words; a word that is too long on its own is broken where it must be.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    text.lines().flat_map(|line| wrap_line(line, width)).collect()
}

fn wrap_line(text: &str, width: usize) -> Vec<String> {
    let indent: String = text.chars().take_while(|&c| c == ' ').collect();
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.trim_start().split(' ') {
        let needed = word.chars().count().saturating_add(1);
        if !line.is_empty() && line.chars().count().saturating_add(needed) > width {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(if line.is_empty() { &indent } else { " " });
        for c in word.chars() {
            if line.chars().count() >= width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

/// The beginning and the end of a text that is too long to show.
pub(crate) fn shortened(text: &str) -> String {
    let (head, tail) = (22, 13);
    let count = text.chars().count();
    if count <= head + tail + 3 {
        return text.to_owned();
    }
    let end: String = text.chars().skip(count.saturating_sub(tail)).collect();
    format!("{}...{end}", text.chars().take(head).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_columns() {
        let mut out = Vec::new();
        Columns::new(&mut out).row(["left side words", &"m".repeat(50), &"right ".repeat(9)]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().count() >= 2);
        for line in text.lines() {
            assert!(line.len() <= WIDTH, "{line}");
            assert_eq!((line.find('|'), line.rfind('|')), (Some(28), Some(71)), "{line}");
        }
    }

    #[test]
    fn words_stay_whole_and_nothing_is_lost() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("a\n\nb", 4), ["a", "", "b"]);
        assert_eq!(wrap("  a bc de", 7), ["  a bc", "  de"]);
    }

    #[test]
    fn long_texts_keep_both_ends() {
        assert_eq!(shortened("?OTRv3?"), "?OTRv3?");
        let short = shortened(&format!("?OTR:{}.", "A".repeat(500)));
        assert!(short.starts_with("?OTR:") && short.ends_with("A.") && short.len() == 38, "{short}");
    }
}
