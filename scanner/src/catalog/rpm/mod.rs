//! RPM's databases of installed packages. Three backends hold the same headers in their own ways; each is a format of
//! its own, and so is the list that distroless images have instead.

mod bdb;
mod gather;
mod header;
mod manifest;
mod ndb;
mod pages;
mod sqlite;
mod vendor;

pub(crate) use vendor::is_own;

use super::{Evidence, Format, Owner, Parse, Spec};

/// Berkeley DB, up to rpm 4.15.
pub const BDB: Format = Format::new(&Spec {
    code: "rpm-bdb",
    owner: Owner::System("rpm"),
    evidence: Evidence::Installed,
    wants: |path| is_database(path, "Packages"),
    parse: Parse::Content(bdb::parse),
});

/// The list of packages in distroless images of Azure Linux.
pub const MANIFEST: Format = Format::new(&Spec {
    code: "rpm-manifest",
    owner: Owner::System("rpm"),
    evidence: Evidence::Installed,
    wants: |path| path == MANIFEST_PATH,
    parse: Parse::Bytes(manifest::parse),
});

/// The database of SUSE and of others that have neither Berkeley DB nor SQLite.
pub const NDB: Format = Format::new(&Spec {
    code: "rpm-ndb",
    owner: Owner::System("rpm"),
    evidence: Evidence::Installed,
    wants: |path| is_database(path, "Packages.db"),
    parse: Parse::Content(ndb::parse),
});

/// SQLite, from rpm 4.16 on.
pub const SQLITE: Format = Format::new(&Spec {
    code: "rpm-sqlite",
    owner: Owner::System("rpm"),
    evidence: Evidence::Installed,
    wants: |path| is_database(path, "rpmdb.sqlite"),
    parse: Parse::WithLog { suffix: "-wal", parse: sqlite::parse },
});

const MANIFEST_PATH: &str = "var/lib/rpmmanifest/container-manifest-2";

/// Folders of the database: of most distributions, of those that keep `/usr` whole, and of images by rpm-ostree.
const FOLDERS: [&str; 3] = ["var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"];

/// Every place that a database may have.
pub(crate) const DATABASES: [&str; 10] = [
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/Packages",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/Packages",
    "usr/share/rpm/rpmdb.sqlite",
    "usr/share/rpm/Packages.db",
    "usr/share/rpm/Packages",
    MANIFEST_PATH,
];

fn is_database(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|folder| FOLDERS.contains(&folder))
}

/// Bytes of one header that is read. That of a package with 100,000 files has 10 MB.
const MAX_HEADER: usize = 32 << 20;

#[cfg(test)]
mod tests {
    use super::super::{FORMATS, Listing, format_of};
    use super::*;

    /// Damages a database at many places, one at a time: something must be told of each, and nothing may panic.
    pub fn damaged(file: &[u8], read: impl Fn(&[u8]) -> Listing) {
        for (place, change) in (0..file.len()).step_by(97).zip([0x01, 0x80, 0xff].into_iter().cycle()) {
            let mut bytes = file.to_vec();
            bytes[place] ^= change;
            let found = read(&bytes);
            assert!(!found.packages.is_empty() || !found.warnings.is_empty(), "{change:x} at {place}");
        }
    }

    /// Cuts a database at many places: what is missing must be told of.
    pub fn cut(file: &[u8], read: impl Fn(&[u8]) -> Listing) {
        for end in (0..file.len()).step_by(97) {
            assert_eq!(read(&file[..end]).warnings.len(), 1, "cut at {end}");
        }
    }

    #[test]
    fn trap_each_backend_is_found_at_each_place() {
        for path in DATABASES {
            let format = format_of(path).unwrap();
            assert!(format.code().starts_with("rpm-"), "{path}");
        }
        assert_eq!(format_of("usr/share/rpm/Packages.db"), Some(NDB));
        for path in ["Packages", "var/lib/rpm/Name", "var/lib/rpm/x/Packages", "a/var/lib/rpm/rpmdb.sqlite"] {
            assert!(!FORMATS.iter().any(|format| format_of(path) == Some(*format)), "{path}");
        }
    }
}
