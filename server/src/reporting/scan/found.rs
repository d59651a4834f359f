//! The secrets and the malware of a scan that was not stored, and how its categories went.

use lazaret_reports::model::{
    Category, CategoryResult, CategoryStatus, EngineVersion, Layer, LayerRef, Malware, MalwareEngine,
    Package, Secret, SecretKind, SecretSource, Severity, Warning,
};
use lazaret_scanner::image::{self, ImageMalware, ImageSecret};
use lazaret_scanner::{advisory, layer, malware, secret};

use crate::scan::malware::{PACKAGE_ADVICE, name_of};
use crate::scan::target::{ScannedImage, Subject};

/// The secrets of an image; none where they were not searched.
pub(super) fn secrets(scanned: &ScannedImage, layers: &[Layer]) -> Vec<Secret> {
    let found = scanned.secrets.iter().flatten().flat_map(|results| &results.found);
    found.map(|found| secret(found, layers)).collect()
}

fn secret(found: &ImageSecret, layers: &[Layer]) -> Secret {
    let what = &found.secret;
    Secret {
        title: what.title.clone(),
        rule: what.rule.clone(),
        kind: kind(what.kind),
        severity: severity(what.severity),
        source: match found.source {
            image::SecretSource::File => SecretSource::File,
            image::SecretSource::Config => SecretSource::Config,
            image::SecretSource::History => SecretSource::History,
        },
        path: found.path.clone(),
        line: what.line,
        layer: found.layer.map(|index| layer(index, layers)),
        instruction: found.instruction.clone(),
        snippet: what.snippet.clone(),
        fingerprint: what.fingerprint.clone(),
        buried: found.buried_by.is_some(),
        buried_by: found.buried_by.map(|index| layer(index, layers)),
        advice: Secret::advise(&what.advice, found.layer, found.buried_by),
        allowed: None,
        first_seen: None,
        last_seen: None,
    }
}

/// The malware of an image: files, worst said first, and packages that were published to do harm. `counts` tells whether a
/// package counts.
pub(super) fn malware(
    scanned: &ScannedImage,
    packages: &[Package],
    layers: &[Layer],
    counts: impl Fn(usize) -> bool,
) -> Vec<Malware> {
    let by_rules =
        scanned.malware.iter().flat_map(|results| results.rules.iter().flat_map(|rules| &rules.found));
    let by_clamd = scanned
        .malware
        .iter()
        .flat_map(|results| results.clamd.iter().flatten().flat_map(|clamd| &clamd.found));
    let mut found: Vec<Malware> =
        by_rules.chain(by_clamd).flat_map(|file| detections(file, layers)).collect();
    if scanned.malware.is_some() || matches!(scanned.subject, Subject::Sbom(_)) {
        found.extend(malicious(scanned, packages, counts));
    }
    found
}

fn detections(found: &ImageMalware, layers: &[Layer]) -> Vec<Malware> {
    let file = &found.file;
    let view = |said: &malware::Detection| Malware {
        name: said.name.clone(),
        engine: match said.engine {
            malware::Engine::Yara => MalwareEngine::Yara,
            malware::Engine::HashList => MalwareEngine::HashList,
            malware::Engine::Clamav => MalwareEngine::Clamav,
            malware::Engine::Advisory => MalwareEngine::Advisory,
        },
        severity: severity(said.severity),
        path: Malware::place(&file.path, &file.within),
        purl: String::new(),
        size: file.size,
        md5: file.md5.clone(),
        sha1: file.sha1.clone(),
        sha256: file.sha256.clone(),
        layer: Some(layer(found.layer, layers)),
        buried: found.buried_by.is_some(),
        buried_by: found.buried_by.map(|index| layer(index, layers)),
        description: said.description.clone(),
        advice: Malware::advise(&said.advice, Some(found.layer), found.buried_by),
        allowed: None,
        first_seen: None,
        last_seen: None,
    };
    file.detections.iter().map(view).collect()
}

