//! Severities as pictures: the bar with its table, chips, and the small strip of one image.

use askama::Template;

use super::text;
use crate::model::{Counts, Severity};

/// The severity bar and the table of the same numbers.
#[derive(Template)]
#[template(path = "partial/severity-bar.html")]
pub(crate) struct SeverityBar {
    total: u64,
    title: String,
    parts: Vec<Part>,
    columns: Vec<Column>,
    sums: (String, String, String),
}

struct Part {
    severity: Severity,
    x: String,
    width: String,
    number: String,
    labelled: bool,
}

struct Column {
    severity: Severity,
    all: String,
    fixable: String,
    rest: String,
}

impl SeverityBar {
    /// Of vulnerabilities, and of those among them that have a fix.
    pub(crate) fn new(all: &Counts, fixable: &Counts) -> Self {
        let columns = Severity::ALL.map(|severity| Column {
            severity,
            all: text::number(all.of(severity)),
            fixable: text::number(fixable.of(severity)),
            rest: text::number(all.of(severity).saturating_sub(fixable.of(severity))),
        });
        let sums = (all.total(), fixable.total(), all.total().saturating_sub(fixable.total()));
        // A part that stands for something is never too thin to be seen.
        let parts = spread(all, 100.0, 1.5)
            .into_iter()
            .map(|(severity, x, width)| {
                let number = text::number(all.of(severity));
                #[expect(clippy::cast_precision_loss, reason = "a number has few digits")]
                let labelled = width > 4.0 + 2.5 * number.len() as f64;
                Part { severity, x: format!("{x:.2}"), width: format!("{width:.2}"), number, labelled }
            })
            .collect();
        Self {
            total: all.total(),
            title: format!(
                "{}: {}",
                text::count(all.total(), "vulnerability", "vulnerabilities"),
                words(all)
            ),
            parts,
            columns: columns.into(),
            sums: (text::number(sums.0), text::number(sums.1), text::number(sums.2)),
        }
    }
}

/// Severities in a row of letters with numbers.
#[derive(Template)]
#[template(path = "partial/chips.html")]
pub(crate) struct Chips {
    parts: Vec<Chip>,
}

struct Chip {
    severity: Severity,
    number: String,
}

impl Chips {
    pub(crate) fn new(counts: &Counts) -> Self {
        let parts =
            present(counts).map(|severity| Chip { severity, number: text::number(counts.of(severity)) });
        Self { parts: parts.collect() }
    }
}

/// A small bar whose length compares an image with the worst one.
#[derive(Template)]
#[template(path = "partial/strip.html")]
pub(crate) struct Strip {
    width: String,
    parts: Vec<StripPart>,
}

struct StripPart {
    severity: Severity,
    x: String,
    width: String,
}

impl Strip {
    /// `most` is the total of the worst image.
    pub(crate) fn new(counts: &Counts, most: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "pixels")]
        let width = (180.0 * counts.total() as f64 / most.max(1) as f64).max(6.0);
        let parts = spread(counts, width, 3.0)
            .into_iter()
            .map(|(severity, x, width)| StripPart {
                severity,
                x: format!("{x:.1}"),
                width: format!("{width:.1}"),
            })
            .collect();
        Self { width: format!("{width:.0}"), parts }
    }
}

fn present(counts: &Counts) -> impl Iterator<Item = Severity> {
    Severity::ALL.into_iter().filter(|severity| counts.of(*severity) > 0)
}

/// Shares a length by the counts in the fixed order, each part at least `least`.
fn spread(counts: &Counts, length: f64, least: f64) -> Vec<(Severity, f64, f64)> {
    #[expect(clippy::cast_precision_loss, reason = "lengths of a picture")]
    let share =
        |severity: Severity| (length * counts.of(severity) as f64 / counts.total().max(1) as f64).max(least);
    let sum: f64 = present(counts).map(share).sum();
    let mut x = 0.0;
    present(counts)
        .map(|severity| {
            let width = share(severity) * length / sum;
            x += width;
            (severity, x - width, width)
        })
        .collect()
}

/// `4 critical, 11 high`.
pub(crate) fn words(counts: &Counts) -> String {
    let parts: Vec<String> = present(counts)
        .map(|severity| format!("{} {}", text::number(counts.of(severity)), severity.lower()))
        .collect();
    parts.join(", ")
}
