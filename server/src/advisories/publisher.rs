//! Who publishes advisories, and how far each is trusted.

/// Who publishes an advisory, told by its id.
pub fn publisher(osv_id: &str) -> &'static str {
    match osv_id.split('-').next().unwrap_or_default() {
        "GHSA" => "GitHub",
        "PYSEC" => "PyPA",
        "DSA" | "DLA" | "DTSA" | "DEBIAN" => "Debian",
        "ALPINE" => "Alpine",
        "USN" | "UBUNTU" | "LSN" => "Ubuntu",
        "GO" => "Go",
        "RUSTSEC" => "RustSec",
        "CGA" => "Chainguard",
        "MAL" => "OpenSSF",
        "CVE" => "CVE",
        _ => "OSV",
    }
}

/// How far a record's word is trusted for text and severity, the lower the more: GitHub's reviewed records, the
/// databases of a language, unofficial conversions, a distribution's record of one CVE, its advisories of many.
pub fn authority(osv_id: &str) -> u8 {
    if osv_id.starts_with("GHSA-") {
        0
    } else if osv_id.starts_with("x_") {
        2
    } else if super::cluster::canonical(osv_id) != osv_id {
        3
    } else if matches!(osv_id.split('-').next(), Some("DSA" | "DLA" | "DTSA" | "USN" | "LSN")) {
        4
    } else {
        1
    }
}
