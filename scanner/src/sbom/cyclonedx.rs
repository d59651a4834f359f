//! CycloneDX as JSON (ECMA-424; versions 1.2 to 1.7 differ in nothing that is read here).

use serde::Deserialize;

use super::Document;
use super::distro;
use super::entry::{Contents, Entry};
use super::facts::Facts;
use super::text::Text;
use crate::Digest;
use crate::image::{Distro, History, ImageConfig};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Bom {
    metadata: Option<Metadata>,
    components: Option<Vec<Component>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    component: Option<Component>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Component {
    r#type: Text,
    name: Text,
    version: Text,
    description: Text,
    purl: Text,
    licenses: Option<Vec<LicenseChoice>>,
    properties: Option<Vec<Property>>,
    evidence: Option<Evidence>,
    components: Option<Vec<Component>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LicenseChoice {
    expression: Text,
    license: Option<License>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct License {
    id: Text,
    name: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Property {
    name: Text,
    value: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Evidence {
    occurrences: Option<Vec<Occurrence>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Occurrence {
    location: Text,
}

/// What the document tells.
pub(super) fn document(bom: Bom) -> Document {
    let mut contents = Contents::default();
    if let Some(subject) = bom.metadata.and_then(|metadata| metadata.component) {
        contents.name = subject.name.to_string();
        contents.config = config(subject.properties.as_deref().unwrap_or_default());
        // Some tools hang what an application holds below it.
        take(subject.components, &mut contents);
    }
    take(bom.components, &mut contents);
    contents.document()
}

/// Components may hold components; how deep is bounded by the reader of JSON.
fn take(components: Option<Vec<Component>>, contents: &mut Contents) {
    for mut component in components.unwrap_or_default() {
        let inner = component.components.take();
        match &*component.r#type {
            "operating-system" => contents.distro = contents.distro.take().or_else(|| system(&component)),
            kind if is_package(kind, &component) => contents.entries.push(entry(&component)),
            _ => {}
        }
        take(inner, contents);
    }
}

/// Whether a component is a package, or should be one.
fn is_package(kind: &str, component: &Component) -> bool {
    if !component.purl.is_empty() {
        return true;
    }
    let properties = component.properties.iter().flatten();
    // Trivy's lock files and folders of packages are components as well.
    let groups = properties.clone().any(|property| &*property.name == "aquasecurity:trivy:Class");
    matches!(kind, "library" | "framework" | "application" | "") && !groups
}

fn system(component: &Component) -> Option<Distro> {
    let property = |name: &str| {
        let found = component.properties.iter().flatten().find(|property| &*property.name == name);
        found.map(|property| &*property.value).filter(|value| !value.is_empty())
    };
    let id = property("syft:distro:id").unwrap_or(&component.name);
    let version = property("syft:distro:versionID").unwrap_or(&component.version);
    let pretty = property("syft:distro:prettyName").unwrap_or(&component.description);
    let mut distro = distro::of(id, version, pretty)?;
    if let Some(ecosystem) = property("lazaret:ecosystem") {
        distro.ecosystem = Some(ecosystem.to_owned());
    }
    Some(distro)
}

fn entry(component: &Component) -> Entry {
    let mut facts = Facts::default();
    for property in component.properties.iter().flatten() {
        facts.learn(&property.name, &property.value);
    }
    let occurrence =
        component.evidence.iter().flat_map(|evidence| evidence.occurrences.iter().flatten()).next();
    if let Some(occurrence) = occurrence {
        facts.learn("lazaret:path", &occurrence.location);
    }
    Entry {
        name: component.name.to_string(),
        version: component.version.to_string(),
        purl: component.purl.to_string(),
        licenses: licenses(component.licenses.as_deref().unwrap_or_default()),
        facts,
    }
}

fn licenses(choices: &[LicenseChoice]) -> String {
    let texts = choices.iter().filter_map(|choice| {
        let license = choice.license.as_ref();
        [Some(&choice.expression), license.map(|license| &license.id), license.map(|license| &license.name)]
            .into_iter()
            .flatten()
            .find(|text| !text.is_empty())
    });
    texts.map(|text| text.to_string()).collect::<Vec<_>>().join(" AND ")
}

/// What the document says of the image: Trivy names its layers, Lazaret also the steps that made them.
fn config(properties: &[Property]) -> ImageConfig {
    let mut config = ImageConfig::default();
    let mut layers = Vec::new();
    for property in properties {
        let value = property.value.to_string();
        match &*property.name {
            "lazaret:image:architecture" => config.architecture = value,
            "lazaret:image:created" => config.created = Some(value),
            "aquasecurity:trivy:DiffID" => {
                config.diff_ids.extend(value.parse::<Digest>().ok());
            }
            name => {
                let Some((index, what)) = layer_property(name) else { continue };
                layers.push((index, what == "createdBy", value));
            }
        }
    }
    // By their own numbers, whatever the order of the properties.
    layers.sort();
    let mut steps: Vec<(usize, String)> = Vec::new();
    for (index, is_step, value) in layers {
        if is_step {
            steps.push((index, value));
        } else if config.diff_ids.len() == index {
            config.diff_ids.extend(value.parse::<Digest>().ok());
        }
    }
    config.history = (0..if steps.is_empty() { 0 } else { config.diff_ids.len() })
        .map(|layer| History {
            created_by: steps.iter().find(|(index, _)| *index == layer).map(|(_, step)| step.clone()),
            ..History::default()
        })
        .collect();
    config
}

/// Number and field of `lazaret:image:layer:3:diffId`.
fn layer_property(name: &str) -> Option<(usize, &str)> {
    let (index, what) = name.strip_prefix("lazaret:image:layer:")?.split_once(':')?;
    Some((index.parse().ok()?, what))
}
