//! The page on one image.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::aside::{self, Apart};
use super::categories::{self, Tiles};
use super::coverage::{self, CoverageTable, Gap};
use super::found::{self, MalwareFiles, Secrets};
use super::picture::{Chips, SeverityBar};
use super::rows::{self, Group, MOST_ROWS};
use super::sentences::{self, Urgent};
use super::text::{self, Cut, Time};
use super::{FixRow, Status, fix_rows};
use crate::model::{Category, Counts, Image, ImageFacts, ImageReport, Kind, SecurityStatus, Severity, Tool};

/// At most this many tags, hosts, containers, warnings and layers are shown, each.
const MOST_PLACES: usize = 200;

#[derive(Template)]
#[template(path = "report/image.html")]
pub(crate) struct ImagePage<'a> {
    tool: &'a Tool,
    made: Time,
    noun: &'static str,
    name: String,
    digest: Cut,
    platform: String,
    os: String,
    size: String,
    built: Option<Time>,
    scanned: Option<Time>,
    status: Status,
    lead: Vec<String>,
    note: String,
    tiles: Tiles,
    bar: SeverityBar,
    urgent: Vec<Urgent>,
    fixes: Vec<FixRow>,
    no_fixes: &'static str,
    gaps: Vec<Gap>,
    covered: String,
    data: String,
    total: String,
    nothing_found: &'static str,
    groups: Vec<Group>,
    truncated: Option<String>,
    secrets: Secrets,
    no_secrets: String,
    malware: MalwareFiles,
    no_malware: String,
    apart: Vec<Apart>,
    layers: Vec<LayerRow>,
    coverage: CoverageTable,
    categories: Vec<categories::Row>,
    warnings: Vec<WarningRow>,
    more_warnings: usize,
    tags: Vec<String>,
    hosts: Vec<(String, String, String)>,
    containers: Vec<ContainerRow>,
    more_places: usize,
    located: bool,
}

struct LayerRow {
    index: usize,
    made_by: Cut,
    digest: Cut,
    packages: String,
    total: u64,
    chips: Chips,
    secrets: String,
    malware: String,
}

struct WarningRow {
    layer: Option<usize>,
    path: Cut,
    message: String,
}

struct ContainerRow {
    name: String,
    id: Cut,
    host: String,
    state: String,
}

impl<'a> ImagePage<'a> {
    pub(crate) fn new(report: &'a ImageReport) -> Self {
        let facts = &report.facts;
        let image = &facts.image;
        let now = report.generated_at;
        let counts = facts.counts();
        let fixable = facts.fixable();
        let (groups, rows) = rows::groups(&facts.vulnerabilities, layer_rows(image));
        let entries =
            facts.coverage.iter().map(|entry| (entry.ecosystem.as_str(), entry.advisories_modified));
        let age = coverage::data_age(entries, now);
        let places = [image.tags.len(), report.hosts.len(), report.containers.len()];
        Self {
            tool: &report.tool,
            made: text::minute(now),
            noun: image.kind.word(),
            name: text::shorten(image.name(), 120),
            digest: text::digest(image.digest()),
            platform: text::shorten(&image.platform(), 40),
            os: image
                .os
                .as_ref()
                .map_or_else(|| "no distribution known".to_owned(), |os| text::shorten(&os.name, 60)),
            size: text::size(image.size),
            built: image.created.map(text::day),
            scanned: report.scanned_at.map(text::minute),
            status: status(report.security_status),
            lead: sentences::lead(report, &counts, &fixable, age.as_ref()),
            note: sentences::note(report),
            tiles: Tiles::new(facts),
            urgent: sentences::urgent(facts),
            bar: SeverityBar::new(&counts, &fixable),
            fixes: fix_rows(&report.fixes),
            no_fixes: sentences::no_fixes(report, &counts),
            gaps: sentences::gaps(report),
            covered: format!(
                "All {} were assessed; secrets and malware were searched for.",
                text::count(facts.assessed(), "package", "packages")
            ),
            data: age.map(|age| format!("{}.", age.words)).unwrap_or_default(),
            total: text::number(counts.total()),
            nothing_found: sentences::nothing_found(report),
            groups,
            truncated: (rows > MOST_ROWS).then(|| {
                let (shown, all) = (text::number(MOST_ROWS as u64), text::number(rows as u64));
                format!("The worst {shown} of {all} rows are shown; the CSV file has all of them.")
            }),
            secrets: found::secrets(facts, layer_rows(image)),
            no_secrets: sentences::none_of(report, Category::Secret),
            malware: found::malware(facts, layer_rows(image)),
            no_malware: sentences::none_of(report, Category::Malware),
            apart: aside::apart(facts),
            layers: layers(facts),
            coverage: CoverageTable::of_image(&facts.coverage, now),
            categories: categories::rows(facts),
            warnings: warnings(facts),
            more_warnings: facts.warnings.len().saturating_sub(MOST_PLACES),
            tags: image.tags.iter().take(MOST_PLACES).map(|tag| text::shorten(tag, 200)).collect(),
            hosts: hosts(report),
            containers: containers(report),
            more_places: places.iter().map(|count| count.saturating_sub(MOST_PLACES)).sum(),
            located: !report.hosts.is_empty() || !report.containers.is_empty(),
        }
    }
}

