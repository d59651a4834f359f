//! Java: archives of classes, and the files of projects.

pub mod archive;
mod coordinates;
mod entry;
pub mod gradle;
mod groups;
mod identity;
mod manifest;
pub mod maven;
mod pom;
#[cfg(test)]
mod tests;

/// The artifact's Maven name: `group:artifact`, or the artifact alone when nothing tells its group. No advisory has a
/// name without a group, so such a package is listed and never matched.
fn name(group: &str, artifact: &str) -> String {
    if group.is_empty() { artifact.to_owned() } else { format!("{group}:{artifact}") }
}
