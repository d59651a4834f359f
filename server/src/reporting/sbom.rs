//! The bill of materials of a stored image.

use lazaret_entities::image;
use lazaret_reports::{cyclonedx, spdx};
use sea_orm::ConnectionTrait;

use super::{ReportingError, image_report};

/// The formats of bills of materials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SbomFormat {
    /// CycloneDX 1.6 as JSON.
    CycloneDx,
    /// SPDX 2.3 as JSON.
    Spdx,
}

/// The bill of materials of what the last scan found; `None` when the image was never scanned.
///
/// # Errors
/// The store did not answer.
pub async fn sbom(
    conn: &impl ConnectionTrait,
    row: &image::Model,
    format: SbomFormat,
) -> Result<Option<String>, ReportingError> {
    if row.last_scanned_at.is_zero() {
        return Ok(None);
    }
    let report = image_report(conn, row, row.last_scanned_at).await?;
    let mut bytes = Vec::new();
    match format {
        SbomFormat::CycloneDx => cyclonedx::image((&report).into(), &mut bytes)?,
        SbomFormat::Spdx => spdx::image((&report).into(), &mut bytes)?,
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
