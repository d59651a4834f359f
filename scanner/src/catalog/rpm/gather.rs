//! What the headers of one database tell together.

use std::collections::BTreeSet;

use super::super::intact::Intact;
use super::super::{Listing, Package, tells_of_language};
use super::header::{Header, Tag};
use super::vendor::is_of_a_distribution;

/// Bytes of a path that is looked at; longer ones name no package.
const MAX_PATH: usize = 1 << 10;
/// Bytes of all owned paths that are kept of one database: a hundred times what a large image has.
const MAX_OWNED: usize = 16 << 20;
/// Bytes of a name, version, release, architecture or module label; longer ones are damage.
const MAX_WORD: usize = 1 << 10;

/// Packages, and the files that they own, of one database while it is read.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    packages: Vec<Package>,
    owned: BTreeSet<String>,
    owned_bytes: usize,
    intact: Intact,
    damaged: usize,
    files_left_out: bool,
}

impl Gathered {
    /// Adds the package that a header describes.
    pub(super) fn add(&mut self, blob: &[u8]) {
        let Some((header, package)) = Header::read(blob).and_then(|header| Some((header, package(header)?)))
        else {
            return self.damage();
        };
        // Keys that rpm trusts are stored as if they were packages.
        if package.name == "gpg-pubkey" {
            return;
        }
        let of_a_distribution = is_of_a_distribution(&package.vendor);
        self.packages.push(package);
        self.add_files(header, of_a_distribution);
    }

    /// Adds a package that is described elsewhere.
    pub(super) fn push(&mut self, package: Package) {
        self.packages.push(package);
    }

    /// Counts a part of the database, an entry or a page, that cannot be read.
    pub(super) fn damage(&mut self) {
        self.damaged += 1;
    }

    fn add_files(&mut self, header: Header<'_>, of_a_distribution: bool) {
        let folders: Vec<&[u8]> = header.texts(Tag::DirNames).collect();
        let mut path = Vec::new();
        // One for each file, and empty for what is none. Their length tells MD5 from SHA-256, as FILEDIGESTALGO would.
        let mut digests = header.texts(Tag::FileDigests);
        for (name, folder) in header.texts(Tag::BaseNames).zip(header.numbers(Tag::DirIndexes)) {
            let digest = digests.next().unwrap_or_default();
            // A package without files has no folders either; an index without a folder is damage of this file alone.
            let Some(folder) = folders.get(folder as usize) else { continue };
            path.clear();
            if folder.len() + name.len() <= MAX_PATH {
                path.extend_from_slice(folder);
                path.extend_from_slice(name);
                self.add_file(&path, digest, of_a_distribution);
            }
        }
        // Before rpm 4 each file was named by its whole path.
        let mut digests = header.texts(Tag::FileDigests);
        for path in header.texts(Tag::OldFileNames) {
            let digest = digests.next().unwrap_or_default();
            if path.len() <= MAX_PATH {
                self.add_file(path, digest, of_a_distribution);
            }
        }
    }

    fn add_file(&mut self, path: &[u8], digest: &[u8], of_a_distribution: bool) {
        let Some(path) = std::str::from_utf8(path).ok().map(|path| path.trim_start_matches('/')) else {
            return;
        };
        self.intact.note_hex(path, digest);
        // What others brought is assessed by no distribution, so the programs among it speak for themselves.
        if !of_a_distribution || !tells_of_language(path) || self.owned.contains(path) {
            return;
        }
        if self.owned_bytes + path.len() > MAX_OWNED {
            self.files_left_out = true;
            return;
        }
        self.owned_bytes += path.len();
        self.owned.insert(path.to_owned());
    }

    /// All that was read, with a sentence on what was not.
    pub(super) fn into_listing(self) -> Listing {
        let mut warnings = Vec::new();
        if self.damaged > 0 {
            let rest = if self.packages.is_empty() {
                "no package of it is assessed"
            } else {
                "packages may be missing"
            };
            warnings.push(format!(
                "This RPM database is damaged ({} of its entries or pages cannot be read), so {rest}.",
                self.damaged
            ));
        }
        if self.files_left_out {
            warnings.push(format!(
                "The packages of this RPM database own more files than are kept ({} MiB of names), so packages of languages may be listed twice.",
                MAX_OWNED >> 20
            ));
        }
        Listing {
            packages: self.packages,
            owned: self.owned.into_iter().collect(),
            intact: self.intact,
            warnings,
        }
    }
}

