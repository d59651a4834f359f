//! The rooms of the `lazaret` program, as a library so that tests and benches reuse them.
//!
//! `ARCHITECTURE.md` at the root of the repository has the map.

pub mod advisories;
pub mod allow;
pub mod auth;
pub mod authorization;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod egress;
pub mod events;
pub mod exceptions;
pub mod graphql;
pub mod http;
pub mod inventory;
pub mod queue;
pub mod registry;
pub mod reporting;
pub mod scan;
pub mod store;
