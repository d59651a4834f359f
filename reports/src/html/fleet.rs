//! The page on all images.

use askama::Template;

use super::coverage::{self, CoverageTable, DataAge, Gap};
use super::picture::{Chips, SeverityBar, Strip};
use super::text::{self, Cut, Time};
use super::{FixRow, Status, fix_rows, image};
use crate::model::{
    Counts, FleetImage, FleetMalware, FleetReport, FleetSecret, FleetTotals, FleetVulnerability, ScanStatus,
    SecurityStatus, Severity, Tool,
};

/// At most this many images are shown: with the longest names, such a page stays below 1 MB.
const MOST_IMAGES: usize = 400;
/// At most this many images without a verdict are shown.
const MOST_UNJUDGED: usize = 200;
/// At most this many vulnerabilities are shown.
const MOST_VULNERABILITIES: usize = 100;
/// At most this many secrets and malware files are shown, each.
const MOST_FOUND: usize = 100;

#[derive(Template)]
#[template(path = "report/fleet.html")]
pub(crate) struct FleetPage<'a> {
    tool: &'a Tool,
    made: Time,
    scope: String,
    lead: Vec<String>,
    stats: Vec<Stat>,
    bar: SeverityBar,
    fixes: Vec<FixRow>,
    no_fixes: &'static str,
    gaps: Vec<Gap>,
    covered: &'static str,
    data: String,
    total_images: String,
    images: Vec<ImageRow>,
    truncated: Option<String>,
    vulnerabilities: Vec<VulnerabilityRow>,
    secrets: Vec<SecretRow>,
    malware: Vec<MalwareRow>,
    unjudged: Vec<UnjudgedRow>,
    coverage: CoverageTable,
}

struct Stat {
    label: &'static str,
    number: String,
    note: String,
    class: &'static str,
}

struct ImageRow {
    name: String,
    digest: Cut,
    more_tags: String,
    details: String,
    status: Status,
    total: u64,
    nothing: &'static str,
    chips: Chips,
    strip: Strip,
    others: String,
    fixable: String,
    containers: String,
    hosts: String,
    scanned: Option<Time>,
}

struct VulnerabilityRow {
    severity: Severity,
    id: String,
    summary: String,
    packages: String,
    images: String,
    fixable: bool,
}

struct SecretRow {
    severity: Severity,
    title: String,
    rule: String,
    snippet: String,
    places: String,
    buried: bool,
    images: String,
}

struct MalwareRow {
    severity: Severity,
    names: String,
    sha256: Cut,
    paths: String,
    buried: bool,
    images: String,
}

struct UnjudgedRow {
    name: String,
    scan: &'static str,
    why: String,
}

impl<'a> FleetPage<'a> {
    pub(crate) fn new(report: &'a FleetReport) -> Self {
        let totals = &report.totals;
        let now = report.generated_at;
        let entries =
            report.coverage.iter().map(|entry| (entry.ecosystem.as_str(), entry.advisories_modified));
        let age = coverage::data_age(entries, now);
        let most = report.images.iter().map(|image| image.counts.total()).max().unwrap_or_default();
        let shown = report.images.len().min(MOST_IMAGES) as u64;
        Self {
            tool: &report.tool,
            made: text::minute(now),
            scope: text::shorten(&report.scope, 120),
            lead: lead(report, age.as_ref()),
            stats: stats(report),
            bar: SeverityBar::new(&totals.vulnerabilities, &totals.fixable),
            fixes: fix_rows(&report.fixes),
            no_fixes: no_fixes(report),
            gaps: gaps(report),
            covered: "Every image was scanned and every package assessed.",
            data: age.map(|age| format!("{}.", age.words)).unwrap_or_default(),
            total_images: text::number(totals.images),
            images: report.images.iter().take(MOST_IMAGES).map(|image| image_row(image, most)).collect(),
            truncated: (shown < totals.images).then(|| {
                let (shown, all) = (text::number(shown), text::number(totals.images));
                format!("The worst {shown} of {all} images are shown; the CSV file has the findings of all of them.")
            }),
            vulnerabilities: report.vulnerabilities.iter().take(MOST_VULNERABILITIES).map(vulnerability_row).collect(),
            secrets: report.secrets.iter().take(MOST_FOUND).map(secret_row).collect(),
            malware: report.malware.iter().take(MOST_FOUND).map(malware_row).collect(),
            unjudged: unjudged(report),
            coverage: CoverageTable::of_fleet(&report.coverage, now),
        }
    }
}

