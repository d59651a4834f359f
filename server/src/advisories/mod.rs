//! Advisories: where they come from, how they get into the store, and what they say of packages.
//!
//! A set is all records of one ecosystem (`Debian`, `npm`). [`ensure`] fetches a set when it is first needed,
//! [`renew_due`] keeps sets fresh, [`import_path`] takes files by hand; each import is one transaction. Records that
//! are aliases of each other become one vulnerability. [`match_packages`] asks about packages in memory,
//! [`rematch_packages`] about stored ones; both go through the same core.

mod by_hand;
mod candidates;
mod choose;
mod cluster;
mod config;
mod coverage;
mod ensure;
mod error;
mod feed;
mod import;
mod link;
mod matching;
mod merge;
mod parsed;
mod publisher;
mod records;
mod rematch;
mod set;
mod settle;
mod source;
#[cfg(test)]
mod tests;
mod write;

pub use by_hand::import_path;
pub use config::{AdvisoriesConfig, PUBLIC_SOURCE};
pub use coverage::{Coverage, Gap, coverage};
pub use ensure::{Fetches, Refreshed, ensure, follow_up, renew_due, update};
pub use error::AdvisoryError;
pub use feed::Feed;
pub use import::{Imported, Progress, ProgressSink, SetOrigin, import_files, import_zip, no_progress};
pub use matching::{MatchResult, Vulnerability, match_packages};
pub use publisher::publisher;
pub use rematch::{Rematched, images_with, rematch_ecosystem, rematch_packages};
pub use set::{IMPORTED, find as find_set, is_loaded, status};
pub use source::{Files, Source};
