//! From components to packages: the package URL gives ecosystem, name and version, and properties the rest.

use std::collections::HashMap;

use super::facts::Facts;
use super::{Document, distro, shortened};
use crate::Digest;
use crate::catalog::Evidence;
use crate::ecosystem::{self, Ecosystem, Named};
use crate::image::{Distro, ImageAnalysis, ImageConfig, ImagePackage};
use crate::layer::Warning;
use crate::purl::Purl;

/// Components that are named one by one when they are not covered; of more only the number is told.
const NAMED_WARNINGS: usize = 100;
/// Types of package URLs that stand for images and files, which hold packages and are none.
const NO_PACKAGES: [&str; 2] = ["oci", "docker"];

/// A component of a document.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Its name, for messages.
    pub name: String,
    /// Its version as the document writes it, empty when it does not.
    pub version: String,
    /// Its package URL, empty when it has none.
    pub purl: String,
    /// Its declared licences, joined.
    pub licenses: String,
    /// What else is known.
    pub facts: Facts,
}

/// What a document says, before packages are made of it.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// What it is about.
    pub name: String,
    /// What it says of the image.
    pub config: ImageConfig,
    /// The distribution that it names as a component.
    pub distro: Option<Distro>,
    /// Its components.
    pub entries: Vec<Entry>,
}

impl Contents {
    /// Makes packages of the components.
    pub fn document(mut self) -> Document {
        let layers: HashMap<Digest, usize> =
            self.config.diff_ids.iter().enumerate().map(|(index, diff_id)| (*diff_id, index)).collect();
        let mut packages = Vec::with_capacity(self.entries.len());
        let mut refused = Vec::new();
        for entry in self.entries {
            let purl = match usable(&entry) {
                Ok(Some(purl)) => purl,
                Ok(None) => continue,
                Err(reason) => {
                    refused.push((entry, reason));
                    continue;
                }
            };
            if let Some(package) = package(&entry, &purl, &mut self.distro, &layers) {
                packages.push(package);
            } else {
                let reason = format!(
                    "no advisories are read for package URLs of the type `{}`",
                    shortened(&purl.kind)
                );
                refused.push((entry, reason));
            }
        }
        packages.sort_by(|a, b| key(a).cmp(&key(b)));
        packages.dedup_by(|a, b| key(a) == key(b));
        let analysis = ImageAnalysis { distro: self.distro, packages, warnings: warnings(&refused) };
        Document { name: self.name, config: self.config, analysis }
    }
}

fn key(package: &ImagePackage) -> (&str, &str, &str, &str, &str) {
    (&package.ecosystem, &package.name, &package.version, &package.path, &package.arch)
}

/// The package URL of a component that is a package; nothing for what is none, and why not for the rest.
fn usable(entry: &Entry) -> Result<Option<Purl>, String> {
    if entry.purl.is_empty() {
        return Err("it has no package URL".to_owned());
    }
    let purl =
        Purl::parse(&entry.purl).ok_or_else(|| format!("`{}` is no package URL", shortened(&entry.purl)))?;
    if NO_PACKAGES.contains(&purl.kind.as_str()) {
        return Ok(None);
    }
    if purl.version.is_empty() && entry.version.is_empty() {
        return Err("it has no version".to_owned());
    }
    Ok(Some(purl))
}

fn warnings(refused: &[(Entry, String)]) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = refused
        .iter()
        .take(NAMED_WARNINGS)
        .map(|(entry, reason)| {
            let label = shortened(format!("{} {}", entry.name, entry.version).trim());
            Warning {
                path: entry.facts.path.clone(),
                message: format!("the component `{label}` is not covered: {reason}"),
            }
        })
        .collect();
    warnings.sort();
    warnings.dedup();
    if refused.len() > NAMED_WARNINGS {
        warnings.push(Warning {
            path: String::new(),
            message: format!(
                "{} more components are not covered, for they have no usable package URL",
                refused.len() - NAMED_WARNINGS
            ),
        });
    }
    warnings
}

/// The package of a component; `None` when its type of package URLs is not known.
fn package(
    entry: &Entry,
    purl: &Purl,
    document: &mut Option<Distro>,
    layers: &HashMap<Digest, usize>,
) -> Option<ImagePackage> {
    let facts = &entry.facts;
    let named = if facts.ecosystem.is_empty() { by_url(entry, purl, document)? } else { as_written(entry) };
    Some(ImagePackage {
        ecosystem: named.ecosystem,
        name: named.name,
        version: named.version,
        source_name: named.source_name,
        source_version: named.source_version,
        arch: purl.qualifiers.get("arch").cloned().unwrap_or_default(),
        module: module(facts, purl),
        licenses: entry.licenses.clone(),
        format: None,
        evidence: facts.evidence.unwrap_or(Evidence::Installed),
        layer: facts.layer.and_then(|layer| layers.get(&layer).copied()).unwrap_or(0),
        path: facts.path.trim_start_matches('/').to_owned(),
    })
}

/// What tells a package from others.
struct Identity {
    ecosystem: String,
    name: String,
    version: String,
    source_name: String,
    source_version: String,
}

/// Of a document by Lazaret, which writes what it knew of the package.
fn as_written(entry: &Entry) -> Identity {
    let facts = &entry.facts;
    let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    Identity {
        ecosystem: facts.ecosystem.clone(),
        name: entry.name.clone(),
        version: entry.version.clone(),
        source_name: or(&facts.source_name, &entry.name),
        source_version: or(&facts.source_version, &entry.version),
    }
}

