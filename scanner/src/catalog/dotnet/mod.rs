//! .NET's packages: what a program was published with, and `NuGet`'s lock files.

pub mod deps_json;
pub mod packages_config;
pub mod packages_lock;
