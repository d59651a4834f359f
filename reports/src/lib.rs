//! Reports: typed view models in, bytes out. No database, no clock, no network.

mod error;
pub mod json;
pub mod model;

pub use error::ReportError;
