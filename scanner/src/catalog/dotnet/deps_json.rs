//! What a .NET program was published with: `PROGRAM.deps.json`
//! (github.com/dotnet/sdk, documentation/specs/runtime-configuration-file.md).

use std::cell::Cell;

use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, json};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "dotnet-deps",
    owner: Owner::Language("NuGet"),
    evidence: Evidence::Installed,
    wants: |path| path.ends_with(".deps.json"),
    parse: Parse::Bytes(parse),
});

/// Reads the libraries that are `NuGet` packages; projects and references are not.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let mut packages = Vec::new();
    let seen = Cell::new(false);
    let read = json::each_entry(
        bytes,
        |section| {
            seen.set(seen.get() || section == "libraries");
            section == "libraries"
        },
        |_, library, entry| {
            if let (Some((name, version)), Some("package")) =
                (library.split_once('/'), entry["type"].as_str())
            {
                packages.push(Package::new(name, version));
            }
        },
    );
    match read {
        Ok(()) if seen.get() => Listing::of(packages),
        Ok(()) => Listing::incomplete(packages, "it has no `libraries`"),
        Err(error) => Listing::incomplete(packages, error),
    }
}
