//! The main section of a manifest (JAR File Specification, "JAR Manifest").

use std::collections::BTreeMap;

/// The attributes of the main section, by their names in lower case.
#[derive(Debug, Default)]
pub(super) struct Manifest(BTreeMap<String, String>);

impl Manifest {
    /// Reads the lines up to the first empty one. A line that begins with a space continues the one before, even within
    /// a character.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut attributes = BTreeMap::new();
        let mut current: Vec<u8> = Vec::new();
        let mut keep = |line: &[u8]| {
            let text = String::from_utf8_lossy(line);
            if let Some((name, value)) = text.split_once(':') {
                let value = value.trim();
                if !value.is_empty() {
                    attributes.insert(name.trim().to_ascii_lowercase(), value.to_owned());
                }
            }
        };
        for line in bytes.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if let Some(rest) = line.strip_prefix(b" ") {
                current.extend_from_slice(rest);
                continue;
            }
            keep(&current);
            current.clear();
            if line.is_empty() {
                break;
            }
            current.extend_from_slice(line);
        }
        keep(&current);
        Self(attributes)
    }

    /// The first of these attributes (in lower case) that is there and that `accept` takes.
    pub fn first(&self, names: &[&str], accept: impl Fn(&str) -> bool) -> Option<&str> {
        names.iter().filter_map(|name| self.0.get(*name)).map(String::as_str).find(|value| accept(value))
    }

    /// The attribute, without the parameters that bundles have after semicolons.
    pub fn plain(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.split(';').next()?.trim();
        (!value.is_empty()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_go_on_and_other_sections_do_not_count() {
        let manifest = Manifest::parse(
            b"Manifest-Version: 1.0\r\nBundle-SymbolicName: org.example.\r\n long;singleton:=true\r\nEmpty: \r\n\r\n\
              Name: a/b\r\nImplementation-Version: 9\r\n",
        );
        assert_eq!(manifest.plain("bundle-symbolicname"), Some("org.example.long"));
        assert_eq!(manifest.first(&["empty", "implementation-version"], |_| true), None);
        assert_eq!(manifest.first(&["absent", "manifest-version"], |_| true), Some("1.0"));
    }

    #[test]
    fn what_is_no_manifest_has_no_attributes() {
        for bytes in [&b""[..], b"\xff\xfe\0", b"\n", b" continued", b"no colon"] {
            assert_eq!(Manifest::parse(bytes).first(&["no colon", ""], |_| true), None);
        }
    }
}
