//! What is made to harm its reader, or to be overlooked by it.

use std::io::{Cursor, Read, Write};

use tar::EntryType;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{EICAR, Walker, bzip2, gzip, walked, xz, zip, zstd};
use crate::Limits;
use crate::content::Content;
use crate::testing::TarBuilder;

/// A zip with one local entry and a directory that says of it what it likes, as often as it likes.
struct RawZip {
    flags: u16,
    method: u16,
    data: Vec<u8>,
    crc: u32,
    size: u32,
    entries: u16,
}

impl RawZip {
    fn new(method: u16, data: Vec<u8>, content: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let size = u32::try_from(content.len()).unwrap();
        Self { flags: 0, method, data, crc: crc.sum(), size, entries: 1 }
    }

    fn stored(content: &[u8]) -> Self {
        Self::new(0, content.to_vec(), content)
    }

    fn deflated(content: &[u8]) -> Self {
        let mut data = Vec::new();
        flate2::read::DeflateEncoder::new(content, flate2::Compression::best())
            .read_to_end(&mut data)
            .unwrap();
        Self::new(8, data, content)
    }

    /// The fields that the local header and the directory share (APPNOTE 4.3.7, 4.3.12).
    fn shared(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in [20, self.flags, self.method, 0, 0x21] {
            bytes.extend(field.to_le_bytes());
        }
        for field in [self.crc, u32::try_from(self.data.len()).unwrap(), self.size] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(1_u16.to_le_bytes());
        bytes.extend(0_u16.to_le_bytes());
        bytes
    }

    fn build(&self) -> Vec<u8> {
        let mut zip = [&b"PK\x03\x04"[..], &self.shared(), b"a", &self.data].concat();
        let start = u32::try_from(zip.len()).unwrap();
        for _ in 0..self.entries {
            zip.extend([&b"PK\x01\x02\x14\0"[..], &self.shared(), &[0; 14], b"a"].concat());
        }
        let length = u32::try_from(zip.len()).unwrap() - start;
        zip.extend(b"PK\x05\x06\0\0\0\0");
        zip.extend(self.entries.to_le_bytes());
        zip.extend(self.entries.to_le_bytes());
        zip.extend(length.to_le_bytes());
        zip.extend(start.to_le_bytes());
        zip.extend([0, 0]);
        zip
    }
}

/// Only the warnings.
fn warnings(path: &str, bytes: Vec<u8>, limits: &Limits) -> Vec<String> {
    walked(path, bytes, limits).1
}

