//! What inspectors found in the files of one layer.

use serde::{Deserialize, Serialize};

use super::Warning;
use crate::malware::Detection;
use crate::secret::Secret;

/// The secrets of a layer, whatever upper layers do to its files. What a package of the distribution brought and nobody
/// changed is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretAnalysis {
    /// Files with secrets, in byte order of the path.
    pub files: Vec<SecretFile>,
    /// What was not searched.
    pub warnings: Vec<Warning>,
}

/// A file with secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretFile {
    /// Path in the layer, without a leading slash.
    pub path: String,
    /// Its secrets, ordered by line.
    pub secrets: Vec<Secret>,
}

/// The malware of a layer, as one engine or group of engines sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MalwareAnalysis {
    /// Files with malware, in byte order of the path.
    pub files: Vec<MalwareFile>,
    /// What was not looked at.
    pub warnings: Vec<Warning>,
}

/// A file with malware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MalwareFile {
    /// Path in the layer, without a leading slash.
    pub path: String,
    /// Where in the file it lies, when the file is an archive: `nested.zip!/eicar.com`; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub within: String,
    /// Its bytes, and those of what lies within.
    pub size: u64,
    /// MD5, 32 hex digits.
    pub md5: String,
    /// SHA-1, 40 hex digits.
    pub sha1: String,
    /// SHA-256, 64 hex digits.
    pub sha256: String,
    /// What the engines say of it.
    pub detections: Vec<Detection>,
}
