//! `NuGet`'s lock files, `packages.lock.json`
//! (learn.microsoft.com/nuget/consume-packages/package-references-in-project-files).

use std::cell::Cell;

use serde_json::Value;

use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file, json};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "nuget-lock",
    owner: Owner::Language("NuGet"),
    evidence: Evidence::Lockfile,
    wants: |path| is_project_file(path, &["packages.lock.json"]),
    parse: Parse::Bytes(parse),
});

/// Reads the packages of all frameworks; projects of the solution are none.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let mut packages = Vec::new();
    let seen = Cell::new(false);
    let read = json::each_entry(
        bytes,
        |section| {
            seen.set(seen.get() || section == "dependencies");
            section == "dependencies"
        },
        |_, _, framework| {
            let Value::Object(entries) = framework else { return };
            for (name, entry) in entries {
                if let (Some(version), false) = (entry["resolved"].as_str(), entry["type"] == "Project") {
                    packages.push(Package::new(name, version));
                }
            }
        },
    );
    match read {
        Ok(()) if seen.get() => Listing::of(packages),
        Ok(()) => Listing::incomplete(packages, "it has no `dependencies`"),
        Err(error) => Listing::incomplete(packages, error),
    }
}
