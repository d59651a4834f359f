//! CycloneDX 1.6 (ECMA-424) as JSON: the packages of one image, and the vulnerabilities that they have.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};

use crate::ReportError;
use crate::license::{Declared, declared};
use crate::model::{Image, ImageFacts, Kind, Os, Package, Severity, Vulnerability, time};
use crate::order::worst_first;
use crate::sarif::is_web;
use crate::sbom::{Sbom, Unique, properties, purl, sha256, uuid};

/// The media type of the documents.
pub const MEDIA_TYPE: &str = "application/vnd.cyclonedx+json; version=1.6";

const IMAGE: &str = "image";
const OS: &str = "os";

/// Writes the document; ends with a line break. The same facts give the same bytes.
pub fn image(sbom: Sbom<'_>, mut out: impl Write) -> Result<(), ReportError> {
    serde_json::to_writer_pretty(&mut out, &document(sbom))?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

fn document(sbom: Sbom<'_>) -> Value {
    let facts = sbom.facts;
    let mut names = Unique::default();
    let refs: Vec<String> = facts
        .packages
        .iter()
        .map(|package| match package.path.as_str() {
            "" => names.name(&purl(package)),
            path => names.name(&format!("{}#{path}", purl(package))),
        })
        .collect();
    let os = facts.image.os.as_ref();
    let packages = facts
        .packages
        .iter()
        .zip(&refs)
        .map(|(package, bom_ref)| component(package, bom_ref, facts.image.kind));
    let components: Vec<Value> = os.map(operating_system).into_iter().chain(packages).collect();
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time::rfc3339(sbom.scanned_at),
            "tools": { "components": [{
                "type": "application",
                "name": sbom.tool.name,
                "version": sbom.tool.version,
            }] },
            "component": subject(&facts.image),
        },
        "components": components,
        "dependencies": dependencies(facts, &refs),
        "vulnerabilities": vulnerabilities(facts, &refs),
    });
    document["serialNumber"] = json!(format!("urn:uuid:{}", uuid(&document)));
    document
}

/// What the document is about.
fn subject(image: &Image) -> Value {
    let is_image = matches!(image.kind, Kind::Image | Kind::Container);
    let mut properties = Vec::new();
    let mut add = |name: String, value: &str| {
        if !value.is_empty() {
            properties.push(property(&name, value));
        }
    };
    add("lazaret:image:architecture".to_owned(), &image.architecture);
    add("lazaret:image:created".to_owned(), &image.created.map(time::rfc3339).unwrap_or_default());
    add("lazaret:image:id".to_owned(), image.digest());
    add("lazaret:image:size".to_owned(), &image.size.to_string());
    for tag in &image.tags {
        add("lazaret:image:tag".to_owned(), tag);
    }
    for layer in &image.layers {
        add(format!("lazaret:image:layer:{}:diffId", layer.index), &layer.diff_id);
        add(format!("lazaret:image:layer:{}:createdBy", layer.index), &layer.created_by);
    }
    let mut component = json!({
        "bom-ref": IMAGE,
        "type": if is_image { "container" } else { "application" },
        "name": image.name(),
        "properties": properties,
    });
    if is_image {
        component["version"] = json!(image.id);
    }
    if let Some(digits) = sha256(&image.id).filter(|_| is_image) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": digits }]);
    }
    component
}

fn operating_system(os: &Os) -> Value {
    let mut component = json!({
        "bom-ref": OS,
        "type": "operating-system",
        "name": os.id,
        "version": os.version,
        "description": os.name,
    });
    if let Some(ecosystem) = &os.ecosystem {
        component["properties"] = json!([property("lazaret:ecosystem", ecosystem)]);
    }
    component
}

fn component(package: &Package, bom_ref: &str, of: Kind) -> Value {
    let properties: Vec<Value> =
        properties(package, of).iter().map(|(name, value)| property(name, value)).collect();
    let mut component = json!({
        "bom-ref": bom_ref,
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": purl(package),
        "properties": properties,
    });
    if !package.path.is_empty() {
        component["evidence"] = json!({ "occurrences": [{ "location": package.path }] });
    }
    let license = declared(&package.licenses).map(|declared| match declared {
        Declared::Id(id) => json!({ "license": { "id": id } }),
        Declared::Expression(expression) => json!({ "expression": expression }),
        Declared::Name(name) => json!({ "license": { "name": name } }),
    });
    if let Some(license) = license {
        component["licenses"] = json!([license]);
    }
    component
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}

/// The image holds its distribution and all that the distribution's package manager does not know; the distribution
/// holds the rest. What packages need of each other is not known.
fn dependencies(facts: &ImageFacts, refs: &[String]) -> Vec<Value> {
    let os = facts.image.os.as_ref();
    let (mut image, mut distribution): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (package, bom_ref) in facts.packages.iter().zip(refs) {
        let of_os = os.is_some_and(|os| os.ecosystem.as_ref() == Some(&package.ecosystem));
        if of_os { distribution.push(bom_ref) } else { image.push(bom_ref) }
    }
    if os.is_none() {
        return vec![json!({ "ref": IMAGE, "dependsOn": image })];
    }
    image.insert(0, OS);
    vec![json!({ "ref": IMAGE, "dependsOn": image }), json!({ "ref": OS, "dependsOn": distribution })]
}

