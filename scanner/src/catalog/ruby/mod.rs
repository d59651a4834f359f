//! Ruby's gems: what is installed, and Bundler's lock files.

pub mod gemfile_lock;
pub mod gemspec;
