//! What every command works with.

use std::io::IsTerminal;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::CliError;
use crate::advisories::{AdvisoriesConfig, Feed};
use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::egress::{Egress, EgressConfig};
use crate::registry::Registries;
use crate::scan::engines::{Engines, EnginesConfig};
use crate::scan::secrets;
use crate::store::{Store, StoreConfig};

/// Configuration, environment and clock of a command.
#[derive(Debug, Clone)]
pub struct Context {
    /// The configuration in force.
    pub config: Config,
    /// The environment of the process.
    pub environment: Environment,
    /// The clock.
    pub clock: Clock,
}

impl Context {
    /// Opens the store; its folder is made and its schema brought up to date.
    ///
    /// # Errors
    /// The folder cannot be written, or the database does not answer or belongs to another version.
    pub async fn open_store(&self) -> Result<Store, CliError> {
        let config =
            StoreConfig { url: self.config.database.url.clone(), data_dir: self.config.data_dir.clone() };
        Ok(Store::open(&config, self.clock.clone()).await?)
    }

    /// The one client for calls to other machines.
    ///
    /// # Errors
    /// A proxy, network or certificate file that cannot be used.
    pub fn egress(&self) -> Result<Egress, CliError> {
        Ok(Egress::new(&self.egress_config(), self.config.offline)?)
    }

    fn egress_config(&self) -> EgressConfig {
        let section = &self.config.egress;
        EgressConfig {
            allow_private: section.allow_private.clone(),
            proxy: (!section.proxy.is_empty()).then(|| section.proxy.clone()),
            no_proxy: section.no_proxy.join(","),
            ca_file: (!section.ca_file.as_os_str().is_empty()).then(|| section.ca_file.clone()),
        }
    }

    /// Where images of registries are found; with `all_plain` without TLS, wherever they are.
    ///
    /// # Errors
    /// An egress setting that cannot be used.
    pub fn registries(&self, all_plain: bool) -> Result<Registries, CliError> {
        Ok(Registries::new(
            self.egress()?,
            self.egress_config(),
            self.config.registry.plain_http.clone(),
            all_plain,
            self.environment.clone(),
        ))
    }

    /// Where advisories come from.
    ///
    /// # Errors
    /// A source or an egress setting that cannot be used.
    pub fn feed(&self) -> Result<Feed, CliError> {
        let config = AdvisoriesConfig {
            source: self.config.advisories.source.clone(),
            renew_hours: self.config.advisories.renew_hours,
        };
        Ok(Feed::new(&config, self.egress()?, self.config.data_dir.clone())?)
    }

    /// What looks into files for secrets and malware.
    ///
    /// # Errors
    /// A rule file that cannot be read or used, or a store that fails.
    pub async fn engines(&self, store: &Store) -> Result<Engines, CliError> {
        let key = secrets::fingerprint_key(store).await?;
        let section = &self.config.malware;
        let config = EnginesConfig {
            secret_rules: self.config.secrets.rules.clone(),
            malware_rules: section.rules.clone(),
            hash_lists: section.hash_lists.clone(),
            allowed_hashes: section.allowed_hashes.clone(),
            clamd: if section.clamd.is_empty() { None } else { Some(section.clamd.parse()?) },
            clamd_timeout: Duration::from_secs(section.clamd_timeout_seconds),
            data_dir: self.config.data_dir.clone(),
        };
        Ok(tokio::task::spawn_blocking(move || Engines::open(config, key)).await??)
    }

    /// The endpoint of the container engine, when there is one.
    pub fn engine(&self) -> Option<String> {
        match self.config.engine.host.as_str() {
            "none" => None,
            "" => {
                let variable = |name: &str| {
                    self.environment.get(name).map(String::as_str).filter(|text| !text.is_empty())
                };
                let runtime = variable("XDG_RUNTIME_DIR").map(std::path::Path::new);
                crate::inventory::docker::find_engine(variable("DOCKER_HOST"), runtime)
            }
            path if path.starts_with('/') => Some(format!("unix://{path}")),
            host => Some(host.to_owned()),
        }
    }
}

/// Starts the log on standard error. `LAZARET_LOG` says how much of it, such as `debug` or `lazaret_server=trace`.
pub(super) fn start_log(environment: &Environment, server: bool) {
    let usual = if server { "info,sqlx=warn,sea_orm_migration=warn,actix_server=warn" } else { "warn" };
    let filter = environment.get("LAZARET_LOG").map_or(usual, String::as_str);
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new(usual));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    // Only the tests of the library start it twice, and they look at no log.
    let _ = log.try_init();
}
