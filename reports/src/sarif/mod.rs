//! SARIF 2.1.0, for code hosts and editors that show findings of any tool.

mod found;
mod vulnerability;

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};

use crate::model::{CategoryResult, CategoryStatus, Finding, Kind, ScanResult, Severity};
use crate::{ReportError, order};

/// Writes one run per result; ends with a line break.
pub fn scan(results: &[ScanResult], mut out: impl Write) -> Result<(), ReportError> {
    let document = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": results.iter().map(run).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut out, &document)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

fn run(result: &ScanResult) -> Value {
    // A rule is a vulnerability, a secret's rule or what an engine calls malware: described once, by its worst
    // occurrence, however many places have it.
    let mut rules: Vec<Value> = Vec::new();
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    let mut results: Vec<Value> = Vec::new();
    for finding in order::all(&result.facts) {
        let id = rule_id(&finding);
        let position = index.get(&id).copied().unwrap_or_else(|| {
            rules.push(match finding {
                Finding::Vulnerability(found) => vulnerability::rule(found),
                Finding::Secret(found) => found::secret_rule(found, &id),
                Finding::Malware(found) => found::malware_rule(found, &id),
            });
            index.insert(id.clone(), rules.len() - 1);
            rules.len() - 1
        });
        let mut value = match finding {
            Finding::Vulnerability(found) => vulnerability::finding(result, found),
            Finding::Secret(found) => found::secret(result, found),
            Finding::Malware(found) => found::malware(result, found),
        };
        value["ruleId"] = json!(id);
        value["ruleIndex"] = json!(position);
        results.push(value);
    }
    json!({
        "tool": { "driver": {
            "name": result.tool.name,
            "version": result.tool.version,
            "rules": rules,
        } },
        // Runs with the same category replace each other where they are uploaded, so each image has its own.
        "automationDetails": { "id": format!("{}/{}", result.tool.name, result.facts.image.name()) },
        "invocations": [{
            "executionSuccessful": !result.facts.categories.iter().any(|result| result.status == CategoryStatus::Failed),
            "toolExecutionNotifications": notifications(result),
        }],
        "properties": properties(result),
        "columnKind": "unicodeCodePoints",
        "results": results,
    })
}

fn properties(result: &ScanResult) -> Value {
    let image = &result.facts.image;
    let mut properties = json!({ "target": result.target, "kind": image.kind });
    if !matches!(image.kind, Kind::Folder | Kind::Sbom) {
        properties["imageId"] = json!(image.id);
        properties["imageTags"] = json!(image.tags);
    }
    properties
}

/// What names a rule within a run. Vulnerabilities are known by their identifiers; the others get a prefix, so that no
/// engine's name meets one.
fn rule_id(finding: &Finding<'_>) -> String {
    match finding {
        Finding::Vulnerability(found) => found.id.clone(),
        Finding::Secret(found) => format!("secret/{}", found.rule),
        Finding::Malware(found) => format!("malware/{}", found.name),
    }
}

/// What was not covered, so that an empty list of results is not read as "none".
fn notifications(result: &ScanResult) -> Vec<Value> {
    let warnings = result.facts.warnings.iter().map(|warning| match warning.path.as_str() {
        "" => warning.message.clone(),
        path => format!("{path}: {}", warning.message),
    });
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
        .map(|text| json!({ "level": "warning", "message": { "text": text } }))
        .collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Unknown => "warning",
        Severity::Low => "note",
    }
}

/// The score that code hosts sort by: the CVSS score when it agrees with the severity, else the middle of its band,
/// so that a distribution's own word is not overruled by a number from elsewhere.
fn score(severity: Severity, cvss: Option<f64>) -> String {
    let (low, high, middle) = match severity {
        Severity::Critical => (9.0, 10.0, 9.5),
        Severity::High => (7.0, 8.9, 8.0),
        Severity::Medium => (4.0, 6.9, 5.5),
        Severity::Low => (0.1, 3.9, 2.0),
        Severity::Unknown => (0.0, 0.0, 0.0),
    };
    let score = cvss.filter(|score| (low..=high).contains(score)).unwrap_or(middle);
    format!("{score:.1}")
}

/// Why a result does not count.
fn suppressions(justification: &str, reason: &str) -> Value {
    json!([{
        // Nobody marked it in the source: a rule of the scan, a person or a file beside it did.
        "kind": "external",
        "status": "accepted",
        "justification": justification,
        "properties": { "reason": reason },
    }])
}

/// A path as a relative URI reference: what is not unreserved is percent-encoded.
fn uri(path: &str) -> String {
    use std::fmt::Write as _;
    let mut uri = String::with_capacity(path.len());
    for byte in path.trim_start_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@+".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    if uri.is_empty() { "image".to_owned() } else { uri }
}

/// Whether a browser may follow it.
pub(crate) fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
