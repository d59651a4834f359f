//! SPDX 2.2 and 2.3 as JSON.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::Document;
use super::distro;
use super::entry::{Contents, Entry};
use super::facts::Facts;
use super::text::Text;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spdx {
    name: Text,
    packages: Option<Vec<Package>>,
    relationships: Option<Vec<Relationship>>,
    document_describes: Option<Vec<Text>>,
    has_extracted_licensing_infos: Option<Vec<ExtractedLicense>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Package {
    #[serde(rename = "SPDXID")]
    id: Text,
    name: Text,
    version_info: Text,
    description: Text,
    source_info: Text,
    license_declared: Text,
    license_concluded: Text,
    primary_package_purpose: Text,
    external_refs: Option<Vec<ExternalRef>>,
    annotations: Option<Vec<Annotation>>,
    attribution_texts: Option<Vec<Text>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExternalRef {
    reference_type: Text,
    reference_locator: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Annotation {
    comment: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Relationship {
    relationship_type: Text,
    related_spdx_element: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExtractedLicense {
    license_id: Text,
    name: Text,
    extracted_text: Text,
}

/// What the document tells.
pub(super) fn document(spdx: &Spdx) -> Document {
    let relationships = spdx.relationships.iter().flatten();
    let described: HashSet<&str> = relationships
        .filter(|relationship| &*relationship.relationship_type == "DESCRIBES")
        .map(|relationship| &*relationship.related_spdx_element)
        .chain(spdx.document_describes.iter().flatten().map(|id| &**id))
        .collect();
    let licenses: HashMap<&str, &str> = spdx
        .has_extracted_licensing_infos
        .iter()
        .flatten()
        .map(|license| {
            // The text itself where it is short: then it is what the package wrote.
            let text =
                if license.extracted_text.len() <= 200 { &license.extracted_text } else { &license.name };
            (&*license.license_id, &**text)
        })
        .collect();
    let mut contents = Contents { name: spdx.name.to_string(), ..Contents::default() };
    for package in spdx.packages.iter().flatten() {
        match &*package.primary_package_purpose {
            // The schema has one spelling and the specification the other.
            "OPERATING_SYSTEM" | "OPERATING-SYSTEM" => {
                let system = distro::of(&package.name, &package.version_info, &package.description);
                contents.distro = contents.distro.take().or(system);
            }
            purpose if is_package(purpose, package, &described) => {
                contents.entries.push(entry(package, &licenses));
            }
            _ => {}
        }
    }
    contents.document()
}

/// Whether an element is a package, or should be one: not the image or folder that the document is about, nor a file.
fn is_package(purpose: &str, package: &Package, described: &HashSet<&str>) -> bool {
    let is_subject = described.contains(&*package.id) || package.id.starts_with("SPDXRef-DocumentRoot-");
    let is_group = matches!(purpose, "CONTAINER" | "FILE" | "ARCHIVE" | "DEVICE" | "FIRMWARE" | "SOURCE");
    // Trivy's lock files are applications.
    let is_lock_file = purpose == "APPLICATION" && package.version_info.is_empty();
    !purl(package).is_empty() || !(is_subject || is_group || is_lock_file)
}

fn purl(package: &Package) -> &str {
    let mut refs = package.external_refs.iter().flatten();
    // A URI of the specification in place of the short name is allowed as well.
    let found =
        refs.find(|found| &*found.reference_type == "purl" || found.reference_type.ends_with("/purl"));
    found.map_or("", |found| &found.reference_locator)
}

fn entry(package: &Package, licenses: &HashMap<&str, &str>) -> Entry {
    let mut facts = Facts::default();
    for annotation in package.annotations.iter().flatten() {
        annotated(&annotation.comment, &mut facts);
    }
    for text in package.attribution_texts.iter().flatten() {
        annotated(text, &mut facts);
    }
    source_info(&package.source_info, &mut facts);
    let declared = [&package.license_declared, &package.license_concluded]
        .into_iter()
        .find(|license| !matches!(&***license, "" | "NONE" | "NOASSERTION"))
        .map_or("", |license| licenses.get(&**license).copied().unwrap_or(license));
    Entry {
        name: package.name.to_string(),
        version: package.version_info.to_string(),
        purl: purl(package).to_owned(),
        licenses: declared.to_owned(),
        facts,
    }
}

/// Properties that tools hide in annotations: Lazaret as an object, Trivy as `LayerDiffID: sha256:…`.
fn annotated(comment: &str, facts: &mut Facts) {
    if comment.starts_with('{') {
        let properties: HashMap<String, Text> = serde_json::from_str(comment).unwrap_or_default();
        for (name, value) in properties {
            facts.learn(&name, &value);
        }
    } else if let Some((name, value)) = comment.split_once(": ") {
        facts.learn(&format!("aquasecurity:trivy:{name}"), value);
    }
}

/// What Trivy and Syft write in the field for people.
fn source_info(text: &str, facts: &mut Facts) {
    if let Some((name, version)) =
        text.strip_prefix("built package from: ").and_then(|source| source.split_once(' '))
    {
        facts.learn("lazaret:source:name", name);
        facts.learn("lazaret:source:version", version);
    } else if let Some((_, paths)) =
        text.strip_prefix("acquired package info from ").and_then(|rest| rest.split_once(": "))
    {
        facts.learn("lazaret:path", paths.split(", ").next().unwrap_or_default());
    }
}
