//! Arch Linux's package database: a folder for each package below `var/lib/pacman/local/`, with what it is in `desc`
//! and what it owns in `files`. Both are sections, each a `%NAME%` on a line of its own, its values a line each, and a
//! blank line (libalpm's `be_local.c`). What its files were when it brought them says `mtree`, packed by gzip (mtree(5)).

use std::io::Read;

use super::intact::Intact;
use super::{Evidence, Format, Listing, Owner, Package, Parse, Spec, tells_of_language};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "pacman",
    owner: Owner::System("alpm"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Bytes(parse),
});

/// The folder of all packages.
const FOLDER: &str = "var/lib/pacman/local/";
/// Bytes that are read of what an `mtree` unpacks to; that of a package with 100,000 files has 20 MB.
const MAX_MTREE: u64 = 32 << 20;

/// Whether `path` is one of a package's three files.
pub fn wants(path: &str) -> bool {
    let parts = path.strip_prefix(FOLDER).and_then(|rest| rest.split_once('/'));
    matches!(parts, Some((_, "desc" | "files" | "mtree")))
}

/// Reads what a package is, what it owns, or what that was at first.
pub fn parse(path: &str, bytes: &[u8]) -> Listing {
    match path.rsplit('/').next() {
        Some("files") => files(bytes),
        Some("mtree") => Listing { intact: mtree(bytes), ..Listing::default() },
        _ => description(bytes),
    }
}

/// Reads lines such as `./etc/x time=1.0 size=3 sha256digest=…`. Whatever cannot be read is no file as it was brought.
fn mtree(packed: &[u8]) -> Intact {
    let mut bytes = Vec::new();
    // What came before a failure counts.
    let _ = flate2::read::MultiGzDecoder::new(packed).take(MAX_MTREE).read_to_end(&mut bytes);
    let mut intact = Intact::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut words = line.split(|byte| *byte == b' ');
        let Some(Ok(path)) = words.next().map(std::str::from_utf8) else { continue };
        let digest = words.find_map(|word| word.strip_prefix(b"sha256digest="));
        if let Some(digest) = digest {
            intact.note_hex(path, digest);
        }
    }
    intact
}

fn files(bytes: &[u8]) -> Listing {
    let values = sections(bytes).filter(|(section, _)| *section == b"FILES").map(|(_, value)| value);
    let paths = values.filter_map(|path| std::str::from_utf8(path).ok());
    Listing {
        owned: paths.filter(|path| tells_of_language(path)).map(str::to_owned).collect(),
        ..Listing::default()
    }
}

fn description(bytes: &[u8]) -> Listing {
    let (mut name, mut version, mut base, mut arch) = ("", "", "", "");
    let mut licenses = Vec::new();
    for (section, value) in sections(bytes) {
        let Ok(value) = std::str::from_utf8(value) else { continue };
        match section {
            b"NAME" => name = value,
            b"VERSION" => version = value,
            b"BASE" => base = value,
            b"ARCH" => arch = value,
            b"LICENSE" => licenses.push(value),
            _ => {}
        }
    }
    if name.is_empty() || version.is_empty() {
        let missing = if name.is_empty() { "name" } else { "version" };
        return Listing::warning(format!(
            "This package of pacman's database has no {missing} that can be read, so it is not assessed."
        ));
    }
    let mut package = Package::new(name, version);
    if !base.is_empty() {
        // All packages of one base are built at once and share its version.
        base.clone_into(&mut package.source_name);
    }
    arch.clone_into(&mut package.arch);
    package.licenses = all_of(&licenses);
    Listing::of(vec![package])
}

/// Each value with the section that it is in.
fn sections(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut section: &[u8] = b"";
    bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter_map(move |line| {
        let title = line.strip_prefix(b"%").and_then(|line| line.strip_suffix(b"%"));
        if line.is_empty() {
            section = b"";
        } else if let (b"", Some(title)) = (section, title) {
            section = title;
        } else {
            return Some((section, line));
        }
        None
    })
}

