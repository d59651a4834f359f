//! Reads container images and matches what they hold against advisories.
//!
//! Bytes in, facts out: this crate knows no database, no network, no async and no clock.
//! The road through it: [`archive::read`] turns an image archive into [`archive::ArchiveImage`]s and one
//! [`layer::LayerAnalysis`] per layer; [`image::merge`] lays the layers of one image over each other and gives an
//! [`image::ImageAnalysis`]; [`advisory::evaluate`] tells whether an advisory concerns a package.

pub mod advisory;
pub mod archive;
mod bounded;
pub mod catalog;
pub mod content;
mod digest;
pub mod ecosystem;
pub mod image;
pub mod layer;
pub mod limits;
pub mod malware;
mod meter;
mod nested;
pub mod purl;
pub mod sbom;
pub mod secret;
mod tarball;
#[cfg(feature = "testing")]
pub mod testing;
pub mod version;

pub use digest::{Digest, InvalidDigest};
pub use limits::Limits;
