//! The sections of the configuration, each with its validation. What a key means stands in `lazaret.default.toml`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::scan::engines::ClamdAddress;

/// The whole configuration, every value resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The only folder that is written to.
    pub data_dir: PathBuf,
    /// Never use the network.
    pub offline: bool,
    /// The store.
    pub database: Database,
    /// The server.
    pub http: Http,
    /// The container engine.
    pub engine: Engine,
    /// The folder of image archives.
    pub archives: Archives,
    /// Reading images.
    pub scan: Scan,
    /// Searching for secrets.
    pub secrets: Secrets,
    /// Looking for malware.
    pub malware: Malware,
    /// Where advisories come from.
    pub advisories: Advisories,
    /// Registries of images.
    pub registry: Registry,
    /// Outgoing calls.
    pub egress: Egress,
}

/// The store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Database address; empty for SQLite in the data folder.
    pub url: String,
}

/// The server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 takes a free one.
    pub listen: String,
}

/// The container engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// Its endpoint; empty to look for one, `none` for no engine.
    pub host: String,
    /// Seconds between two full looks.
    pub reconcile_seconds: u64,
}

/// The folder of image archives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archives {
    /// The folder; empty for none.
    pub dir: PathBuf,
}

/// Reading images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// Images read at the same time.
    pub workers: usize,
    /// Bytes of one uncompressed layer.
    pub max_layer_bytes: u64,
    /// Bytes of one file held while it is read.
    pub max_file_bytes: u64,
    /// Entries of one layer.
    pub max_entries: u64,
    /// Uncompressed bytes per compressed byte.
    pub max_ratio: u64,
    /// Layers of one image.
    pub max_layers: usize,
    /// Whether findings in packages that only a lock file names count in images.
    pub count_lockfiles: bool,
}

/// Searching for secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Files with further rules.
    pub rules: Vec<PathBuf>,
}

/// Looking for malware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Malware {
    /// Files and folders of YARA rules.
    pub rules: Vec<PathBuf>,
    /// Lists of hashes of known malware.
    pub hash_lists: Vec<PathBuf>,
    /// Lists of hashes of files that are never reported.
    pub allowed_hashes: Vec<PathBuf>,
    /// Bytes of one file that YARA rules see.
    pub max_file_bytes: u64,
    /// Address of clamd; empty for none.
    pub clamd: String,
    /// Seconds after which a silent clamd has failed.
    pub clamd_timeout_seconds: u64,
}

/// Where advisories come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisories {
    /// Base address, `file://` address or folder.
    pub source: String,
    /// Hours between two fetches by the server.
    pub renew_hours: u64,
}

/// Registries of images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Registries, as host and port, that are called without TLS.
    pub plain_http: Vec<String>,
}

/// Outgoing calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Egress {
    /// Private networks that may be called, in CIDR notation.
    pub allow_private: Vec<String>,
    /// Proxy address; empty for none.
    pub proxy: String,
    /// Hosts called without the proxy.
    pub no_proxy: Vec<String>,
    /// Further certificate authorities in PEM; empty for none.
    pub ca_file: PathBuf,
}

impl Config {
    /// Checks every section.
    ///
    /// # Errors
    /// The first value that cannot work, by its key.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.database.validate()?;
        self.http.address()?;
        self.engine.validate()?;
        self.scan.validate()?;
        self.malware.validate()?;
        self.advisories.validate()?;
        self.egress.validate()
    }

    /// The limits for readers of images. Files too large for memory lie in the data folder while they are read.
    pub fn limits(&self) -> lazaret_scanner::Limits {
        lazaret_scanner::Limits {
            layer_bytes: self.scan.max_layer_bytes,
            file_bytes: self.scan.max_file_bytes,
            malware_bytes: self.malware.max_file_bytes,
            spool_folder: Some(self.data_dir.clone()),
            entries: self.scan.max_entries,
            ratio: self.scan.max_ratio,
            layers: self.scan.max_layers,
            ..lazaret_scanner::Limits::default()
        }
    }
}

