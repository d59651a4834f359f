//! CSV after RFC 4180: one row per finding and place in an image. Findings of all categories share one table: the column
//! `category` tells them apart, and a column that a category has no use for is empty.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, and an image chooses the names in it.
//! So such text gets a leading apostrophe; numbers stay bare. Names of npm packages begin with `@`: the column `purl`
//! holds the name without the apostrophe.

mod record;

use std::io::Write;

use jiff::Timestamp;

use crate::ReportError;
use crate::model::{Finding, Image, ImageReport};
use record::Record;

pub use record::COLUMNS;

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

/// Writes the findings of one image: vulnerabilities, secrets, malware, each worst first.
pub fn image(report: &ImageReport, out: impl Write) -> Result<(), ReportError> {
    let image = ImageOf::new(&report.facts.image, report.scanned_at);
    fleet(crate::order::all(&report.facts).into_iter().map(|found| (&image, found)), out)
}

/// Writes the findings of many images, in the order that they come in.
pub fn fleet<'a, F: Into<Finding<'a>>>(
    findings: impl IntoIterator<Item = (&'a ImageOf, F)>,
    out: impl Write,
) -> Result<(), ReportError> {
    let mut rows = Findings::new(out)?;
    for (image, found) in findings {
        rows.write(image, found)?;
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
    pub fn write<'a>(
        &mut self,
        image: &'a ImageOf,
        found: impl Into<Finding<'a>>,
    ) -> Result<(), ReportError> {
        self.rows
            .write_record(Record::new(image, found.into()).cells().iter().map(|cell| cell.as_bytes()))?;
        Ok(())
    }

    /// Ends the file: what is still held back reaches the destination, or its refusal becomes known.
    pub fn finish(mut self) -> Result<(), ReportError> {
        self.rows.flush()?;
        Ok(())
    }
}
