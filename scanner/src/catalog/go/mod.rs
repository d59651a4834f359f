//! Go: programs, and the module files of projects.

pub mod binary;
mod build_info;
pub mod module;
mod version;
