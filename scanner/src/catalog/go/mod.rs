//! Go: programs, and the module files of projects.

pub mod binary;
mod build_info;
mod version;