#[test]
fn trap_entries_of_a_zip_that_share_their_data_stop_at_the_bound() {
    let content = vec![0; 1 << 20];
    let bomb = RawZip { entries: 2_000, ..RawZip::deflated(&content) };
    let limits = Limits { unpacked_bytes: 10 << 20, ..Limits::default() };
    let (found, warnings) = walked("x.zip", bomb.build(), &limits);
    assert_eq!(found.iter().filter(|(_, bytes)| bytes.len() == 1 << 20).count(), 10);
    assert!(warnings.len() <= 3, "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("what follows is not covered")), "{warnings:?}");
    // Without that bound, the ratio is one.
    let (found, warnings) = walked("x.zip", bomb.build(), &Limits { ratio: 100, ..Limits::default() });
    assert!(found.len() <= 65, "{}", found.len());
    assert!(warnings.iter().any(|warning| warning.contains("bomb")), "{warnings:?}");
}

#[test]
fn trap_many_archives_of_a_layer_stop_at_the_bound_of_the_layer() {
    let limits = Limits { layer_bytes: 5 << 20, ..Limits::default() };
    let bomb = zip(&[("a", &vec![0; 1 << 20])]);
    let mut walker = Walker::default();
    let (mut whole, mut warnings) = (0, Vec::new());
    for _ in 0..20 {
        let mut content = Content::from(bomb.clone());
        warnings.extend(walker.walk("x.zip", &mut content, &limits, &mut |_, content| {
            whole += u32::from(content.len() == 1 << 20);
        }));
    }
    assert_eq!((whole, warnings.len()), (5, 15));
    assert!(warnings.iter().all(|warning| warning.message.contains("not covered")), "{warnings:?}");
}

#[test]
fn trap_zeros_packed_in_each_other_stop_at_the_ratio() {
    let zeros = vec![0; 100 << 20];
    for (name, bomb) in
        [("x.zst", zstd(&zeros)), ("x.zst", zstd(&zstd(&zeros))), ("x.zip", zip(&[("a", &zeros)]))]
    {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits { ratio: 10, spool_folder: Some(folder.path().into()), ..Limits::default() };
        let warnings = warnings(name, bomb, &limits);
        assert!(
            warnings.iter().any(|warning| warning.contains("more than 10 times its size")),
            "{warnings:?}"
        );
    }
}

#[test]
fn trap_no_layer_has_more_warnings_than_are_kept() {
    let locked = RawZip { flags: 1, ..RawZip::stored(EICAR) }.build();
    let mut walker = Walker::default();
    let mut walk =
        || walker.walk("x.zip", &mut Content::from(locked.clone()), &Limits::default(), &mut |_, _| {}).len();
    let warnings: usize = (0..3_000).map(|_| walk()).sum();
    assert_eq!(warnings, 1_001);
}

#[test]
fn trap_what_a_password_locks_is_named() {
    let locked = RawZip { flags: 1, entries: 5, ..RawZip::stored(EICAR) };
    let (found, warnings) = walked("x.zip", locked.build(), &Limits::default());
    assert!(found.is_empty());
    assert_eq!(
        warnings,
        ["has 5 entries that are encrypted with a password and are not covered: a, a, a, …"]
    );
}

#[test]
fn a_method_that_is_not_read_is_named() {
    for method in [9, 14, 98, 0xfff0] {
        let foreign = RawZip { method, ..RawZip::stored(EICAR) };
        let warnings = warnings("x.zip", zip(&[("in.zip", &foreign.build())]), &Limits::default());
        assert_eq!(warnings.len(), 1, "{method}");
        assert!(warnings[0].starts_with("in.zip has 1 entries that are packed by methods"), "{warnings:?}");
    }
}

#[test]
fn trap_sizes_that_lie_hide_nothing_silently() {
    let more = RawZip { size: 3, ..RawZip::deflated(EICAR) };
    let less = RawZip { size: u32::MAX - 1, ..RawZip::deflated(EICAR) };
    let none = RawZip { size: 0, ..RawZip::deflated(EICAR) };
    for lying in [more, less, none] {
        let (found, warnings) = walked("x.zip", lying.build(), &Limits::default());
        assert!(found.iter().any(|(_, bytes)| bytes == EICAR) || !warnings.is_empty());
    }
}

#[test]
fn a_checksum_that_is_wrong_is_a_warning_and_the_content_is_looked_at() {
    let wrong = RawZip { crc: 1, ..RawZip::deflated(EICAR) };
    let (found, warnings) = walked("x.zip", wrong.build(), &Limits::default());
    assert_eq!(found, [("a".to_owned(), EICAR.to_vec())]);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn trap_of_a_cut_stream_the_part_that_is_there_is_looked_at() {
    let content: Vec<u8> =
        (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    for (name, mut packed) in [
        ("x.gz", gzip(&content)),
        ("x.xz", xz(&content)),
        ("x.zst", zstd(&content)),
        ("x.bz2", bzip2(&content)),
    ] {
        packed.truncate(packed.len() * 3 / 4);
        let (found, warnings) = walked(name, packed, &Limits::default());
        // xz and bzip2 give whole blocks only.
        assert!(found.iter().all(|(_, bytes)| content.starts_with(bytes)), "{name}");
        assert!(found.len() == 1 || name != "x.gz", "{name}");
        assert_eq!(warnings.len(), 1, "{name}: {warnings:?}");
        assert!(warnings[0].contains("not covered"), "{name}: {warnings:?}");
    }
    let tar = TarBuilder::new().file("a", EICAR).file("b", "second").build();
    for (length, files) in [(1536, 2), (1540, 2), (1024, 1), (520, 1)] {
        let (found, warnings) = walked("x.tar", tar[..length].to_vec(), &Limits::default());
        assert!(found.len() <= files);
        let told = |warning: &String| warning.contains("not covered") || warning.contains("cut off");
        assert!(!warnings.is_empty() && warnings.iter().all(told), "{length}: {warnings:?}");
    }
    let mut cut = zip(&[("a", EICAR)]);
    cut.truncate(cut.len() - 30);
    assert!(warnings("x.zip", cut, &Limits::default())[0].contains("cannot be read"));
}

#[test]
fn trap_a_hundred_archives_within_each_other_are_followed_to_the_bound() {
    let mut bytes = EICAR.to_vec();
    for _ in 0..100 {
        bytes = gzip(&bytes);
    }
    let (found, warnings) = walked("x.gz", bytes, &Limits::default());
    assert_eq!(found.len(), 11);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("more than 10 archives within each other"), "{warnings:?}");
}

#[test]
fn trap_archives_that_double_at_each_depth_stop_at_the_bound() {
    let mut bytes = zip(&[("a", EICAR)]);
    for _ in 0..9 {
        bytes = zip(&[("a.zip", &bytes), ("b.zip", &bytes), ("c.zip", &bytes)]);
    }
    let limits = Limits { entries: 1_000, ..Limits::default() };
    let (found, warnings) = walked("x.zip", bytes, &limits);
    assert!(found.len() <= 1_000);
    assert!(warnings.iter().any(|warning| warning.contains("more entries")), "{warnings:?}");
}

#[test]
fn trap_a_hundred_thousand_entries_and_zip64_are_read_to_the_last() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..100_000 {
        writer.start_file(format!("{index}"), options).unwrap();
        writer.write_all(b"x").unwrap();
    }
    writer.start_file("last", options.large_file(true)).unwrap();
    writer.write_all(EICAR).unwrap();
    let mut content = Content::from(writer.finish().unwrap().into_inner());
    let (mut count, mut last) = (0, Vec::new());
    let warnings = Walker::default().walk("x.zip", &mut content, &Limits::default(), &mut |_, content| {
        count += 1;
        last = content.read_at(0, 100).unwrap();
    });
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!((count, last.as_slice()), (100_001, EICAR));
}

#[test]
fn a_zip_written_as_a_stream_is_read() {
    let mut writer = ZipWriter::new_stream(Vec::new());
    writer.start_file("a", SimpleFileOptions::default()).unwrap();
    writer.write_all(EICAR).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(walked("x.zip", bytes, &Limits::default()).0, [("a".to_owned(), EICAR.to_vec())]);
}

#[test]
fn a_file_within_that_is_too_large_is_a_warning_and_the_rest_is_looked_at() {
    let big = vec![1; 5_000];
    let limits = Limits { file_bytes: 4_000, memory_bytes: 4_000, ..Limits::default() };
    let tar = TarBuilder::new().file("big", &big).file("small", EICAR).build();
    for bytes in [zip(&[("big", &big), ("small", EICAR)]), tar.clone(), gzip(&tar)] {
        let (found, warnings) = walked("x", bytes, &limits);
        assert_eq!(found, [("small".to_owned(), EICAR.to_vec())]);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].starts_with("big has ") && warnings[0].contains("not covered"), "{warnings:?}");
    }
    // What is packed alone does not tell its size before.
    let warnings = warnings("x.gz", gzip(&big), &limits);
    assert!(warnings[0].contains("has more than the 2000 bytes"), "{warnings:?}");
}

