//! Scanning: [`analyse`] reads what is not known of an image, the rest is what is stored of it and what follows from it.

pub mod analyse;
pub mod counts;
pub mod identity;
pub mod jobs;
pub mod layers;
pub mod packages;
pub mod status;
