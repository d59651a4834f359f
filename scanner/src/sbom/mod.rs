//! Bills of materials that others wrote: CycloneDX 1.2 and later, SPDX 2.2 and 2.3, on their own or inside an in-toto
//! statement, as build tools attach it to an image. Bytes in, the same facts out as from an image's layers.

mod cyclonedx;
mod distro;
mod entry;
mod facts;
mod spdx;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;

use serde::Deserialize;

use crate::image::{ImageAnalysis, ImageConfig};
use crate::layer::Warning;
use text::Text;

/// What a document tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is about, as it says; empty when it does not.
    pub name: String,
    /// What it says of the image: layers with their build steps, architecture, creation time. Most say little of it.
    pub config: ImageConfig,
    /// Its packages, and its components that are not covered.
    pub analysis: ImageAnalysis,
}

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SbomError {
    /// It is no JSON, or not that of its format.
    #[error("cannot be read as JSON ({0}); write the bill of materials anew")]
    Json(#[from] serde_json::Error),
    /// It is something else.
    #[error(
        "is JSON, but no bill of materials; CycloneDX and SPDX are read, also inside an in-toto statement"
    )]
    Unknown,
    /// Its version is not read.
    #[error("is {0}, which is not read; write CycloneDX 1.2 to 1.7, or SPDX 2.2 or 2.3, as JSON")]
    Version(String),
}

/// What tells the formats apart.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    #[serde(rename = "bomFormat")]
    bom_format: Text,
    #[serde(rename = "specVersion")]
    spec_version: Text,
    #[serde(rename = "spdxVersion")]
    spdx_version: Text,
    #[serde(rename = "@context")]
    context: Text,
    #[serde(rename = "predicateType")]
    predicate_type: Text,
}

/// An in-toto statement round a document.
#[derive(Deserialize)]
struct Statement<T> {
    predicate: T,
}

enum Format {
    CycloneDx,
    Spdx,
}

/// Whether a file that begins with `head` is JSON, and so can be nothing but a bill of materials among what is scanned.
pub fn may_be(head: &[u8]) -> bool {
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a document. Components that cannot be matched make warnings.
///
/// # Errors
/// When it is no bill of materials, or of a version that is not read.
pub fn read(bytes: &[u8]) -> Result<Document, SbomError> {
    let text = String::from_utf8_lossy(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes));
    let head: Head = serde_json::from_str(&text)?;
    let mut document = if head.predicate_type.is_empty() {
        match format(&head)? {
            Format::CycloneDx => cyclonedx::document(serde_json::from_str(&text)?),
            Format::Spdx => spdx::document(&serde_json::from_str(&text)?),
        }
    } else {
        let inner: Statement<Head> = serde_json::from_str(&text)?;
        match format(&inner.predicate)? {
            Format::CycloneDx => cyclonedx::document(serde_json::from_str::<Statement<_>>(&text)?.predicate),
            Format::Spdx => spdx::document(&serde_json::from_str::<Statement<_>>(&text)?.predicate),
        }
    };
    if matches!(text, Cow::Owned(_)) {
        let message =
            "has bytes that are no UTF-8; a component that is named by them is not covered".to_owned();
        document.analysis.warnings.push(Warning { path: String::new(), message });
    }
    Ok(document)
}

fn format(head: &Head) -> Result<Format, SbomError> {
    if head.bom_format.eq_ignore_ascii_case("CycloneDX") {
        let minor = head.spec_version.strip_prefix("1.").and_then(|minor| minor.parse::<u32>().ok());
        return match minor {
            Some(2..) => Ok(Format::CycloneDx),
            _ => Err(SbomError::Version(shortened(&format!("CycloneDX {}", &*head.spec_version)))),
        };
    }
    match &*head.spdx_version {
        "" if head.context.contains("spdx.org/rdf/3") => Err(SbomError::Version("SPDX 3".to_owned())),
        "" => Err(SbomError::Unknown),
        version if version.starts_with("SPDX-2.") => Ok(Format::Spdx),
        version => Err(SbomError::Version(shortened(version))),
    }
}

/// Messages quote little of what hostile documents hold.
fn shortened(text: &str) -> String {
    text.chars().take(120).collect()
}
