//! Bundler's lock files, `Gemfile.lock` and `gems.locked` (bundler.io/man/bundle-lock.1.html): sections by source, under
//! `specs:` one gem a line, four spaces in, its dependencies deeper.

use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "gemfile-lock",
    owner: Owner::Language("RubyGems"),
    evidence: Evidence::Lockfile,
    wants: |path| is_project_file(path, &["Gemfile.lock", "gems.locked"]),
    parse: Parse::Bytes(parse),
});

/// Reads the gems of `RubyGems` servers; those of a folder or of git are no gems of a server.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let (mut packages, mut broken) = (Vec::new(), 0);
    let (mut in_gems, mut in_specs, mut has_end) = (false, false, false);
    for line in text.lines() {
        let depth = line.len() - line.trim_start_matches(' ').len();
        match depth {
            0 => {
                in_gems = line == "GEM";
                in_specs = false;
                // The sections of sources come first: one of the others tells that they are whole.
                has_end |= matches!(line, "PLATFORMS" | "DEPENDENCIES");
            }
            2 => in_specs = in_gems && line.trim() == "specs:",
            4 if in_specs => match gem(line.trim()) {
                Some(package) => packages.push(package),
                None => broken += 1,
            },
            _ => {}
        }
    }
    match broken {
        0 if has_end => Listing::of(packages),
        0 => Listing::incomplete(packages, "it ends within its sources"),
        lines => Listing::incomplete(packages, format!("{lines} lines of it are damaged")),
    }
}

/// `nokogiri (1.15.0-x86_64-linux)`: what follows a hyphen is the platform, for versions have none.
fn gem(line: &str) -> Option<Package> {
    let (name, version) = line.strip_suffix(')')?.split_once(" (")?;
    let version = version.split('-').next()?;
    let is_version = version.starts_with(|c: char| c.is_ascii_digit());
    (is_version && !name.is_empty() && !name.contains(' ')).then(|| Package::new(name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "GIT\n  remote: https://example.org/a.git\n  revision: abc\n  specs:\n    a (1.0)\n\nPATH\n  \
        remote: .\n  specs:\n    own (0.1)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    mini_portile2 (2.8.4)\n    \
        nokogiri (1.15.0-x86_64-linux)\n      mini_portile2 (~> 2.8.2)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  nokogiri\n";

    #[test]
    fn gems_of_servers_without_their_platform() {
        let Listing { packages, warnings, .. } = parse("", LOCK.as_bytes());
        assert_eq!(packages, [Package::new("mini_portile2", "2.8.4"), Package::new("nokogiri", "1.15.0")]);
        assert!(warnings.is_empty());
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let cut = &LOCK[..LOCK.find("nokogiri (1").unwrap() + 12];
        let Listing { packages, warnings, .. } = parse("", cut.as_bytes());
        assert_eq!((packages.len(), warnings.len()), (1, 1));
        for text in ["", "\0\u{fffd}garbage"] {
            assert_eq!(parse("", text.as_bytes()).warnings.len(), 1, "{text}");
        }
    }
}