/// One expression of several licences that all apply; one of them may leave a choice.
fn all_of(licenses: &[&str]) -> String {
    let choice = |license: &&str| license.contains(" OR ") && licenses.len() > 1;
    let parts: Vec<String> = licenses
        .iter()
        .map(|license| if choice(license) { format!("({license})") } else { (*license).to_owned() })
        .collect();
    parts.join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::super::intact::tests::knows_abc;
    use super::*;

    #[test]
    fn files_are_known_with_their_digests() {
        let text = b"#mtree\n/set type=file uid=0\n./etc/x time=1.0 size=3 \
            sha256digest=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n./etc time=1.0 type=dir\n";
        let mut packed = Vec::new();
        flate2::read::GzEncoder::new(&text[..], flate2::Compression::fast())
            .read_to_end(&mut packed)
            .unwrap();
        let path = "var/lib/pacman/local/a-1-1/mtree";
        let found = parse(path, &packed);
        assert!(knows_abc(&found.intact, "etc/x") && !knows_abc(&found.intact, "etc"));
        for end in 0..packed.len() {
            assert_eq!(parse(path, &packed[..end]).warnings.len(), 0);
        }
    }

    const DESC: &str = "%NAME%\ngcc-libs\n\n%VERSION%\n14.2.1-1\n\n%BASE%\ngcc\n\n%DESC%\n%NAME%\n\n%URL%\n\n\n\
        %ARCH%\nx86_64\n\n%LICENSE%\nMIT OR Zlib\nISC\n\n";

    #[test]
    fn a_package_is_known_with_its_base() {
        let Listing { packages, warnings, .. } = parse("var/lib/pacman/local/a/desc", DESC.as_bytes());
        let expected = Package {
            source_name: "gcc".into(),
            arch: "x86_64".into(),
            licenses: "(MIT OR Zlib) AND ISC".into(),
            ..Package::new("gcc-libs", "14.2.1-1")
        };
        assert_eq!((packages, warnings), (vec![expected], vec![]));
    }

    #[test]
    fn its_files_alone_are_wanted() {
        for path in [
            "var/lib/pacman/local/zlib-1:1.3.1-2/desc",
            "var/lib/pacman/local/a-1-1/files",
            "var/lib/pacman/local/a-1-1/mtree",
        ] {
            assert!(wants(path), "{path}");
        }
        for path in [
            "var/lib/pacman/local/desc",
            "var/lib/pacman/local/a-1-1/install",
            "var/lib/pacman/local/a/b/desc",
            "var/lib/pacman/sync/a/desc",
            "x/var/lib/pacman/local/a/desc",
        ] {
            assert!(!wants(path), "{path}");
        }
    }

    #[test]
    fn trap_files_of_language_packages_are_owned() {
        let metadata = "usr/lib/python3.12/site-packages/requests-2.32.3.dist-info/METADATA";
        let files = format!("%FILES%\nusr/\nusr/share/x\n{metadata}\n\n%BACKUP%\n{metadata}2\tmd5\n");
        let found = parse("var/lib/pacman/local/a/files", files.as_bytes());
        assert_eq!(found, Listing { owned: vec![metadata.to_owned()], ..Listing::default() });
    }

    #[test]
    fn damage_is_a_warning() {
        for end in (0..DESC.len()).step_by(3) {
            let found = parse("var/lib/pacman/local/a/desc", &DESC.as_bytes()[..end]);
            assert_eq!(found.packages.len() + found.warnings.len(), 1, "cut at {end}");
        }
        for text in [&b""[..], b"\0\xff", b"%NAME%\n\xff\n\n%VERSION%\n1\n", b"%NAME%\na\n"] {
            let found = parse("var/lib/pacman/local/a/desc", text);
            assert_eq!((found.packages.len(), found.warnings.len()), (0, 1), "{text:?}");
        }
        assert_eq!(parse("var/lib/pacman/local/a/files", b"%FILES%\n\xff\n\0"), Listing::default());
    }
}
