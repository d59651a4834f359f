//! A row: the columns, and what a finding of each category writes into them.

use std::borrow::Cow;

use jiff::Timestamp;

use super::ImageOf;
use crate::model::{Allowed, Finding, LayerRef, Malware, Secret, Vulnerability, time};

/// The names of the columns, in their order. New columns are added at the end.
pub const COLUMNS: [&str; 39] = [
    "severity",
    "severity_source",
    "cvss_score",
    "unimportant",
    "vulnerability_id",
    "aliases",
    "title",
    "package_name",
    "package_version",
    "package_type",
    "purl",
    "fixed_versions",
    "fix_state",
    "advice",
    "image_reference",
    "image_digest",
    "platform",
    "layer_digest",
    "path",
    "source",
    "references",
    "scanned_at",
    "set_aside",
    "category",
    "name",
    "type",
    "line",
    "snippet",
    "instruction",
    "fingerprint",
    "size",
    "md5",
    "sha1",
    "sha256",
    "buried",
    "buried_by",
    "set_aside_statement",
    "first_seen",
    "last_seen",
];

/// A row; what a category has no use for stays empty.
#[derive(Default)]
pub(super) struct Record<'a> {
    severity: Cow<'a, str>,
    severity_source: Cow<'a, str>,
    cvss_score: Cow<'a, str>,
    unimportant: Cow<'a, str>,
    vulnerability_id: Cow<'a, str>,
    aliases: Cow<'a, str>,
    title: Cow<'a, str>,
    package_name: Cow<'a, str>,
    package_version: Cow<'a, str>,
    package_type: Cow<'a, str>,
    purl: Cow<'a, str>,
    fixed_versions: Cow<'a, str>,
    fix_state: Cow<'a, str>,
    advice: Cow<'a, str>,
    image_reference: Cow<'a, str>,
    image_digest: Cow<'a, str>,
    platform: Cow<'a, str>,
    layer_digest: Cow<'a, str>,
    path: Cow<'a, str>,
    source: Cow<'a, str>,
    references: Cow<'a, str>,
    scanned_at: Cow<'a, str>,
    set_aside: Cow<'a, str>,
    category: Cow<'a, str>,
    name: Cow<'a, str>,
    r#type: Cow<'a, str>,
    line: Cow<'a, str>,
    snippet: Cow<'a, str>,
    instruction: Cow<'a, str>,
    fingerprint: Cow<'a, str>,
    size: Cow<'a, str>,
    md5: Cow<'a, str>,
    sha1: Cow<'a, str>,
    sha256: Cow<'a, str>,
    buried: Cow<'a, str>,
    buried_by: Cow<'a, str>,
    set_aside_statement: Cow<'a, str>,
    first_seen: Cow<'a, str>,
    last_seen: Cow<'a, str>,
}

impl<'a> Record<'a> {
    pub(super) fn new(image: &'a ImageOf, found: Finding<'a>) -> Self {
        let record = match found {
            Finding::Vulnerability(found) => vulnerability(found),
            Finding::Secret(found) => secret(found),
            Finding::Malware(found) => malware(found),
        };
        Self {
            severity: found.severity().code().into(),
            category: found.category().code().into(),
            image_reference: image.reference.as_str().into(),
            image_digest: image.digest.as_str().into(),
            platform: image.platform.as_str().into(),
            scanned_at: moment(image.scanned_at),
            ..record
        }
    }

