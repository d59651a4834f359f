//! Rust: programs, and the lock files of projects.

pub mod binary;
pub mod cargo_lock;
