//! What stands behind a report and what does not: advisories, their age, and the gaps.

use askama::Template;
use jiff::Timestamp;

use super::text::{self, Time};
use crate::model::{Coverage, CoverageGap, time};

/// Advisories that have not changed for longer than this are called old. Sources publish several times a day.
const OLD_DAYS: i64 = 7;

/// The table of coverage.
#[derive(Template)]
#[template(path = "partial/coverage.html")]
pub(crate) struct CoverageTable {
    counted: &'static str,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    ecosystem: String,
    count: String,
    advisories: String,
    newest: Option<Time>,
    age: String,
    missed: Vec<String>,
}

/// One ecosystem, of an image or of the fleet.
struct Entry<'a> {
    ecosystem: &'a str,
    count: u64,
    advisories: u64,
    modified: Option<Timestamp>,
    missed: Vec<String>,
}

impl CoverageTable {
    /// Of one image: the packages of each ecosystem.
    pub(crate) fn of_image(coverage: &[Coverage], now: Timestamp) -> Self {
        Self {
            counted: "Packages",
            rows: coverage.iter().map(|entry| row(image_entry(entry), now)).collect(),
        }
    }

    /// Of the fleet: the images with packages of each ecosystem.
    pub(crate) fn of_fleet(coverage: &[CoverageGap], now: Timestamp) -> Self {
        Self { counted: "Images", rows: coverage.iter().map(|entry| row(fleet_entry(entry), now)).collect() }
    }
}

/// Something that is not covered, and the command that helps; empty when none does.
pub(crate) struct Gap {
    pub(crate) text: String,
    pub(crate) command: String,
}

impl Gap {
    pub(crate) fn plain(text: String) -> Self {
        Self { text, command: String::new() }
    }
}

/// The gaps of one image, one sentence each.
pub(crate) fn image_gaps(coverage: &[Coverage], now: Timestamp) -> Vec<Gap> {
    coverage.iter().flat_map(|entry| gaps(&image_entry(entry), ("package", "packages"), now)).collect()
}

/// The gaps of the fleet, one sentence each.
pub(crate) fn fleet_gaps(coverage: &[CoverageGap], now: Timestamp) -> Vec<Gap> {
    coverage.iter().flat_map(|entry| gaps(&fleet_entry(entry), ("image", "images"), now)).collect()
}

/// "Debian:11 data 3 days old, PyPI data 1 day old", and the oldest day: what "as of" means.
pub(crate) struct DataAge {
    pub(crate) words: String,
    pub(crate) as_of: String,
}

/// None when no advisories are loaded.
pub(crate) fn data_age<'a>(
    entries: impl Iterator<Item = (&'a str, Option<Timestamp>)>,
    now: Timestamp,
) -> Option<DataAge> {
    let dated: Vec<(&str, Timestamp)> =
        entries.filter_map(|(name, modified)| Some((name, modified?))).collect();
    let oldest = dated.iter().map(|(_, modified)| *modified).min()?;
    let mut words: Vec<String> = Vec::new();
    for (name, modified) in dated {
        let base = text::shorten(name.split(':').next().unwrap_or(name), 40);
        let sentence = format!("{base} data {}", time::age(modified, now));
        if !words.contains(&sentence) {
            words.push(sentence);
        }
    }
    Some(DataAge { words: words.join(", "), as_of: time::day(oldest) })
}

fn image_entry(entry: &Coverage) -> Entry<'_> {
    let missed = entry.not_assessed.iter().map(|gap| {
        if entry.advisories == 0 {
            return text::beginning(&gap.reason, 200);
        }
        let names = match gap.packages.as_slice() {
            // All of them: their names would only repeat the image.
            _ if gap.count == entry.packages && gap.count > 3 => String::new(),
            [] => String::new(),
            names => {
                let shown: Vec<String> = names.iter().take(8).map(|name| text::shorten(name, 40)).collect();
                let more = gap.count.saturating_sub(u64::try_from(shown.len()).unwrap_or(u64::MAX));
                let more = if more > 0 { format!(" and {} more", text::number(more)) } else { String::new() };
                format!(" ({}{more})", shown.join(", "))
            }
        };
        format!(
            "{}: {}{names}",
            text::count(gap.count, "package", "packages"),
            text::beginning(&gap.reason, 200)
        )
    });
    Entry {
        ecosystem: &entry.ecosystem,
        count: entry.packages,
        advisories: entry.advisories,
        modified: entry.advisories_modified,
        missed: missed.collect(),
    }
}

fn fleet_entry(entry: &CoverageGap) -> Entry<'_> {
    Entry {
        ecosystem: &entry.ecosystem,
        count: entry.images,
        advisories: entry.advisories,
        modified: entry.advisories_modified,
        missed: entry.not_assessed.iter().map(|reason| text::beginning(reason, 200)).collect(),
    }
}

fn row(entry: Entry<'_>, now: Timestamp) -> Row {
    let missed = if entry.missed.is_empty() && entry.advisories == 0 {
        vec!["everything: no advisories are loaded".to_owned()]
    } else {
        entry.missed
    };
    Row {
        ecosystem: text::shorten(entry.ecosystem, 60),
        count: text::number(entry.count),
        advisories: text::number(entry.advisories),
        newest: entry.modified.map(text::day),
        age: entry.modified.map(|modified| time::age(modified, now)).unwrap_or_default(),
        missed,
    }
}

fn gaps(entry: &Entry<'_>, (one, many): (&str, &str), now: Timestamp) -> Vec<Gap> {
    let name = text::shorten(entry.ecosystem, 60);
    let command = update_command(entry.ecosystem);
    if entry.advisories == 0 {
        let counted = text::count(entry.count, one, many);
        let reason = entry.missed.first().map_or("no advisories are loaded", String::as_str);
        let text = format!("{name}: nothing of it was assessed ({counted}): {reason}.");
        return vec![Gap { text, command }];
    }
    let mut gaps: Vec<Gap> =
        entry.missed.iter().map(|missed| Gap::plain(format!("{name}: {missed}."))).collect();
    if let Some(modified) = entry.modified
        && time::days(modified, now) > OLD_DAYS
    {
        let age = time::age(modified, now);
        let text = format!("{name}: the data is {age}; what was published since is not known here.");
        gaps.push(Gap { text, command });
    }
    gaps
}

/// The command that renews the advisories of an ecosystem; empty for names that have none. People paste commands, and
/// an image chooses the name of its distribution: so only names that OSV could have are repeated in one. Its
/// distributions, which come with a release, are capitalised; those that it does not know carry their os-release ID.
fn update_command(ecosystem: &str) -> String {
    let base = ecosystem.split(':').next().unwrap_or(ecosystem);
    let plain =
        !base.is_empty() && base.len() <= 24 && base.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    let known = base == ecosystem || base.starts_with(|c: char| c.is_ascii_uppercase());
    if plain && known { format!("lazaret advisories update {base}") } else { String::new() }
}
