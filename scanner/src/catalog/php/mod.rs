//! PHP's packages: what Composer installed, and its lock files.

pub mod composer_lock;
pub mod installed;

use serde::Deserialize;
use serde_json::Value;

use super::Package;

/// A package as Composer writes it in both files (getcomposer.org/doc/04-schema.md).
#[derive(Deserialize)]
struct Written {
    name: String,
    version: String,
    #[serde(default)]
    license: Value,
}

impl Written {
    /// The package of Packagist; `None` of a branch (`dev-main`), which is no release.
    fn package(self) -> Option<Package> {
        let version = self.version.trim();
        let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
        let is_release = version.starts_with(|c: char| c.is_ascii_digit()) && !version.ends_with("-dev");
        if self.name.is_empty() || !is_release {
            return None;
        }
        let licenses = match &self.license {
            Value::String(license) => license.clone(),
            // Composer's list is a choice.
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" OR "),
            _ => String::new(),
        };
        Some(Package { licenses, ..Package::new(self.name.to_lowercase(), version) })
    }
}
