//! The page on one image.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::aside::{self, Apart};
use super::categories::{self, Tiles};
use super::coverage::{self, CoverageTable, Gap};
use super::found::{self, MalwareFiles, Secrets};
use super::picture::{self, Chips, SeverityBar};
use super::rows::{self, Group, MOST_ROWS};
use super::text::{self, Cut, Time};
use super::{FixRow, Status, fix_rows};
use crate::model::{
    Category, CategoryResult, CategoryStatus, Counts, Image, ImageFacts, ImageReport, Kind, ScanStatus,
    SecurityStatus, Severity, Tool,
};

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

/// What is to be done before any upgrade.
struct Urgent {
    anchor: &'static str,
    text: String,
    chips: Chips,
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
            lead: lead(report, &counts, &fixable, age.as_ref()),
            note: note(report),
            tiles: Tiles::new(facts),
            urgent: urgent(facts),
            bar: SeverityBar::new(&counts, &fixable),
            fixes: fix_rows(&report.fixes),
            no_fixes: no_fixes(report, &counts),
            gaps: gaps(report),
            covered: format!(
                "All {} were assessed; secrets and malware were searched for.",
                text::count(facts.assessed(), "package", "packages")
            ),
            data: age.map(|age| format!("{}.", age.words)).unwrap_or_default(),
            total: text::number(counts.total()),
            nothing_found: nothing_found(report),
            groups,
            truncated: (rows > MOST_ROWS).then(|| {
                let (shown, all) = (text::number(MOST_ROWS as u64), text::number(rows as u64));
                format!("The worst {shown} of {all} rows are shown; the CSV file has all of them.")
            }),
            secrets: found::secrets(facts, layer_rows(image)),
            no_secrets: none_of(report, Category::Secret),
            malware: found::malware(facts, layer_rows(image)),
            no_malware: none_of(report, Category::Malware),
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

fn lead(
    report: &ImageReport,
    counts: &Counts,
    fixable: &Counts,
    age: Option<&coverage::DataAge>,
) -> Vec<String> {
    let facts = &report.facts;
    if report.scanned_at.is_none() {
        return vec!["This image has not been scanned yet, so nothing is known about it.".to_owned()];
    }
    let mut sentences = if facts.searched(Category::Vulnerability) || counts.total() > 0 {
        vulnerabilities_lead(report, counts, fixable, age)
    } else {
        Vec::new()
    };
    sentences.insert(sentences.len().min(1), others_lead(facts));
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// "It holds 4 secrets (1 high) and 3 malware files (3 critical)."
fn others_lead(facts: &ImageFacts) -> String {
    let (secrets, malware) = (facts.secret_counts(), facts.malware_counts());
    let part = |counts: &Counts, one: &str, many: &str| {
        (counts.total() > 0)
            .then(|| format!("{} ({})", text::count(counts.total(), one, many), picture::words(counts)))
    };
    let held: Vec<String> = part(&secrets, "secret", "secrets")
        .into_iter()
        .chain(part(&malware, "malware file", "malware files"))
        .collect();
    if !held.is_empty() {
        return format!("It holds {}.", text::list(&held));
    }
    match (facts.searched(Category::Secret), facts.searched(Category::Malware)) {
        (true, true) => "No secrets and no malware were found in it.".to_owned(),
        (true, false) => "No secrets were found in it.".to_owned(),
        (false, true) => "No malware was found in it.".to_owned(),
        (false, false) => String::new(),
    }
}

fn vulnerabilities_lead(
    report: &ImageReport,
    counts: &Counts,
    fixable: &Counts,
    age: Option<&coverage::DataAge>,
) -> Vec<String> {
    let facts = &report.facts;
    if counts.total() == 0 {
        let sentence = match (facts.packages.len(), facts.assessed(), age) {
            (0, ..) => "No packages were found, so nothing was assessed.".to_owned(),
            (_, 0, _) | (.., None) => {
                let packages = text::count(facts.packages.len() as u64, "package was", "packages were");
                format!("Nothing was assessed: {packages} found, but there are no advisories for them.")
            }
            (.., Some(age)) => format!("No vulnerabilities known as of {} ({}).", age.as_of, age.words),
        };
        return vec![sentence];
    }
    let worst = [Severity::Critical, Severity::High]
        .into_iter()
        .filter(|severity| counts.of(*severity) > 0)
        .map(|severity| format!("{} {}", text::number(counts.of(severity)), severity.lower()))
        .collect::<Vec<_>>();
    let worst =
        if worst.is_empty() { "none of them critical or high".to_owned() } else { text::list(&worst) };
    let known = text::count(counts.total(), "vulnerability", "vulnerabilities");
    let mut sentences = vec![format!("{known}: {worst}. {}.", fix_share(counts.total(), fixable.total()))];
    if let Some(fix) = report.fixes.first() {
        let (total, package) = (text::number(fix.resolves.total()), text::shorten(&fix.package, 60));
        let from = fix.from.first().filter(|_| fix.from.len() == 1);
        let from = from.map(|from| format!(" from {}", text::shorten(from, 40))).unwrap_or_default();
        sentences.push(format!(
            "Upgrade {package}{from} to {} first: that resolves {total}.",
            text::shorten(&fix.to, 60)
        ));
    }
    sentences
}

pub(crate) fn fix_share(total: u64, fixable: u64) -> String {
    match fixable {
        0 => "None of them has a fix yet".to_owned(),
        n if n == total && n == 1 => "It has a fix".to_owned(),
        n if n == total => "All of them have a fix".to_owned(),
        1 => "1 of them has a fix".to_owned(),
        n => format!("{} of them have a fix", text::number(n)),
    }
}

/// What else the reader must know before trusting the first sentence.
fn note(report: &ImageReport) -> String {
    match report.scan_status {
        ScanStatus::Failed => {
            let earlier =
                if report.scanned_at.is_some() { " What follows is from the scan before." } else { "" };
            format!(
                "The last scan failed: {}.{earlier}",
                text::beginning(report.scan_error.trim_end_matches('.'), 300)
            )
        }
        ScanStatus::Queued | ScanStatus::Scanning if report.scanned_at.is_some() => {
            "A new scan is under way; what follows is from the scan before.".to_owned()
        }
        _ if report.security_status == SecurityStatus::Unknown && !report.security_reason.is_empty() => {
            format!(
                "The verdict is not known: {}.",
                text::beginning(report.security_reason.trim_end_matches('.'), 300)
            )
        }
        _ => String::new(),
    }
}

/// What no upgrade repairs, and what comes before any: malware, then secrets.
fn urgent(facts: &ImageFacts) -> Vec<Urgent> {
    let mut urgent = Vec::new();
    let malware = facts.malware_counts();
    if malware.total() > 0 {
        let files = text::count(malware.total(), "file with malware", "files with malware");
        let text = format!("Stop using the image until it is known how {files} came into it");
        urgent.push(Urgent { anchor: "malware", text, chips: Chips::new(&malware) });
    }
    let secrets = facts.secret_counts();
    if secrets.total() > 0 {
        let text = format!(
            "Replace {}: whoever can pull the image has it all",
            text::count(secrets.total(), "secret", "secrets")
        );
        urgent.push(Urgent { anchor: "secrets", text, chips: Chips::new(&secrets) });
    }
    urgent
}

/// Why a section of secrets or malware is empty.
fn none_of(report: &ImageReport, category: Category) -> String {
    let words = category.words();
    match report.facts.category(category) {
        Some(result) if result.status == CategoryStatus::Failed => {
            format!("None are listed because the search failed: {}", text::beginning(&result.error, 300))
        }
        Some(result) if result.status == CategoryStatus::Scanned && category == Category::Secret => {
            "None found in the files of any layer, the configuration and the build history.".to_owned()
        }
        Some(result) if result.status == CategoryStatus::Scanned => {
            "None found in the files of any layer and the archives among them.".to_owned()
        }
        _ if report.scanned_at.is_none() => {
            "None are listed because the image has not been scanned. Scan it to fill this list.".to_owned()
        }
        _ => format!("None are listed because nobody ordered a search for {words}."),
    }
}

fn no_fixes(report: &ImageReport, counts: &Counts) -> &'static str {
    match (report.scanned_at, counts.total()) {
        (None, _) => "Scan the image.",
        (_, 0) if report.facts.assessed() == 0 => "Load the advisories that are missing, then scan again.",
        (_, 0) => "Nothing: no vulnerability is known.",
        _ => "No upgrade helps yet: none of the vulnerabilities that count has a fix.",
    }
}

fn nothing_found(report: &ImageReport) -> &'static str {
    if report.scanned_at.is_none() {
        "None are listed because the image has not been scanned. Scan it to fill this list."
    } else if report
        .facts
        .category(Category::Vulnerability)
        .is_none_or(|it| it.status == CategoryStatus::NotOrdered)
    {
        "None are listed because nobody ordered a search for vulnerabilities."
    } else if report.facts.assessed() == 0 {
        "None are listed because nothing was assessed; see the coverage below."
    } else {
        "None are known in the packages that were assessed; see the coverage below."
    }
}

fn gaps(report: &ImageReport) -> Vec<Gap> {
    if report.scanned_at.is_none() {
        return vec![Gap::plain("Everything: the image has not been scanned.".to_owned())];
    }
    let facts = &report.facts;
    let mut gaps: Vec<Gap> = Category::ALL
        .into_iter()
        .filter_map(|category| match facts.category(category) {
            Some(result) => result.gap(),
            None => CategoryResult::not_ordered(category).gap(),
        })
        .map(|gap| Gap::plain(text::beginning(&gap, 400)))
        .collect();
    gaps.extend(coverage::image_gaps(&facts.coverage, report.generated_at));
    if !report.facts.warnings.is_empty() {
        let warnings = text::count(report.facts.warnings.len() as u64, "warning", "warnings");
        gaps.push(Gap::plain(format!("{warnings}: parts could not be read.")));
    }
    if report.facts.packages.is_empty() {
        gaps.push(Gap::plain(
            "No package database was found: what is installed in another way is not seen.".to_owned(),
        ));
    }
    gaps
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
