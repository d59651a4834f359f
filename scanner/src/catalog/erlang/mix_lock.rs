//! Mix's lock files (hexdocs.pm/mix/Mix.Tasks.Deps.html): an Elixir map with one dependency on each line.

use super::is_dependency;
use crate::catalog::format::Parse;
use crate::catalog::text::{listing, quoted};
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "mix-lock",
    owner: Owner::Language("Hex"),
    evidence: Evidence::Lockfile,
    wants: |path| path.ends_with("mix.lock") && is_project_file(path, &["mix.lock"]) && !is_dependency(path),
    parse: Parse::Bytes(parse),
});

/// Reads the packages of the public registry; those of Git, of a path and of an organisation are none.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let body = text.trim().strip_prefix("%{").and_then(|text| text.strip_suffix('}'));
    let mut packages = Vec::new();
    let mut fault = body.is_none().then_some("it is no map from the first to the last byte");
    let lines = text.lines().map(str::trim);
    for line in lines.filter(|line| line.starts_with('"') || line.starts_with("%{\"")) {
        let count = |wanted: char| line.matches(wanted).count();
        // The whole map may stand on one line.
        let is_whole = count('{') == count('}') && count('[') == count(']');
        match entry(line) {
            Ok(package) if is_whole => packages.extend(package),
            _ => fault = fault.or(Some("it has lines that are no dependency")),
        }
    }
    listing(bytes, packages, fault)
}

/// A line that is no dependency.
struct Damaged;

/// Reads `"NAME": {:hex, :NAME, "VERSION", "HASH", [:mix], [DEPENDENCIES], "REPOSITORY", "HASH"},`; `None` where it is no
/// package of the public registry.
fn entry(line: &str) -> Result<Option<Package>, Damaged> {
    let Some((_, value)) = line.split_once("\": {:").or_else(|| line.split_once("\" => {:")) else {
        return Err(Damaged);
    };
    let Some(hex) = value.strip_prefix("hex, :") else { return Ok(None) };
    let Some((name, rest)) = hex.split_once(", ") else { return Err(Damaged) };
    // Lock files of old have no repository: there was one.
    let repository =
        rest.rsplit_once("], \"").map_or("hexpm", |(_, rest)| rest.split('"').next().unwrap_or(""));
    match quoted(rest) {
        Some(_) if repository != "hexpm" => Ok(None),
        Some(version) if !name.is_empty() && !version.is_empty() => {
            Ok(Some(Package::new(name.trim_matches('"'), version)))
        }
        _ => Err(Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_releases_of_the_public_registry_are_packages() {
        let text = "%{\n  \"old\": {:hex, :old, \"1.0.0\", \"ab\", [:mix], []},\n  \
            \"ours\": {:hex, :ours, \"1.0.0\", \"ab\", [:mix], [{:old, \"~> 1.0\", [hex: :old, repo: \"hexpm\", \
            optional: false]}], \"hexpm:acme\", \"cd\"},\n  \"g\": {:git, \"https://example.org/g.git\", \"ab\", []},\n  \
            \"alias\": {:hex, :real, \"2.0.0-rc.1\", \"ab\", [:mix], [], \"hexpm\", \"cd\"},\n}\n";
        let expected = vec![Package::new("old", "1.0.0"), Package::new("real", "2.0.0-rc.1")];
        assert_eq!(parse("", text.as_bytes()), Listing::of(expected));
        assert_eq!(parse("", b"%{\n}\n"), Listing::default());
    }

    #[test]
    fn lock_files_of_dependencies_say_nothing() {
        assert!((FORMAT.spec().wants)("srv/app/mix.lock"));
        assert!(!(FORMAT.spec().wants)("srv/app/deps/plug/mix.lock"));
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let text = b"%{\n  \"a\": {:hex, :a, \"1.0.0\", \"ab\", [:mix], []},\n  \"b\": {:hex, :b, \"1.0\n";
        let found = parse("", text);
        assert_eq!((found.packages.len(), found.warnings.len()), (1, 1));
        for text in [&b""[..], b"\0", b"%{\"a\xff\": 1}", b"\"x\": {:hex, :"] {
            assert_eq!(parse("", text).warnings.len(), 1, "{text:?}");
        }
    }
}
