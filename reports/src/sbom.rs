//! What the two bill-of-materials formats share: their subject, the names of our own properties, and identifiers that
//! follow from the content, so that the same scan always gives the same bytes.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::{Evidence, ImageFacts, ImageReport, Kind, Package, ScanResult, Tool};

/// What a bill of materials is written from.
#[derive(Debug, Clone, Copy)]
pub struct Sbom<'a> {
    /// What looked into the image.
    pub tool: &'a Tool,
    /// When it did.
    pub scanned_at: Timestamp,
    /// What it found.
    pub facts: &'a ImageFacts,
}

impl<'a> From<&'a ScanResult> for Sbom<'a> {
    fn from(scan: &'a ScanResult) -> Self {
        Self { tool: &scan.tool, scanned_at: scan.scanned_at, facts: &scan.facts }
    }
}

impl<'a> From<&'a ImageReport> for Sbom<'a> {
    fn from(report: &'a ImageReport) -> Self {
        Self {
            tool: &report.tool,
            scanned_at: report.scanned_at.unwrap_or(report.generated_at),
            facts: &report.facts,
        }
    }
}

/// What no field of the formats holds, by the names under which a scan of the document finds it again.
pub(crate) fn properties(package: &Package, of: Kind) -> Vec<(&'static str, String)> {
    let mut properties = vec![
        ("lazaret:ecosystem", package.ecosystem.clone()),
        (
            "lazaret:evidence",
            match package.evidence {
                Evidence::Installed => "INSTALLED",
                Evidence::Lockfile => "LOCKFILE",
            }
            .to_owned(),
        ),
        ("lazaret:layer:diffId", package.layer.diff_id.clone()),
        ("lazaret:layer:index", package.layer.index.to_string()),
        ("lazaret:module", package.module.clone()),
        ("lazaret:path", package.path.clone()),
        ("lazaret:source:name", package.source_name.clone()),
        ("lazaret:source:version", package.source_version.clone()),
    ];
    properties.retain(|(name, value)| match *name {
        "lazaret:layer:index" => !package.layer.diff_id.is_empty(),
        // In a folder, what a lock file names counts as all else does.
        "lazaret:evidence" => of != Kind::Folder,
        _ => !value.is_empty(),
    });
    properties
}

/// The package URL with the qualifier by which other scanners know the source package.
pub(crate) fn purl(package: &Package) -> String {
    let of_distribution =
        ["pkg:deb/", "pkg:apk/", "pkg:rpm/"].iter().any(|kind| package.purl.starts_with(kind));
    let same_name = package.source_name == package.name;
    let same_version = package.source_version == package.version;
    if !of_distribution || package.source_name.is_empty() || (same_name && same_version) {
        return package.purl.clone();
    }
    let mark = if package.purl.contains('?') { '&' } else { '?' };
    let mut purl = format!("{}{mark}upstream={}", package.purl, percent_encoded(&package.source_name));
    if !same_version && !package.source_version.is_empty() {
        purl.push_str("%40");
        purl.push_str(&percent_encoded(&package.source_version));
    }
    purl
}

/// All but what a URI leaves unreserved, percent-encoded.
pub(crate) fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A UUID of version 8 (RFC 9562: made by a rule of one's own) that follows from the document.
pub(crate) fn uuid(document: &Value) -> String {
    let hash = Sha256::digest(document.to_string().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    let digits = hex(&bytes);
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

/// The first sixteen hexadecimal digits of a text's SHA-256.
pub(crate) fn fingerprint(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes())[..8])
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hexadecimal digits of a SHA-256 digest, when it is one.
pub(crate) fn sha256(digest: &str) -> Option<&str> {
    let digits = digest.strip_prefix("sha256:")?;
    (digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(digits)
}

/// Gives each name once: what was given before gets a number.
#[derive(Default)]
pub(crate) struct Unique(HashSet<String>);

impl Unique {
    pub(crate) fn name(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 1_u64;
        while !self.0.insert(name.clone()) {
            number += 1;
            name = format!("{wanted}-{number}");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_given_before_gets_a_number() {
        let mut names = Unique::default();
        assert_eq!(["a", "a", "b", "a"].map(|name| names.name(name)), ["a", "a-2", "b", "a-3"]);
    }

    #[test]
    fn an_identifier_follows_from_the_content() {
        let one = uuid(&Value::from("one"));
        assert_eq!(one, uuid(&Value::from("one")));
        assert_ne!(one, uuid(&Value::from("two")));
        assert_eq!((one.len(), &one[14..15]), (36, "8"));
        assert!("89ab".contains(&one[19..20]), "{one}");
    }
}
