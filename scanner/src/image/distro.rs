//! The distribution by the files in which it names itself, and the OSV ecosystem of its packages.

use std::collections::BTreeMap;

use super::Distro;
use crate::catalog::{Format, Owner};
use crate::ecosystem;

/// Files in which distributions name themselves, the most telling first. Old releases have no os-release(5).
pub(crate) const RELEASE_FILES: [&str; 10] = [
    "etc/os-release",
    "usr/lib/os-release",
    "etc/lsb-release",
    "etc/oracle-release",
    "etc/centos-release",
    "etc/redhat-release",
    "etc/SuSE-release",
    "etc/alpine-release",
    "etc/debian_version",
    "etc/arch-release",
];

/// Reads one of [`RELEASE_FILES`]; `None` when it names no distribution.
pub(super) fn parse(path: &str, text: &str) -> Option<Distro> {
    match path.rsplit('/').next()? {
        "os-release" => os_release(text),
        "lsb-release" => lsb_release(text),
        "oracle-release" | "centos-release" | "redhat-release" => red_hat_release(text),
        "SuSE-release" => suse_release(text),
        "alpine-release" => named("alpine", text.trim(), &format!("Alpine Linux {}", text.trim()), ""),
        // Of a release in the making, `trixie/sid`, no number is known.
        "debian_version" => {
            let version = text.trim().split('.').next().filter(|major| is_number(major)).unwrap_or_default();
            named("debian", version, &format!("Debian {}", text.trim()), "")
        }
        "arch-release" => named("arch", "", "Arch Linux", ""),
        _ => None,
    }
}

fn named(id: &str, version: &str, name: &str, version_text: &str) -> Option<Distro> {
    if id.is_empty() {
        return None;
    }
    Some(Distro {
        id: id.to_owned(),
        version: version.to_owned(),
        name: name.to_owned(),
        ecosystem: ecosystem(id, version, version_text),
    })
}

/// freedesktop.org os-release(5).
pub(crate) fn os_release(text: &str) -> Option<Distro> {
    let fields = fields(text);
    let field = |key: &str| fields.get(key).map_or("", String::as_str);
    let id = field("ID").to_ascii_lowercase();
    let version = field("VERSION_ID");
    let name = match (field("PRETTY_NAME"), version) {
        ("", "") => id.clone(),
        ("", version) => format!("{id} {version}"),
        (pretty, _) => pretty.to_owned(),
    };
    named(&id, version, &name, field("VERSION"))
}

/// Ubuntu before 12.04 and its like.
fn lsb_release(text: &str) -> Option<Distro> {
    let fields = fields(text);
    let field = |key: &str| fields.get(key).map_or("", String::as_str);
    let id = field("DISTRIB_ID").to_ascii_lowercase();
    named(&id, field("DISTRIB_RELEASE"), field("DISTRIB_DESCRIPTION"), field("DISTRIB_DESCRIPTION"))
}

/// `CentOS release 6.10 (Final)`, as Red Hat and what is built from it say.
fn red_hat_release(text: &str) -> Option<Distro> {
    let line = text.lines().next()?.trim();
    let (name, rest) = line.split_once(" release ")?;
    let version = rest.split_whitespace().next()?;
    let ids = [
        ("CentOS", "centos"),
        ("Red Hat Enterprise Linux", "rhel"),
        ("Oracle Linux", "ol"),
        ("Enterprise Linux Enterprise Linux", "ol"),
        ("Fedora", "fedora"),
        ("AlmaLinux", "almalinux"),
        ("Rocky Linux", "rocky"),
        ("Amazon Linux", "amzn"),
        ("Scientific Linux", "scientific"),
    ];
    let id = ids.into_iter().find(|(start, _)| name.starts_with(start)).map(|(_, id)| id)?;
    named(id, version, line, "")
}

/// `SUSE Linux Enterprise Server 11 (x86_64)` with lines `VERSION = 11` and `PATCHLEVEL = 4`.
fn suse_release(text: &str) -> Option<Distro> {
    let first = text.lines().next()?.trim();
    let fields = fields(text);
    let field = |key: &str| fields.get(key).map_or("", String::as_str);
    let id = if first.starts_with("SUSE Linux Enterprise") { "sles" } else { "opensuse" };
    let version = match field("PATCHLEVEL") {
        "" | "0" => field("VERSION").to_owned(),
        patch => format!("{}.{patch}", field("VERSION")),
    };
    named(id, &version, first, "")
}

fn fields(text: &str) -> BTreeMap<&str, String> {
    let lines = text.lines().filter_map(|line| line.trim().split_once('='));
    lines.map(|(key, value)| (key.trim(), unquote(value.trim()))).collect()
}

