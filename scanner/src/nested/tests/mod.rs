//! Archives, ordinary and hostile.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

mod hostile;

use super::Walker;
use crate::Limits;
use crate::content::Content;
use crate::testing::TarBuilder;

const EICAR: &[u8] = b"stands for malware";

pub(super) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_by(CompressionMethod::Deflated, files)
}

fn zip_by(method: CompressionMethod, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    flate2::read::GzEncoder::new(bytes, flate2::Compression::best()).read_to_end(&mut packed).unwrap();
    packed
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    liblzma::read::XzEncoder::new(bytes, 6).read_to_end(&mut packed).unwrap();
    packed
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    bzip2::read::BzEncoder::new(bytes, bzip2::Compression::best()).read_to_end(&mut packed).unwrap();
    packed
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Places with the bytes found there, and the warnings.
pub(super) fn walked(path: &str, bytes: Vec<u8>, limits: &Limits) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let mut found = Vec::new();
    let mut content = Content::from(bytes);
    let warnings = Walker::default().walk(path, &mut content, limits, &mut |place, content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).unwrap();
        found.push((place.to_owned(), bytes));
    });
    assert!(warnings.iter().all(|warning| warning.path == path));
    (found, warnings.into_iter().map(|warning| warning.message).collect())
}

fn places(path: &str, bytes: Vec<u8>) -> Vec<String> {
    let (found, warnings) = walked(path, bytes, &Limits::default());
    assert_eq!(warnings, Vec::<String>::new(), "{path}");
    found.into_iter().map(|(place, _)| place).collect()
}

#[test]
fn a_file_in_a_zip_in_a_packed_tar_is_found_at_its_place() {
    let drop = zip(&[("readme", b"x"), ("eicar.com", EICAR)]);
    let tar = TarBuilder::new().directory("nested").file("nested/drop.zip", drop).build();
    for packed in [tar.clone(), gzip(&tar), xz(&tar), zstd(&tar), bzip2(&tar)] {
        let (found, warnings) = walked("opt/nested.tar.gz", packed, &Limits::default());
        assert!(warnings.is_empty(), "{warnings:?}");
        let names: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(names, ["nested/drop.zip", "nested/drop.zip!/readme", "nested/drop.zip!/eicar.com"]);
        assert_eq!(found[2].1, EICAR);
    }
}

#[test]
fn what_is_packed_alone_is_called_as_its_file_without_the_suffix() {
    assert_eq!(places("var/log/app.log.1.gz", gzip(EICAR)), ["app.log.1"]);
    assert_eq!(places("a.bz2", bzip2(&zip(&[("b", EICAR)]))), ["a", "a!/b"]);
    assert_eq!(places("x.gz.xz", xz(&gzip(EICAR))), ["x.gz", "x.gz!/x"]);
}

#[test]
fn members_and_frames_are_read_to_the_last() {
    let mut packed = gzip(b"one ");
    packed.extend(gzip(b"two"));
    let (found, _) = walked("x.gz", packed, &Limits::default());
    assert_eq!(found, [("x".to_owned(), b"one two".to_vec())]);
}

#[test]
fn every_method_of_packing_in_a_zip_is_read() {
    for method in [
        CompressionMethod::Stored,
        CompressionMethod::Deflated,
        CompressionMethod::Bzip2,
        CompressionMethod::Zstd,
    ] {
        let (found, warnings) = walked("x.zip", zip_by(method, &[("a", EICAR)]), &Limits::default());
        assert_eq!(found, [("a".to_owned(), EICAR.to_vec())], "{method:?}: {warnings:?}");
    }
}

#[test]
fn a_zip_behind_a_script_is_opened_by_its_name() {
    let mut jar = b"#!/bin/sh\nexec java -jar $0\n".to_vec();
    jar.extend(zip(&[("A.class", EICAR)]));
    assert_eq!(places("srv/app.jar", jar.clone()), ["A.class"]);
    // Called like a zip, and nothing of the kind.
    assert_eq!(places("srv/notes.par", b"#!/usr/bin/perl\n".to_vec()), Vec::<String>::new());
}

#[test]
fn a_debian_package_is_opened() {
    let tar = |name: &str| gzip(&TarBuilder::new().file(name, EICAR).build());
    let mut deb = b"!<arch>\n".to_vec();
    for (name, bytes) in [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.gz", tar("./postinst")),
        ("data.tar.gz/", tar("./usr/x")),
    ] {
        writeln!(deb, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, 100_644, bytes.len()).unwrap();
        deb.extend(&bytes);
        deb.resize(deb.len().next_multiple_of(2), b'\n');
    }
    assert_eq!(
        places("var/cache/a.deb", deb),
        [
            "debian-binary",
            "control.tar.gz",
            "control.tar.gz!/./postinst",
            "data.tar.gz",
            "data.tar.gz!/./usr/x"
        ]
    );
}

#[test]
fn names_that_lead_out_are_labels() {
    let bytes = zip(&[("../../etc/passwd", b"x"), ("/abs", b"x")]);
    assert_eq!(places("x.zip", bytes), ["../../etc/passwd", "/abs"]);
    let tar = TarBuilder::new().file(b"../a\x01\xff", "x").build();
    assert_eq!(places("x.tar", tar), ["../a\u{fffd}\u{fffd}"]);
}

#[test]
fn archives_too_deep_are_a_warning() {
    let mut bytes = EICAR.to_vec();
    for _ in 0..5 {
        bytes = zip(&[("a.zip", &bytes)]);
    }
    let limits = Limits { depth: 2, ..Limits::default() };
    let (found, warnings) = walked("x.zip", bytes, &limits);
    assert_eq!(found.len(), 3);
    assert_eq!(
        warnings,
        ["a.zip!/a.zip!/a.zip lies in more than 2 archives within each other; what it holds is not covered"]
    );
}
