//! Composer's lock files (getcomposer.org/doc/01-basic-usage.md).

use serde::Deserialize;

use super::Written;
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Spec, is_project_file, json};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "composer-lock",
    owner: Owner::Language("Packagist"),
    evidence: Evidence::Lockfile,
    wants: |path| is_project_file(path, &["composer.lock"]),
    parse: Parse::Bytes(parse),
});

#[derive(Deserialize)]
struct Lock {
    packages: Vec<Written>,
    #[serde(default, rename = "packages-dev")]
    packages_dev: Vec<Written>,
}

/// Reads the packages, those of development too.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    match serde_json::from_slice::<Lock>(json::without_mark(bytes)) {
        Ok(lock) => {
            let all = lock.packages.into_iter().chain(lock.packages_dev);
            Listing::of(all.filter_map(Written::package).collect())
        }
        Err(error) => Listing::warning(format!(
            "cannot be read as a lock file of Composer ({error}); its packages are not covered"
        )),
    }
}
