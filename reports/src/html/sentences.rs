//! What the page on one image says in sentences.

use super::coverage::{self, Gap};
use super::picture::{self, Chips};
use super::text;
use crate::model::{
    Category, CategoryResult, CategoryStatus, Counts, ImageFacts, ImageReport, ScanStatus, SecurityStatus,
    Severity,
};

/// What is to be done before any upgrade.
pub(crate) struct Urgent {
    pub(crate) anchor: &'static str,
    pub(crate) text: String,
    pub(crate) chips: Chips,
}

pub(crate) fn lead(
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

fn fix_share(total: u64, fixable: u64) -> String {
    match fixable {
        0 => "None of them has a fix yet".to_owned(),
        n if n == total && n == 1 => "It has a fix".to_owned(),
        n if n == total => "All of them have a fix".to_owned(),
        1 => "1 of them has a fix".to_owned(),
        n => format!("{} of them have a fix", text::number(n)),
    }
}

/// What else the reader must know before trusting the first sentence.
pub(crate) fn note(report: &ImageReport) -> String {
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
pub(crate) fn urgent(facts: &ImageFacts) -> Vec<Urgent> {
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
pub(crate) fn none_of(report: &ImageReport, category: Category) -> String {
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

pub(crate) fn no_fixes(report: &ImageReport, counts: &Counts) -> &'static str {
    match (report.scanned_at, counts.total()) {
        (None, _) => "Scan the image.",
        (_, 0) if report.facts.assessed() == 0 => "Load the advisories that are missing, then scan again.",
        (_, 0) => "Nothing: no vulnerability is known.",
        _ => "No upgrade helps yet: none of the vulnerabilities that count has a fix.",
    }
}

pub(crate) fn nothing_found(report: &ImageReport) -> &'static str {
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

pub(crate) fn gaps(report: &ImageReport) -> Vec<Gap> {
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
