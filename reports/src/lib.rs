//! Reports: typed view models in, bytes out. No database, no clock, no network.
//!
//! [`model`] holds the view models; [`html`], [`csv`], [`json`], [`sarif`], [`gitlab`], [`junit`], [`cyclonedx`] and
//! [`spdx`] each write them in one format.

pub mod csv;
pub mod cyclonedx;
mod error;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
mod license;
pub mod model;
mod order;
pub mod sarif;
pub mod sbom;
pub mod spdx;

pub use error::ReportError;
