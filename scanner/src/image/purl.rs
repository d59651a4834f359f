//! Package URLs (ECMA-427).

use std::fmt::Write as _;

use super::ImagePackage;
use crate::catalog::Format;

impl ImagePackage {
    /// The package URL: `pkg:deb/debian/openssl@1.1.1n-0%2Bdeb11u5?arch=amd64&distro=debian-11`.
    pub fn purl(&self) -> String {
        let mut release = self.ecosystem.split(':');
        let vendor = release.next().unwrap_or_default().to_ascii_lowercase();
        let mut purl = match self.format {
            Format::Dpkg => format!("pkg:deb/{}/{}", encode(&vendor), encode(&self.name)),
            Format::Apk => format!("pkg:apk/{}/{}", encode(&vendor), encode(&self.name)),
            Format::Python => format!("pkg:pypi/{}", encode(&self.name)),
            Format::Node => match self.name.split_once('/') {
                Some((scope, name)) => format!("pkg:npm/{}/{}", encode(scope), encode(name)),
                None => format!("pkg:npm/{}", encode(&self.name)),
            },
        };
        if !self.version.is_empty() {
            purl.push('@');
            purl.push_str(&encode(&self.version));
        }
        if matches!(self.format, Format::Dpkg | Format::Apk) {
            let mut mark = '?';
            if !self.arch.is_empty() {
                purl.push_str("?arch=");
                purl.push_str(&encode(&self.arch));
                mark = '&';
            }
            if let Some(version) = release.next() {
                let version = version.strip_prefix('v').unwrap_or(version);
                let _ = write!(purl, "{mark}distro={}-{}", encode(&vendor), encode(version));
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
