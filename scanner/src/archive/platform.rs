//! Platforms, and the choice among those of one image.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::ArchiveError;
use super::manifest::Plan;

/// What an image runs on, as `OS/ARCH` or `OS/ARCH/VARIANT` in the words of Go and OCI.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// `amd64`, `arm64`.
    pub architecture: String,
    /// `v7` of `arm`; empty where it does not matter or is the usual one.
    pub variant: String,
}

/// Which platforms of an image are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Platforms {
    /// Each is an image.
    #[default]
    All,
    /// This one, or the only one that there is.
    Prefer(Platform),
    /// This one; an image without it is an error.
    Only(Platform),
}

/// What was given is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no platform: write OS/ARCH or OS/ARCH/VARIANT, such as linux/arm64 or linux/arm/v7")]
pub struct InvalidPlatform(String);

impl Platform {
    /// A platform in the usual words: other names of an architecture and variants that go without saying are replaced.
    pub fn new(os: &str, architecture: &str, variant: &str) -> Self {
        let (os, variant) = (os.to_lowercase(), variant.to_lowercase());
        let (architecture, variant) = match (architecture.to_lowercase().as_str(), variant.as_str()) {
            ("x86_64" | "x86-64", variant) => ("amd64".to_owned(), variant.to_owned()),
            ("aarch64", variant) => ("arm64".to_owned(), variant.to_owned()),
            ("i386" | "x86", variant) => ("386".to_owned(), variant.to_owned()),
            ("armhf", _) => ("arm".to_owned(), "v7".to_owned()),
            ("armel", _) => ("arm".to_owned(), "v6".to_owned()),
            (architecture, variant) => (architecture.to_owned(), variant.to_owned()),
        };
        let is_usual = matches!((architecture.as_str(), variant.as_str()), ("arm64", "v8") | ("amd64", "v1"));
        Self { os, architecture, variant: if is_usual { String::new() } else { variant } }
    }

    /// Whether an image for `self` is one for `wanted`. Without a variant, any variant is wanted.
    pub fn is_for(&self, wanted: &Self) -> bool {
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && (wanted.variant.is_empty() || self.variant == wanted.variant)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

impl FromStr for Platform {
    type Err = InvalidPlatform;

    fn from_str(text: &str) -> Result<Self, InvalidPlatform> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            [os, architecture] if !os.is_empty() && !architecture.is_empty() => {
                Ok(Self::new(os, architecture, ""))
            }
            [os, architecture, variant] if parts.iter().all(|part| !part.is_empty()) => {
                Ok(Self::new(os, architecture, variant))
            }
            _ => Err(InvalidPlatform(text.chars().take(100).collect())),
        }
    }
}

impl Platforms {
    /// The platform that is asked for first; `None` when all are.
    pub fn wanted(&self) -> Option<&Platform> {
        match self {
            Self::All => None,
            Self::Prefer(wanted) | Self::Only(wanted) => Some(wanted),
        }
    }

    /// Of `there`, which stand for the same image, the ones that are read; empty when none of them may be.
    fn among(&self, there: &[&Platform]) -> BTreeSet<usize> {
        let Some(wanted) = self.wanted() else { return (0..there.len()).collect() };
        let all_of =
            |kind: &Platform| (0..there.len()).filter(|index| there[*index] == kind).collect::<BTreeSet<_>>();
        match there.iter().find(|platform| platform.is_for(wanted)) {
            Some(first) => all_of(first),
            None => match (self, there.first()) {
                (Self::Prefer(_), Some(first)) if all_of(first).len() == there.len() => all_of(first),
                _ => BTreeSet::new(),
            },
        }
    }
}

/// Leaves of each image the platforms that are asked for.
pub(super) fn choose(plans: Vec<Plan>, platforms: &Platforms) -> Result<Vec<Plan>, ArchiveError> {
    let Some(wanted) = platforms.wanted() else { return Ok(plans) };
    let mut kept = BTreeSet::new();
    for (position, plan) in plans.iter().enumerate() {
        // What no index lists beside others is an image of its own.
        let of_same: Vec<usize> = match &plan.group {
            None => vec![position],
            Some(group) => {
                (0..plans.len()).filter(|index| plans[*index].group.as_ref() == Some(group)).collect()
            }
        };
        let there: Vec<&Platform> = of_same.iter().map(|index| &plans[*index].platform).collect();
        let chosen = platforms.among(&there);
        if chosen.is_empty() {
            let image = plan.image.tags.first().cloned().unwrap_or_else(|| plan.image.id.to_string());
            let names: BTreeSet<String> = there.iter().map(ToString::to_string).collect();
            return Err(ArchiveError::NoSuchPlatform {
                image,
                wanted: wanted.to_string(),
                there: names.into_iter().collect(),
            });
        }
        kept.extend(chosen.into_iter().map(|index| of_same[index]));
    }
    let plans = plans.into_iter().enumerate().filter(|(position, _)| kept.contains(position));
    Ok(plans.map(|(_, plan)| plan).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn other_words_for_the_same_platform_are_the_same() {
        for (text, usual) in [
            ("linux/x86_64", "linux/amd64"),
            ("Linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/i386", "linux/386"),
        ] {
            assert_eq!(platform(text).to_string(), usual);
        }
        for text in ["", "linux", "linux/", "/amd64", "linux/arm/", "a/b/c/d"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_variant_is_asked_for_only_when_it_is_named() {
        assert!(platform("linux/arm/v6").is_for(&platform("linux/arm")));
        assert!(!platform("linux/arm/v6").is_for(&platform("linux/arm/v7")));
        assert!(!platform("linux/arm64").is_for(&platform("linux/arm")));
        assert!(!platform("windows/amd64").is_for(&platform("linux/amd64")));
    }

    #[test]
    fn the_only_platform_will_do_unless_another_is_insisted_on() {
        let (arm, amd) = (platform("linux/arm64"), platform("linux/amd64"));
        let prefer = Platforms::Prefer(amd.clone());
        assert_eq!(prefer.among(&[&arm, &amd]), [1].into());
        assert_eq!(prefer.among(&[&arm, &arm]), [0, 1].into());
        assert_eq!(Platforms::Only(amd.clone()).among(&[&arm]), [].into());
        assert_eq!(prefer.among(&[&arm, &platform("linux/386")]), [].into());
        assert_eq!(Platforms::All.among(&[&arm, &amd]), [0, 1].into());
    }
}
