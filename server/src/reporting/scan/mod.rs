//! The view of a scan that was not stored.

mod found;

use lazaret_reports::model::{
    Advisory, AffectedPackage, Coverage, Evidence, Image, ImageFacts, Kind, Layer, LayerRef, Os, Package,
    SCHEMA_VERSION, ScanResult, SetAside, SetAsideReason, Vulnerability, Warning,
};

use lazaret_scanner::{catalog, image};

use crate::reporting::image::not_assessed;
use crate::reporting::{count, optional_time, severity, tool};
use crate::scan::target::{ScannedImage, Subject};

/// What was asked of a scan, as far as its result does not tell.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// What was scanned, as typed.
    pub target: &'a str,
    /// Whether vulnerabilities were asked for.
    pub vulnerabilities: bool,
    /// Whether findings in packages that only a lock file names count in images too.
    pub count_lockfiles: bool,
}

/// The scan of one image as reports write it.
pub fn scan_result(scanned: &ScannedImage, order: Order<'_>, scanned_at: jiff::Timestamp) -> ScanResult {
    let layers = layers(scanned);
    let packages: Vec<Package> =
        scanned.analysis.packages.iter().map(|package| view(package, &layers)).collect();
    // What a source tree locks is what will run.
    let count_lockfiles = order.count_lockfiles || matches!(scanned.subject, Subject::Folder(_));
    let mut vulnerabilities =
        if order.vulnerabilities { vulnerabilities(scanned, &packages, count_lockfiles) } else { Vec::new() };
    vulnerabilities.sort_by(|a, b| {
        (a.severity, a.unimportant, &a.package.name, &a.id).cmp(&(
            b.severity,
            b.unimportant,
            &b.package.name,
            &b.id,
        ))
    });
    ScanResult {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        scanned_at,
        target: order.target.to_owned(),
        facts: ImageFacts {
            coverage: if order.vulnerabilities { coverage(scanned, &packages) } else { Vec::new() },
            warnings: warnings(scanned).chain(found::warnings(scanned)).collect(),
            secrets: found::secrets(scanned, &layers),
            malware: found::malware(scanned, &packages, &layers, |package| {
                aside(scanned, package, count_lockfiles).is_none()
            }),
            categories: found::categories(scanned, order.vulnerabilities),
            image: identity(scanned, layers),
            packages,
            vulnerabilities,
        },
    }
}

fn identity(scanned: &ScannedImage, layers: Vec<Layer>) -> Image {
    let (kind, name) = match &scanned.subject {
        Subject::Image => (Kind::Image, ""),
        Subject::Folder(name) => (Kind::Folder, name.as_str()),
        Subject::Container(name) => (Kind::Container, name.as_str()),
        Subject::Sbom(name) => (Kind::Sbom, name.as_str()),
    };
    Image {
        kind,
        name: name.to_owned(),
        id: scanned.id.to_string(),
        tags: scanned.tags.clone(),
        os: scanned.analysis.distro.as_ref().map(|distro| Os {
            id: distro.id.clone(),
            version: distro.version.clone(),
            name: distro.name.clone(),
            ecosystem: distro.ecosystem.clone(),
        }),
        architecture: scanned.config.architecture.clone(),
        created: scanned.config.created.as_deref().and_then(|created| created.parse().ok()),
        size: scanned.size,
        layers,
    }
}

/// Layers with the build steps that made them: the steps that made no layer are passed over.
fn layers(scanned: &ScannedImage) -> Vec<Layer> {
    let mut steps = scanned.config.history.iter().filter(|step| !step.empty_layer);
    scanned
        .config
        .diff_ids
        .iter()
        .enumerate()
        .map(|(index, diff_id)| Layer {
            index,
            diff_id: diff_id.to_string(),
            created_by: steps.next().and_then(|step| step.created_by.clone()).unwrap_or_default(),
        })
        .collect()
}

fn view(package: &lazaret_scanner::image::ImagePackage, layers: &[Layer]) -> Package {
    Package {
        ecosystem: package.ecosystem.clone(),
        name: package.name.clone(),
        version: package.version.clone(),
        source_name: package.source_name.clone(),
        source_version: package.source_version.clone(),
        module: package.module.clone(),
        layer: LayerRef {
            index: package.layer,
            diff_id: layers.get(package.layer).map(|layer| layer.diff_id.clone()).unwrap_or_default(),
        },
        path: package.path.clone(),
        evidence: match package.evidence {
            catalog::Evidence::Installed => Evidence::Installed,
            catalog::Evidence::Lockfile => Evidence::Lockfile,
        },
        licenses: package.licenses.clone(),
        purl: package.purl(),
    }
}

fn vulnerabilities(
    scanned: &ScannedImage,
    packages: &[Package],
    count_lockfiles: bool,
) -> Vec<Vulnerability> {
    // What says that a package is malicious is malware.
    let found = scanned.matches.matches.iter().filter(|found| !found.malicious);
    found
        .filter_map(|found| {
            let package = packages.get(found.package_index)?;
            Some(Vulnerability {
                id: found.id.clone(),
                aliases: found.aliases.clone(),
                severity: severity(found.severity),
                severity_source: found.severity_source.clone(),
                cvss_score: found.cvss_score,
                summary: found.summary.clone(),
                package: AffectedPackage::from(package),
                installed_version: package.version.clone(),
                advice: Vulnerability::advise(&package.name, &package.version, &found.fixed_versions),
                fixed_versions: found.fixed_versions.clone(),
                advisory: Advisory {
                    id: found.advisory_id.clone(),
                    source: found.advisory_source.clone(),
                    url: found.url.clone(),
                },
                unimportant: found.unimportant,
                set_aside: aside(scanned, found.package_index, count_lockfiles),
            })
        })
        .collect()
}

/// Why findings in a package do not count.
fn aside(scanned: &ScannedImage, package: usize, count_lockfiles: bool) -> Option<SetAside> {
    view_aside(scanned.analysis.packages.get(package)?.set_aside()?, count_lockfiles)
}

fn view_aside(aside: image::SetAside, count_lockfiles: bool) -> Option<SetAside> {
    let reason = match aside {
        image::SetAside::Lockfile if count_lockfiles => return None,
        image::SetAside::Lockfile => SetAsideReason::Lockfile,
        image::SetAside::KernelHeaders => SetAsideReason::KernelHeaders,
    };
    Some(SetAside { reason, statement: String::new() })
}

fn coverage(scanned: &ScannedImage, packages: &[Package]) -> Vec<Coverage> {
    let of_ecosystem = scanned.matches.coverage.iter();
    of_ecosystem
        .map(|entry| {
            let names: Vec<String> = packages
                .iter()
                .filter(|package| package.ecosystem == entry.ecosystem)
                .map(|package| package.name.clone())
                .collect();
            Coverage {
                ecosystem: entry.ecosystem.clone(),
                packages: count(entry.packages),
                advisories: entry.records,
                advisories_modified: entry.advisories_modified.and_then(optional_time),
                not_assessed: entry.not_assessed.iter().map(|gap| not_assessed(gap, &names)).collect(),
            }
        })
        .collect()
}

fn warnings(scanned: &ScannedImage) -> impl Iterator<Item = Warning> {
    let found = scanned.analysis.warnings.iter();
    found.map(|found| Warning { layer: None, path: found.path.clone(), message: found.message.clone() })
}
