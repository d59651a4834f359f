//! One layer at a time, ordinary and hostile.

use std::io::Read;

use super::*;
use crate::Limits;
use crate::bounded::{Sniffed, uncompressed};
use crate::testing::{Compression, LayerBuilder, TarBuilder};

fn analysed(tar: &[u8]) -> LayerAnalysis {
    analyse(tar, &Limits::default()).unwrap()
}

fn paths(layer: &LayerAnalysis) -> Vec<&str> {
    layer.files.iter().map(|file| file.path.as_str()).collect()
}

fn kind<'a>(layer: &'a LayerAnalysis, path: &str) -> &'a FileKind {
    &layer.files.iter().find(|file| file.path == path).unwrap().kind
}

const APK: &str = "P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\n\n";

#[test]
fn an_empty_layer_has_a_diff_id_and_nothing_else() {
    let tar = LayerBuilder::new().build();
    let layer = analysed(&tar);
    assert_eq!(layer.diff_id, Digest::of(&tar));
    assert_eq!(layer.size, 1024);
    assert!(layer.files.is_empty() && layer.warnings.is_empty());
    assert_eq!(analysed(b"").size, 0);
}

#[test]
fn bytes_after_the_end_marker_belong_to_the_diff_id() {
    let mut tar = LayerBuilder::new().file("a", "1").build();
    tar.extend_from_slice(&[0; 10_240]);
    let layer = analysed(&tar);
    assert_eq!(layer.diff_id, Digest::of(&tar));
    assert_eq!(layer.size, tar.len() as u64);
}

#[test]
fn files_are_listed_in_byte_order_with_kind_and_size() {
    let layer = analysed(
        &LayerBuilder::new()
            .file("z", "12345")
            .directory("./a")
            .file("./a/b", "")
            .symlink("a/link", "../z")
            .hardlink("hard", "z")
            .build(),
    );
    assert_eq!(paths(&layer), ["a", "a/b", "a/link", "hard", "z"]);
    assert_eq!(*kind(&layer, "a"), FileKind::Directory);
    assert_eq!(*kind(&layer, "a/link"), FileKind::Symlink("../z".to_owned()));
    assert_eq!(*kind(&layer, "hard"), FileKind::Hardlink("z".to_owned()));
    assert_eq!(layer.files.last().unwrap().size, 5);
}

#[test]
fn whiteouts_count_by_the_start_of_the_file_name_alone() {
    let layer = analysed(
        &LayerBuilder::new()
            .whiteout("etc/passwd")
            .opaque("var/cache")
            .file("notes.wh.txt", "")
            .file(".wh..wh.plnk/5.3", "")
            .file(".wh..wh.aufs", "")
            .build(),
    );
    assert_eq!(paths(&layer), ["etc/passwd", "notes.wh.txt", "var/cache"]);
    assert_eq!(*kind(&layer, "etc/passwd"), FileKind::Whiteout);
    assert_eq!(*kind(&layer, "var/cache"), FileKind::Opaque);
    assert_eq!(*kind(&layer, "notes.wh.txt"), FileKind::File);
}

#[test]
fn a_removal_of_the_parent_folder_is_refused() {
    let layer = analysed(&TarBuilder::new().file("a/.wh...", "").file("a/.wh.", "").build());
    assert!(layer.files.is_empty());
    assert_eq!(layer.warnings.len(), 2);
}

#[test]
fn dot_dot_paths_are_refused_and_absolute_ones_are_taken_into_the_root() {
    let layer = analysed(
        &TarBuilder::new()
            .file("../../etc/passwd", "root")
            .file("/etc/shadow", "root")
            .file("a/../../b", "")
            .hardlink("c", "../../host")
            .build(),
    );
    assert_eq!(paths(&layer), ["etc/shadow"]);
    let refused: Vec<_> = layer.warnings.iter().map(|warning| warning.path.as_str()).collect();
    assert_eq!(refused, ["../../etc/passwd", "a/../../b", "c"]);
}

#[test]
fn devices_fifos_and_names_that_are_no_utf8_are_listed() {
    let layer = analysed(
        &TarBuilder::new()
            .entry(tar::EntryType::Char, b"dev/null", b"", b"")
            .entry(tar::EntryType::Fifo, b"run/pipe", b"", b"")
            .file(b"caf\xe9", "")
            .build(),
    );
    assert_eq!(*kind(&layer, "dev/null"), FileKind::Special);
    assert_eq!(*kind(&layer, "run/pipe"), FileKind::Special);
    assert_eq!(*kind(&layer, "caf\u{fffd}"), FileKind::File);
}

#[test]
fn long_names_of_gnu_and_pax_are_read() {
    let long = format!("{}/lib/apk/db/installed", "d".repeat(200));
    let layer = analysed(
        &TarBuilder::new()
            .file(&long, "x")
            .symlink("link", &long)
            .pax_file("lib/apk/db/installed", APK)
            .file("after", "y")
            .build(),
    );
    assert_eq!(paths(&layer), ["after", &long, "lib/apk/db/installed", "link"]);
    assert_eq!(*kind(&layer, "link"), FileKind::Symlink(long));
    assert_eq!(layer.package_files[0].packages[0].name, "musl");
}

