//! The tables of Lazaret as sea-orm entities, one file per table.
//!
//! What the tables mean to each other is in `ARCHITECTURE.md`; the migrations that make them are in the crate
//! `lazaret-migration`, and a test of the server compares the two.

pub mod advisory;
pub mod advisory_package;
pub mod advisory_set;
pub mod advisory_vulnerability;
pub mod allow_rule;
pub mod category;
pub mod container;
pub mod event;
pub mod event_type;
pub mod host;
pub mod image;
pub mod image_category;
pub mod image_layer;
pub mod image_package;
pub mod image_ref;
pub mod layer;
pub mod layer_analysis;
pub mod malware_finding;
pub mod package;
pub mod package_vulnerability;
pub mod queue;
pub mod scan_job;
pub mod scan_job_item;
pub mod scan_task;
pub mod scan_task_category;
pub mod secret_finding;
pub mod setting;
pub mod severity;
pub mod tag;
pub mod timestamp;
pub mod token;
pub mod vulnerability;
pub mod vulnerability_id;

pub use category::{Categories, Category};
pub use event_type::EventType;
pub use severity::Severity;
pub use timestamp::Timestamp;