pub(crate) fn status(status: SecurityStatus) -> Status {
    let (words, class) = match status {
        SecurityStatus::AtRisk => ("At risk", "critical"),
        SecurityStatus::Safe => ("No risk known", "ok"),
        SecurityStatus::Unknown => ("Not known", "unknown"),
    };
    Status { words: words.to_owned(), class }
}

/// How many layers the page lists: the one that stands for a folder or a container is none.
fn layer_rows(image: &Image) -> usize {
    if matches!(image.kind, Kind::Image | Kind::Sbom) { image.layers.len().min(MOST_PLACES) } else { 0 }
}

fn layers(facts: &ImageFacts) -> Vec<LayerRow> {
    let mut packages: BTreeMap<usize, u64> = BTreeMap::new();
    for package in &facts.packages {
        *packages.entry(package.layer.index).or_default() += 1;
    }
    let mut worst: BTreeMap<usize, BTreeMap<&str, Severity>> = BTreeMap::new();
    for found in facts.counted() {
        let severity =
            worst.entry(found.package.layer.index).or_default().entry(&found.id).or_insert(found.severity);
        *severity = (*severity).min(found.severity);
    }
    let mut secrets: BTreeMap<usize, u64> = BTreeMap::new();
    for layer in facts.secrets.iter().filter(|found| found.counts()).filter_map(|found| found.layer.as_ref())
    {
        *secrets.entry(layer.index).or_default() += 1;
    }
    let mut malware: BTreeSet<(usize, &str)> = BTreeSet::new();
    for found in facts.malware.iter().filter(|found| found.counts()) {
        malware.extend(found.layer.as_ref().map(|layer| (layer.index, found.path.as_str())));
    }
    let row = |layer: &crate::model::Layer| {
        let files = malware.iter().filter(|(index, _)| *index == layer.index).count();
        let counts: Counts =
            worst.get(&layer.index).into_iter().flat_map(|found| found.values().copied()).collect();
        LayerRow {
            index: layer.index,
            made_by: text::cut(if layer.created_by.is_empty() { "not said" } else { &layer.created_by }, 110),
            digest: text::digest(&layer.diff_id),
            packages: text::number(packages.get(&layer.index).copied().unwrap_or_default()),
            total: counts.total(),
            chips: Chips::new(&counts),
            secrets: text::number(secrets.get(&layer.index).copied().unwrap_or_default()),
            malware: text::number(files as u64),
        }
    };
    facts.image.layers.iter().take(layer_rows(&facts.image)).map(row).collect()
}

fn warnings(facts: &ImageFacts) -> Vec<WarningRow> {
    let layers = layer_rows(&facts.image);
    let row = |warning: &crate::model::Warning| WarningRow {
        layer: warning.layer.as_ref().map(|layer| layer.index).filter(|index| *index < layers),
        path: text::cut(&warning.path, 60),
        message: text::beginning(&warning.message, 300),
    };
    facts.warnings.iter().take(MOST_PLACES).map(row).collect()
}

fn hosts(report: &ImageReport) -> Vec<(String, String, String)> {
    let row = |host: &crate::model::Host| {
        (text::shorten(&host.name, 80), text::shorten(&host.engine, 60), sentence_case(&host.state))
    };
    report.hosts.iter().take(MOST_PLACES).map(row).collect()
}

fn containers(report: &ImageReport) -> Vec<ContainerRow> {
    let row = |container: &crate::model::Container| ContainerRow {
        name: text::shorten(&container.name, 80),
        id: text::cut(&container.id, 13),
        host: text::shorten(&container.host, 80),
        state: sentence_case(&container.state),
    };
    report.containers.iter().take(MOST_PLACES).map(row).collect()
}

/// `RUNNING` as a word: `Running`.
fn sentence_case(word: &str) -> String {
    let word = text::shorten(word, 24);
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect()
    })
}
