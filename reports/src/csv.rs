//! CSV after RFC 4180: one row per finding, package and image.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, and an image chooses the names in it.
//! So such text gets a leading apostrophe; numbers stay bare. Names of npm packages begin with `@`: the column `purl`
//! holds the name without the apostrophe.

use std::borrow::Cow;
use std::io::Write;

use jiff::Timestamp;

use crate::ReportError;
use crate::model::{Image, ImageReport, Vulnerability, time};

/// The names of the columns, in their order. New columns are added at the end.
pub const COLUMNS: [&str; 23] = [
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
];

/// The image that a row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOf {
    /// What people call it: its first tag, else its digest.
    pub reference: String,
    /// Its config digest; empty for a folder.
    pub digest: String,
    /// `linux/amd64`; empty for a folder.
    pub platform: String,
    /// When it was scanned; absent when never.
    pub scanned_at: Option<Timestamp>,
}

impl ImageOf {
    /// Of an image that was scanned then.
    pub fn new(image: &Image, scanned_at: Option<Timestamp>) -> Self {
        Self {
            reference: image.name().to_owned(),
            digest: image.digest().to_owned(),
            platform: image.platform(),
            scanned_at,
        }
    }
}

/// Writes the findings of one image, its worst first.
pub fn image(report: &ImageReport, out: impl Write) -> Result<(), ReportError> {
    let image = ImageOf::new(&report.facts.image, report.scanned_at);
    fleet(
        crate::order::worst_first(&report.facts.vulnerabilities).into_iter().map(|found| (&image, found)),
        out,
    )
}

/// Writes the findings of many images, in the order that they come in.
pub fn fleet<'a>(
    findings: impl IntoIterator<Item = (&'a ImageOf, &'a Vulnerability)>,
    out: impl Write,
) -> Result<(), ReportError> {
    let mut rows = Findings::new(out)?;
    for (image, vulnerability) in findings {
        rows.write(image, vulnerability)?;
    }
    rows.finish()
}

/// Writes findings one by one, for callers that read them page by page and hold few at a time.
pub struct Findings<W: Write> {
    rows: ::csv::Writer<W>,
}

impl<W: Write> Findings<W> {
    /// Writes the header.
    pub fn new(out: W) -> Result<Self, ReportError> {
        let mut rows = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
        rows.write_record(COLUMNS)?;
        Ok(Self { rows })
    }

    /// Writes one row.
    pub fn write(&mut self, image: &ImageOf, found: &Vulnerability) -> Result<(), ReportError> {
        let score = found.cvss_score.map(|score| format!("{score:.1}")).unwrap_or_default();
        let scanned_at = image.scanned_at.map(time::rfc3339).unwrap_or_default();
        self.rows.write_record(
            [
                guard(found.severity.code()),
                guard(&found.severity_source),
                score.into(),
                found.unimportant.to_string().into(),
                guard(&found.id),
                guard(&found.aliases.join(";")),
                guard(&found.summary),
                guard(&found.package.name),
                guard(&found.installed_version),
                guard(&found.package.ecosystem),
                guard(&found.package.purl),
                guard(&found.fixed_versions.join(";")),
                guard(if found.fixable() { "FIXED" } else { "NOT_FIXED" }),
                guard(&found.advice),
                guard(&image.reference),
                guard(&image.digest),
                guard(&image.platform),
                guard(&found.package.layer.diff_id),
                guard(&found.package.path),
                guard(&found.advisory.source),
                guard(&found.advisory.url),
                scanned_at.into(),
                found.set_aside.as_ref().map_or("", |aside| aside.reason.code()).into(),
            ]
            .iter()
            .map(|cell| cell.as_bytes()),
        )?;
        Ok(())
    }

    /// Ends the file: what is still held back reaches the destination, or its refusal becomes known.
    pub fn finish(mut self) -> Result<(), ReportError> {
        self.rows.flush()?;
        Ok(())
    }
}

/// Text that no spreadsheet takes for a formula. NUL ends the cell for many readers, so it is dropped.
fn guard(text: &str) -> Cow<'_, str> {
    let text: Cow<'_, str> = if text.contains('\0') { text.replace('\0', "").into() } else { text.into() };
    // The full-width forms are folded to the plain ones by spreadsheets in East Asian locales.
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}").into()
    } else {
        text
    }
}
