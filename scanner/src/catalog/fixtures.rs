//! Real files of each format below `scanner/fixtures/FORMAT/`: `root/` holds them at the paths they have in an image,
//! `expected.txt` what they tell, and `make.sh` how they were made.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{FORMATS, PackageFile, executable, format_of, parse};
use crate::Limits;
use crate::content::Content;

pub(super) fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// One line per package; what is the same as name and version is left out.
fn lines(file: &PackageFile) -> Vec<String> {
    let line = |package: &super::Package| {
        let mut line = format!("{} {}", file.format.code(), package.name);
        if !package.version.is_empty() {
            line.push(' ');
            line.push_str(&package.version);
        }
        let mut add = |key: &str, value: &str| {
            if !value.is_empty() {
                line.extend([" ", key, "=", value]);
            }
        };
        if (&package.source_name, &package.source_version) != (&package.name, &package.version) {
            add("source", &format!("{}@{}", package.source_name, package.source_version));
        }
        add("arch", &package.arch);
        add("module", &package.module);
        add("vendor", &package.vendor);
        add("license", &package.licenses);
        add("within", &package.within);
        line
    };
    let owned = file.owned.iter().map(|path| format!("{} owns {path}", file.format.code()));
    file.packages.iter().map(line).chain(owned).collect()
}

#[test]
fn every_fixture_gives_its_expected_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut seen = BTreeSet::new();
    for case in fs::read_dir(&folder).unwrap() {
        let case = case.unwrap().path();
        let root = case.join("root");
        let mut found = Vec::new();
        files(&root, &mut found);
        let mut told = Vec::new();
        for path in found {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let content = Content::from(fs::read(&path).unwrap());
            let (file, warnings) = match format_of(&name) {
                Some(format) => {
                    let (file, warnings) = parse(format, &name, content, &Limits::default());
                    (Some(file), warnings)
                }
                None => {
                    executable::read(&name, &mut Content::from(fs::read(&path).unwrap()), &Limits::default())
                }
            };
            assert_eq!(warnings, [], "{}", case.display());
            let Some(file) = file else { continue };
            seen.insert(file.format);
            told.extend(lines(&file));
        }
        let expected = fs::read_to_string(case.join("expected.txt")).unwrap();
        let expected: Vec<&str> =
            expected.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert_eq!(told, expected, "{}", case.display());
    }
    let without: Vec<&str> = FORMATS.iter().filter(|f| !seen.contains(f)).map(|f| f.code()).collect();
    assert!(without.is_empty(), "formats without a fixture: {without:?}");
}