fn lead(report: &FleetReport, age: Option<&DataAge>) -> Vec<String> {
    let totals = &report.totals;
    let of = text::count(totals.images, "image", "images");
    if totals.images == 0 {
        return vec!["No images are known yet.".to_owned()];
    }
    if totals.at_risk == 0 {
        return vec![match (totals.unknown, age) {
            (0, Some(age)) => format!("No risk known in {of} as of {} ({}).", age.as_of, age.words),
            (unknown, _) if unknown == totals.images => {
                format!("Nothing is known yet: none of {of} could be judged.")
            }
            (unknown, _) => {
                format!("No risk known in {of}, but {} of them could not be judged.", text::number(unknown))
            }
        }];
    }
    let verb = if totals.at_risk == 1 { "is" } else { "are" };
    let unknown = match totals.unknown {
        0 => String::new(),
        n => format!("; {} could not be judged", text::number(n)),
    };
    let mut sentences = vec![format!("{} of {of} {verb} at risk{unknown}.", text::number(totals.at_risk))];
    sentences.extend(holding(totals));
    if let Some(fix) = report.fixes.first() {
        sentences.push(format!(
            "Upgrade {} in {} first: that resolves {}.",
            text::shorten(&fix.package, 60),
            text::count(fix.images, "image", "images"),
            text::count(fix.resolves.total(), "vulnerability", "vulnerabilities"),
        ));
    }
    sentences
}

/// "2 images hold 3 secrets, 1 image holds 1 malware file."
fn holding(totals: &FleetTotals) -> Option<String> {
    let part = |images: u64, count: u64, one: &str, many: &str| {
        let verb = if images == 1 { "holds" } else { "hold" };
        let images = text::count(images, "image", "images");
        (count > 0).then(|| format!("{images} {verb} {}", text::count(count, one, many)))
    };
    let secrets = part(totals.images_with_secrets, totals.secrets.total(), "secret", "secrets");
    let malware = part(totals.images_with_malware, totals.malware.total(), "malware file", "malware files");
    let parts: Vec<String> = secrets.into_iter().chain(malware).collect();
    (!parts.is_empty()).then(|| format!("{}.", parts.join(", ")))
}

fn stats(report: &FleetReport) -> Vec<Stat> {
    let totals = &report.totals;
    let stat = |label, number, note: String, class| Stat { label, number: text::number(number), note, class };
    let plain = |label, number, note| stat(label, number, note, "");
    let coloured =
        |label, number, class| stat(label, number, String::new(), if number > 0 { class } else { "muted" });
    vec![
        plain("images", totals.images, String::new()),
        coloured("at risk", totals.at_risk, "critical"),
        coloured("no risk known", totals.safe, "ok"),
        coloured("not known", totals.unknown, "unknown"),
        plain(
            "vulnerabilities",
            totals.vulnerabilities.total(),
            format!("{} over all images", text::number(totals.occurrences.total())),
        ),
        stat(
            "secrets",
            totals.secrets.total(),
            in_images(totals.images_with_secrets),
            severe(&totals.secrets),
        ),
        stat(
            "malware files",
            totals.malware.total(),
            in_images(totals.images_with_malware),
            severe(&totals.malware),
        ),
        plain(
            "containers",
            totals.containers,
            format!(
                "{} running, {}",
                text::number(totals.running),
                text::count(totals.hosts, "host", "hosts")
            ),
        ),
    ]
}

fn in_images(images: u64) -> String {
    if images == 0 { String::new() } else { format!("in {}", text::count(images, "image", "images")) }
}

fn severe(counts: &Counts) -> &'static str {
    if counts.critical + counts.high + counts.medium > 0 { "critical" } else { "" }
}

fn no_fixes(report: &FleetReport) -> &'static str {
    let totals = &report.totals;
    if totals.images == 0 {
        "Start a Docker Engine on this host, or put image archives into the archive folder."
    } else if totals.unknown == totals.images {
        "Authorize the images and scan them; load the advisories that are missing."
    } else if totals.vulnerabilities.total() == 0 {
        "Nothing: no vulnerability is known."
    } else {
        "No upgrade helps yet: none of the vulnerabilities that count has a fix."
    }
}

