use std::collections::BTreeSet;

use lazaret_scanner::advisory;

use super::{QUERIES, RECORDS, ecosystem, samples, write_advisories, write_archives};

#[test]
fn records_are_those_of_the_folder_and_well_formed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/advisories");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = RECORDS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, listed);
    for (name, text) in RECORDS {
        let record = advisory::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(*name, format!("{}.json", record.id));
        let affected = record.affected_packages();
        assert!(!affected.is_empty(), "{name} names no package");
        for (named, ..) in affected {
            assert_eq!(named.split(':').next(), Some(ecosystem(name)), "{name}");
        }
    }
}

#[test]
fn digests_are_the_same_every_time() {
    let ids: Vec<String> =
        samples().iter().map(|sample| format!("{} {}", sample.folder, sample.image.id())).collect();
    let again: Vec<String> =
        samples().iter().map(|sample| format!("{} {}", sample.folder, sample.image.id())).collect();
    assert_eq!(ids, again);
    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}

#[test]
fn files_are_written_once_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    write_archives(folder.path()).unwrap();
    let index = folder.path().join("webshop/index.json");
    let first = std::fs::metadata(&index).unwrap().modified().unwrap();
    write_archives(folder.path()).unwrap();
    assert_eq!(std::fs::metadata(&index).unwrap().modified().unwrap(), first);
    write_advisories(folder.path()).unwrap();
    assert!(folder.path().join("PyPI/PYSEC-2019-13.json").is_file());
}

#[test]
fn queries_can_stand_in_a_shell_line() {
    for query in QUERIES {
        assert!(!query.query.contains('\''), "{}", query.asks);
        assert!(!query.query.contains("  "), "{}", query.asks);
    }
}
