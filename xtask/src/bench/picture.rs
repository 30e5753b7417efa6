//! The ratios as a picture: a row for each case, a dot for each program, on a logarithmic scale.

use std::fmt::Write as _;

use super::report::{CASES, Kind, OURS, Report, shown};

const LEFT: f64 = 190.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 78.0;
const ROW: f64 = 26.0;
/// The scale ends at so many times our figure.
const MOST: f64 = 3000.0;
const LEAST: f64 = 0.5;

/// A colour for each peer, told apart also by those who see few colours; the dot's title names it, too.
const COLOURS: [(&str, &str); 5] =
    [("libotr", "#0072b2"), ("otr3", "#d55e00"), ("otrjs", "#009e73"), ("otrr", "#cc79a7"), ("potr", "#7f6000")];

pub(super) fn draw(report: &Report) -> String {
    let cases: Vec<_> = CASES.iter().filter(|(case, _)| report.figure(case, OURS, Kind::Least).is_some()).collect();
    let bottom = cases.iter().fold(TOP, |y, _| y + ROW);
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 {height}" font-family="sans-serif" font-size="13" role="img" aria-label="How many times our figure each other implementation takes">
<rect width="820" height="{height}" fill="#ffffff"/>
<text x="20" y="26" font-size="16" font-weight="bold">How many times our time (or memory) the others take</text>"##,
        height = bottom + 30.0,
    );
    legend(&mut svg, report);
    for (times, label) in [(1.0, "ours"), (2.0, "2"), (5.0, "5"), (10.0, "10"), (100.0, "100"), (1000.0, "1000")] {
        let x = across(times);
        let colour = if times > 1.0 { "#d0d0d0" } else { "#202020" };
        let _ = writeln!(
            svg,
            r##"<line x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{bottom}" stroke="{colour}"/><text x="{x:.1}" y="{y}" text-anchor="middle" fill="#404040">{label}</text>"##,
            y = bottom + 18.0,
        );
    }
    let mut y = TOP + ROW / 2.0;
    for (case, what) in cases {
        row(&mut svg, report, case, what, y);
        y += ROW;
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(svg: &mut String, report: &Report) {
    let mut x = 20.0;
    let programs = report.programs();
    for (name, colour) in COLOURS.iter().filter(|(name, _)| programs.contains(name)) {
        let _ = writeln!(
            svg,
            r#"<circle cx="{x}" cy="50" r="6" fill="{colour}"/><text x="{text}" y="54">{name}</text>"#,
            text = x + 11.0,
        );
        x += 80.0;
    }
}

fn row(svg: &mut String, report: &Report, case: &str, what: &str, y: f64) {
    let ours = report.figure(case, OURS, Kind::Least).map_or_else(String::new, |figure| shown(case, figure));
    let _ = writeln!(
        svg,
        r##"<text x="{x}" y="{text}" text-anchor="end">{what}</text><text x="810" y="{text}" text-anchor="end" fill="#404040">{ours}</text>"##,
        x = LEFT - 18.0,
        text = y + 4.5,
    );
    for (name, colour) in COLOURS {
        let Some(ratio) = report.ratio(case, name, Kind::Least) else { continue };
        let times = 1.0 / ratio;
        let _ = writeln!(
            svg,
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="6" fill="{colour}" fill-opacity="0.85"><title>{name}: {times:.2} times ours</title></circle>"#,
            x = across(times),
        );
    }
}

/// Where so many times our figure stands.
fn across(times: f64) -> f64 {
    let share = (times.clamp(LEAST, MOST) / LEAST).ln() / (MOST / LEAST).ln();
    LEFT + share * (RIGHT - LEFT)
}
