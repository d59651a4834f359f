//! A finding of any category, for formats that write all of them into one list.

use super::{Category, ImageFacts, Malware, Secret, Severity, Vulnerability};

/// A finding of any category.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding<'a> {
    /// A vulnerability in a package.
    Vulnerability(&'a Vulnerability),
    /// A secret in a place.
    Secret(&'a Secret),
    /// A malware file, as one engine sees it.
    Malware(&'a Malware),
}

impl<'a> Finding<'a> {
    /// All findings of an image, category by category, each in the order that the image has them in.
    pub fn all(facts: &'a ImageFacts) -> impl Iterator<Item = Self> {
        let vulnerabilities = facts.vulnerabilities.iter().map(Self::Vulnerability);
        let secrets = facts.secrets.iter().map(Self::Secret);
        vulnerabilities.chain(secrets).chain(facts.malware.iter().map(Self::Malware))
    }

    /// Its category.
    pub const fn category(&self) -> Category {
        match self {
            Self::Vulnerability(_) => Category::Vulnerability,
            Self::Secret(_) => Category::Secret,
            Self::Malware(_) => Category::Malware,
        }
    }

    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Vulnerability(found) => found.severity,
            Self::Secret(found) => found.severity,
            Self::Malware(found) => found.severity,
        }
    }

    /// Whether it counts.
    pub fn counts(&self) -> bool {
        match self {
            Self::Vulnerability(found) => found.counts(),
            Self::Secret(found) => found.counts(),
            Self::Malware(found) => found.counts(),
        }
    }
}

impl<'a> From<&'a Vulnerability> for Finding<'a> {
    fn from(found: &'a Vulnerability) -> Self {
        Self::Vulnerability(found)
    }
}

impl<'a> From<&'a Secret> for Finding<'a> {
    fn from(found: &'a Secret) -> Self {
        Self::Secret(found)
    }
}

impl<'a> From<&'a Malware> for Finding<'a> {
    fn from(found: &'a Malware) -> Self {
        Self::Malware(found)
    }
}
