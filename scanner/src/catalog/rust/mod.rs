//! Rust: programs, and the lock files of projects.

pub mod binary;