/// The value of a shell-like assignment.
fn unquote(value: &str) -> String {
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return value.to_owned();
    };
    let mut text = String::new();
    let mut chars = value.chars().skip(1);
    while let Some(c) = chars.next() {
        match c {
            _ if c == quote => break,
            '\\' if quote == '"' => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    text
}

/// The OSV ecosystem (ossf.github.io/osv-schema, "Defined ecosystems") of a release; only exact releases match, and
/// only the distribution itself: `CentOS`, Oracle and Amazon Linux are not Red Hat's, and OSV has nothing of theirs.
fn ecosystem(id: &str, version: &str, version_text: &str) -> Option<String> {
    let mut numbers = version.split('.');
    let major = numbers.next().filter(|part| is_number(part));
    let minor = numbers.next().filter(|part| is_number(part));
    match id {
        "debian" => Some(format!("Debian:{}", major?)),
        "ubuntu" => {
            let (year, month) = (major?, minor?);
            // Every second April is a long-term release; some images have no VERSION that says so.
            let april = month == "04" && year.parse::<u32>().is_ok_and(|year| year % 2 == 0);
            let suffix = if april || version_text.contains("LTS") { ":LTS" } else { "" };
            Some(format!("Ubuntu:{year}.{month}{suffix}"))
        }
        // A development version such as `3.23_alpha20250612` is no release that advisories are published for.
        "alpine" => Some(format!("Alpine:v{}.{}", major?, minor?)),
        "wolfi" => Some("Wolfi".to_owned()),
        "chainguard" => Some("Chainguard".to_owned()),
        "minimos" => Some("MinimOS".to_owned()),
        "echo" => Some("Echo".to_owned()),
        "alpaquita" => Some(format!("Alpaquita:{}", major.unwrap_or("stream"))),
        "almalinux" => Some(format!("AlmaLinux:{}", major?)),
        "rocky" => Some(format!("Rocky Linux:{}", major?)),
        "rhel" => Some(format!("Red Hat:enterprise_linux:{}", major?)),
        "sles" | "sled" | "sles_sap" => Some(match minor {
            // Release 16 has minor releases instead of service packs.
            Some(minor) if major?.parse::<u32>().is_ok_and(|major| major >= 16) => {
                format!("SUSE:Linux Enterprise {}.{minor}", major?)
            }
            Some(pack) if pack != "0" => format!("SUSE:Linux Enterprise {} SP{pack}", major?),
            _ => format!("SUSE:Linux Enterprise {}", major?),
        }),
        "opensuse-leap" => Some(format!("openSUSE:Leap {}.{}", major?, minor?)),
        "opensuse-tumbleweed" => Some("openSUSE:Tumbleweed".to_owned()),
        "photon" => Some(format!("Photon OS:{}.{}", major?, minor.unwrap_or("0"))),
        "azurelinux" | "mariner" => Some(format!("Azure Linux:{}", major?)),
        "mageia" => Some(format!("Mageia:{}", major?)),
        "openeuler" => {
            // `24.03 (LTS-SP1)` is the release 24.03-LTS-SP1; what is in the brackets of others names no stream.
            let stream = version_text.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
            let stream = stream.map(|(stream, _)| stream).filter(|stream| stream.starts_with("LTS"));
            let release = format!("openEuler:{}.{}", major?, minor?);
            Some(stream.map_or_else(|| release.clone(), |stream| format!("{release}-{stream}")))
        }
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether packages of a distribution's ecosystem come in a database of this format.
pub(super) fn has_format(ecosystem: &str, format: Format) -> bool {
    let Owner::System(purl) = format.owner() else { return false };
    ecosystem::find(ecosystem).is_some_and(|known| known.purl.split('/').next() == Some(purl))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Id, version and ecosystem of a release file.
    fn read(path: &str, text: &str) -> (String, String, Option<String>) {
        let distro = parse(path, text).unwrap_or_else(|| panic!("{path}: {text}"));
        (distro.id, distro.version, distro.ecosystem)
    }

    fn expect(path: &str, text: &str, id: &str, version: &str, ecosystem: Option<&str>) {
        assert_eq!(
            read(path, text),
            (id.into(), version.into(), ecosystem.map(str::to_owned)),
            "{path}: {text}"
        );
    }

    #[test]
    fn every_distribution_has_the_ecosystem_that_osv_calls_it() {
        let releases = [
            ("ID=debian\nVERSION_ID=\"12\"", "debian", "12", Some("Debian:12")),
            ("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux trixie/sid\"", "debian", "", None),
            ("ID=ubuntu\nVERSION_ID=\"22.04\"", "ubuntu", "22.04", Some("Ubuntu:22.04:LTS")),
            ("ID=ubuntu\nVERSION_ID=\"23.10\"", "ubuntu", "23.10", Some("Ubuntu:23.10")),
            ("ID=alpine\nVERSION_ID=3.19.1", "alpine", "3.19.1", Some("Alpine:v3.19")),
            ("ID=wolfi\nVERSION_ID=20230201", "wolfi", "20230201", Some("Wolfi")),
            ("ID=chainguard", "chainguard", "", Some("Chainguard")),
            ("ID=\"rocky\"\nVERSION_ID=\"9.4\"", "rocky", "9.4", Some("Rocky Linux:9")),
            ("ID=\"almalinux\"\nVERSION_ID=\"8.9\"", "almalinux", "8.9", Some("AlmaLinux:8")),
            ("ID=\"rhel\"\nVERSION_ID=\"9.3\"", "rhel", "9.3", Some("Red Hat:enterprise_linux:9")),
            ("ID=\"sles\"\nVERSION_ID=\"15.5\"", "sles", "15.5", Some("SUSE:Linux Enterprise 15 SP5")),
            ("ID=\"sles\"\nVERSION_ID=\"16.0\"", "sles", "16.0", Some("SUSE:Linux Enterprise 16.0")),
            ("ID=\"rhel\"\nVERSION_ID=\"10.1\"", "rhel", "10.1", Some("Red Hat:enterprise_linux:10")),
            (
                "ID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"",
                "opensuse-leap",
                "15.6",
                Some("openSUSE:Leap 15.6"),
            ),
            ("ID=\"opensuse-tumbleweed\"", "opensuse-tumbleweed", "", Some("openSUSE:Tumbleweed")),
            ("ID=photon\nVERSION_ID=5.0", "photon", "5.0", Some("Photon OS:5.0")),
            ("ID=azurelinux\nVERSION_ID=\"3.0\"", "azurelinux", "3.0", Some("Azure Linux:3")),
            ("ID=mariner\nVERSION_ID=\"2.0\"", "mariner", "2.0", Some("Azure Linux:2")),
            (
                "ID=\"openEuler\"\nVERSION_ID=\"22.03\"\nVERSION=\"22.03 (LTS-SP3)\"",
                "openeuler",
                "22.03",
                Some("openEuler:22.03-LTS-SP3"),
            ),
            ("ID=centos\nVERSION_ID=\"7\"\nID_LIKE=\"rhel fedora\"", "centos", "7", None),
            ("ID=\"ol\"\nVERSION_ID=\"9.3\"\nID_LIKE=\"fedora\"", "ol", "9.3", None),
            ("ID=\"amzn\"\nVERSION_ID=\"2023\"\nID_LIKE=\"fedora\"", "amzn", "2023", None),
            ("ID=fedora\nVERSION_ID=40", "fedora", "40", None),
            ("ID=\"anolis\"\nVERSION_ID=\"8.8\"", "anolis", "8.8", None),
            ("ID=\"tencentos\"\nVERSION_ID=\"3.1\"", "tencentos", "3.1", None),
            ("ID=arch\nBUILD_ID=rolling", "arch", "", None),
            ("ID=kali\nID_LIKE=debian\nVERSION_ID=\"2024.1\"", "kali", "2024.1", None),
        ];
        for (text, id, version, ecosystem) in releases {
            expect("etc/os-release", text, id, version, ecosystem);
        }
    }

    #[test]
    fn trap_old_releases_name_themselves_elsewhere() {
        let ubuntu = "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\nDISTRIB_DESCRIPTION=\"Ubuntu 14.04.6 LTS\"";
        expect("etc/lsb-release", ubuntu, "ubuntu", "14.04", Some("Ubuntu:14.04:LTS"));
        expect("etc/centos-release", "CentOS release 6.10 (Final)\n", "centos", "6.10", None);
        let rhel = "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n";
        expect("etc/redhat-release", rhel, "rhel", "6.10", Some("Red Hat:enterprise_linux:6"));
        expect("etc/oracle-release", "Oracle Linux Server release 6.10\n", "ol", "6.10", None);
        let suse = "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n";
        expect("etc/SuSE-release", suse, "sles", "11.4", Some("SUSE:Linux Enterprise 11 SP4"));
        expect("etc/alpine-release", "3.2.3\n", "alpine", "3.2.3", Some("Alpine:v3.2"));
        expect("etc/debian_version", "7.11\n", "debian", "7", Some("Debian:7"));
        expect("etc/debian_version", "trixie/sid\n", "debian", "", None);
        expect("etc/arch-release", "", "arch", "", None);
    }

    #[test]
    fn what_names_nothing_is_none() {
        for (path, text) in [
            ("etc/os-release", "# nothing\nNAME=x\n"),
            ("etc/redhat-release", "Something release"),
            ("etc/redhat-release", "Unheard-of Linux release 1"),
            ("etc/lsb-release", "\0\u{fffd}"),
            ("etc/SuSE-release", ""),
            ("etc/passwd", "ID=debian"),
        ] {
            assert!(parse(path, text).is_none(), "{path}: {text}");
        }
    }

    #[test]
    fn values_are_unquoted_and_a_missing_name_is_made() {
        assert_eq!(os_release("ID=a\nPRETTY_NAME=\"say \\\"hi\\\"\"\n").unwrap().name, "say \"hi\"");
        assert_eq!(os_release("ID='a'\nVERSION_ID=2\n").unwrap().name, "a 2");
    }
}
