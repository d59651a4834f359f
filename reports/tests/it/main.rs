//! Every format over example models: what it says, and that hostile names cannot break out of it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod aside;
mod csv;
mod gitlab;
mod html;
mod json;
mod junit;
mod model;
mod sample;
mod sarif;
mod sbom;
mod schema;

use lazaret_reports::model::ScanResult;

/// Texts that have broken out of reports of other tools.
const HOSTILE: [&str; 6] = [
    "</style><script>alert(1)</script>",
    "\" onmouseover=\"alert(1)",
    "=cmd|'/c calc'!A0",
    "<img src=x onerror=alert(1)>",
    "a\u{202E}gnp.exe\0\u{7}",
    "{{ 7 * 7 }} {% include \"x\" %}",
];

/// The sample with every text that an image or an advisory controls replaced.
fn hostile(text: &str) -> ScanResult {
    let mut scan = sample::scan();
    scan.target = text.into();
    let facts = &mut scan.facts;
    facts.image.tags = vec![text.to_owned(), text.to_owned()];
    facts.image.os.as_mut().unwrap().name = text.into();
    facts.image.architecture = text.into();
    for layer in &mut facts.image.layers {
        layer.created_by = text.into();
    }
    for found in &mut facts.vulnerabilities {
        for field in [
            &mut found.summary,
            &mut found.installed_version,
            &mut found.package.name,
            &mut found.package.source_name,
            &mut found.package.path,
            &mut found.package.ecosystem,
            &mut found.package.purl,
            &mut found.severity_source,
            &mut found.advisory.id,
            &mut found.advisory.source,
        ] {
            *field = text.into();
        }
        found.id = format!("{text}{}", found.id);
        found.advisory.url = format!("javascript:{text}");
        found.aliases = vec![text.to_owned()];
        found.fixed_versions = vec![text.to_owned()];
    }
    for found in &mut facts.secrets {
        for field in [
            &mut found.title,
            &mut found.rule,
            &mut found.path,
            &mut found.instruction,
            &mut found.snippet,
            &mut found.fingerprint,
            &mut found.advice,
        ] {
            *field = text.into();
        }
    }
    for found in &mut facts.malware {
        for field in [&mut found.name, &mut found.path, &mut found.description, &mut found.advice] {
            *field = text.into();
        }
    }
    facts.categories[2].error = text.into();
    facts.categories[2].engines[1].version = text.into();
    for warning in &mut facts.warnings {
        warning.path = text.into();
        warning.message = text.into();
    }
    for entry in &mut facts.coverage {
        entry.ecosystem = text.into();
        for gap in &mut entry.not_assessed {
            gap.reason = text.into();
            gap.packages = vec![text.to_owned()];
        }
    }
    scan
}
