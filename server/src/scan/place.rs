//! What tells the place of a finding, and how its texts are stored.

use sha2::{Digest as _, Sha256};

/// Hex digits of a stored hash: as many as a secret's fingerprint has.
const DIGITS: usize = 32;

/// A hash of these parts, 32 hex digits. Each part ends with a byte that is in none, so that no two lists of parts give
/// the same bytes.
pub(super) fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0xff]);
    }
    let mut digits = hex::encode(hasher.finalize());
    digits.truncate(DIGITS);
    digits
}

/// The text as both databases take it: PostgreSQL has no NUL in texts, and an image may have one in any.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The position of a layer as it is stored, -1 for none.
pub(super) fn position(layer: Option<usize>) -> i32 {
    layer.map_or(-1, |layer| i32::try_from(layer).unwrap_or(i32::MAX))
}

/// How bad the scanner calls it.
pub(super) const fn severity(severity: lazaret_scanner::advisory::Severity) -> lazaret_entities::Severity {
    use lazaret_entities::Severity as Stored;
    use lazaret_scanner::advisory::Severity as Said;
    match severity {
        Said::Critical => Stored::Critical,
        Said::High => Stored::High,
        Said::Medium => Stored::Medium,
        Said::Low => Stored::Low,
        Said::Unknown => Stored::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_eq!(hash(&["a", "b"]).len(), DIGITS);
        assert_ne!(hash(&["a", "b"]), hash(&["ab", ""]));
        assert_ne!(hash(&["a"]), hash(&["a", ""]));
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
    }
}
