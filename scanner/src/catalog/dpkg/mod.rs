//! Debian's package database: `var/lib/dpkg/status`, and `var/lib/dpkg/status.d/*` of images built without dpkg.

pub mod copyright;
pub mod files;

use super::format::Parse;
use super::intact::Intact;
use super::stanza::{Troubles, paragraphs};
use super::{Evidence, Format, Listing, Owner, Package, Spec};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "dpkg",
    owner: Owner::System("deb"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Bytes(parse),
});

/// The folder in which distroless images keep one file for each package.
const STATUS_FOLDER: &str = "var/lib/dpkg/status.d/";

/// Whether `path` is the database or one of its parts. The checksum lists beside the parts are not.
pub fn wants(path: &str) -> bool {
    path == "var/lib/dpkg/status"
        || path
            .strip_prefix(STATUS_FOLDER)
            .is_some_and(|name| !name.is_empty() && !name.contains('/') && !name.ends_with(".md5sums"))
}

/// Reads the packages whose files are there; what cannot be read is named in warnings.
pub fn parse(path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    // Parts have no Status field: that the file is there says that the package is.
    let needs_status = !path.starts_with(STATUS_FOLDER);
    let (mut packages, mut intact) = (Vec::new(), Intact::default());
    let mut troubles = Troubles::default();
    for lines in paragraphs(&text) {
        let entry = Entry::read(&lines, &mut troubles);
        match (entry.package, entry.version, entry.state) {
            ("", ..) => troubles.foreign += 1,
            (_, _, State::Absent) => {}
            (name, version, state)
                if version.is_empty()
                    || state == State::Unreadable
                    || (needs_status && state == State::Unsaid) =>
            {
                troubles.incomplete.push(shortened(name));
            }
            (name, version, _) => {
                for (path, digest) in &entry.conffiles {
                    intact.note_hex(path, digest.as_bytes());
                }
                let (source_name, source_version) = source(entry.source, name, version);
                packages.push(Package {
                    name: name.to_owned(),
                    version: version.to_owned(),
                    source_name,
                    source_version,
                    arch: entry.architecture.to_owned(),
                    ..Package::default()
                });
            }
        }
    }
    let warnings = troubles.into_warnings("dpkg", packages.len());
    Listing { packages, intact, warnings, ..Listing::default() }
}

#[derive(Default)]
struct Entry<'a> {
    package: &'a str,
    version: &'a str,
    source: &'a str,
    architecture: &'a str,
    state: State,
    /// Paths of configuration files as they came, with their MD5.
    conffiles: Vec<(&'a str, &'a str)>,
}

/// Whether a package's files are in place.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is no Status field.
    #[default]
    Unsaid,
    /// They are, though its set-up may be pending.
    Unpacked,
    /// They are not, or no longer: of `deinstall ok config-files` only the configuration is left.
    Absent,
    /// The field holds no state that dpkg knows.
    Unreadable,
}

impl<'a> Entry<'a> {
    fn read(lines: &[&'a str], troubles: &mut Troubles) -> Self {
        let mut entry = Self::default();
        let mut in_conffiles = false;
        for line in lines {
            // Lines that begin with white space go on with the field above.
            if line.starts_with([' ', '\t']) {
                if in_conffiles && let Some((path, rest)) = line.trim().split_once(' ') {
                    entry.conffiles.push((path, rest.split(' ').next().unwrap_or(rest)));
                }
                continue;
            }
            in_conffiles = false;
            let field = line.split_once(':').filter(|(key, _)| is_field_name(key));
            let Some((key, value)) = field else {
                troubles.foreign += 1;
                continue;
            };
            let value = value.trim();
            match key.to_ascii_lowercase().as_str() {
                "package" => entry.package = value,
                "version" => entry.version = value,
                "source" => entry.source = value,
                "architecture" => entry.architecture = value,
                "conffiles" => in_conffiles = true,
                "status" => entry.state = state(value),
                _ => {}
            }
        }
        entry
    }
}

fn is_field_name(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic())
}

/// The third word of a Status field tells.
fn state(status: &str) -> State {
    match status.split_whitespace().nth(2) {
        Some("installed" | "unpacked" | "half-configured" | "triggers-awaited" | "triggers-pending") => {
            State::Unpacked
        }
        Some("config-files" | "not-installed" | "half-installed") => State::Absent,
        _ => State::Unreadable,
    }
}

/// `Source: bash (5.2.15-2)` has a version where it differs from that of the binary package.
fn source(field: &str, name: &str, version: &str) -> (String, String) {
    let (source_name, source_version) = field.split_once('(').unwrap_or((field, ""));
    let or =
        |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    (or(source_name.trim(), name), or(source_version.trim_end_matches(')').trim(), version))
}