/// Of any other document, by the package URL.
fn by_url(entry: &Entry, purl: &Purl, document: &mut Option<Distro>) -> Option<Identity> {
    let version = full_version(entry, purl);
    if matches!(purl.kind.as_str(), "deb" | "apk" | "rpm" | "alpm") {
        let ecosystem = system_ecosystem(purl, document);
        let (source_name, source_version) = source(&entry.facts, purl, &purl.name, &version);
        return Some(Identity { ecosystem, name: purl.name.clone(), version, source_name, source_version });
    }
    let language = language(&purl.kind)?;
    let name = language_name(purl, language);
    Some(Identity {
        ecosystem: language.name.to_owned(),
        source_name: name.clone(),
        source_version: version.clone(),
        name,
        version,
    })
}

/// The ecosystem of a package of a distribution: of the release that its package URL names, else of the document's.
fn system_ecosystem(purl: &Purl, document: &mut Option<Distro>) -> String {
    let named = distro::named_by(purl);
    if document.is_none() {
        document.clone_from(&named);
    }
    let by_namespace = || {
        let of_document = document.clone().filter(|distro| {
            purl.namespace.is_empty()
                || distro::of(&purl.namespace, "", "").is_some_and(|named| named.id == distro.id)
                // A family of distributions shares the namespace of some tools: `pkg:rpm/opensuse` of `opensuse-leap`.
                || distro.id.starts_with(&purl.namespace)
        });
        of_document.or_else(|| distro::of(&purl.namespace, "", ""))
    };
    let Some(distro) = named.or_else(by_namespace) else { return "unknown".to_owned() };
    match distro.ecosystem {
        Some(ecosystem) if has_kind(&ecosystem, &purl.kind) => ecosystem,
        _ if distro.version.is_empty() => distro.id,
        _ => format!("{}:{}", distro.id, distro.version),
    }
}

/// Whether the package URLs of an ecosystem have this type.
fn has_kind(ecosystem: &str, kind: &str) -> bool {
    ecosystem::find(ecosystem).is_none_or(|known| known.purl.split('/').next() == Some(kind))
}

/// The ecosystem of a language by the type of its package URLs.
fn language(kind: &str) -> Option<&'static Ecosystem> {
    ecosystem::ECOSYSTEMS
        .iter()
        .find(|known| known.purl == kind && !matches!(known.named, Named::BySource | Named::ByBinary))
}

/// The name as the ecosystem's advisories write it.
fn language_name(purl: &Purl, language: &Ecosystem) -> String {
    let separator = if purl.kind == "maven" { ":" } else { "/" };
    let name = if purl.namespace.is_empty() {
        purl.name.clone()
    } else {
        format!("{}{separator}{}", purl.namespace, purl.name)
    };
    if language.named == Named::Pep503 { ecosystem::match_name(language.name, &name) } else { name }
}

/// The version with its epoch, which package URLs may have as a qualifier.
fn full_version(entry: &Entry, purl: &Purl) -> String {
    let version = if purl.version.is_empty() { &entry.version } else { &purl.version };
    let of_epochs = matches!(purl.kind.as_str(), "deb" | "rpm" | "alpm");
    match purl.qualifiers.get("epoch").map(String::as_str) {
        None | Some("" | "0") => version.clone(),
        Some(epoch) if of_epochs && !version.starts_with(&format!("{epoch}:")) => {
            format!("{epoch}:{version}")
        }
        Some(_) => version.clone(),
    }
}

/// The source package: by the document's properties, else by the qualifier `upstream`, else the package itself.
fn source(facts: &Facts, purl: &Purl, name: &str, version: &str) -> (String, String) {
    let upstream = purl.qualifiers.get("upstream").map_or("", String::as_str);
    let rpm = if facts.source_rpm.is_empty() { upstream } else { &facts.source_rpm };
    if purl.kind == "rpm"
        && facts.source_name.is_empty()
        && let Some((source, source_version)) = source_rpm(rpm)
    {
        // A source RPM does not tell its epoch, which is that of its packages with few exceptions.
        let epoch = version.split_once(':').map_or(String::new(), |(epoch, _)| format!("{epoch}:"));
        return (source.to_owned(), format!("{epoch}{source_version}"));
    }
    let (by_url, version_by_url) = upstream.split_once('@').unwrap_or((upstream, ""));
    let or = |first: String, second: &str, third: &str| match (first.is_empty(), second.is_empty()) {
        (false, _) => first,
        (true, false) => second.to_owned(),
        (true, true) => third.to_owned(),
    };
    (or(facts.source_name.clone(), by_url, name), or(facts.full_source_version(), version_by_url, version))
}

/// Name and version with release of a source RPM's file name: `openssl-3.0.7-24.el9.src.rpm`.
fn source_rpm(file: &str) -> Option<(&str, &str)> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let whole = &stem[stem.len() - version.len() - 1 - release.len()..];
    (!name.is_empty()).then_some((name, whole))
}

/// The module stream, without the version and context that a module label has behind it.
fn module(facts: &Facts, purl: &Purl) -> String {
    let qualifier = || purl.qualifiers.get("rpmmod").or_else(|| purl.qualifiers.get("modularitylabel"));
    let label = if facts.module.is_empty() { qualifier().map_or("", String::as_str) } else { &facts.module };
    label.split(':').take(2).collect::<Vec<_>>().join(":")
}
