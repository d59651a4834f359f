//! Reports: typed view models in, bytes out. No database, no clock, no network.
//!
//! [`model`] holds the view models; [`html`], [`csv`], [`json`] and [`sarif`] each write them in one format.

pub mod csv;
mod error;
pub mod html;
pub mod json;
pub mod model;
mod order;
pub mod sarif;

pub use error::ReportError;
