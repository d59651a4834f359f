//! Archives that lie in an image's files: zip and its kin, tar, ar of Debian packages, and what gzip, xz, zstd and bzip2
//! packed, also within each other.
//!
//! What a file is, its first bytes tell. A name matters in one case: a zip may have anything before it, so one that begins
//! with something else (an executable jar behind a shell script) is opened when it is called like a zip. Other files with a
//! zip at their end, such as self-extracting programs, are looked at as what they begin with.
//!
//! A zip holds what its directory lists, as every reader of zips has it.

mod budget;
mod form;
mod tarred;
#[cfg(test)]
mod tests;
mod walk;
mod zipped;

pub(crate) use budget::Budget;
pub(crate) use walk::Walker;
