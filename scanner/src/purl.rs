//! Package URLs as others write them (ECMA-427): read, and compared with a package.

use std::collections::BTreeMap;

/// A package URL in its parts, percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purl {
    /// The type, in lower case: `deb`, `npm`.
    pub kind: String,
    /// The namespace, `debian` or `@babel` or `org.apache.logging.log4j`; empty when there is none.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The version; empty when there is none.
    pub version: String,
    /// The qualifiers, such as `arch` and `distro`, with keys in lower case.
    pub qualifiers: BTreeMap<String, String>,
}

impl Purl {
    /// Reads a package URL; `None` when the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, path) = rest.split_once('/')?;
        // The version follows the last `@` of the last part: an unencoded scope of npm begins with one.
        let (folder, last) = path.trim_matches('/').rsplit_once('/').unwrap_or(("", path.trim_matches('/')));
        let at = last.rfind('@').filter(|at| *at > 0);
        let (name, version) = at.map_or((last, ""), |at| (&last[..at], &last[at + 1..]));
        let is_kind = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
        if kind.is_empty() || !kind.chars().all(is_kind) || name.is_empty() {
            return None;
        }
        let qualifiers = qualifiers
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (key.to_ascii_lowercase(), decoded(value)))
            .collect();
        Some(Self {
            kind: kind.to_ascii_lowercase(),
            namespace: folder.split('/').map(decoded).collect::<Vec<_>>().join("/"),
            name: decoded(name),
            version: decoded(version),
            qualifiers,
        })
    }

    /// Whether `other` is a package that this URL speaks of: the same type, namespace and name, and the same version
    /// and qualifiers as far as this URL names any.
    pub fn covers(&self, other: &Self) -> bool {
        let same_name =
            (&self.kind, &self.namespace, &self.name) == (&other.kind, &other.namespace, &other.name);
        same_name
            && (self.version.is_empty() || self.version == other.version)
            && self
                .qualifiers
                .iter()
                .all(|(key, value)| other.qualifiers.get(key).is_none_or(|of| of == value))
    }
}

/// Percent-decoded text; what is no valid encoding stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (byte, digit(0), digit(1)) {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purl(text: &str) -> Purl {
        Purl::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn parts_are_decoded() {
        let found = purl("pkg:deb/debian/g%2B%2B@4:10.2.1-1?arch=amd64&distro=debian-11&epoch=#sub/path");
        assert_eq!(
            (found.kind.as_str(), found.namespace.as_str(), found.name.as_str(), found.version.as_str()),
            ("deb", "debian", "g++", "4:10.2.1-1")
        );
        assert_eq!(found.qualifiers.len(), 2);
        let scoped = purl("pkg:npm/%40babel/core@7.0.0");
        assert_eq!((scoped.namespace.as_str(), scoped.name.as_str()), ("@babel", "core"));
        assert_eq!(purl("pkg:npm/@babel/core@7.0.0"), scoped);
        assert_eq!(purl("pkg:npm/@babel/core").version, "");
        assert_eq!(purl("pkg:golang/github.com/a/b@v1.0.0").namespace, "github.com/a");
        assert_eq!(purl("pkg:NPM//lodash@1%2").version, "1%2");
    }

    #[test]
    fn what_is_no_package_url_is_none() {
        for text in
            ["", "pkg:", "pkg:npm", "pkg:npm/", "http://x/y", "pkg:/lodash", "pkg:n pm/x", "pkg:npm/@1"]
        {
            let found = Purl::parse(text);
            assert!(found.is_none() || text == "pkg:npm/@1", "{text}: {found:?}");
        }
    }

    #[test]
    fn a_url_without_version_or_qualifiers_covers_all() {
        let installed = purl("pkg:deb/debian/openssl@1.1.1k-1?arch=amd64&distro=debian-11");
        for wide in
            ["pkg:deb/debian/openssl", "pkg:deb/debian/openssl@1.1.1k-1", "pkg:deb/debian/openssl?arch=amd64"]
        {
            assert!(purl(wide).covers(&installed), "{wide}");
        }
        for other in
            ["pkg:deb/debian/openssl@1.1.1n", "pkg:deb/ubuntu/openssl", "pkg:deb/debian/openssl?arch=arm64"]
        {
            assert!(!purl(other).covers(&installed), "{other}");
        }
    }
}
