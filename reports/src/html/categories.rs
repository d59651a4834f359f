//! What an image was searched for: a tile for each category, and what looked.

use askama::Template;

use super::picture::Chips;
use super::text;
use crate::model::{Category, CategoryResult, CategoryStatus, Counts, ImageFacts};

/// A tile for each category.
#[derive(Template)]
#[template(path = "partial/tiles.html")]
pub(crate) struct Tiles {
    tiles: Vec<Tile>,
}

struct Tile {
    anchor: &'static str,
    label: &'static str,
    number: String,
    /// Whether nothing was found and nothing was searched: there is no number to give.
    blank: bool,
    class: &'static str,
    chips: Chips,
    note: String,
}

/// A row of the table of categories.
pub(crate) struct Row {
    pub(crate) category: String,
    pub(crate) status: &'static str,
    pub(crate) class: &'static str,
    pub(crate) engines: Vec<String>,
    pub(crate) error: String,
}

impl Tiles {
    pub(crate) fn new(facts: &ImageFacts) -> Self {
        let tiles = Category::ALL.map(|category| {
            let (anchor, label, counts) = match category {
                Category::Vulnerability => ("vulnerabilities", "Vulnerabilities", facts.counts()),
                Category::Secret => ("secrets", "Secrets", facts.secret_counts()),
                Category::Malware => ("malware", "Malware files", facts.malware_counts()),
            };
            tile(anchor, label, &counts, facts.category(category))
        });
        Self { tiles: tiles.into() }
    }
}

fn tile(anchor: &'static str, label: &'static str, counts: &Counts, result: Option<&CategoryResult>) -> Tile {
    let status = result.map(|result| result.status);
    let note = match (status, anchor) {
        (Some(CategoryStatus::Scanned), "vulnerabilities") if counts.total() == 0 => "none known",
        (Some(CategoryStatus::Scanned), _) if counts.total() == 0 => "none found",
        (Some(CategoryStatus::Scanned), _) => "",
        (Some(CategoryStatus::Failed), _) => "the search failed",
        (None | Some(CategoryStatus::NotOrdered), _) => "not searched for",
    };
    let class = if counts.critical + counts.high + counts.medium > 0 {
        "critical"
    } else if status != Some(CategoryStatus::Scanned) {
        "unknown"
    } else {
        ""
    };
    Tile {
        anchor,
        label,
        number: text::number(counts.total()),
        blank: counts.total() == 0 && status != Some(CategoryStatus::Scanned),
        class,
        chips: Chips::new(counts),
        note: note.to_owned(),
    }
}

/// The table of categories, in the order of reports; one that nobody ordered has a row too.
pub(crate) fn rows(facts: &ImageFacts) -> Vec<Row> {
    let row = |category: Category| {
        let result = facts.category(category);
        let (status, class) = match result.map(|result| result.status) {
            Some(CategoryStatus::Scanned) => ("searched", "ok"),
            Some(CategoryStatus::Failed) => ("failed", "critical"),
            None | Some(CategoryStatus::NotOrdered) => ("not searched", "unknown"),
        };
        let engines = result.map(|result| result.engines.as_slice()).unwrap_or_default();
        Row {
            category: text::sentence(category.words()),
            status,
            class,
            engines: engines
                .iter()
                .take(8)
                .map(|engine| {
                    // ClamAV names itself in its version.
                    let said = engine.version.starts_with(&engine.name);
                    let name = if said { String::new() } else { format!("{} ", engine.name) };
                    text::shorten(&format!("{name}{}", engine.version), 100)
                })
                .collect(),
            error: text::beginning(result.map_or("", |result| &result.error), 300),
        }
    };
    Category::ALL.map(row).into()
}
