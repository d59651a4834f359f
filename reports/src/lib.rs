//! Reports: typed view models in, bytes out. No database, no clock, no network.
//!
//! [`model`] holds the view models; [`html`], [`csv`], [`json`], [`sarif`], [`gitlab`] and [`junit`] each write them in one format.

pub mod csv;
mod error;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
pub mod model;
mod order;
pub mod sarif;

pub use error::ReportError;
