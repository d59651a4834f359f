//! What can go wrong when a report is written.

use thiserror::Error;

/// A report could not be written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The destination refused the bytes.
    #[error("the report could not be written: {0}; check that the destination is writable and has room")]
    Io(#[from] std::io::Error),
    /// A CSV row could not be written.
    #[error("the CSV file could not be written: {0}; check that the destination is writable and has room")]
    Csv(#[from] csv::Error),
    /// A JSON document could not be written.
    #[error(
        "the JSON document could not be written: {0}; check that the destination is writable and has room"
    )]
    Json(#[from] serde_json::Error),
}
