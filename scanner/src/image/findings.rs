//! Secrets and malware of an image, each with the place where it lies.

use serde::{Deserialize, Serialize};

use crate::layer::MalwareFile;
use crate::secret::Secret;

/// A secret in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSecret {
    /// What was found.
    pub secret: Secret,
    /// What it was found in.
    pub source: SecretSource,
    /// The file, without a leading slash; of a configuration the instruction's name (`ENV API_PASSWORD`, `LABEL owner`,
    /// `ENTRYPOINT`, `CMD`); of the history the step (`step 3`, 1 the oldest).
    pub path: String,
    /// Index of the layer, 0 the lowest; `None` where the place is no layer's.
    pub layer: Option<usize>,
    /// The build command or configuration line with its secrets made unreadable; of a file empty.
    pub instruction: String,
    /// Index of the layer that deletes or replaces the file: the secret is still in the image, buried.
    pub buried_by: Option<usize>,
}

/// What a secret was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecretSource {
    /// A file of a layer.
    File,
    /// The image's configuration: environment, labels, entry point, command.
    Config,
    /// A step of the build history.
    History,
}

impl SecretSource {
    /// Its name in JSON and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "FILE",
            Self::Config => "CONFIG",
            Self::History => "HISTORY",
        }
    }
}

/// A file with malware in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageMalware {
    /// The file, and what the engines say of it.
    pub file: MalwareFile,
    /// Index of the layer, 0 the lowest.
    pub layer: usize,
    /// Index of the layer that deletes or replaces the file: it is still in the image, buried.
    pub buried_by: Option<usize>,
}
