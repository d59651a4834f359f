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

/// Debian 11 without a tag, for images that are built on it.
pub fn base() -> ImageBuilder {
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

/// The EICAR test file, put together here: a file that has it whole is taken away by virus scanners.
pub fn eicar() -> String {
    ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat()
}

/// Letters and digits that look random, the same for the same seed.
pub fn random(seed: u64, length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % LETTERS.len()
    };
    (0..length).map(|_| char::from(LETTERS[next()])).collect()
}

/// An image with seven secrets of well-known shapes, none of them ever valid, and the secrets themselves.
pub fn planted(base: &ImageBuilder) -> (ImageBuilder, Vec<String>) {
    let upper = |seed, length| -> String {
        let text = random(seed, length * 4).to_ascii_uppercase();
        text.chars().filter(char::is_ascii_uppercase).take(length).collect()
    };
    let password = random(1, 24);
    let (key, secret) = (format!("AKIA{}", upper(2, 16)), random(3, 40));
    let (github, slack) = (format!("ghp_{}", random(4, 36)), random(5, 24));
    let database = random(6, 20);
    let env = format!(
        "AWS_ACCESS_KEY_ID={key}\nAWS_SECRET_ACCESS_KEY={secret}\nGITHUB_TOKEN={github}\n\
         SLACK_WEBHOOK=https://hooks.slack.com/services/T{}/B{}/{slack}\n\
         DATABASE_URL=postgres://app:{database}@db.internal:5432/app\n",
        upper(7, 8),
        upper(8, 8)
    );
    let private = private_key();
    let image = base
        .clone()
        .env("API_PASSWORD", &password)
        .layer_by(
            LayerBuilder::new().file("etc/ssl/private/server.key", private.clone()).build(),
            "COPY server.key /etc/ssl/private/server.key",
        )
        .layer_by(LayerBuilder::new().file("srv/app/.env", env).build(), "COPY env /srv/app/.env")
        .tag("lazaret-e2e/secrets:1");
    let body = private.lines().nth(3).unwrap_or_default().to_owned();
    (image, vec![password, key, secret, github, slack, database, body])
}

/// A fresh private key.
fn private_key() -> String {
    let made = std::process::Command::new("openssl").args(["genrsa", "2048"]).output().unwrap();
    assert!(made.status.success(), "openssl genrsa");
    String::from_utf8(made.stdout).unwrap()
}