#[test]
fn a_file_within_that_is_too_large_for_memory_lies_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { memory_bytes: 100, spool_folder: Some(folder.path().into()), ..Limits::default() };
    let inner = zip(&[("small", EICAR), ("big", &vec![7; 100_000])]);
    let (found, warnings) = walked("x.gz", gzip(&inner), &limits);
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(found.len(), 3);
    assert_eq!(found[2], ("x!/big".to_owned(), vec![7; 100_000]));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_not_opened_says_so() {
    let sparse = TarBuilder::new().entry(EntryType::GNUSparse, b"holes", b"", b"x").build();
    for (bytes, reason) in [
        (b"7z\xbc\xaf\x27\x1c rest".to_vec(), "7z"),
        (b"Rar!\x1a\x07\x01\0".to_vec(), "RAR"),
        (sparse, "sparse"),
    ] {
        let warnings = warnings("x", zip(&[("in", &bytes)]), &Limits::default());
        assert!(warnings[0].starts_with("in") && warnings[0].contains(reason), "{warnings:?}");
    }
}

#[test]
fn a_program_with_a_zip_at_its_end_is_no_archive() {
    let program = [b"\x7fELF".as_slice(), &zip(&[("a", EICAR)])].concat();
    assert_eq!(walked("usr/bin/install", program, &Limits::default()), (Vec::new(), Vec::new()));
}

#[test]
fn names_longer_than_is_shown_are_cut_and_the_file_is_looked_at() {
    let name = "ä".repeat(5_000);
    let (found, _) = walked("x.zip", zip(&[(&name, EICAR)]), &Limits::default());
    assert!(found[0].0.len() <= 4_100 && found[0].0.ends_with('…'));
    assert_eq!(found[0].1, EICAR);
}

#[test]
fn damage_anywhere_is_survived() {
    let tar = TarBuilder::new().file("a.zip", zip(&[("b", EICAR), ("c.gz", &gzip(EICAR))])).build();
    let limits =
        Limits { file_bytes: 1 << 20, memory_bytes: 1 << 20, unpacked_bytes: 4 << 20, ..Limits::default() };
    let mut state = 1_u64;
    for bytes in
        [zip(&[("t.tar", &tar), ("x.xz", &xz(&tar))]), gzip(&tar), bzip2(&tar), zstd(&tar), xz(&tar), tar]
    {
        for _ in 0..100 {
            let mut damaged = bytes.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let place = usize::try_from(state >> 33).unwrap() % damaged.len();
                damaged[place] = state.to_le_bytes()[3];
            }
            walked("x", damaged, &limits);
        }
    }
}
