//! Engines and archive folders -> hosts, images, tags, containers.
//!
//! [`docker`] and [`archives`] turn what is there into a [`snapshot::HostSnapshot`]; [`reconcile`] writes it;
//! [`follow`] does both again whenever something changes.

pub mod archives;
pub mod docker;
pub mod follow;
pub mod hosts;
pub mod list_containers;
pub mod list_hosts;
pub mod list_images;
pub mod list_packages;
pub mod overview;
pub mod presence;
pub mod reconcile;
pub mod snapshot;

#[cfg(test)]
mod tests;
