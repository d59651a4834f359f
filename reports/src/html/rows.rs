//! The findings of an image as rows: binary packages of one source package share a row, and the list ends where the
//! page would grow too large to open.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{self, Cut};
use crate::model::{Severity, Vulnerability};
use crate::order::worst_first;
use crate::sarif::is_web;

/// Rows on a page: with the longest texts that are shown, such a page stays below 1 MB.
pub(crate) const MOST_ROWS: usize = 1_000;

/// The rows of one severity.
pub(crate) struct Group {
    pub(crate) anchor: &'static str,
    pub(crate) class: &'static str,
    pub(crate) title: &'static str,
    pub(crate) count: String,
    pub(crate) rows: Vec<Row>,
}

/// One vulnerability in one source package.
pub(crate) struct Row {
    pub(crate) anchor: Option<String>,
    pub(crate) severity: Severity,
    pub(crate) score: String,
    pub(crate) rated_by: String,
    pub(crate) id: String,
    pub(crate) url: Option<String>,
    pub(crate) aliases: String,
    pub(crate) summary: String,
    pub(crate) package: String,
    pub(crate) installed: String,
    pub(crate) binaries: String,
    pub(crate) fixed: String,
    pub(crate) layer: Option<usize>,
    pub(crate) path: Cut,
}

/// The groups of those that count, worst first, and how many rows there are in all.
pub(crate) fn groups(vulnerabilities: &[Vulnerability], layers: usize) -> (Vec<Group>, usize) {
    let merged = merge(vulnerabilities);
    let all = merged.len();
    let mut totals: BTreeMap<(bool, Severity), u64> = BTreeMap::new();
    for (first, _) in &merged {
        *totals.entry(band(first)).or_default() += 1;
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut anchors: BTreeSet<&str> = BTreeSet::new();
    let mut current = None;
    for (first, names) in merged.iter().take(MOST_ROWS) {
        let band = band(first);
        if current != Some(band) {
            current = Some(band);
            groups.push(group(band, totals.get(&band).copied().unwrap_or_default()));
        }
        let fresh = anchors.insert(&first.id);
        if let Some(group) = groups.last_mut() {
            group.rows.push(row(first, names, fresh, layers));
        }
    }
    (groups, all)
}

/// What the distribution calls unimportant is one band, whatever its severity.
fn band(found: &Vulnerability) -> (bool, Severity) {
    (found.unimportant, if found.unimportant { Severity::Low } else { found.severity })
}

fn group((unimportant, severity): (bool, Severity), count: u64) -> Group {
    let count = text::number(count);
    if unimportant {
        let title = "Called unimportant by the distribution";
        return Group { anchor: "unimportant", class: "low", title, count, rows: Vec::new() };
    }
    Group {
        anchor: severity.lower(),
        class: severity.lower(),
        title: severity.word(),
        count,
        rows: Vec::new(),
    }
}

/// Joins the binary packages of one source package; the order is that of the worst of them.
fn merge(vulnerabilities: &[Vulnerability]) -> Vec<(&Vulnerability, Vec<&str>)> {
    let mut place: BTreeMap<(&str, &str, &str, &str, &str), usize> = BTreeMap::new();
    let mut merged: Vec<(&Vulnerability, Vec<&str>)> = Vec::new();
    for found in worst_first(vulnerabilities).into_iter().filter(|found| found.counts()) {
        let package = &found.package;
        // Packages of a language lie at paths of their own; those of a distribution share its database.
        let path = if package.source_name == package.name { package.path.as_str() } else { "" };
        let key = (
            found.id.as_str(),
            package.ecosystem.as_str(),
            package.source_name.as_str(),
            found.installed_version.as_str(),
            path,
        );
        // The package that is named like its source has the path in its key when alone; join it to its siblings.
        let shared = (key.0, key.1, key.2, key.3, "");
        if let Some(position) = place.get(&key).or_else(|| place.get(&shared)) {
            merged[*position].1.push(&package.name);
            continue;
        }
        place.insert(key, merged.len());
        if package.ecosystem.contains(':') {
            place.insert(shared, merged.len());
        }
        merged.push((found, vec![&package.name]));
    }
    merged
}

fn row(found: &Vulnerability, names: &[&str], first_of_id: bool, layers: usize) -> Row {
    let source = found.package.source_name.as_str();
    let binaries = if names == [source] { String::new() } else { text::beginning(&names.join(", "), 80) };
    let url = found.advisory.url.as_str();
    let rated_by = if found.unimportant { "unimportant" } else { found.severity_source.as_str() };
    Row {
        anchor: text::anchor(&found.id).filter(|_| first_of_id),
        severity: found.severity,
        score: found.cvss_score.map(|score| format!("{score:.1}")).unwrap_or_default(),
        rated_by: text::shorten(rated_by, 24),
        id: text::shorten(&found.id, 40),
        url: (is_web(url) && url.len() <= 200).then(|| url.to_owned()),
        aliases: text::beginning(&found.aliases.join(", "), 64),
        summary: text::beginning(&found.summary, 160),
        package: text::shorten(source, 48),
        installed: text::shorten(&found.installed_version, 40),
        binaries,
        fixed: text::beginning(&found.fixed_versions.join(", "), 64),
        layer: (found.package.layer.index < layers).then_some(found.package.layer.index),
        path: text::cut(&found.package.path, 40),
    }
}
