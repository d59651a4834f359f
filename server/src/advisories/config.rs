//! The `advisories` section of the configuration.

use serde::{Deserialize, Serialize};

/// Where the public OSV export lies.
pub const PUBLIC_SOURCE: &str = "https://osv-vulnerabilities.storage.googleapis.com";

/// Where advisories come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdvisoriesConfig {
    /// The base address of a folder laid out like the public OSV export (`<base>/<Ecosystem>/all.zip`): an http or
    /// https address, a `file://` address, a folder, a single `all.zip`, or a folder of `<ID>.json` files.
    pub source: String,
    /// Hours after which `serve` fetches a set again.
    pub renew_hours: u64,
}

impl Default for AdvisoriesConfig {
    fn default() -> Self {
        Self { source: PUBLIC_SOURCE.to_owned(), renew_hours: 24 }
    }
}