/// One entry per vulnerability and per way in which it counts, with all packages that have it.
fn vulnerabilities(facts: &ImageFacts, refs: &[String]) -> Vec<Value> {
    let places: BTreeMap<(&str, &str, &str, &str), &String> = facts
        .packages
        .iter()
        .zip(refs)
        .map(|(p, bom_ref)| {
            ((p.purl.as_str(), p.version.as_str(), p.path.as_str(), p.name.as_str()), bom_ref)
        })
        .collect();
    let mut groups: Vec<Vec<&Vulnerability>> = Vec::new();
    let mut index = BTreeMap::new();
    for found in worst_first(&facts.vulnerabilities) {
        let aside = found.set_aside.as_ref().map(|aside| (aside.reason, aside.statement.as_str()));
        let group = *index.entry((found.id.as_str(), aside)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(found);
    }
    groups
        .iter()
        .filter_map(|group| {
            let affects: Vec<Value> = group
                .iter()
                .filter_map(|found| {
                    let package = &found.package;
                    let key = (
                        package.purl.as_str(),
                        found.installed_version.as_str(),
                        package.path.as_str(),
                        package.name.as_str(),
                    );
                    let bom_ref = places.get(&key)?;
                    Some(json!({
                        "ref": bom_ref,
                        "versions": [{ "version": found.installed_version, "status": "affected" }],
                    }))
                })
                .collect();
            vulnerability(group, &affects)
        })
        .collect()
}

fn vulnerability(group: &[&Vulnerability], affects: &[Value]) -> Option<Value> {
    let worst = group.first()?;
    let mut advice: Vec<&str> = group.iter().map(|found| found.advice.as_str()).collect();
    advice.dedup();
    let mut aliases: Vec<&str> = group.iter().flat_map(|found| &found.aliases).map(String::as_str).collect();
    aliases.sort_unstable();
    aliases.dedup();
    let references: Vec<Value> =
        aliases.iter().map(|alias| json!({ "id": alias, "source": { "name": "OSV" } })).collect();
    let mut entry = json!({
        "bom-ref": format!("vulnerability:{}", worst.id),
        "id": worst.id,
        "source": { "name": worst.advisory.source },
        "references": references,
        "ratings": ratings(worst),
        "recommendation": advice.join("; "),
        "affects": affects,
        "properties": [
            property("lazaret:advisory", &worst.advisory.id),
            property("lazaret:unimportant", if worst.unimportant { "true" } else { "false" }),
        ],
    });
    if !worst.summary.is_empty() {
        entry["description"] = json!(worst.summary);
    }
    if is_web(&worst.advisory.url) {
        entry["advisories"] = json!([{ "title": worst.advisory.id, "url": iri(&worst.advisory.url) }]);
    }
    if let Some(aside) = &worst.set_aside {
        let reason = serde_json::to_value(aside.reason).unwrap_or_default();
        let reason = reason.as_str().unwrap_or_default();
        entry["bom-ref"] = json!(format!("vulnerability:{}:{reason}", worst.id));
        let detail = match aside.statement.as_str() {
            "" => format!("Set aside: {reason}"),
            statement => format!("Set aside: {reason}: {statement}"),
        };
        entry["analysis"] = json!({ "detail": detail });
    }
    Some(entry)
}

/// A score stands beside the severity only when the severity came from a score.
fn ratings(found: &Vulnerability) -> Vec<Value> {
    let severity = match found.severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Unknown => "unknown",
    };
    let method = match found.severity_source.as_str() {
        "CVSS 4.0" => Some("CVSSv4"),
        "CVSS 3.1" => Some("CVSSv31"),
        "CVSS 3.0" => Some("CVSSv3"),
        "CVSS 2.0" => Some("CVSSv2"),
        _ => None,
    };
    let mut rating = json!({ "severity": severity });
    if let Some(method) = method {
        rating["method"] = json!(method);
    } else if !found.severity_source.is_empty() {
        rating["source"] = json!({ "name": found.severity_source });
    }
    match (method, found.cvss_score) {
        (Some(_), Some(score)) => rating["score"] = json!(score),
        (None, Some(score)) => return vec![rating, json!({ "score": score, "method": "other" })],
        _ => {}
    }
    vec![rating]
}

/// A link without the characters that an IRI may not have.
fn iri(url: &str) -> String {
    let mut iri = String::with_capacity(url.len());
    for character in url.chars() {
        match character {
            '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`' | '\0'..=' ' | '\u{7f}'..='\u{9f}' => {
                let mut buffer = [0; 4];
                iri.push_str(&crate::sbom::percent_encoded(character.encode_utf8(&mut buffer)));
            }
            _ => iri.push(character),
        }
    }
    iri
}
