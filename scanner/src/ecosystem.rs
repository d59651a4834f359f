//! What Lazaret knows of each OSV ecosystem (ossf.github.io/osv-schema, "Defined ecosystems"): how its versions order,
//! which names its advisories use, and what its package URLs look like.

use std::borrow::Cow;

use crate::catalog::python;
use crate::version::Scheme;

/// An ecosystem by its base name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ecosystem {
    /// The name before the release: `Debian` of `Debian:12`. It names the folder in a source of advisories.
    pub name: &'static str,
    /// How versions order.
    pub scheme: Scheme,
    /// Which package names its advisories use.
    pub named: Named,
    /// The type in package URLs, with the namespace where it is always the same: `pypi`, `rpm/rocky`.
    pub purl: &'static str,
    /// Whether its advisories leave the epoch out of versions that have one.
    pub drops_epochs: bool,
}

/// Which package names an ecosystem's advisories use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A distribution's, by source packages: name and version of the source are asked for.
    BySource,
    /// A distribution's, by the packages as they are installed.
    ByBinary,
    /// A language's, as they are.
    Exactly,
    /// A language's, without regard to case.
    InAnyCase,
    /// Python's, normalised by PEP 503.
    Pep503,
}

/// Every ecosystem whose packages are read and whose versions are compared.
pub const ECOSYSTEMS: &[Ecosystem] = &[
    of("Debian", Scheme::Dpkg, Named::BySource, "deb/debian"),
    of("Ubuntu", Scheme::Dpkg, Named::BySource, "deb/ubuntu"),
    of("Echo", Scheme::Dpkg, Named::BySource, "deb/echo"),
    of("Alpine", Scheme::Apk, Named::BySource, "apk/alpine"),
    of("Wolfi", Scheme::Apk, Named::BySource, "apk/wolfi"),
    of("Chainguard", Scheme::Apk, Named::BySource, "apk/chainguard"),
    of("MinimOS", Scheme::Apk, Named::BySource, "apk/minimos"),
    of("Alpaquita", Scheme::Apk, Named::BySource, "apk/alpaquita"),
    of("BellSoft Hardened Containers", Scheme::Apk, Named::BySource, "apk/bellsoft-hardened-containers"),
    of("AlmaLinux", Scheme::Rpm, Named::ByBinary, "rpm/almalinux"),
    of("Red Hat", Scheme::Rpm, Named::ByBinary, "rpm/redhat"),
    of("Rocky Linux", Scheme::Rpm, Named::BySource, "rpm/rocky"),
    of("Mageia", Scheme::Rpm, Named::BySource, "rpm/mageia"),
    of("SUSE", Scheme::Rpm, Named::BySource, "rpm/suse").without_epochs(),
    of("openSUSE", Scheme::Rpm, Named::BySource, "rpm/opensuse").without_epochs(),
    of("openEuler", Scheme::Rpm, Named::BySource, "rpm/openeuler").without_epochs(),
    of("Photon OS", Scheme::Rpm, Named::BySource, "rpm/photon").without_epochs(),
    of("Azure Linux", Scheme::Rpm, Named::BySource, "rpm/azurelinux").without_epochs(),
    of("PyPI", Scheme::Pep440, Named::Pep503, "pypi"),
    of("npm", Scheme::SemVer, Named::Exactly, "npm"),
    of("Maven", Scheme::Maven, Named::Exactly, "maven"),
    of("Go", Scheme::Go, Named::Exactly, "golang"),
    of("crates.io", Scheme::SemVer, Named::Exactly, "cargo"),
    of("Hex", Scheme::SemVer, Named::Exactly, "hex"),
    of("RubyGems", Scheme::RubyGems, Named::Exactly, "gem"),
    of("Packagist", Scheme::Composer, Named::InAnyCase, "composer"),
    of("NuGet", Scheme::NuGet, Named::InAnyCase, "nuget"),
    of("Pub", Scheme::SemVerBuild, Named::Exactly, "pub"),
    of("CRAN", Scheme::Cran, Named::Exactly, "cran"),
    of("Hackage", Scheme::Hackage, Named::Exactly, "hackage"),
    of("Julia", Scheme::SemVerBuild, Named::Exactly, "julia"),
    of("ConanCenter", Scheme::Conan, Named::Exactly, "conan"),
    of("Bitnami", Scheme::Bitnami, Named::Exactly, "bitnami"),
    of("SwiftURL", Scheme::SemVer, Named::Exactly, "swift"),
    of("GitHub Actions", Scheme::SemVer, Named::InAnyCase, "github"),
];

