//! What can be wrong with a configuration.

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or may not be read.
    #[error("cannot read the configuration file {path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// No TOML, or a value of the wrong type.
    #[error("{origin} is malformed: {reason}")]
    Malformed {
        /// The file or variable.
        origin: String,
        /// Where and why.
        reason: String,
    },
    /// Keys that do not exist.
    #[error("{origin} has unknown keys: {}; `lazaret config print --default` lists all keys", keys.join(", "))]
    UnknownKeys {
        /// The file or the environment.
        origin: String,
        /// The keys, dotted, or the variables.
        keys: Vec<String>,
    },
    /// A value that no room could work with.
    #[error("{key} is `{value}`, but {expected}")]
    Invalid {
        /// The dotted key.
        key: &'static str,
        /// What was written.
        value: String,
        /// What may be written.
        expected: String,
    },
    /// There is no place for the data folder.
    #[error(
        "there is no data folder: set --data-dir or LAZARET_DATA_DIR (neither XDG_DATA_HOME nor HOME is set)"
    )]
    NoHome,
}
