//! Scanning: order, analyse, persist, cancel.
//!
//! The work on a task has two halves that share values only: [`analyse`] knows engine and scanner and no database,
//! [`persist`] knows the database and no engine. [`worker`] joins them for the queue, [`target`] for `lazaret scan`.

pub mod analyse;
pub(crate) mod bridge;
pub mod categories;
pub mod counts;
pub mod engines;
mod finding_details;
mod found;
pub mod identity;
mod image_layers;
pub mod image_vulnerabilities;
pub mod jobs;
mod join;
pub mod layers;
pub mod list_jobs;
pub mod malware;
mod merged;
pub mod order;
pub mod packages;
pub mod persist;
mod place;
pub mod reading;
pub mod remote;
pub mod root;
pub mod sbom;
pub mod secrets;
pub mod skip;
pub mod status;
pub mod target;
pub mod worker;

#[cfg(test)]
pub(crate) mod tests;

pub use finding_details::fixed_versions;
