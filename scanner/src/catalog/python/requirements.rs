//! pip's requirements files (pip.pypa.io/en/stable/reference/requirements-file-format): text with one requirement a
//! line. Only what is pinned to one version counts; ranges, addresses and folders do not say what would be installed.

use std::borrow::Cow;

use super::normalised_name;
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "requirements",
    owner: Owner::Language("PyPI"),
    evidence: Evidence::Lockfile,
    wants,
    parse: Parse::Bytes(parse),
});

/// Whether `path` is a project's text file with `requirements` in its name, or in a folder of that name.
pub fn wants(path: &str) -> bool {
    if path.strip_suffix(".txt").is_none() {
        return false;
    }
    let mut parts = path.rsplit('/');
    let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    (name.contains("requirements") || folder == "requirements") && is_project_file(path, &[name])
}

/// Reads the pinned requirements.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = decoded(bytes);
    let mut packages = Vec::new();
    let mut faults = text.matches('\u{fffd}').count().min(1);
    for line in logical_lines(&text) {
        match requirement(&line) {
            Requirement::Pinned(name, version) => packages.push(Package::new(normalised_name(name), version)),
            Requirement::Open => {}
            Requirement::Unreadable => faults += 1,
        }
    }
    match faults {
        0 => Listing::of(packages),
        faults => Listing::incomplete(packages, format!("{faults} lines of it are no requirements")),
    }
}

/// The text, which PowerShell writes in UTF-16 and pip reads so too.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return String::from_utf8_lossy(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)),
    };
    let units = bytes[2..].chunks(2).map(|pair| pair.try_into().map_or(0xfffd, unit));
    char::decode_utf16(units).map(|decoded| decoded.unwrap_or('\u{fffd}')).collect::<String>().into()
}

/// Lines without their comments, joined where one ends with a backslash. Blank ones are left out.
fn logical_lines(text: &str) -> impl Iterator<Item = String> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let mut logical = String::new();
        for line in lines.by_ref() {
            let (content, goes_on) = match line.strip_suffix('\\') {
                Some(content) if !line.trim_start().starts_with('#') => (content, true),
                _ => (line, false),
            };
            logical.push_str(without_comment(content));
            if goes_on {
                continue;
            }
            if !logical.trim().is_empty() {
                return Some(logical);
            }
            logical.clear();
        }
        (!logical.trim().is_empty()).then_some(logical)
    })
}

/// A comment begins at the start of a line or after white space: addresses have a `#` too.
fn without_comment(line: &str) -> &str {
    let begin = line
        .match_indices('#')
        .map(|(at, _)| at)
        .find(|at| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    &line[..begin.unwrap_or(line.len())]
}

#[derive(Debug, PartialEq, Eq)]
enum Requirement<'a> {
    /// Name and version.
    Pinned(&'a str, &'a str),
    /// An option, a range, an address or a folder.
    Open,
    /// None of these.
    Unreadable,
}

fn requirement(line: &str) -> Requirement<'_> {
    let line = line.trim();
    if line.starts_with('-') {
        return Requirement::Open;
    }
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = &line[..line.find(|c| !is_of_name(c)).unwrap_or(line.len())];
    let mut rest = line[name.len()..].trim_start();
    // What follows a `;` says where the requirement counts, ` --hash` what its files are.
    rest = rest.split(';').next().unwrap_or_default();
    rest = rest.split(" --").next().unwrap_or_default().trim();
    if let Some((extras, after)) = rest.split_once(']')
        && extras.starts_with('[')
    {
        rest = after.trim();
    }
    let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !is_name || !(rest.is_empty() || rest.starts_with(['=', '<', '>', '!', '~', '@', '('])) {
        // `./folder`, `https://…`, `name.whl` with a folder before.
        let is_place = line.contains(['/', '\\']) || line.starts_with("${");
        return if is_place { Requirement::Open } else { Requirement::Unreadable };
    }
    let rest = rest.trim_start_matches('(').trim_end_matches(')');
    let pinned = rest.split(',').find_map(|clause| {
        let version = clause.trim().strip_prefix("==")?.trim_start_matches('=').trim();
        let is_version = version.starts_with(|c: char| c.is_ascii_alphanumeric())
            && version.chars().all(|c| is_of_name(c) || matches!(c, '+' | '!'));
        is_version.then_some(version)
    });
    pinned.map_or(Requirement::Open, |version| Requirement::Pinned(name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let Listing { packages, warnings, .. } = parse("requirements.txt", text.as_bytes());
        assert_eq!(warnings, Vec::<String>::new(), "{text}");
        packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
    }

    #[test]
    fn files_of_requirements_are_known_by_name_or_folder() {
        for path in [
            "app/requirements.txt",
            "requirements-dev.txt",
            "app/dev-requirements.txt",
            "app/requirements/base.txt",
        ] {
            assert!(wants(path), "{path}");
        }
        for path in [
            "app/base.txt",
            "requirements.in",
            "lib/site-packages/x/requirements.txt",
            "requirements/a/b.txt",
        ] {
            assert!(!wants(path), "{path}");
        }
    }

    #[test]
    fn pinned_requirements_in_all_their_dress() {
        for (line, expected) in [
            ("requests==2.31.0", "requests 2.31.0"),
            ("Zope.Interface ===6.0", "zope-interface 6.0"),
            ("requests[security,socks] == 2.31.0 ; python_version >= '3.8'  # why", "requests 2.31.0"),
            ("a==1.0 \\\n    --hash=sha256:0123 \\\n    --hash=sha256:4567", "a 1.0"),
            ("a (==1.0)", "a 1.0"),
            ("a>=0.9,==1.0", "a 1.0"),
            ("a==1!2.0.post1+local.1", "a 1!2.0.post1+local.1"),
            ("\u{feff}a==1.0", "a 1.0"),
            ("a==1.0;python_version<'3'", "a 1.0"),
        ] {
            assert_eq!(read(line), [expected], "{line}");
        }
    }

    #[test]
    fn what_is_not_pinned_is_left_out() {
        for line in [
            "a",
            "a>=1.0",
            "a~=1.0",
            "a!=1.0",
            "a==1.*",
            "a==${VERSION}",
            "a @ https://example.com/a-1.0.tar.gz",
            "https://example.com/a-1.0.tar.gz#egg=a==1.0",
            "git+https://github.com/o/a.git@1.0#egg=a",
            "./folder",
            "wheels/a-1.0-py3-none-any.whl",
            "-r other.txt",
            "-e .",
            "--index-url https://example.com/simple",
            "# a==1.0",
            "  # a==1.0 \\",
            "",
        ] {
            assert!(read(line).is_empty(), "{line}");
        }
        assert_eq!(read("# x \\\na==1.0\n\\\n"), ["a 1.0"]);
    }

    #[test]
    fn utf_16_of_powershell_is_read() {
        let utf16 =
            |to: fn(u16) -> [u8; 2]| "\u{feff}a==1.0\r\n#".encode_utf16().flat_map(to).collect::<Vec<u8>>();
        for bytes in [utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)] {
            assert_eq!(parse("", &bytes), Listing::of(vec![Package::new("a", "1.0")]));
            let cut = parse("", &bytes[..bytes.len() - 1]);
            assert_eq!((cut.packages.len(), cut.warnings.len()), (1, 1));
        }
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        for damage in [&b"<<<<<<< HEAD"[..], b"\0\x01", b"some words of prose", b"\xff"] {
            let Listing { packages, warnings, .. } = parse("", &[b"a==1.0\n", damage].concat());
            assert_eq!((packages.len(), warnings.len()), (1, 1), "{damage:?}");
        }
    }
}
