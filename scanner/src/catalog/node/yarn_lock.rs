//! Yarn's `yarn.lock`: the format of Yarn 1 (classic.yarnpkg.com/lang/en/docs/yarn-lock), and that of later versions,
//! which is YAML of the same shape: an entry for each package under the ranges that it satisfies, with indented fields.

use std::borrow::Cow;

use super::{is_from_registry, is_version, split_name};
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "yarn-lock",
    owner: Owner::Language("npm"),
    evidence: Evidence::Lockfile,
    wants,
    parse: Parse::Bytes(parse),
});

/// Whether `path` is a project's lock file of Yarn.
pub fn wants(path: &str) -> bool {
    is_project_file(path, &["yarn.lock"])
}

/// Reads the packages of a registry that it lists.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let mut packages = Vec::new();
    let mut faults = usize::from(matches!(text, Cow::Owned(_)));
    let mut entry = Entry::default();
    let mut finish = |entry: Entry<'_>, faults: &mut usize| match entry.package() {
        Ok(package) => packages.extend(package),
        Err(Incomplete) => *faults += 1,
    };
    for line in text.trim_start_matches('\u{feff}').lines() {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if line.starts_with("  ") {
            // Deeper lines are ranges of dependencies.
            if !line.starts_with("   ") {
                entry.field(content);
            }
        } else if let Some(ranges) = ranges(content) {
            finish(std::mem::replace(&mut entry, Entry { ranges, ..Entry::default() }), &mut faults);
        } else if content != ":" {
            // A lone colon ends ranges that are too long for a line with others.
            faults += 1;
        }
    }
    finish(entry, &mut faults);
    match faults {
        0 => Listing::of(packages),
        faults => Listing::incomplete(packages, format!("{faults} entries or lines of it are damaged")),
    }
}

/// The ranges at the head of an entry, as written.
fn ranges(line: &str) -> Option<&str> {
    line.strip_suffix(':').filter(|ranges| !ranges.is_empty()).or_else(|| line.strip_prefix("? "))
}

#[derive(Default)]
struct Entry<'a> {
    ranges: &'a str,
    version: &'a str,
    /// Where Yarn 1 had it from.
    resolved: &'a str,
    /// What later versions chose: `NAME@npm:VERSION`.
    resolution: &'a str,
    /// Whether fields are written as later versions do.
    is_yaml: bool,
}

/// An entry lacks what each has: the file was cut.
struct Incomplete;

impl<'a> Entry<'a> {
    fn field(&mut self, line: &'a str) {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        let value = value.trim();
        let value = match value.strip_prefix('"') {
            // A text without its end was cut.
            Some(text) => text.strip_suffix('"').unwrap_or_default(),
            None => value,
        };
        self.is_yaml |= key == "version:";
        match key.trim_end_matches(':').trim_matches('"') {
            "version" => self.version = value,
            "resolved" => self.resolved = value,
            "resolution" => self.resolution = value,
            _ => {}
        }
    }

    fn package(&self) -> Result<Option<Package>, Incomplete> {
        if self.ranges.is_empty() || self.ranges == "__metadata" {
            return Ok(None);
        }
        if self.version.is_empty() || (self.is_yaml && self.resolution.is_empty()) {
            return Err(Incomplete);
        }
        let found = if self.is_yaml { self.by_resolution() } else { self.by_range() };
        Ok(found
            .filter(|(name, version)| !name.is_empty() && is_version(version))
            .map(|(name, version)| Package::new(name, version)))
    }

    /// Later versions name the package by its real name, and where it is from by a protocol. A patched package
    /// (`patch:`) has an entry without its patch beside it.
    fn by_resolution(&self) -> Option<(&'a str, &'a str)> {
        let (name, chosen) = split_name(self.resolution)?;
        let version = chosen.strip_prefix("npm:")?;
        // Parameters follow: `::__archiveUrl=…`.
        Some((name, version.split("::").next().unwrap_or(version)))
    }

