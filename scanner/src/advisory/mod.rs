//! Advisories in OSV form: what a record says, whether it concerns a package, and how severe it is.
//!
//! [`parse`] reads one record, [`Record::affected_packages`] gives the part that matching needs, [`evaluate`] asks it
//! about one version of a package, and [`Record::severity`] rates the record.

mod affected;
mod model;
mod range;
mod severity;

#[cfg(test)]
mod traps;

pub use affected::{Affected, Builds, match_key};
pub use model::{AffectedEntry, Event, Package, Range, RangeKind, Record, Reference, SeverityEntry, parse};
pub use range::{Outcome, evaluate};
pub use severity::{InvalidSeverity, RatedSeverity, Severity};

/// Why a record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum AdvisoryError {
    /// The bytes are no JSON, or lack what every OSV record has.
    #[error("the advisory is no OSV record ({0}): fetch it again, or report it to its source")]
    Malformed(#[from] serde_json::Error),
    /// The record has an empty id.
    #[error("the advisory has no id: fetch it again, or report it to its source")]
    WithoutId,
}