fn malicious<'a>(
    scanned: &'a ScannedImage,
    packages: &'a [Package],
    counts: impl Fn(usize) -> bool + 'a,
) -> impl Iterator<Item = Malware> + 'a {
    let told = scanned.matches.matches.iter().filter(|found| found.malicious);
    told.filter(move |found| counts(found.package_index)).filter_map(|found| {
        let package = packages.get(found.package_index)?;
        Some(Malware {
            name: name_of(found).to_owned(),
            engine: MalwareEngine::Advisory,
            severity: Severity::Critical,
            path: package.path.clone(),
            purl: package.purl.clone(),
            size: 0,
            md5: String::new(),
            sha1: String::new(),
            sha256: String::new(),
            layer: Some(package.layer.clone()),
            buried: false,
            buried_by: None,
            description: found.summary.clone(),
            advice: PACKAGE_ADVICE.to_owned(),
            allowed: None,
            first_seen: None,
            last_seen: None,
        })
    })
}

/// How the categories went. Whether vulnerabilities were ordered the result does not tell by itself.
pub(super) fn categories(scanned: &ScannedImage, vulnerabilities: bool) -> Vec<CategoryResult> {
    let result = |category, errors: Vec<&str>, engines| CategoryResult {
        category,
        status: if errors.is_empty() { CategoryStatus::Scanned } else { CategoryStatus::Failed },
        error: errors.join("; "),
        engines,
    };
    let ordered = |category, was: bool| {
        if was { result(category, Vec::new(), Vec::new()) } else { CategoryResult::not_ordered(category) }
    };
    let secrets = match &scanned.secrets {
        Some(Err(error)) => result(Category::Secret, vec![error], Vec::new()),
        searched => ordered(Category::Secret, searched.is_some()),
    };
    let malware = match &scanned.malware {
        None => ordered(Category::Malware, false),
        Some(results) => {
            let clamd = results.clamd.as_ref();
            let rules = results.rules.as_ref().err();
            let errors = rules.into_iter().chain(clamd.and_then(|clamd| clamd.as_ref().err()));
            let engines = clamd
                .and_then(|clamd| clamd.as_ref().ok())
                .map(|clamd| EngineVersion { name: "ClamAV".to_owned(), version: clamd.version.clone() });
            result(Category::Malware, errors.map(String::as_str).collect(), engines.into_iter().collect())
        }
    };
    vec![ordered(Category::Vulnerability, vulnerabilities), secrets, malware]
}

/// What secrets and malware were not looked for in.
pub(super) fn warnings(scanned: &ScannedImage) -> impl Iterator<Item = Warning> {
    let secrets = scanned.secrets.iter().flatten().flat_map(|results| &results.warnings);
    let malware = scanned.malware.iter();
    let rules = malware.clone().flat_map(|results| results.rules.iter().flat_map(|rules| &rules.warnings));
    let clamd = malware.flat_map(|results| results.clamd.iter().flatten().flat_map(|clamd| &clamd.warnings));
    let view = |found: &layer::Warning| Warning {
        layer: None,
        path: found.path.clone(),
        message: found.message.clone(),
    };
    secrets.chain(rules).chain(clamd).map(view)
}

fn layer(index: usize, layers: &[Layer]) -> LayerRef {
    LayerRef { index, diff_id: layers.get(index).map(|layer| layer.diff_id.clone()).unwrap_or_default() }
}

const fn kind(kind: secret::SecretType) -> SecretKind {
    match kind {
        secret::SecretType::Key => SecretKind::Key,
        secret::SecretType::Token => SecretKind::Token,
        secret::SecretType::Password => SecretKind::Password,
        secret::SecretType::Certificate => SecretKind::Certificate,
        secret::SecretType::ConnectionString => SecretKind::ConnectionString,
        secret::SecretType::Webhook => SecretKind::Webhook,
    }
}

const fn severity(severity: advisory::Severity) -> Severity {
    match severity {
        advisory::Severity::Critical => Severity::Critical,
        advisory::Severity::High => Severity::High,
        advisory::Severity::Medium => Severity::Medium,
        advisory::Severity::Low => Severity::Low,
        advisory::Severity::Unknown => Severity::Unknown,
    }
}
