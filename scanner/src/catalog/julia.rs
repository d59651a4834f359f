//! Julia's lock files, `Manifest.toml` (pkgdocs.julialang.org, "Project.toml and Manifest.toml"). Pkg writes this TOML always
//! the same way, so it is read line by line: a damaged entry leaves the others.

use super::format::Parse;
use super::text::{listing, quoted};
use super::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "julia-manifest",
    owner: Owner::Language("Julia"),
    evidence: Evidence::Lockfile,
    wants,
    parse: Parse::Bytes(parse),
});

#[derive(Default)]
struct Entry<'a> {
    name: &'a str,
    version: Option<&'a str>,
    /// Whether it has the digest of a source tree: the standard library's packages have none.
    has_tree: bool,
    /// Whether it comes from a repository or folder of its own instead of the registry.
    is_own: bool,
}

impl Entry<'_> {
    fn package(self) -> Option<Package> {
        let is_registered = self.has_tree && !self.is_own && !self.name.is_empty();
        Some(Package::new(self.name, self.version.filter(|_| is_registered)?))
    }
}

/// Whether `path` is a project's manifest, for any or for one version of Julia, and not that of an installed package.
pub fn wants(path: &str) -> bool {
    let Some(stem) = path.strip_suffix(".toml") else { return false };
    let stem = stem.rsplit('/').next().unwrap_or_default();
    let is_manifest = matches!(stem, "Manifest" | "JuliaManifest") || stem.starts_with("Manifest-v");
    let name = path.rsplit('/').next().unwrap_or_default();
    is_manifest && is_project_file(path, &[name]) && !path.contains(".julia/packages/")
}

/// Reads the packages of the registry.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let mut packages = Vec::new();
    let mut fault = text.trim().is_empty().then_some("it is empty");
    let mut entry = Entry::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(table) = line.strip_prefix("[[") {
            let Some(name) = table.strip_suffix("]]") else {
                fault = Some("it has lines that cannot be read");
                entry = Entry::default();
                continue;
            };
            packages.extend(std::mem::take(&mut entry).package());
            // Before Julia 1.6.2 the tables had no common parent.
            entry.name = name.strip_prefix("deps.").unwrap_or(name);
        } else if !line.starts_with('[') {
            match line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
                Some(("version", value)) => {
                    entry.version = quoted(value).filter(|version| !version.is_empty());
                    fault = if entry.version.is_none() {
                        Some("it has versions that cannot be read")
                    } else {
                        fault
                    };
                }
                Some(("git-tree-sha1", _)) => entry.has_tree = true,
                Some(("repo-url" | "path", _)) => entry.is_own = true,
                Some(_) => {}
                // Long lists go over several lines.
                None if line.starts_with(['"', ']']) => {}
                None => fault = Some("it has lines that cannot be read"),
            }
        }
    }
    packages.extend(entry.package());
    listing(bytes, packages, fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packages_of_the_registry_are_read() {
        let text = "# This file is machine-generated\njulia_version = \"1.9.3\"\nmanifest_format = \"2.0\"\n\n[[deps.Dates]]\n\
            deps = [\"Printf\"]\nuuid = \"ade2\"\n\n[[deps.HTTP]]\ngit-tree-sha1 = \"ab\"\nuuid = \"cd3e\"\n\
            version = \"1.9.14\"\n\n    [deps.HTTP.extensions]\n    X = \"Y\"\n\n[[deps.Mine]]\ngit-tree-sha1 = \"ab\"\n\
            repo-rev = \"main\"\nrepo-url = \"https://example.org/Mine.jl\"\nuuid = \"ab\"\nversion = \"0.1.0\"\n\n\
            [[deps.nghttp2_jll]]\nuuid = \"8e85\"\nversion = \"1.48.0+0\"\n";
        assert_eq!(parse("", text.as_bytes()), Listing::of(vec![Package::new("HTTP", "1.9.14")]));
        let old = "[[JSON]]\ngit-tree-sha1 = \"ab\"\nversion = \"0.21.4\"\n";
        assert_eq!(parse("", old.as_bytes()), Listing::of(vec![Package::new("JSON", "0.21.4")]));
    }

    #[test]
    fn manifests_of_projects_are_wanted() {
        assert!(wants("srv/Manifest.toml") && wants("srv/Manifest-v1.11.toml"));
        assert!(!wants("root/.julia/packages/HTTP/abcd/Manifest.toml") && !wants("srv/Project.toml"));
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let entry = "git-tree-sha1 = \"ab\"\nversion = \"1.0.0";
        let found = parse("", format!("[[deps.A]]\n{entry}\"\n[[deps.B]]\n{entry}").as_bytes());
        assert_eq!((found.packages, found.warnings.len()), (vec![Package::new("A", "1.0.0")], 1));
        for text in [&b""[..], b"\0", b"[[deps.A\n", b"x = \"\xff\"\n"] {
            assert_eq!(parse("", text).warnings.len(), 1, "{text:?}");
        }
    }
}