#[test]
fn the_last_of_two_entries_with_one_name_counts() {
    let layer = analysed(
        &TarBuilder::new()
            .file("lib/apk/db/installed", APK.replace("musl", "old"))
            .file("lib/apk/db/installed", APK)
            .directory("var/lib/dpkg")
            .file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n\n")
            .file("var/lib/dpkg", "now a file")
            .build(),
    );
    assert_eq!(paths(&layer), ["lib/apk/db/installed", "var/lib/dpkg"]);
    assert_eq!(layer.package_files.len(), 1);
    assert_eq!(layer.package_files[0].packages[0].name, "musl");
}

#[test]
fn a_wanted_file_above_the_limit_is_a_warning() {
    let limits = Limits { file_bytes: 10, ..Limits::default() };
    let tar = LayerBuilder::new().file("lib/apk/db/installed", APK).file("big", [0; 100]).build();
    let layer = analyse(&tar[..], &limits).unwrap();
    assert!(layer.package_files.is_empty());
    assert_eq!(layer.warnings.len(), 1);
    assert!(layer.warnings[0].message.contains("not covered"), "{:?}", layer.warnings);
}

#[test]
fn limits_of_a_layer_are_errors() {
    let tar = LayerBuilder::new().file("a", [1; 2000]).file("b", "").build();
    let analyse = |limits| analyse(&tar[..], &limits);
    let error = analyse(Limits { entries: 1, ..Limits::default() }).unwrap_err();
    assert!(matches!(error, LayerError::LimitExceeded(_)), "{error}");
    let error = analyse(Limits { layer_bytes: 1000, ..Limits::default() }).unwrap_err();
    assert!(matches!(error, LayerError::LimitExceeded(_)), "{error}");
    let layer = analyse(Limits { path_bytes: 0, ..Limits::default() }).unwrap();
    assert_eq!(layer.warnings.len(), 1, "two entries, one warning each, and both the same");
}

#[test]
fn every_cut_of_a_layer_within_an_entry_is_an_error() {
    let tar = LayerBuilder::new().file("lib/apk/db/installed", APK).file("a", [7; 1300]).build();
    for end in (1..tar.len() - 1024).filter(|end| ![0, 1024].contains(end)) {
        let error = analyse(&tar[..end], &Limits::default()).unwrap_err();
        let cut = matches!(&error, LayerError::Truncated { .. })
            || matches!(&error, LayerError::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof);
        assert!(cut, "cut at {end}: {error}");
    }
}

#[test]
fn a_header_that_lies_about_4_gib_is_an_error_and_costs_no_memory() {
    let tar = TarBuilder::new().lying_file("var/lib/dpkg/status", 4 << 30, [0; 1024]).build();
    assert!(matches!(analyse(&tar[..], &Limits::default()), Err(LayerError::Truncated { .. })));
    let tar = TarBuilder::new().lying_file("x", u64::MAX, "").build();
    assert!(analyse(&tar[..], &Limits::default()).is_err());
}

#[test]
fn a_long_name_record_of_a_gigabyte_is_refused_unread() {
    let header =
        TarBuilder::new().entry(tar::EntryType::GNULongName, b"././@LongLink", b"", b"").build_unfinished();
    let mut header = tar::Header::from_byte_slice(&header[..512]).clone();
    header.set_size(1 << 30);
    header.set_cksum();
    let endless = header.as_bytes().chain(std::io::repeat(b'a'));
    assert!(matches!(analyse(endless, &Limits::default()), Err(LayerError::LimitExceeded(_))));
}

#[test]
fn a_damaged_header_is_named_with_its_place() {
    let mut tar = LayerBuilder::new().file("a", "").file("b", "").build();
    tar[512] ^= 1;
    let error = analyse(&tar[..], &Limits::default()).unwrap_err();
    assert!(matches!(error, LayerError::Malformed { position: 1024, .. }), "{error}");
}

#[test]
fn sparse_files_do_not_derail_the_reader() {
    let mut sparse = TarBuilder::new()
        .entry(tar::EntryType::GNUSparse, b"var/lib/dpkg/status", b"", b"data")
        .build_unfinished();
    // One more block of pieces, as GNU tar writes for files with many holes.
    let mut header = tar::Header::from_byte_slice(&sparse[..512]).clone();
    header.as_gnu_mut().unwrap().isextended[0] = 1;
    header.as_gnu_mut().unwrap().realsize.copy_from_slice(b"00010000000\0");
    header.set_cksum();
    sparse.splice(..512, header.as_bytes().iter().copied().chain([0; 512]));
    let tar = [sparse, TarBuilder::new().file("after", "").build()].concat();
    let layer = analysed(&tar);
    assert_eq!(paths(&layer), ["after", "var/lib/dpkg/status"]);
    assert_eq!(layer.files[1].size, 0o10_000_000);
    assert!(layer.warnings[0].message.contains("sparse"), "{:?}", layer.warnings);
}

#[test]
fn warnings_of_a_hostile_layer_are_bounded() {
    let tar = (0..3000).fold(TarBuilder::new(), |tar, n| tar.file(format!("../{n}"), "")).build();
    assert_eq!(analysed(&tar).warnings.len(), 1001);
}

