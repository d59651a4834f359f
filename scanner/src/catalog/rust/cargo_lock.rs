//! Cargo's lock files (doc.rust-lang.org/cargo, "Cargo.lock"): all crates of a workspace, of crates.io and elsewhere.

use serde::Deserialize;

use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "cargo-lock",
    owner: Owner::Language("crates.io"),
    evidence: Evidence::Lockfile,
    wants,
    parse: Parse::Bytes(parse),
});

/// Folders of Cargo's home in which crates lie that were fetched, with lock files of their own.
const FETCHED: [&str; 2] = ["registry/src/", "git/checkouts/"];

/// Whether `path` is the lock file of a project.
pub fn wants(path: &str) -> bool {
    path.ends_with("Cargo.lock")
        && is_project_file(path, &["Cargo.lock"])
        && !FETCHED.iter().any(|folder| path.contains(folder))
}

/// How the registry crates.io is written: by its index in git, or since Cargo 1.68 by its sparse index.
const CRATES_IO: [&str; 2] =
    ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    /// Absent for the crates of the workspace and of folders.
    source: Option<String>,
}

/// Reads the crates of crates.io. Those of the workspace, a folder, a git repository or another registry are left out: a
/// crate of the same name on crates.io is another one.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    match toml::from_str::<Lock>(&text) {
        Ok(lock) => {
            let ours =
                |package: &Crate| package.source.as_deref().is_some_and(|source| CRATES_IO.contains(&source));
            let packages = lock.package.into_iter().filter(ours);
            Listing::of(packages.map(|package| Package::new(package.name, package.version)).collect())
        }
        Err(error) => Listing::warning(format!(
            "cannot be read as a lock file of Cargo ({}); its crates are not covered",
            error.message()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_only_crates_of_crates_io_are_listed() {
        let text = r#"
            version = 4
            [[package]]
            name = "app"
            version = "0.1.0"
            [[package]]
            name = "a"
            version = "1.0.0"
            source = "registry+https://github.com/rust-lang/crates.io-index"
            checksum = "00"
            [[package]]
            name = "b"
            version = "1.0.0+x"
            source = "sparse+https://index.crates.io/"
            [[package]]
            name = "fork"
            version = "1.0.0"
            source = "git+https://example.org/fork?branch=main#0123"
            [[package]]
            name = "private"
            version = "1.0.0"
            source = "sparse+https://crates.example.org/"
        "#;
        let Listing { packages, warnings, .. } = parse("Cargo.lock", text.as_bytes());
        assert_eq!(packages, [Package::new("a", "1.0.0"), Package::new("b", "1.0.0+x")]);
        assert!(warnings.is_empty());
    }

    #[test]
    fn lock_files_of_fetched_crates_are_not_wanted() {
        assert!(wants("srv/app/Cargo.lock") && wants("Cargo.lock"));
        for path in [
            "usr/local/cargo/registry/src/index.crates.io-1949cf8c6b5b557f/a-1.0.0/Cargo.lock",
            "root/.cargo/git/checkouts/a-0123/4567/Cargo.lock",
            "srv/app/vendor/a/Cargo.lock",
            "srv/app/MyCargo.lock",
        ] {
            assert!(!wants(path), "{path}");
        }
    }

    #[test]
    fn what_is_no_lock_file_is_a_warning() {
        let deep = format!("x = {}", "[".repeat(200_000));
        for text in ["[[package]]\nname = 1", "<<<<<<< HEAD", "[[package]]\nname = \"a\"", deep.as_str()] {
            let Listing { packages, warnings, .. } = parse("Cargo.lock", text.as_bytes());
            assert_eq!((packages.len(), warnings.len()), (0, 1), "{}", &text[..text.len().min(40)]);
        }
        assert_eq!(parse("Cargo.lock", b""), Listing::default());
    }
}
