//! End-to-end tests: the real program on port 0, real SQLite and PostgreSQL, a real Docker Engine.
//!
//! Modules are named by the property they hold; a test that shows a row of the parity table bears the row's name (`s08_…`).
#![allow(clippy::unwrap_used, missing_docs)]

mod bad_input;
mod command_line;
mod docker;
mod findings;
mod images_page;
mod packages;
mod pipelines;
mod registry;
mod reports;
mod sbom;
mod support;
mod targets;