fn gaps(report: &FleetReport) -> Vec<Gap> {
    let totals = &report.totals;
    let mut gaps = Vec::new();
    if totals.failed > 0 {
        gaps.push(Gap::plain(format!(
            "The last scan of {} failed.",
            text::count(totals.failed, "image", "images")
        )));
    }
    if totals.unscanned > 0 {
        let was = text::count(totals.unscanned, "image was", "images were");
        gaps.push(Gap::plain(format!("{was} never scanned.")));
    }
    let unsearched = [(totals.secrets_unsearched, "secrets"), (totals.malware_unsearched, "malware")];
    for (images, words) in unsearched.into_iter().filter(|(images, _)| *images > 0) {
        let was = text::count(images, "image was", "images were");
        gaps.push(Gap::plain(format!("{was} not searched for {words}, or the search failed.")));
    }
    if totals.images == 0 {
        gaps.push(Gap::plain("Everything: there is no image to look at.".to_owned()));
    }
    gaps.extend(coverage::fleet_gaps(&report.coverage, report.generated_at));
    gaps
}

fn image_row(image: &FleetImage, most: u64) -> ImageRow {
    let mut details: Vec<String> = Vec::new();
    if !image.os.is_empty() {
        details.push(text::shorten(&image.os, 60));
    }
    if image.size > 0 {
        details.push(text::size(image.size));
    }
    ImageRow {
        name: text::shorten(&image.name, 80),
        digest: text::digest(&image.id),
        more_tags: if image.more_tags > 0 {
            text::count(image.more_tags, "more tag", "more tags")
        } else {
            String::new()
        },
        details: details.join(" · "),
        status: image::status(image.security_status),
        total: image.counts.total(),
        nothing: if image.security_status == SecurityStatus::Unknown { "not known" } else { "none known" },
        chips: Chips::new(&image.counts),
        strip: Strip::new(&image.counts, most),
        others: others(image),
        fixable: text::number(image.fixable),
        containers: text::number(image.containers),
        hosts: text::number(image.hosts),
        scanned: image.scanned_at.map(text::day),
    }
}

/// `2 secrets, 1 malware file`; empty when there are none.
fn others(image: &FleetImage) -> String {
    let (secrets, malware) = (image.secrets.total(), image.malware.total());
    let secrets = (secrets > 0).then(|| text::count(secrets, "secret", "secrets"));
    let malware = (malware > 0).then(|| text::count(malware, "malware file", "malware files"));
    secrets.into_iter().chain(malware).collect::<Vec<_>>().join(", ")
}

fn secret_row(row: &FleetSecret) -> SecretRow {
    SecretRow {
        severity: row.severity,
        title: text::shorten(&row.title, 80),
        rule: text::shorten(&row.rule, 60),
        snippet: text::shorten(&row.snippet, 120),
        places: text::beginning(&row.places.join(", "), 160),
        buried: row.buried,
        images: text::number(row.images),
    }
}

fn malware_row(row: &FleetMalware) -> MalwareRow {
    MalwareRow {
        severity: row.severity,
        names: text::beginning(&row.names.join(", "), 120),
        sha256: text::digest(&row.sha256),
        paths: text::beginning(&row.paths.join(", "), 200),
        buried: row.buried,
        images: text::number(row.images),
    }
}

fn vulnerability_row(row: &FleetVulnerability) -> VulnerabilityRow {
    VulnerabilityRow {
        severity: row.severity,
        id: text::shorten(&row.id, 40),
        summary: text::beginning(&row.summary, 160),
        packages: text::beginning(&row.packages.join(", "), 80),
        images: text::number(row.images),
        fixable: row.fixable,
    }
}

fn unjudged(report: &FleetReport) -> Vec<UnjudgedRow> {
    report
        .images
        .iter()
        .filter(|image| {
            image.security_status == SecurityStatus::Unknown || image.scan_status == ScanStatus::Failed
        })
        .take(MOST_UNJUDGED)
        .map(|image| UnjudgedRow {
            name: text::shorten(&image.name, 80),
            scan: image.scan_status.word(),
            why: why(image),
        })
        .collect()
}

fn why(image: &FleetImage) -> String {
    let reason = |text: &str| text::sentence(&text::beginning(text.trim_end_matches('.'), 200));
    match image.scan_status {
        ScanStatus::Failed => format!("{}. Repair that, then scan again.", reason(&image.scan_error)),
        ScanStatus::Unscanned => "Never scanned. Authorize it, then scan it.".to_owned(),
        ScanStatus::Queued | ScanStatus::Scanning => "Its scan has not ended yet.".to_owned(),
        ScanStatus::Cancelled => "Its scan was cancelled. Scan it again.".to_owned(),
        ScanStatus::Scanned if image.security_reason.is_empty() => {
            "The scan left gaps; its own report names them.".to_owned()
        }
        ScanStatus::Scanned => format!("{}.", reason(&image.security_reason)),
    }
}
