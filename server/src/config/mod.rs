//! One typed configuration: embedded defaults, then a file, then the environment, then flags.
//!
//! The documented file `lazaret.default.toml` is the list of all keys: a key that is not in it is an error.

mod error;
mod print;
mod sections;
mod source;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub use error::ConfigError;
pub use sections::{Advisories, Archives, Config, Database, Egress, Engine, Http, Scan};

/// The documented defaults.
pub const DEFAULTS: &str = include_str!("../../lazaret.default.toml");

/// The environment of the process as a value, so that tests give their own.
pub type Environment = BTreeMap<String, String>;

/// What the command line says of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The file of `--config`.
    pub config: Option<PathBuf>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--database-url`.
    pub database_url: Option<String>,
    /// `--offline`.
    pub offline: bool,
    /// Further keys by their dotted name, such as `http.listen`.
    pub values: BTreeMap<&'static str, String>,
}

/// Puts the configuration together.
///
/// # Errors
/// An unreadable or malformed file, an unknown key or variable, a value of the wrong type or out of its range.
/// The error names the key and where it was written.
pub fn load(environment: &Environment, overrides: &Overrides) -> Result<Config, ConfigError> {
    let defaults = source::parse(DEFAULTS, "the built-in defaults")?;
    let mut tree = defaults.clone();
    let file = overrides
        .config
        .clone()
        .or_else(|| environment.get("LAZARET_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from));
    if let Some(path) = file {
        let written = source::read(&path)?;
        source::merge(&mut tree, written, &defaults, &path.display().to_string())?;
    }
    source::apply_environment(&mut tree, &defaults, environment)?;
    for (key, value) in &overrides.values {
        source::set(&mut tree, key, Value::String(value.clone()));
    }
    if let Some(folder) = &overrides.data_dir {
        source::set(&mut tree, "data_dir", Value::String(folder.display().to_string()));
    }
    if let Some(url) = &overrides.database_url {
        source::set(&mut tree, "database.url", Value::String(url.clone()));
    }
    if overrides.offline {
        source::set(&mut tree, "offline", Value::Bool(true));
    }
    typed(tree, environment)
}

/// From the merged tree to the typed configuration, with what is empty resolved.
fn typed(tree: Map<String, Value>, environment: &Environment) -> Result<Config, ConfigError> {
    let mut config: Config = serde_json::from_value(Value::Object(tree)).map_err(|error| {
        ConfigError::Malformed { origin: "the configuration".into(), reason: error.to_string() }
    })?;
    if config.data_dir.as_os_str().is_empty() {
        config.data_dir = data_folder(environment, "lazaret")?;
    }
    config.validate()?;
    Ok(config)
}

/// The folder for `name`'s data by the XDG base directory rules.
///
/// # Errors
/// Neither `XDG_DATA_HOME` nor `HOME` is set.
pub fn data_folder(environment: &Environment, name: &str) -> Result<PathBuf, ConfigError> {
    let absolute = |key: &str| environment.get(key).map(Path::new).filter(|path| path.is_absolute());
    // The rules say that a relative XDG_DATA_HOME is to be ignored.
    absolute("XDG_DATA_HOME")
        .map(Path::to_path_buf)
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|base| base.join(name))
        .ok_or(ConfigError::NoHome)
}
