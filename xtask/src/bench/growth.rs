//! `cargo xtask bench --growth`: whether a message costs the same whatever else there is, and a picture of it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::error::Error;
use crate::shell::{cargo, root, run, target_directory};

const PICTURE: &str = "docs/growth.svg";

/// What grows: its name in benches/sessions.rs, its steps there, and in words.
const SERIES: [(&str, &[u32], &str); 3] = [
    ("conversations", &[1, 10, 100, 1000, 10_000], "a message of 1 KiB, with so many conversations open"),
    ("messages_before", &[1, 1000, 30_000, 1_000_000], "a message of 1 KiB, after so many in the same conversation"),
    ("bytes", &[64, 1024, 16_384, 262_144, 1_048_576], "a message of so many bytes"),
];

const LEFT: f64 = 60.0;
const RIGHT: f64 = 780.0;
const PANEL: f64 = 170.0;
/// Half the height of a panel's scale, which goes from half the expected cost to one and a half.
const HALF: f64 = 50.0;

/// What was measured at one step, in nanoseconds, and what the first step (for bytes: the first and the last) lets
/// expect there.
struct Point {
    step: u32,
    cost: f64,
    expected: f64,
}

pub(super) fn measure() -> Result<(), Error> {
    run(&mut cargo(&["bench", "--quiet", "-p", "otr-benches", "--bench", "sessions"]))?;
    let results = target_directory()?.join("criterion");
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 {height}" font-family="sans-serif" font-size="13" role="img" aria-label="The cost of a message beside the expected cost, as other things grow">
<rect width="820" height="{height}" fill="#ffffff"/>
"##,
        height = PANEL * 3.0 + 10.0,
    );
    let mut top = 0.0;
    for (name, steps, what) in SERIES {
        let mut points = Vec::new();
        for step in steps {
            let cost = estimate(&results.join(format!("sessions_{name}/{step}/new/estimates.json")))?;
            points.push(Point { step: *step, cost, expected: cost });
        }
        let law = expect(name, &mut points);
        println!("{what} ({law}):");
        for Point { step, cost, expected } in &points {
            println!("{step:>10} {:>10.2} µs  {:.3}", cost / 1000.0, cost / expected);
        }
        panel(&mut svg, top, &format!("{what}; 1 is {law}"), &points);
        top += PANEL;
    }
    svg.push_str("</svg>\n");
    fs::write(root().join(PICTURE), svg)?;
    println!("{PICTURE} is written.");
    Ok(())
}

/// The median that Criterion wrote down, in nanoseconds.
fn estimate(file: &Path) -> Result<f64, Error> {
    let wrong = || Error(format!("{} has no median", file.display()));
    let estimates: Value = serde_json::from_str(&fs::read_to_string(file)?).map_err(|_| wrong())?;
    estimates.pointer("/median/point_estimate").and_then(Value::as_f64).ok_or_else(wrong)
}

/// Fills in what is to be expected: the same at each step, or for bytes a fixed part and one for each byte.
fn expect(name: &str, points: &mut [Point]) -> String {
    let [Point { step: least, cost: first, .. }, .., Point { step: most, cost: last, .. }] = *points else {
        return String::new();
    };
    let (least, most) = (f64::from(least), f64::from(most));
    let each = if name == "bytes" { (last - first) / (most - least) } else { 0.0 };
    let fixed = first - each * least;
    for point in points {
        point.expected = fixed + each * f64::from(point.step);
    }
    match name {
        "bytes" => format!("{:.2} µs and {each:.2} ns a byte", fixed / 1000.0),
        _ => format!("{:.2} µs", fixed / 1000.0),
    }
}

/// One panel: cost over expected cost, by the logarithm of what grows; the band is 10 % either way.
fn panel(svg: &mut String, top: f64, title: &str, points: &[Point]) {
    let middle = top + 90.0;
    let y = |ratio: f64| middle - (ratio - 1.0) * 2.0 * HALF;
    let _ = writeln!(
        svg,
        r##"<text x="20" y="{}" font-weight="bold">{title}</text>
<rect x="{LEFT}" y="{:.1}" width="{}" height="{:.1}" fill="#0072b2" fill-opacity="0.12"/>"##,
        top + 26.0,
        y(1.1),
        RIGHT - LEFT,
        y(0.9) - y(1.1),
    );
    for ratio in [0.5, 1.0, 1.5] {
        let _ = writeln!(
            svg,
            r##"<line x1="{LEFT}" x2="{RIGHT}" y1="{y:.1}" y2="{y:.1}" stroke="#d0d0d0"/><text x="{x}" y="{text:.1}" text-anchor="end" fill="#404040">{ratio:.1}</text>"##,
            y = y(ratio),
            x = LEFT - 8.0,
            text = y(ratio) + 4.5,
        );
    }
    let logarithms: Vec<f64> = points.iter().map(|point| f64::from(point.step).log10()).collect();
    let (Some(least), Some(most)) = (logarithms.first(), logarithms.last()) else { return };
    for (point, logarithm) in points.iter().zip(&logarithms) {
        let ratio = point.cost / point.expected;
        let _ = writeln!(
            svg,
            r##"<circle cx="{x:.1}" cy="{y:.1}" r="5" fill="#0072b2"/><text x="{x:.1}" y="{above:.1}" text-anchor="middle">{ratio:.2}</text><text x="{x:.1}" y="{below:.1}" text-anchor="middle" fill="#404040">{step}</text>"##,
            x = LEFT + 30.0 + (logarithm - least) / (most - least) * (RIGHT - LEFT - 60.0),
            y = y(ratio.clamp(0.5, 1.5)),
            above = y(ratio.clamp(0.5, 1.5)) - 11.0,
            below = y(0.5) + 18.0,
            step = point.step,
        );
    }
}