    /// Yarn 1 names the package by the ranges that ask for it.
    fn by_range(&self) -> Option<(&'a str, &'a str)> {
        let first = self.ranges.trim_start_matches('"');
        let end = first.find(['"', ',']).unwrap_or(first.len());
        let (name, range) = split_name(&first[..end])?;
        let alias = range.strip_prefix("npm:");
        let is_registry = self.resolved.is_empty() || is_from_registry(self.resolved);
        // `OWNER/REPOSITORY`, `file:PATH`, `https://…`; an alias with a scope has a slash too.
        if !is_registry || (alias.is_none() && range.contains(['/', ':'])) {
            return None;
        }
        Some((alias.and_then(split_name).map_or(name, |(real, _)| real), self.version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let Listing { packages, warnings, .. } = parse("yarn.lock", text.as_bytes());
        assert_eq!(warnings, Vec::<String>::new());
        packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
    }

    #[test]
    fn trap_lock_files_inside_installed_packages_do_not_count() {
        assert!(wants("app/yarn.lock") && wants("yarn.lock"));
        assert!(!wants("app/node_modules/a/yarn.lock") && !wants("app/my-yarn.lock"));
    }

    #[test]
    fn entries_of_yarn_1_are_named_by_their_ranges() {
        let text = "# yarn lockfile v1\n\n\n\"@babel/code@^7.0.0\", \"@babel/code@^7.1.0\":\n  version \"7.1.2\"\n  \
            resolved \"https://registry.yarnpkg.com/@babel/code/-/code-7.1.2.tgz#0123\"\n  dependencies:\n    version \"^9\"\n\n\
            ms@2.0.0, ms@^2:\n  version \"2.0.0\"\n\n\"x@>= 1.0.0 < 2\":\n  version \"1.5.0\"\n";
        assert_eq!(read(text), ["@babel/code 7.1.2", "ms 2.0.0", "x 1.5.0"]);
    }

    #[test]
    fn trap_an_alias_is_known_by_its_real_name() {
        assert_eq!(read("\"a@npm:@s/real@^1\":\n  version \"1.2.0\"\n"), ["@s/real 1.2.0"]);
        assert_eq!(
            read("\"a@npm:real@^1\":\n  version: 1.2.0\n  resolution: \"real@npm:1.2.0\"\n"),
            ["real 1.2.0"]
        );
    }

    #[test]
    fn what_is_not_of_a_registry_is_left_out() {
        for entry in [
            "\"a@file:../a\":\n  version \"1.0.0\"\n",
            "\"a@https://example.com/a.tgz\":\n  version \"1.0.0\"\n  resolved \"https://example.com/a.tgz#0123\"\n",
            "a@owner/a:\n  version \"1.0.0\"\n  resolved \"https://codeload.github.com/owner/a/tar.gz/0123\"\n",
            "\"a@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"a@workspace:.\"\n",
            "\"a@git@github.com:o/a.git\":\n  version: 1.0.0\n  resolution: \"a@git@github.com:o/a.git#commit=0123\"\n",
            "\"a@patch:a@^1\":\n  version: 1.0.0\n  resolution: \"a@patch:a@npm%3A1.0.0#~/x.patch\"\n",
            "__metadata:\n  cacheKey: 10\n",
        ] {
            assert!(read(entry).is_empty(), "{entry}");
        }
    }

    #[test]
    fn parameters_of_a_resolution_and_long_ranges_do_not_matter() {
        let text = "? \"a@npm:^1.0.0, a@npm:^1.1.0\"\n:\n  version: 1.2.0\n  resolution: \"a@npm:1.2.0::__archiveUrl=https%3A%2F%2Fx\"\n";
        assert_eq!(read(text), ["a 1.2.0"]);
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        for text in [
            "a@1:\n  version \"1.0.0\"\n\nb@1:\n  vers",
            "a@1:\n  version \"1.0.0\"\n\nb@1:\n  version \"1.0",
            "\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n\n\"b@npm:1\":\n  version: 1.0",
            "<<<<<<< HEAD\na@1:\n  version \"1.0.0\"\n",
            "\u{fffd}\na@1:\n  version \"1.0.0\"\n",
        ] {
            let Listing { packages, warnings, .. } = parse("", text.as_bytes());
            assert_eq!((packages.len(), warnings.len()), (1, 1), "{text}");
        }
        assert_eq!(parse("", b"a@1:\n  version \"1.0.0\"\n  x \xff\n").warnings.len(), 1);
    }
}
