//! Secrets and malware as rules and results.

use serde_json::{Value, json};

use super::{level, score, suppressions, uri};
use crate::model::{Allowed, LayerRef, Malware, ScanResult, Secret, SecretSource, Severity};

pub(super) fn secret_rule(found: &Secret, id: &str) -> Value {
    rule(id, &found.title, &found.advice, found.severity, "secret")
}

pub(super) fn malware_rule(found: &Malware, id: &str) -> Value {
    let title = if found.description.is_empty() { &found.name } else { &found.description };
    rule(id, title, &found.advice, found.severity, "malware")
}

fn rule(id: &str, title: &str, advice: &str, severity: Severity, category: &str) -> Value {
    json!({
        "id": id,
        "name": id,
        "shortDescription": { "text": title },
        "fullDescription": { "text": title },
        "help": { "text": format!("{title}\n{advice}") },
        "defaultConfiguration": { "level": level(severity) },
        "properties": {
            "security-severity": score(severity, None),
            "severity": severity.code(),
            "tags": ["security", category, severity.code()],
        },
    })
}

pub(super) fn secret(result: &ScanResult, found: &Secret) -> Value {
    let place = match found.source {
        SecretSource::File => found.path.clone(),
        SecretSource::Config | SecretSource::History => {
            format!("the {} ({})", found.source.words(), found.path)
        }
    };
    let sentence = sentence(
        &format!("{} in {place} of {}", found.title, result.facts.image.name()),
        found.severity,
        &found.advice,
    );
    // A configuration and a history are no files; viewers want a name and a line all the same.
    let mut location = match found.source {
        SecretSource::File => physical(&found.path, found.line),
        SecretSource::Config | SecretSource::History => physical(&found.source.words().replace(' ', "-"), 1),
    };
    location["physicalLocation"]["region"]["snippet"] = json!({ "text": found.snippet });
    if found.source != SecretSource::File {
        location["logicalLocations"] = json!([{ "name": found.path, "kind": "member" }]);
    }
    let mut value = json!({
        "level": level(found.severity),
        "message": { "text": sentence },
        "locations": [location],
        // Without the line, the layer and the image: the same secret in the next build is the same finding.
        "partialFingerprints": {
            "lazaretFinding/v1": format!("{}:{}:{}", found.rule, found.fingerprint, found.path),
            "lazaretSecret/v1": found.fingerprint,
        },
        "properties": {
            "type": found.kind.code(),
            "source": found.source.code(),
            "instruction": found.instruction,
            "layer": diff_id(found.layer.as_ref()),
            "buried": found.buried,
            "buriedBy": diff_id(found.buried_by.as_ref()),
        },
    });
    suppress(&mut value, found.allowed.as_ref());
    value
}

pub(super) fn malware(result: &ScanResult, found: &Malware) -> Value {
    let sentence = sentence(
        &format!(
            "{} says {} of {} in {}",
            found.engine.words(),
            found.name,
            if found.purl.is_empty() { &found.path } else { &found.purl },
            result.facts.image.name()
        ),
        found.severity,
        &found.advice,
    );
    let mut value = json!({
        "level": level(found.severity),
        "message": { "text": sentence },
        "locations": [physical(&found.path, 1)],
        "partialFingerprints": {
            "lazaretFinding/v1":
                format!(
                    "{}:{}:{}{}:{}",
                    found.engine.code(),
                    found.name,
                    found.sha256,
                    found.purl,
                    found.path
                ),
        },
        "properties": {
            "engine": found.engine.code(),
            "purl": found.purl,
            "size": found.size,
            "md5": found.md5,
            "sha1": found.sha1,
            "sha256": found.sha256,
            "layer": diff_id(found.layer.as_ref()),
            "buried": found.buried,
            "buriedBy": diff_id(found.buried_by.as_ref()),
        },
    });
    suppress(&mut value, found.allowed.as_ref());
    value
}

fn sentence(what: &str, severity: Severity, advice: &str) -> String {
    let end = if advice.is_empty() { "." } else { ": " };
    format!("{what} ({}){end}{advice}", severity.lower())
}

fn physical(path: &str, line: u64) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(path) },
        "region": { "startLine": line.max(1) },
    } })
}

fn diff_id(layer: Option<&LayerRef>) -> &str {
    layer.map_or("", |layer| layer.diff_id.as_str())
}

fn suppress(value: &mut Value, allowed: Option<&Allowed>) {
    if let Some(allowed) = allowed {
        value["suppressions"] = suppressions(&allowed.sentence(), "ALLOWED");
    }
}
