//! Every format's fixtures, cut and with bytes changed: nothing panics, and a lock file that was cut never tells of a
//! package that it does not have.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::fixtures::files;
use super::{Evidence, Format, Package, format_of, go, parse, python};
use crate::Limits;
use crate::content::Content;

/// Places of a file that are tried; larger files take longer each.
fn places(length: usize) -> impl Iterator<Item = usize> {
    let tries = (1_000_000 / length.max(1)).clamp(8, 100);
    (0..length).step_by((length / tries).max(1))
}

/// Each fixture with its name in an image.
fn fixtures() -> Vec<(Format, String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found = Vec::new();
    for case in fs::read_dir(&folder).unwrap() {
        let root = case.unwrap().path().join("root");
        let mut paths = Vec::new();
        files(&root, &mut paths);
        found.extend(paths.into_iter().filter_map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            Some((format_of(&name)?, name, fs::read(&path).unwrap()))
        }));
    }
    found
}

fn packages(format: Format, name: &str, bytes: &[u8]) -> BTreeSet<Package> {
    let (file, _) = parse(format, name, Content::from(bytes.to_vec()), &Limits::default());
    file.packages.into_iter().collect()
}

#[test]
fn changed_bytes_are_survived_in_every_format() {
    for (format, name, bytes) in fixtures() {
        for at in places(bytes.len()) {
            for change in [0x01, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                packages(format, &name, &changed);
            }
        }
    }
}

#[test]
fn a_cut_lock_file_tells_of_no_package_that_it_does_not_have() {
    for (format, name, bytes) in fixtures() {
        let whole = packages(format, &name, &bytes);
        // A requirement may end anywhere: a cut one is one as well. What replaces a Go module stands at the end.
        let is_open = [go::module::FORMAT, python::requirements::FORMAT].contains(&format);
        let is_exact = format.evidence() == Evidence::Lockfile && !is_open;
        for end in places(bytes.len()) {
            let cut = packages(format, &name, &bytes[..end]);
            assert!(!is_exact || cut.is_subset(&whole), "{name} cut at {end}: {cut:?}");
        }
    }
}

#[test]
fn a_cut_lock_file_of_json_is_never_taken_for_a_whole_one() {
    for (format, name, bytes) in fixtures() {
        if format.evidence() == Evidence::Lockfile && bytes.starts_with(b"{") {
            for end in places(bytes.trim_ascii_end().len()) {
                let content = Content::from(bytes[..end].to_vec());
                let (_, warnings) = parse(format, &name, content, &Limits::default());
                assert!(!warnings.is_empty(), "{name} cut at {end}");
            }
        }
    }
}