fn shortened(name: &str) -> String {
    name.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use crate::catalog::intact::tests::knows_abc;

    use super::*;

    const STATUS: &str = "Package: bash\nEssential: yes\nStatus: install ok installed\nArchitecture: amd64\n\
        Source: bash (5.2.15-2)\nVersion: 5.2.15-2+b2\nDescription: shell\n Version: not this\n .\n more\n\n\
        Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1.0\n\n\n\
        Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc\nVersion: 2.36-9\n\n\
        Package: libc6\nStatus: hold ok installed\nArchitecture: i386\nSource: glibc\nVersion: 2.36-9\n\n\
        Package: zlib1g\nStatus: install ok triggers-pending\nVersion: 1:1.2.13.dfsg-1\n";

    fn read(path: &str, text: &[u8]) -> (Vec<String>, Vec<String>) {
        let Listing { packages, warnings, .. } = parse(path, text);
        let line = |p: &Package| {
            format!("{} {} {} {} {}", p.name, p.version, p.source_name, p.source_version, p.arch)
        };
        (packages.iter().map(line).collect(), warnings)
    }

    #[test]
    fn trap_source_name_and_version_and_installed_state() {
        let (packages, warnings) = read("var/lib/dpkg/status", STATUS.as_bytes());
        assert_eq!(
            packages,
            [
                "bash 5.2.15-2+b2 bash 5.2.15-2 amd64",
                "libc6 2.36-9 glibc 2.36-9 amd64",
                "libc6 2.36-9 glibc 2.36-9 i386",
                "zlib1g 1:1.2.13.dfsg-1 zlib1g 1:1.2.13.dfsg-1 ",
            ]
        );
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn trap_status_d_has_no_status_line_and_checksum_siblings() {
        assert!(wants("var/lib/dpkg/status") && wants("var/lib/dpkg/status.d/base"));
        for path in [
            "var/lib/dpkg/status.d/base.md5sums",
            "var/lib/dpkg/status-old",
            "var/lib/dpkg/status.d/",
            "a/var/lib/dpkg/status",
        ] {
            assert!(!wants(path), "{path}");
        }
        let (packages, warnings) = read(
            "var/lib/dpkg/status.d/tzdata",
            b"Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n",
        );
        assert_eq!(packages, ["tzdata 2024a-0+deb12u1 tzdata 2024a-0+deb12u1 all"]);
        assert!(warnings.is_empty());
    }

    #[test]
    fn configuration_files_are_known_with_their_digests() {
        let text = "Package: a\nStatus: install ok installed\nVersion: 1\nConffiles:\n \
            /etc/a.conf 900150983cd24fb0d6963f7d28e17f72\n /etc/old.conf 900150983cd24fb0d6963f7d28e17f72 obsolete\n \
            /etc/new newconffile\n broken\nDescription: x\n /etc/b 900150983cd24fb0d6963f7d28e17f72\n\n\
            Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nConffiles:\n \
            /etc/gone 900150983cd24fb0d6963f7d28e17f72\n";
        let Listing { intact, warnings, .. } = parse("var/lib/dpkg/status", text.as_bytes());
        assert!(warnings.is_empty(), "{warnings:?}");
        for (path, expected) in [
            ("etc/a.conf", true),
            ("etc/old.conf", true),
            ("etc/new", false),
            ("etc/b", false),
            ("etc/gone", false),
        ] {
            assert_eq!(knows_abc(&intact, path), expected, "{path}");
        }
    }

    #[test]
    fn a_garbled_database_is_a_warning_and_never_silent() {
        let (packages, warnings) = read("var/lib/dpkg/status", b"\0\xff\xfe garbage\nmore garbage\n");
        assert!(packages.is_empty());
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("no package of it is assessed"), "{warnings:?}");
    }

    #[test]
    fn a_cut_entry_is_named_and_the_others_stay() {
        for end in ["Status: install ok insta", "Status: install ok installed\nArch", "Version: 3.0"] {
            let cut = format!("{STATUS}\nPackage: openssl\n{end}");
            let (packages, warnings) = read("var/lib/dpkg/status", cut.as_bytes());
            assert_eq!(packages.len(), 4, "{end}");
            assert!(warnings.iter().any(|warning| warning.contains("openssl")), "{end}: {warnings:?}");
        }
    }

    #[test]
    fn an_empty_database_lists_nothing() {
        assert_eq!(parse("var/lib/dpkg/status", b"\n"), Listing::default());
    }
}
