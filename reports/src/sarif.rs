//! SARIF 2.1.0, for code hosts and editors that show findings of any tool.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};

use crate::ReportError;
use crate::model::{Kind, ScanResult, Severity, Vulnerability};
use crate::order::worst_first;

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
    let findings = worst_first(&result.facts.vulnerabilities);
    // A rule is a vulnerability: described once, by its worst occurrence, however many packages have it.
    let mut rules: Vec<Value> = Vec::new();
    let mut index: BTreeMap<&str, usize> = BTreeMap::new();
    for &found in &findings {
        index.entry(&found.id).or_insert_with(|| {
            rules.push(rule(found));
            rules.len() - 1
        });
    }
    let results: Vec<Value> =
        findings.iter().map(|found| finding(result, found, index.get(found.id.as_str()).copied())).collect();
    json!({
        "tool": { "driver": {
            "name": result.tool.name,
            "version": result.tool.version,
            "rules": rules,
        } },
        // Runs with the same category replace each other where they are uploaded, so each image has its own.
        "automationDetails": { "id": format!("{}/{}", result.tool.name, result.facts.image.name()) },
        "invocations": [{
            "executionSuccessful": true,
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

fn rule(found: &Vulnerability) -> Value {
    let summary = if found.summary.is_empty() { &found.id } else { &found.summary };
    let mut rule = json!({
        "id": found.id,
        "name": found.id,
        "shortDescription": { "text": summary },
        "fullDescription": { "text": summary },
        "help": { "text": format!("{summary}\n{}", found.advice) },
        "defaultConfiguration": { "level": level(found) },
        "properties": {
            "security-severity": score(found),
            "severity": found.severity.code(),
            "severitySource": found.severity_source,
            "aliases": found.aliases,
            "tags": ["security", "vulnerability", found.severity.code()],
        },
    });
    if is_web(&found.advisory.url) {
        rule["helpUri"] = json!(found.advisory.url);
    }
    rule
}

fn finding(result: &ScanResult, found: &Vulnerability, rule: Option<usize>) -> Value {
    let image = &result.facts.image;
    let package = &found.package;
    let sentence = format!(
        "{} {} in {} has {} ({}): {}.",
        package.name,
        found.installed_version,
        image.name(),
        found.id,
        found.severity.lower(),
        found.advice
    );
    let mut finding = json!({
        "ruleId": found.id,
        "ruleIndex": rule,
        "level": level(found),
        "message": { "text": sentence },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&package.path) },
                // Package databases have no meaningful line; viewers want one.
                "region": { "startLine": 1 },
            },
            "logicalLocations": [{
                "name": package.name,
                "fullyQualifiedName": package.purl,
                "kind": "package",
            }],
        }],
        // Without the layer and the image: the same finding in the next build is the same finding.
        "partialFingerprints": {
            "lazaretFinding/v1": format!("{}:{}:{}:{}", found.id, package.ecosystem, package.name, package.path),
        },
        "properties": {
            "installedVersion": found.installed_version,
            "fixedVersions": found.fixed_versions,
            "layer": package.layer.diff_id,
            "advisory": found.advisory.id,
            "unimportant": found.unimportant,
        },
    });
    if let Some(aside) = &found.set_aside {
        let said = if aside.statement.is_empty() { aside.reason.sentence() } else { &aside.statement };
        finding["suppressions"] = json!([{
            // Nobody marked it in the source: a rule of the scan or a file beside it did.
            "kind": "external",
            "status": "accepted",
            "justification": said,
            "properties": { "reason": aside.reason.code() },
        }]);
    }
    finding
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
    warnings.chain(gaps).map(|text| json!({ "level": "warning", "message": { "text": text } })).collect()
}

fn level(found: &Vulnerability) -> &'static str {
    match found.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Unknown => "warning",
        Severity::Low => "note",
    }
}

/// The score that code hosts sort by: the CVSS score when it agrees with the severity, else the middle of its band,
/// so that a distribution's own word is not overruled by a number from elsewhere.
fn score(found: &Vulnerability) -> String {
    let (low, high, middle) = match found.severity {
        Severity::Critical => (9.0, 10.0, 9.5),
        Severity::High => (7.0, 8.9, 8.0),
        Severity::Medium => (4.0, 6.9, 5.5),
        Severity::Low => (0.1, 3.9, 2.0),
        Severity::Unknown => (0.0, 0.0, 0.0),
    };
    let score = found.cvss_score.filter(|score| (low..=high).contains(score)).unwrap_or(middle);
    format!("{score:.1}")
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
