//! Which entries of a Java archive tell something.

/// Names of archives that hold classes or other archives: Java's own, Jenkins plugins, and those of application servers.
const ARCHIVES: [&[u8]; 9] =
    [b".jar", b".war", b".ear", b".par", b".sar", b".kar", b".nar", b".hpi", b".jpi"];

/// What an entry tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The archive's manifest.
    Manifest,
    /// Coordinates written by Maven, `META-INF/maven/GROUP/ARTIFACT/pom.properties`.
    Properties,
    /// The project file that Maven built it from, beside the properties.
    Pom,
    /// An archive within.
    Archive,
}

/// Whether a file is called like a Java archive.
pub(super) fn is_archive(name: &[u8]) -> bool {
    ARCHIVES.iter().any(|suffix| {
        name.len() > suffix.len() && name[name.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
    })
}

/// What the entry called `name` tells; `None` for the many that tell nothing.
pub(super) fn kind(name: &[u8]) -> Option<Kind> {
    if is_archive(name) {
        return Some(Kind::Archive);
    }
    if name.eq_ignore_ascii_case(b"META-INF/MANIFEST.MF") {
        return Some(Kind::Manifest);
    }
    let below = name.strip_prefix(b"META-INF/maven/")?;
    if below.split(|byte| *byte == b'/').count() != 3 {
        return None;
    }
    if below.ends_with(b"/pom.properties") {
        Some(Kind::Properties)
    } else {
        below.ends_with(b"/pom.xml").then_some(Kind::Pom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_known_by_their_names() {
        for (name, expected) in [
            ("BOOT-INF/lib/a-1.jar", Some(Kind::Archive)),
            ("A.JAR", Some(Kind::Archive)),
            ("META-INF/MANIFEST.MF", Some(Kind::Manifest)),
            ("META-INF/maven/g/a/pom.properties", Some(Kind::Properties)),
            ("META-INF/maven/g/a/pom.xml", Some(Kind::Pom)),
            ("META-INF/maven/pom.xml", None),
            ("org/META-INF/MANIFEST.MF", None),
            ("a/B.class", None),
            (".jar", None),
            ("", None),
        ] {
            assert_eq!(kind(name.as_bytes()), expected, "{name}");
        }
    }
}
