//! QR codes: on a terminal, as SVG, as PNG.

use qrcode::render::svg;
use qrcode::{Color, EcLevel, QrCode};

use super::png;

/// The clear margin that the standard asks for, in modules (ISO/IEC 18004, "quiet zone").
const MARGIN: usize = 4;
/// On a terminal half of that is enough where the code would not fit otherwise.
const SMALL_MARGIN: usize = 2;
/// The lines of a terminal, less one for the prompt.
const LINES: usize = 23;
/// Pixels of a module in PNG.
const SCALE: usize = 8;

/// A QR code.
pub(super) struct Code(QrCode);

impl Code {
    /// The code that says `text`, unless that is too long. It can be read with 7% of it covered; more would not fit on a
    /// terminal.
    pub(super) fn of(text: &str) -> Option<Self> {
        QrCode::with_error_correction_level(text, EcLevel::L).ok().map(Self)
    }

    pub(super) fn svg(&self) -> String {
        let side = 256;
        self.0.render::<svg::Color<'_>>().min_dimensions(side, side).build()
    }

    pub(super) fn png(&self) -> Vec<u8> {
        let side = (self.0.width() + 2 * MARGIN) * SCALE;
        png::encode(side, |x, y| self.is_dark(x / SCALE, y / SCALE, MARGIN))
    }

    /// Two modules a character, one above the other, black on white whatever the colours of the terminal are.
    pub(super) fn terminal(&self) -> String {
        let margin = if (self.0.width() + 2 * MARGIN).div_ceil(2) <= LINES { MARGIN } else { SMALL_MARGIN };
        let side = self.0.width() + 2 * margin;
        let line = |y: usize| -> String {
            let half = |x| match (self.is_dark(x, y, margin), self.is_dark(x, y + 1, margin)) {
                (false, false) => ' ',
                (true, false) => '\u{2580}',
                (false, true) => '\u{2584}',
                (true, true) => '\u{2588}',
            };
            (0..side).map(half).collect()
        };
        (0..side).step_by(2).map(|y| format!("\x1b[30;107m{}\x1b[0m\n", line(y))).collect()
    }

    /// The module at this place, counted from the corner of the margin. Outside it is clear.
    fn is_dark(&self, x: usize, y: usize, margin: usize) -> bool {
        let width = self.0.width();
        let inside = |place: usize| place.checked_sub(margin).filter(|place| *place < width);
        inside(x).zip(inside(y)).is_some_and(|place| self.0[place] == Color::Dark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_fits_on_a_terminal() {
        let link = format!("xmpp:somebody.with.a.name@example.org?otr-fingerprint={}", "a".repeat(40));
        let shown = Code::of(&link).unwrap().terminal();
        let plain: Vec<String> =
            shown.lines().map(|line| line.replace("\x1b[30;107m", "").replace("\x1b[0m", "")).collect();
        assert!(plain.len() <= 23, "{} lines", plain.len());
        assert!(plain.iter().all(|line| line.chars().count() <= 80));
        assert!(plain[0].chars().all(|c| c == ' '), "a margin");
    }

    #[test]
    fn what_is_too_long_is_no_code() {
        assert!(Code::of(&"a".repeat(3000)).is_none());
    }
}