impl Database {
    fn validate(&self) -> Result<(), ConfigError> {
        let known = ["sqlite:", "postgres:", "postgresql:"];
        if self.url.is_empty() || known.iter().any(|scheme| self.url.starts_with(scheme)) {
            return Ok(());
        }
        // The address may hold a password: only its scheme is said.
        let scheme = self.url.split_once(':').map_or("without a scheme", |(scheme, _)| scheme);
        Err(invalid("database.url", scheme, "it must start with `sqlite:` or `postgres:`"))
    }

    /// The address with its password replaced, for people to read.
    pub fn redacted(&self) -> String {
        redacted(&self.url)
    }
}

/// An address with its password replaced.
pub(super) fn redacted(text: &str) -> String {
    match url::Url::parse(text) {
        // A URL that has a password can take another one; if not, nothing of it is shown.
        Ok(mut url) if url.password().is_some() => {
            url.set_password(Some("***")).map_or_else(|()| "***".to_owned(), |()| url.to_string())
        }
        _ => text.to_owned(),
    }
}

impl Http {
    /// The address to listen on.
    ///
    /// # Errors
    /// No address with a port.
    pub fn address(&self) -> Result<SocketAddr, ConfigError> {
        let text = self.listen.replace("localhost", "127.0.0.1");
        text.parse().map_err(|_| {
            invalid("http.listen", &self.listen, "it must be ADDRESS:PORT, such as `127.0.0.1:8470`")
        })
    }
}

impl Engine {
    fn validate(&self) -> Result<(), ConfigError> {
        let schemes = ["unix://", "tcp://", "http://"];
        let known = self.host.is_empty()
            || self.host == "none"
            || self.host.starts_with('/')
            || schemes.iter().any(|scheme| self.host.starts_with(scheme));
        if !known {
            return Err(invalid(
                "engine.host",
                &self.host,
                "it must be `unix:///PATH`, `tcp://HOST:PORT`, `none` or empty",
            ));
        }
        at_least("engine.reconcile_seconds", self.reconcile_seconds, 5)
    }

    /// Time between two full looks.
    pub fn reconcile_interval(&self) -> Duration {
        Duration::from_secs(self.reconcile_seconds)
    }
}

impl Scan {
    fn validate(&self) -> Result<(), ConfigError> {
        if !(1..=256).contains(&self.workers) {
            return Err(invalid("scan.workers", &self.workers.to_string(), "it must be from 1 to 256"));
        }
        at_least("scan.max_layer_bytes", self.max_layer_bytes, 1 << 20)?;
        at_least("scan.max_file_bytes", self.max_file_bytes, 1 << 20)?;
        at_least("scan.max_entries", self.max_entries, 1000)?;
        at_least("scan.max_ratio", self.max_ratio, 10)?;
        at_least("scan.max_layers", self.max_layers as u64, 1)
    }
}

impl Malware {
    fn validate(&self) -> Result<(), ConfigError> {
        if !self.clamd.is_empty() && self.clamd.parse::<ClamdAddress>().is_err() {
            let expected = "it must be `unix:///PATH`, `tcp://HOST:PORT` or empty";
            return Err(invalid("malware.clamd", &self.clamd, expected));
        }
        at_least("malware.max_file_bytes", self.max_file_bytes, 1 << 20)?;
        at_least("malware.clamd_timeout_seconds", self.clamd_timeout_seconds, 1)
    }
}

impl Advisories {
    fn validate(&self) -> Result<(), ConfigError> {
        if self.source.is_empty() {
            return Err(invalid("advisories.source", "", "it must be an address or a folder"));
        }
        at_least("advisories.renew_hours", self.renew_hours, 1)
    }
}

impl Egress {
    fn validate(&self) -> Result<(), ConfigError> {
        if !self.proxy.is_empty() && url::Url::parse(&self.proxy).is_err() {
            return Err(invalid(
                "egress.proxy",
                &self.proxy,
                "it must be an address such as `http://proxy:3128`",
            ));
        }
        Ok(())
    }
}

fn invalid(key: &'static str, value: &str, expected: &str) -> ConfigError {
    ConfigError::Invalid { key, value: value.to_owned(), expected: expected.to_owned() }
}

fn at_least(key: &'static str, value: u64, least: u64) -> Result<(), ConfigError> {
    if value >= least {
        Ok(())
    } else {
        Err(invalid(key, &value.to_string(), &format!("it must be at least {least}")))
    }
}