const fn of(name: &'static str, scheme: Scheme, named: Named, purl: &'static str) -> Ecosystem {
    Ecosystem { name, scheme, named, purl, drops_epochs: false }
}

impl Ecosystem {
    const fn without_epochs(self) -> Self {
        Self { drops_epochs: true, ..self }
    }
}

/// The name before the release: `Debian` of `Debian:12`.
pub fn base(ecosystem: &str) -> &str {
    ecosystem.split_once(':').map_or(ecosystem, |(base, _)| base)
}

/// The ecosystem of a name with or without a release; `None` where Lazaret does not know it.
pub fn find(ecosystem: &str) -> Option<&'static Ecosystem> {
    let base = base(ecosystem);
    ECOSYSTEMS.iter().find(|known| known.name == base)
}

/// The release as images name it, of an ecosystem that a record names. Red Hat and SUSE publish by product and
/// repository, of which an installed package tells nothing; streams of extended support stay apart.
pub fn of_record(ecosystem: &str) -> Cow<'_, str> {
    match ecosystem.split_once(':') {
        // `Red Hat:enterprise_linux:9::appstream`
        Some(("Red Hat", release)) => match release.split(':').collect::<Vec<_>>()[..] {
            // From release 10 on the minor release is named too; its fixes come for the major one.
            ["enterprise_linux", version, ..] => {
                let major = version.split('.').next().unwrap_or(version);
                format!("Red Hat:enterprise_linux:{major}").into()
            }
            _ => ecosystem.into(),
        },
        // `SUSE:Linux Enterprise Module for Basesystem 15 SP5`
        Some(("SUSE", release)) => {
            let product = release.strip_prefix("Linux Enterprise ").unwrap_or_default();
            let is_general = ["Module for ", "Server ", "Desktop ", "Software Development Kit "]
                .iter()
                .any(|start| product.starts_with(start));
            // The version is a number, alone or with a service pack and nothing behind it.
            let mut words = product.rsplit(' ');
            let version = match (words.next(), words.next()) {
                (Some(pack), Some(major))
                    if pack.strip_prefix("SP").is_some_and(is_number) && is_number(major) =>
                {
                    Some(format!("{major} {pack}"))
                }
                // `15`, and `16.0` since there are no service packs.
                (Some(version), _) if version.split('.').all(is_number) => Some(version.to_owned()),
                _ => None,
            };
            match version.filter(|_| is_general) {
                Some(version) => format!("SUSE:Linux Enterprise {version}").into(),
                None => ecosystem.into(),
            }
        }
        _ => ecosystem.into(),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether packages of the ecosystem can be assessed at all.
pub fn is_known(ecosystem: &str) -> bool {
    find(ecosystem).is_some()
}

/// Whether a distribution publishes the ecosystem: its records then decide for its own packages alone.
pub fn is_distribution(ecosystem: &str) -> bool {
    find(ecosystem).is_some_and(|known| matches!(known.named, Named::BySource | Named::ByBinary))
}

/// The name that advisories of `ecosystem` match `name` by.
pub fn match_name(ecosystem: &str, name: &str) -> String {
    match find(ecosystem).map(|known| known.named) {
        Some(Named::Pep503) => python::normalised_name(name),
        Some(Named::InAnyCase) => name.to_lowercase(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::of_record;

    #[test]
    fn releases_of_products_and_repositories_are_those_of_images() {
        for (record, image) in [
            ("Red Hat:enterprise_linux:9::appstream", "Red Hat:enterprise_linux:9"),
            ("Red Hat:enterprise_linux:10.1", "Red Hat:enterprise_linux:10"),
            ("SUSE:Linux Enterprise Server 16.0", "SUSE:Linux Enterprise 16.0"),
            ("Red Hat:enterprise_linux:8::baseos", "Red Hat:enterprise_linux:8"),
            ("Red Hat:rhel_eus:9.2::baseos", "Red Hat:rhel_eus:9.2::baseos"),
            ("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "SUSE:Linux Enterprise 15 SP5"),
            ("SUSE:Linux Enterprise Server 12 SP5", "SUSE:Linux Enterprise 12 SP5"),
            ("SUSE:Linux Enterprise Server 15 SP5-LTSS", "SUSE:Linux Enterprise Server 15 SP5-LTSS"),
            ("SUSE:Linux Enterprise Micro 5.5", "SUSE:Linux Enterprise Micro 5.5"),
            ("openSUSE:Leap 15.6", "openSUSE:Leap 15.6"),
            ("Debian:12", "Debian:12"),
            ("npm", "npm"),
        ] {
            assert_eq!(of_record(record), image);
        }
    }
}
