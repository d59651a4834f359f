//! The `egress` section of the configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How Lazaret reaches other machines by HTTP. Engines are not concerned: they are reached by their own socket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EgressConfig {
    /// Networks in CIDR form (`10.0.0.0/8`, `::1/128`) that may be called although they are private. Link-local and
    /// cloud metadata addresses are never called, whatever is written here.
    pub allow_private: Vec<String>,
    /// The address of an HTTP proxy; without it none is used, whatever the environment says.
    pub proxy: Option<String>,
    /// Host names and networks that are reached without the proxy, separated by commas.
    pub no_proxy: String,
    /// A PEM file of certificate authorities to trust besides those of the system.
    pub ca_file: Option<PathBuf>,
}
