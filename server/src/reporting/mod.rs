//! From stored rows, or from a scan, to the view models of `lazaret-reports`, and from there to files.

mod error;
mod files;
mod findings;
mod fleet;
mod found;
mod image;
mod sbom;
mod scan;
#[cfg(test)]
mod tests;

pub use error::ReportingError;
pub use files::{ReportFile, ReportFormat, Scope, generate, report_path, write_reports};
pub use fleet::fleet_report;
pub use image::{find_image, image_report};
pub use sbom::{SbomFormat, sbom};
pub use scan::{Order, scan_result};

use std::cmp::Ordering;

use lazaret_entities::{Severity as StoredSeverity, Timestamp};
use lazaret_reports::model::{Severity, Tool};

/// Lazaret as reports name it.
pub fn tool() -> Tool {
    Tool::lazaret(env!("CARGO_PKG_VERSION"))
}

/// Orders two versions of an ecosystem, for the choice of the upgrade that resolves most.
pub fn compare_versions(ecosystem: &str, a: &str, b: &str) -> Option<Ordering> {
    lazaret_scanner::version::compare(ecosystem, a, b).ok()
}

fn severity(stored: StoredSeverity) -> Severity {
    match stored {
        StoredSeverity::Critical => Severity::Critical,
        StoredSeverity::High => Severity::High,
        StoredSeverity::Medium => Severity::Medium,
        StoredSeverity::Low => Severity::Low,
        StoredSeverity::Unknown => Severity::Unknown,
    }
}

/// A stored time as reports write it. A time beyond the calendar can only come from a damaged row.
fn time(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default()
}

/// A stored time where zero says "never" or "unknown".
fn optional_time(at: Timestamp) -> Option<jiff::Timestamp> {
    (!at.is_zero()).then(|| time(at))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn positive(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or(0)
}
