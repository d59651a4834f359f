//! GitLab's container scanning report (gitlab.com/gitlab-org/security-products/security-report-schemas, version 15).
//!
//! Its findings lie in packages. Secrets and malware lie in files, and GitLab's report of secrets demands a commit for each,
//! which a layer has none of: a message says how many are left out, and where they are.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::{Value, json};

use crate::ReportError;
use crate::model::{CategoryResult, ScanResult, Vulnerability};
use crate::order::worst_first;
use crate::sarif::is_web;

/// Schema version that the report follows.
const VERSION: &str = "15.0.7";

/// Writes one report of all results; ends with a line break. What does not count is left out, for GitLab has no place
/// for it.
pub fn scan(results: &[ScanResult], mut out: impl Write) -> Result<(), ReportError> {
    let tool = results.first().map(|result| &result.tool);
    let tool = json!({
        "id": "lazaret",
        "name": "Lazaret",
        "vendor": { "name": "Lazaret" },
        "version": tool.map_or("", |tool| tool.version.as_str()),
    });
    let time = results.iter().map(|result| result.scanned_at).max().unwrap_or_default();
    let time = time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let mut seen = BTreeSet::new();
    let mut vulnerabilities: Vec<Value> = Vec::new();
    for result in results {
        for found in worst_first(&result.facts.vulnerabilities).into_iter().filter(|found| found.counts()) {
            let id = identity(result, found);
            if seen.insert(id.clone()) {
                vulnerabilities.push(finding(result, found, &id));
            }
        }
    }
    let document = json!({
        "version": VERSION,
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": "container_scanning",
            "start_time": time,
            "end_time": time,
            "status": "success",
            "messages": results.iter().flat_map(messages).collect::<Vec<_>>(),
        },
        "vulnerabilities": vulnerabilities,
        "remediations": [],
    });
    serde_json::to_writer_pretty(&mut out, &document)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// The same for the same finding in the next build of the image.
fn identity(result: &ScanResult, found: &Vulnerability) -> String {
    let repository = result.facts.image.name().split(['@', ':']).next().unwrap_or_default();
    format!("{repository}:{}:{}:{}", found.package.purl, found.package.path, found.id)
}

fn finding(result: &ScanResult, found: &Vulnerability, id: &str) -> Value {
    let image = &result.facts.image;
    let os = image.os.as_ref().map_or("unknown", |os| os.name.as_str());
    let summary = if found.summary.is_empty() { &found.id } else { &found.summary };
    let links: Vec<Value> = [&found.advisory.url]
        .into_iter()
        .filter(|url| is_web(url))
        .map(|url| json!({ "url": url }))
        .collect();
    json!({
        "id": id,
        "name": format!("{} in {} {}", found.id, found.package.name, found.installed_version),
        "description": summary,
        "severity": found.severity.word(),
        "solution": found.advice,
        "location": {
            "dependency": {
                "package": { "name": found.package.name },
                "version": found.installed_version,
            },
            "operating_system": os,
            "image": image.name(),
        },
        "identifiers": std::iter::once(&found.id).chain(&found.aliases).map(|id| identifier(id)).collect::<Vec<_>>(),
        "links": links,
    })
}

fn identifier(id: &str) -> Value {
    let kind = id.split('-').next().unwrap_or_default().to_ascii_lowercase();
    match kind.as_str() {
        "cve" => json!({ "type": "cve", "name": id, "value": id,
            "url": format!("https://nvd.nist.gov/vuln/detail/{id}") }),
        "ghsa" => json!({ "type": "ghsa", "name": id, "value": id,
            "url": format!("https://github.com/advisories/{id}") }),
        _ => json!({ "type": kind, "name": id, "value": id,
            "url": format!("https://osv.dev/vulnerability/{id}") }),
    }
}

fn messages(result: &ScanResult) -> Vec<Value> {
    let warnings =
        result.facts.warnings.iter().map(|warning| format!("{}: {}", warning.path, warning.message));
    let gaps = result.facts.coverage.iter().flat_map(|entry| {
        entry
            .not_assessed
            .iter()
            .map(move |gap| format!("{}: {} not assessed: {}", entry.ecosystem, gap.count, gap.reason))
    });
    let categories = result.facts.categories.iter().filter_map(CategoryResult::gap);
    warnings
        .chain(gaps)
        .chain(categories)
        .chain(left_out(result))
        .map(|value| json!({ "level": "warn", "value": value }))
        .collect()
}

/// Findings that this report has no place for.
fn left_out(result: &ScanResult) -> Option<String> {
    let secrets = result.facts.secrets.iter().filter(|found| found.counts()).count();
    let malware = result.facts.malware.iter().filter(|found| found.counts()).count();
    (secrets + malware > 0).then(|| {
        format!(
            "{}: this report has no place for findings outside packages; left out: secrets: {secrets}, malware: \
             {malware}. They are in the formats json, sarif, junit, csv and html.",
            result.facts.image.name()
        )
    })
}
