//! Secrets of images as stored findings: one row per secret and place, from when to when.

mod key;
mod list;
pub(super) mod store;

pub use key::{KeyError, fingerprint_key};
pub(super) use list::present;
pub use list::{
    SecretFilter, SecretOrder, count_by_severity, count_images_with, count_secrets, images_with, list_secrets,
};
