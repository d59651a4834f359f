//! Orders of versions, one file each.
//!
//! A version that an order does not know is an error, never a guess: who compares then says "not assessed".

mod apk;
mod bitnami;
mod composer;
mod conan;
mod dpkg;
mod go;
mod maven;
mod nuget;
mod number;
mod numeric;
mod pep440;
mod rpm;
mod rubygems;
mod semver;

#[cfg(test)]
mod order_tests;

use std::cmp::Ordering;

use crate::ecosystem;

/// Why versions could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// No order is known for the ecosystem.
    #[error("versions of the ecosystem `{0}` cannot be compared yet: its packages are not assessed")]
    UnsupportedEcosystem(String),
    /// The text is no version of its order.
    #[error("`{version}` is no {scheme} version ({reason}): it cannot be compared")]
    Invalid {
        /// The text, shortened.
        version: String,
        /// Name of the order.
        scheme: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// An order of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Debian Policy, section 5.6.12: `epoch:upstream-revision` with `~` first.
    Dpkg,
    /// apk-tools: numbers, a letter, suffixes such as `_rc1`, `-rN`.
    Apk,
    /// rpm: `epoch:version-release` in runs of digits and letters, with `~` and `^`.
    Rpm,
    /// Python's PEP 440.
    Pep440,
    /// Semantic Versioning 2.0, as npm writes it.
    SemVer,
    /// Semantic Versioning whose build metadata decide last: Dart, Julia.
    SemVerBuild,
    /// Go's modules and toolchains.
    Go,
    /// Maven's numbers and qualifiers.
    Maven,
    /// `Gem::Version`.
    RubyGems,
    /// What Composer normalises.
    Composer,
    /// Semantic Versioning with a fourth number.
    NuGet,
    /// Numbers by `.` or `-`: R.
    Cran,
    /// Numbers by `.`: Haskell.
    Hackage,
    /// Conan's numbers, letters and words.
    Conan,
    /// Semantic Versioning with a revision.
    Bitnami,
}

/// A version that was read by one [`Scheme`]. Compare only versions of the same scheme.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Parsed);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Parsed {
    Dpkg(dpkg::Version),
    Apk(apk::Version),
    Rpm(rpm::Version),
    Pep440(pep440_rs::Version),
    SemVer(semver::Version),
    SemVerBuild(::semver::Version),
    Maven(maven::Version),
    RubyGems(rubygems::Version),
    Composer(composer::Version),
    NuGet(nuget::Version),
    Numeric(numeric::Version),
    Conan(conan::Version),
    Bitnami(bitnami::Version),
}

impl Scheme {
    /// The order that an ecosystem uses. What follows a `:` in its name (the release) does not matter.
    ///
    /// # Errors
    /// When Lazaret has no order for the ecosystem.
    pub fn of(ecosystem: &str) -> Result<Self, VersionError> {
        let known = ecosystem::find(ecosystem);
        known
            .map(|known| known.scheme)
            .ok_or_else(|| VersionError::UnsupportedEcosystem(shortened(ecosystem)))
    }

    /// Reads a version; white space round it does not matter.
    ///
    /// # Errors
    /// When the text is no version of this order.
    pub fn parse(self, text: &str) -> Result<Version, VersionError> {
        let trimmed = text.trim();
        let parsed = match self {
            Self::Dpkg => dpkg::parse(trimmed).map(Parsed::Dpkg),
            Self::Apk => apk::parse(trimmed).map(Parsed::Apk),
            Self::Rpm => rpm::parse(trimmed).map(Parsed::Rpm),
            Self::Pep440 => pep440::parse(trimmed).map(Parsed::Pep440),
            Self::SemVer => semver::parse(trimmed).map(Parsed::SemVer),
            Self::SemVerBuild => semver::parse_with_build(trimmed).map(Parsed::SemVerBuild),
            Self::Go => go::parse(trimmed).map(Parsed::SemVer),
            Self::Maven => maven::parse(trimmed).map(Parsed::Maven),
            Self::RubyGems => rubygems::parse(trimmed).map(Parsed::RubyGems),
            Self::Composer => composer::parse(trimmed).map(Parsed::Composer),
            Self::NuGet => nuget::parse(trimmed).map(Parsed::NuGet),
            Self::Cran => numeric::parse(trimmed, &['.', '-']).map(Parsed::Numeric),
            Self::Hackage => numeric::parse(trimmed, &['.']).map(Parsed::Numeric),
            Self::Conan => conan::parse(trimmed).map(Parsed::Conan),
            Self::Bitnami => bitnami::parse(trimmed).map(Parsed::Bitnami),
        };
        parsed.map(Version).map_err(|reason| VersionError::Invalid {
            version: shortened(text),
            scheme: self.name(),
            reason,
        })
    }

    /// Whether the order is that of Semantic Versioning for all that it allows, and has a place for what else the
    /// ecosystem installs: `go1.21rc2`, Bitnami's revisions. It then serves ranges of Semantic Versioning too.
    pub fn reads_semver(self) -> bool {
        matches!(self, Self::SemVer | Self::Go | Self::Bitnami)
    }

    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dpkg => "dpkg",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::Pep440 => "PEP 440",
            Self::SemVer | Self::SemVerBuild => "SemVer",
            Self::Go => "Go",
            Self::Maven => "Maven",
            Self::RubyGems => "RubyGems",
            Self::Composer => "Composer",
            Self::NuGet => "NuGet",
            Self::Cran => "R",
            Self::Hackage => "Haskell",
            Self::Conan => "Conan",
            Self::Bitnami => "Bitnami",
        }
    }
}

/// Compares two versions of an ecosystem (`Debian:11`, `PyPI`).
///
/// # Errors
/// When the ecosystem has no known order, or one of the texts is no version of it.
pub fn compare(ecosystem: &str, a: &str, b: &str) -> Result<Ordering, VersionError> {
    let scheme = Scheme::of(ecosystem)?;
    Ok(scheme.parse(a)?.cmp(&scheme.parse(b)?))
}

/// Messages quote what hostile files hold, so they quote little of it.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}
