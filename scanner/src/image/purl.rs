//! Package URLs (ECMA-427).

use std::fmt::Write as _;

use super::ImagePackage;
use crate::catalog::{self, Owner};
use crate::ecosystem;

impl ImagePackage {
    /// The package URL: `pkg:deb/debian/openssl@1.1.1n-0%2Bdeb11u5?arch=amd64&distro=debian-11`.
    pub fn purl(&self) -> String {
        let name = PackageName {
            ecosystem: &self.ecosystem,
            name: &self.name,
            version: &self.version,
            arch: &self.arch,
        };
        name.purl(&self.path)
    }
}

/// What of a package goes into its package URL.
#[derive(Debug, Clone, Copy)]
pub struct PackageName<'a> {
    /// OSV ecosystem with release, or what stands in its place.
    pub ecosystem: &'a str,
    /// Name.
    pub name: &'a str,
    /// Version.
    pub version: &'a str,
    /// Architecture, empty where there is none.
    pub arch: &'a str,
}

impl PackageName<'_> {
    /// The package URL. `path` is the file that told of the package: it tells the type where the ecosystem does not;
    /// `pkg:generic` where neither does.
    pub fn purl(&self, path: &str) -> String {
        let (base, release) = self.ecosystem.split_once(':').unwrap_or((self.ecosystem, ""));
        let by_path = || match catalog::format_of(path)?.owner() {
            Owner::System(purl) => Some(format!("{purl}/{}", encode(&base.to_ascii_lowercase()))),
            Owner::Language(_) => None,
        };
        let known = ecosystem::find(self.ecosystem).map(|known| known.purl.to_owned());
        let kind = known.or_else(by_path).unwrap_or_else(|| "generic".to_owned());
        let separator = if kind == "maven" { ':' } else { '/' };
        let name: Vec<String> = self.name.split(separator).map(encode).collect();
        let mut purl = format!("pkg:{kind}/{}", name.join("/"));
        if !self.version.is_empty() {
            purl.push('@');
            purl.push_str(&encode(self.version));
        }
        if let Some((_, namespace)) = kind.split_once('/') {
            let mut mark = '?';
            if !self.arch.is_empty() {
                purl.push_str("?arch=");
                purl.push_str(&encode(self.arch));
                mark = '&';
            }
            let version = release.split(':').next().unwrap_or_default();
            if !version.is_empty() {
                let version = version.strip_prefix('v').unwrap_or(version);
                let _ = write!(purl, "{mark}distro={namespace}-{}", encode(version));
            }
        }
        purl
    }
}

/// Percent-encodes all but what the specification leaves alone; the colon of an epoch stays readable.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                encoded.push(char::from(byte));
            }
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}