    /// The cells in the order of [`COLUMNS`].
    pub(super) fn cells(self) -> [Cow<'a, str>; COLUMNS.len()] {
        [
            guard(self.severity),
            guard(self.severity_source),
            guard(self.cvss_score),
            guard(self.unimportant),
            guard(self.vulnerability_id),
            guard(self.aliases),
            guard(self.title),
            guard(self.package_name),
            guard(self.package_version),
            guard(self.package_type),
            guard(self.purl),
            guard(self.fixed_versions),
            guard(self.fix_state),
            guard(self.advice),
            guard(self.image_reference),
            guard(self.image_digest),
            guard(self.platform),
            guard(self.layer_digest),
            guard(self.path),
            guard(self.source),
            guard(self.references),
            guard(self.scanned_at),
            guard(self.set_aside),
            guard(self.category),
            guard(self.name),
            guard(self.r#type),
            guard(self.line),
            guard(self.snippet),
            guard(self.instruction),
            guard(self.fingerprint),
            guard(self.size),
            guard(self.md5),
            guard(self.sha1),
            guard(self.sha256),
            guard(self.buried),
            guard(self.buried_by),
            guard(self.set_aside_statement),
            guard(self.first_seen),
            guard(self.last_seen),
        ]
    }
}

fn vulnerability(found: &Vulnerability) -> Record<'_> {
    let aside = found.set_aside.as_ref();
    Record {
        severity_source: found.severity_source.as_str().into(),
        cvss_score: found.cvss_score.map(|score| format!("{score:.1}")).unwrap_or_default().into(),
        unimportant: found.unimportant.to_string().into(),
        vulnerability_id: found.id.as_str().into(),
        aliases: found.aliases.join(";").into(),
        title: found.summary.as_str().into(),
        package_name: found.package.name.as_str().into(),
        package_version: found.installed_version.as_str().into(),
        package_type: found.package.ecosystem.as_str().into(),
        purl: found.package.purl.as_str().into(),
        fixed_versions: found.fixed_versions.join(";").into(),
        fix_state: if found.fixable() { "FIXED" } else { "NOT_FIXED" }.into(),
        advice: found.advice.as_str().into(),
        layer_digest: found.package.layer.diff_id.as_str().into(),
        path: found.package.path.as_str().into(),
        source: found.advisory.source.as_str().into(),
        references: found.advisory.url.as_str().into(),
        set_aside: aside.map_or("", |aside| aside.reason.code()).into(),
        name: found.id.as_str().into(),
        set_aside_statement: aside.map_or("", |aside| aside.statement.as_str()).into(),
        ..Record::default()
    }
}

fn secret(found: &Secret) -> Record<'_> {
    Record {
        title: found.title.as_str().into(),
        advice: found.advice.as_str().into(),
        layer_digest: digest(found.layer.as_ref()),
        path: found.path.as_str().into(),
        source: found.source.code().into(),
        set_aside: allowed(found.allowed.as_ref()),
        name: found.rule.as_str().into(),
        r#type: found.kind.code().into(),
        line: found.line.to_string().into(),
        snippet: found.snippet.as_str().into(),
        instruction: found.instruction.as_str().into(),
        fingerprint: found.fingerprint.as_str().into(),
        buried: found.buried.to_string().into(),
        buried_by: digest(found.buried_by.as_ref()),
        set_aside_statement: statement(found.allowed.as_ref()),
        first_seen: moment(found.first_seen),
        last_seen: moment(found.last_seen),
        ..Record::default()
    }
}

fn malware(found: &Malware) -> Record<'_> {
    Record {
        title: found.description.as_str().into(),
        advice: found.advice.as_str().into(),
        layer_digest: digest(found.layer.as_ref()),
        path: found.path.as_str().into(),
        source: found.engine.code().into(),
        set_aside: allowed(found.allowed.as_ref()),
        name: found.name.as_str().into(),
        purl: found.purl.as_str().into(),
        size: if found.purl.is_empty() { found.size.to_string() } else { String::new() }.into(),
        md5: found.md5.as_str().into(),
        sha1: found.sha1.as_str().into(),
        sha256: found.sha256.as_str().into(),
        buried: found.buried.to_string().into(),
        buried_by: digest(found.buried_by.as_ref()),
        set_aside_statement: statement(found.allowed.as_ref()),
        first_seen: moment(found.first_seen),
        last_seen: moment(found.last_seen),
        ..Record::default()
    }
}

fn digest(layer: Option<&LayerRef>) -> Cow<'_, str> {
    layer.map_or("", |layer| layer.diff_id.as_str()).into()
}

fn allowed(allowed: Option<&Allowed>) -> Cow<'static, str> {
    if allowed.is_some() { "ALLOWED" } else { "" }.into()
}

fn statement(allowed: Option<&Allowed>) -> Cow<'static, str> {
    allowed.map(Allowed::sentence).unwrap_or_default().into()
}

fn moment(at: Option<Timestamp>) -> Cow<'static, str> {
    at.map(time::rfc3339).unwrap_or_default().into()
}

/// Text that no spreadsheet takes for a formula. NUL ends the cell for many readers, so it is dropped.
fn guard(text: Cow<'_, str>) -> Cow<'_, str> {
    let text = if text.contains('\0') { text.replace('\0', "").into() } else { text };
    // The full-width forms are folded to the plain ones by spreadsheets in East Asian locales.
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}").into()
    } else {
        text
    }
}
