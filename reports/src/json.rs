//! The JSON form of a scan, described by `docs/schemas/scan-result.json`.

use std::io::Write;

use serde::Serialize;

use crate::ReportError;
use crate::model::{SCHEMA_VERSION, ScanResult};

/// Several scans in one document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Scans<'a> {
    schema_version: u32,
    images: &'a [ScanResult],
}

/// Writes one result as itself, and any other number of them as the list `images`; ends with a line break.
pub fn scan(results: &[ScanResult], mut out: impl Write) -> Result<(), ReportError> {
    match results {
        [result] => serde_json::to_writer_pretty(&mut out, result)?,
        images => serde_json::to_writer_pretty(&mut out, &Scans { schema_version: SCHEMA_VERSION, images })?,
    }
    writeln!(out)?;
    out.flush()?;
    Ok(())
}