#[test]
fn gzip_members_and_zstd_frames_unpack_to_the_end() {
    let tar = LayerBuilder::new().file("a", vec![5; 20_000]).file("lib/apk/db/installed", APK).build();
    for compression in [
        Compression::Plain,
        Compression::Gzip,
        Compression::GzipMembers,
        Compression::Zstd,
        Compression::ZstdFrames,
    ] {
        let packed = compression.pack(&tar);
        let reader = uncompressed(Sniffed::new(&packed[..]).unwrap(), &Limits::default()).unwrap();
        let layer = analyse(reader, &Limits::default()).unwrap();
        assert_eq!(layer.diff_id, Digest::of(&tar), "{compression:?}");
    }
}

#[test]
fn a_decompression_bomb_is_stopped_by_its_ratio() {
    let zeros = vec![0; 96 << 20];
    for compression in [Compression::Gzip, Compression::Zstd] {
        let bomb = compression.pack(&zeros);
        let limits = Limits { ratio: 100, ..Limits::default() };
        let mut reader = uncompressed(Sniffed::new(&bomb[..]).unwrap(), &limits).unwrap();
        let error = std::io::copy(&mut reader, &mut std::io::sink()).unwrap_err();
        assert!(matches!(LayerError::from(error), LayerError::LimitExceeded(_)), "{compression:?}");
    }
}

#[test]
fn os_release_is_kept_from_both_places() {
    let layer = analysed(
        &LayerBuilder::new()
            .os_release("debian", "12", "Debian")
            .file("usr/lib/os-release", "ID=x\n")
            .file("opt/etc/os-release", "ID=y\n")
            .build(),
    );
    let places: Vec<_> = layer.os_releases.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(places, ["etc/os-release", "usr/lib/os-release"]);
}

#[test]
fn trap_a_database_is_read_with_the_log_beside_it_in_either_order() {
    let database = &include_bytes!("../../fixtures/rpm-sqlite/unwritten/rpmdb.sqlite")[..];
    let log = &include_bytes!("../../fixtures/rpm-sqlite/unwritten/rpmdb.sqlite-wal")[..];
    let (path, beside) = ("var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite-wal");
    let names = |layer: &LayerAnalysis| -> Vec<String> {
        layer.package_files[0].packages.iter().map(|package| package.name.clone()).collect()
    };
    for layer in [
        LayerBuilder::new().file(path, database).file(beside, log),
        LayerBuilder::new().file(beside, log).file(path, database),
        LayerBuilder::new().file(path, "old").file(beside, "old").file(path, database).file(beside, log),
    ] {
        let layer = analysed(&layer.build());
        assert_eq!((layer.package_files.len(), &layer.warnings[..]), (1, &[][..]));
        assert!(names(&layer).contains(&"docker-ce-cli".to_owned()));
        assert!(!names(&layer).contains(&"npm".to_owned()));
    }
    for empty in [&b""[..], &[0; 32]] {
        let layer = analysed(&LayerBuilder::new().file(path, database).file(beside, empty).build());
        assert!(layer.warnings.is_empty() && names(&layer).contains(&"npm".to_owned()));
    }
    let alone = analysed(&LayerBuilder::new().file(beside, log).build());
    assert_eq!((alone.package_files.len(), alone.warnings.len()), (0, 1));
    assert_eq!(alone.warnings[0].path, beside);
    assert!(alone.warnings[0].message.contains("not covered"));
    assert!(analysed(&LayerBuilder::new().file(beside, "").build()).warnings.is_empty());
}

#[test]
fn programs_of_any_name_are_read_and_others_pass_unheard() {
    let go =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/go-binary/root/usr/local/bin/hello"));
    let go = go.unwrap();
    let cut = &go[..go.len() / 2];
    let tar = TarBuilder::new()
        .program("opt/tool", &go)
        .program("opt/script", "#!/bin/sh\n")
        .program("opt/tiny", "\x7fE")
        .program("opt/cut", cut)
        .file("opt/data", &go)
        .file("opt/library.so", &go)
        .build();
    let layer = analysed(&tar);
    let read: Vec<_> = layer.package_files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(read, ["opt/library.so", "opt/tool"]);
    assert!(layer.warnings.is_empty(), "{:?}", layer.warnings);

    let limits = Limits { memory_bytes: 1 << 10, ..Limits::default() };
    let layer = analyse(&tar[..], &limits).unwrap();
    assert!(layer.package_files.is_empty());
    assert!(layer.warnings.iter().all(|warning| warning.message.contains("not covered")));
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { spool_folder: Some(folder.path().into()), ..limits };
    assert_eq!(analyse(&tar[..], &limits).unwrap().package_files.len(), 2);
}

#[test]
fn a_later_entry_of_the_same_name_replaces_a_program() {
    let go =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/go-binary/root/usr/local/bin/hello"));
    let tar = TarBuilder::new().program("opt/tool", go.unwrap()).program("opt/tool", "#!/bin/sh\n").build();
    assert!(analysed(&tar).package_files.is_empty());
}
