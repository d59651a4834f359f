//! Sample images, made of the metadata files that a scan reads, and published advisories that concern them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lazaret_scanner::testing::{DockerArchive, ImageBuilder, LayerBuilder};

/// The advisories that the demo ships, as a folder of OSV records.
pub fn advisories(_scratch: &Path) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/advisories")
}

/// Debian 11 with an OpenSSL of its first release.
pub fn debian() -> ImageBuilder {
    base().tag("lazaret-e2e/debian:11")
}

/// A Python application on the Debian base.
pub fn python_app() -> ImageBuilder {
    let mut layer = LayerBuilder::new();
    for (name, version) in [("Django", "2.2"), ("Jinja2", "2.10"), ("requests", "2.19.1"), ("idna", "2.8")] {
        layer = layer.file(
            &format!("usr/local/lib/python3.9/site-packages/{name}-{version}.dist-info/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
        );
    }
    base().layer(layer).tag("lazaret-e2e/python:1")
}

/// A Node.js application without a distribution's packages.
pub fn node_app() -> ImageBuilder {
    let mut layer = LayerBuilder::new();
    for (name, version) in [("lodash", "4.17.15"), ("minimist", "1.2.0"), ("axios", "0.18.0")] {
        layer = layer.file(
            &format!("srv/app/node_modules/{name}/package.json"),
            format!("{{\"name\":\"{name}\",\"version\":\"{version}\"}}"),
        );
    }
    base().layer(layer).tag("lazaret-e2e/node:1")
}

fn base() -> ImageBuilder {
    let mut status = String::new();
    for (name, version, source) in [
        ("libssl1.1", "1.1.1k-1", "openssl"),
        ("openssl", "1.1.1k-1", ""),
        ("zlib1g", "1:1.2.11.dfsg-2", "zlib"),
    ] {
        let source = if source.is_empty() { String::new() } else { format!("Source: {source}\n") };
        let _ = write!(
            status,
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n{source}Version: {version}\n\n"
        );
    }
    let layer = LayerBuilder::new()
        .os_release("debian", "11", "Debian GNU/Linux 11 (bullseye)")
        .file("var/lib/dpkg/status", status)
        .file("bin/true", b"#!/bin/sh\n");
    ImageBuilder::new().created("2021-08-14T12:00:00Z").layer(layer)
}

/// Writes what `docker save` would of this image.
pub fn write_archive(image: &ImageBuilder, file: &Path) {
    std::fs::write(file, DockerArchive::new().image(image.clone()).build()).unwrap();
}