/// The package of a header; `None` when it has no name, version or release, or one that is no text.
fn package(header: Header<'_>) -> Option<Package> {
    let word = |tag| {
        let text = header.text(tag)?;
        (!text.is_empty() && text.len() <= MAX_WORD && !text.contains('\u{fffd}')).then(|| text.into_owned())
    };
    let line = |tag| header.text(tag).map(|text| text.trim().to_owned()).unwrap_or_default();
    let name = word(Tag::Name)?;
    let version = format!("{}-{}", word(Tag::Version)?, word(Tag::Release)?);
    let epoch = header.number(Tag::Epoch).unwrap_or(0);
    let mut package = described(name, epoch, &version, &word(Tag::SourceRpm).unwrap_or_default());
    package.arch = word(Tag::Arch).unwrap_or_default();
    package.module = word(Tag::ModularityLabel).map(|label| stream(&label)).unwrap_or_default();
    package.vendor = line(Tag::Vendor);
    package.licenses = line(Tag::License);
    Some(package)
}

/// A package by its name, epoch (0 where it has none), version with release, and the file name of its source package.
pub(super) fn described(name: String, epoch: u32, version: &str, source_rpm: &str) -> Package {
    let with_epoch =
        |version: &str| if epoch == 0 { version.to_owned() } else { format!("{epoch}:{version}") };
    let mut package = Package::new(name, with_epoch(version));
    if let Some((source_name, source_version)) = source(source_rpm) {
        source_name.clone_into(&mut package.source_name);
        // The epoch is no part of the file name; binary packages take over that of their source.
        package.source_version = with_epoch(source_version);
    }
    package
}

/// Name and version of `bash-5.1.8-9.el9.src.rpm`.
fn source(file: &str) -> Option<(&str, &str)> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let release = stem.rfind('-')?;
    let version = stem[..release].rfind('-')?;
    let (name, version) = (&stem[..version], &stem[version + 1..]);
    (!name.is_empty() && release > name.len() + 1).then_some((name, version))
}

