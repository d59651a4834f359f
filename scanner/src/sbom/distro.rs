//! The distribution that a document speaks of. Tools name the same one in several ways: by the id of os-release, or by
//! a name of their own, with or without the version.

use crate::image::{Distro, parse_os_release};
use crate::purl::Purl;

/// Names of tools, and the id in os-release.
const IDS: [(&str, &str); 8] = [
    ("alma", "almalinux"),
    ("amazon", "amzn"),
    ("amazonlinux", "amzn"),
    ("cbl-mariner", "mariner"),
    ("oracle", "ol"),
    ("oraclelinux", "ol"),
    ("redhat", "rhel"),
    ("suse linux enterprise server", "sles"),
];

/// Names of Debian's releases, which some tools write in place of the number.
const DEBIAN: [(&str, &str); 6] = [
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
];

/// The distribution of this name and version; `None` when the name is empty.
pub(super) fn of(name: &str, version: &str, pretty: &str) -> Option<Distro> {
    let name = name.trim().to_ascii_lowercase();
    let id = IDS.iter().find(|(other, _)| *other == name).map_or(name.as_str(), |(_, id)| id);
    // It goes through the reader of os-release, so that a document and an image never differ in what they mean.
    let plain = |text: &str| -> String {
        text.chars().filter(|c| !c.is_control() && *c != '"' && *c != '\\').collect()
    };
    let text = format!(
        "ID=\"{}\"\nVERSION_ID=\"{}\"\nPRETTY_NAME=\"{}\"\n",
        plain(id),
        plain(version.trim()),
        plain(pretty)
    );
    parse_os_release(&text)
}

/// The distribution that a package URL names by its qualifier `distro`; `None` when it has none.
pub(super) fn named_by(purl: &Purl) -> Option<Distro> {
    let qualifier = purl.qualifiers.get("distro")?;
    let begins_with_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    match qualifier.rsplit_once('-') {
        _ if begins_with_digit(qualifier) => of(&purl.namespace, qualifier, ""),
        Some((id, version)) if begins_with_digit(version) => of(id, version, ""),
        _ => match DEBIAN.iter().find(|(name, _)| name == qualifier) {
            Some((_, version)) if purl.namespace == "debian" => of("debian", version, ""),
            _ => of(qualifier, "", ""),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ecosystem(purl: &str) -> Option<String> {
        named_by(&Purl::parse(purl).unwrap())?.ecosystem
    }

    #[test]
    fn each_tool_names_the_release_in_its_own_way() {
        for purl in [
            "pkg:deb/debian/a@1?distro=debian-12",
            "pkg:deb/debian/a@1?distro=debian-12.5",
            "pkg:deb/debian/a@1?distro=bookworm",
            "pkg:deb/debian/a@1?distro=12",
        ] {
            assert_eq!(ecosystem(purl).as_deref(), Some("Debian:12"), "{purl}");
        }
        for purl in ["pkg:apk/alpine/a@1?distro=3.19.1", "pkg:apk/alpine/a@1?distro=alpine-3.19.1"] {
            assert_eq!(ecosystem(purl).as_deref(), Some("Alpine:v3.19"), "{purl}");
        }
        let alma = named_by(&Purl::parse("pkg:rpm/alma/a@1?distro=alma-9.3").unwrap()).unwrap();
        assert_eq!((alma.id.as_str(), alma.version.as_str()), ("almalinux", "9.3"));
        let leap = named_by(&Purl::parse("pkg:rpm/opensuse/a@1?distro=opensuse-leap-15.5").unwrap()).unwrap();
        assert_eq!((leap.id.as_str(), leap.version.as_str()), ("opensuse-leap", "15.5"));
        assert_eq!(ecosystem("pkg:apk/wolfi/a@1?distro=wolfi").as_deref(), Some("Wolfi"));
        assert_eq!(ecosystem("pkg:deb/debian/a@1"), None);
    }

    #[test]
    fn a_hostile_name_stays_a_name() {
        let distro = of("x\"\nID=debian", "12\"\n", "\\").unwrap();
        assert_eq!((distro.id.as_str(), distro.version.as_str()), ("xid=debian", "12"));
        assert_eq!(of(" ", "1", ""), None);
    }
}
