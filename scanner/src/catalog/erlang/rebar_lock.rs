//! Rebar's lock files (rebar3.org/docs/configuration/dependencies): Erlang terms, in which `{pkg,<<"NAME">>,<<"VERSION">>}`
//! is a package of Hex.

use super::is_dependency;
use crate::catalog::format::Parse;
use crate::catalog::text::{listing, quoted};
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "rebar-lock",
    owner: Owner::Language("Hex"),
    evidence: Evidence::Lockfile,
    wants: |path| {
        path.ends_with("rebar.lock") && is_project_file(path, &["rebar.lock"]) && !is_dependency(path)
    },
    parse: Parse::Bytes(parse),
});

/// Reads the packages; dependencies of Git are none.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let mut packages = Vec::new();
    let mut fault = None;
    for tuple in text.split("{pkg,").skip(1) {
        let package = binary(tuple).and_then(|(name, rest)| Some((name, binary(rest.strip_prefix(',')?)?.0)));
        match package {
            Some((name, version)) => packages.push(Package::new(name, version)),
            None => fault = fault.or(Some("it has packages without a name or version")),
        }
    }
    // A list comes last: of the dependencies in the first form, later of the packages' hashes, if there are packages.
    let without_hashes = packages.is_empty() && text.starts_with('{') && text.trim_end().ends_with("]}.");
    if !(text.trim_end().ends_with("].") || without_hashes) {
        fault = fault.or(Some("it does not end where its last term does"));
    }
    listing(bytes, packages, fault)
}

/// A text `<<"…">>` that is not empty, and what follows it.
fn binary(text: &str) -> Option<(&str, &str)> {
    let inside = text.trim_start().strip_prefix("<<")?;
    let value = quoted(inside).filter(|value| !value.is_empty())?;
    let rest = inside.get(value.len() + 2..)?.strip_prefix(">>")?;
    Some((value, rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_hex_are_read_and_git_is_none() {
        let text = "{\"1.2.0\",\n[{<<\"a\">>,{pkg,<<\"real\">>,<<\"1.0.0\">>},1},\n \
            {<<\"g\">>,{git,\"https://example.org/g\",{ref,\"ab\"}},0}]}.\n[\n{pkg_hash,[\n {<<\"a\">>, <<\"AB\">>}]}\n].\n";
        assert_eq!(parse("", text.as_bytes()), Listing::of(vec![Package::new("real", "1.0.0")]));
        for text in ["[].\n", "{\"1.2.0\",\n[{<<\"g\">>,{git,\"https://e.org\",{ref,\"a\"}},0}]}.\n"] {
            assert_eq!(parse("", text.as_bytes()), Listing::default());
        }
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let found = parse("", b"[{<<\"a\">>,{pkg,<<\"a\">>,<<\"1.0\">>},0},{<<\"b\">>,{pkg,<<\"b\">>,<<\"1.");
        assert_eq!((found.packages.len(), found.warnings.len()), (1, 1));
        for text in [&b""[..], b"{pkg,.", b"{pkg,<<\"a\">>.", b"\xff."] {
            let found = parse("", text);
            assert_eq!((found.packages.len(), found.warnings.len()), (0, 1), "{text:?}");
        }
    }
}