/// `nodejs:18` of `nodejs:18:9030020231219134829:rhel9`: the stream without version and context of its build.
fn stream(label: &str) -> String {
    label.split(':').take(2).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::super::super::intact::tests::knows_abc;
    use super::super::header::tests::header;
    use super::*;

    fn text(tag: u32, value: &str) -> (u32, u32, u32, Vec<u8>) {
        (tag, 6, 1, [value.as_bytes(), b"\0"].concat())
    }

    fn listing(values: &[(u32, u32, u32, Vec<u8>)]) -> Listing {
        let values: Vec<_> =
            values.iter().map(|(tag, kind, count, value)| (*tag, *kind, *count, &value[..])).collect();
        let mut gathered = Gathered::default();
        gathered.add(&header(&values));
        gathered.into_listing()
    }

    fn epoch(epoch: u32) -> (u32, u32, u32, Vec<u8>) {
        (1003, 4, 1, epoch.to_be_bytes().to_vec())
    }

    fn bash() -> Vec<(u32, u32, u32, Vec<u8>)> {
        vec![text(1000, "bash"), text(1001, "5.1.8"), text(1002, "9.el9")]
    }

    #[test]
    fn trap_a_missing_epoch_is_that_of_zero() {
        for values in [bash(), [bash(), vec![epoch(0)]].concat()] {
            assert_eq!(listing(&values).packages, [Package::new("bash", "5.1.8-9.el9")]);
        }
        let with = listing(&[bash(), vec![epoch(2), text(1044, "bash-src-5.1-9.el9.src.rpm")]].concat());
        let package = &with.packages[0];
        assert_eq!(package.version, "2:5.1.8-9.el9");
        assert_eq!((&*package.source_name, &*package.source_version), ("bash-src", "2:5.1-9.el9"));
    }

    #[test]
    fn trap_a_gpg_pubkey_row_is_no_package() {
        let key = [text(1000, "gpg-pubkey"), text(1001, "fd431d51"), text(1002, "4ae0493b")];
        assert_eq!(listing(&key), Listing::default());
    }

    #[test]
    fn trap_the_modularity_label_gives_name_and_stream() {
        let label = text(5096, "nodejs:18:9030020231219134829:rhel9");
        assert_eq!(listing(&[bash(), vec![label]].concat()).packages[0].module, "nodejs:18");
    }

    #[test]
    fn trap_several_kernels_are_several_packages() {
        let mut gathered = Gathered::default();
        for release in ["362.el9", "427.el9"] {
            let values = [text(1000, "kernel-core"), text(1001, "5.14.0"), text(1002, release)];
            let values: Vec<_> =
                values.iter().map(|(tag, kind, n, value)| (*tag, *kind, *n, &value[..])).collect();
            gathered.add(&header(&values));
        }
        assert_eq!(gathered.into_listing().packages.len(), 2);
    }

    #[test]
    fn source_packages_are_named_by_their_files() {
        assert_eq!(source("glibc-2.34-60.el9.src.rpm"), Some(("glibc", "2.34-60.el9")));
        assert_eq!(source("a-b-1-2.nosrc.rpm"), Some(("a-b", "1-2")));
        for file in
            ["", "(none)", "a.src.rpm", "a-1.src.rpm", "-1-2.src.rpm", "a--2.src.rpm", "a-1-2.x86_64.rpm"]
        {
            assert_eq!(source(file), None, "{file}");
        }
    }

    #[test]
    fn trap_files_of_language_packages_are_owned() {
        let egg = "requests-2.25.1-py3.9.egg-info";
        let files = [
            (1117, 8, 4, format!("bash\0{egg}\0lost.egg-info\0b\0").into_bytes()),
            (1116, 4, 3, [0u32, 1, 7].map(u32::to_be_bytes).concat()),
            (1118, 8, 2, b"/usr/share/\0/usr/lib/python3.9/site-packages/\0".to_vec()),
        ];
        let found = listing(&[bash(), files.to_vec()].concat());
        assert_eq!(found.owned, [format!("usr/lib/python3.9/site-packages/{egg}")]);
        let old = (1027, 8, 3, b"/etc/x\0/bin/sh\0/usr/lib/python2.2/site-packages/a.egg-info\0".to_vec());
        let found = listing(&[bash(), vec![old]].concat());
        assert_eq!(found.owned, ["bin/sh", "usr/lib/python2.2/site-packages/a.egg-info"]);
    }

    #[test]
    fn files_are_known_with_their_digests_whoever_built_the_package() {
        // MD5 and SHA-256 of "abc", and a folder, which has none.
        let digests = b"900150983cd24fb0d6963f7d28e17f72\0\0\
            ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\0"
            .to_vec();
        let files = [
            text(1011, "Somebody"),
            (1035, 8, 3, digests),
            (1117, 8, 3, b"a\0folder\0b\0".to_vec()),
            (1116, 4, 3, [0_u32, 0, 0].map(u32::to_be_bytes).concat()),
            (1118, 8, 1, b"/etc/\0".to_vec()),
        ];
        let found = listing(&[bash(), files.to_vec()].concat()).intact;
        for (path, expected) in [("etc/a", true), ("etc/b", true), ("etc/folder", false), ("etc/c", false)] {
            assert_eq!(knows_abc(&found, path), expected, "{path}");
        }
    }

    #[test]
    fn a_header_without_a_name_or_of_invalid_text_is_damage() {
        for values in [
            vec![],
            bash()[1..].to_vec(),
            bash()[..2].to_vec(),
            vec![(1000, 6, 1, b"a\xff\0".to_vec()), text(1001, "1"), text(1002, "1")],
            vec![text(1000, "a"), text(1001, &"1".repeat(100_000)), text(1002, "1")],
        ] {
            let found = listing(&values);
            assert_eq!((found.packages.len(), found.warnings.len()), (0, 1), "{values:?}");
        }
    }
}
