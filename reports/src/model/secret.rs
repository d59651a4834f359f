//! A secret in an image. What it is is described and where it lies is said; the secret itself is nowhere.

use jiff::Timestamp;
use serde::Serialize;

use super::{Allowed, LayerRef, Severity, time};

/// A secret in one place of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// What it is, for people: "GitHub personal access token".
    pub title: String,
    /// The rule that found it: `github-personal-access-token`.
    pub rule: String,
    /// The kind of secret.
    #[serde(rename = "type")]
    pub kind: SecretKind,
    /// How bad its loss is.
    pub severity: Severity,
    /// What it was found in.
    pub source: SecretSource,
    /// The file, without a leading slash; of a configuration the instruction (`ENV API_PASSWORD`), of the history the
    /// step (`step 3`).
    pub path: String,
    /// The line that it begins on, 1 the first.
    pub line: u64,
    /// The layer that it lies in; absent where the place is no layer's.
    pub layer: Option<LayerRef>,
    /// The build command or configuration line that holds it, its secrets made unreadable; empty for a file.
    pub instruction: String,
    /// The place where it stands, the secret itself made unreadable.
    pub snippet: String,
    /// What tells whether two findings are the same secret: a keyed hash of it.
    pub fingerprint: String,
    /// Whether a later layer deletes or replaces the file. It is in the image all the same.
    pub buried: bool,
    /// The layer that does.
    pub buried_by: Option<LayerRef>,
    /// What to do, made by [`Secret::advise`].
    pub advice: String,
    /// Why it does not count; absent when it does.
    pub allowed: Option<Allowed>,
    /// When it was first found here; absent outside a server.
    #[serde(with = "time::option")]
    pub first_seen: Option<Timestamp>,
    /// When it was last found here; absent outside a server.
    #[serde(with = "time::option")]
    pub last_seen: Option<Timestamp>,
}

/// Kinds of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecretKind {
    /// An access key, an API key, a private key.
    Key,
    /// A token that stands for a person or a program.
    Token,
    /// A password, or a hash of one that can be tried against.
    Password,
    /// A certificate together with its private key, or a key store.
    Certificate,
    /// An address with the credentials in it.
    ConnectionString,
    /// An address that acts for whoever calls it.
    Webhook,
}

impl SecretKind {
    /// The constant as JSON, CSV and SARIF write it: `CONNECTION_STRING`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Key => "KEY",
            Self::Token => "TOKEN",
            Self::Password => "PASSWORD",
            Self::Certificate => "CERTIFICATE",
            Self::ConnectionString => "CONNECTION_STRING",
            Self::Webhook => "WEBHOOK",
        }
    }

    /// The word that a person reads: `connection string`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Token => "token",
            Self::Password => "password",
            Self::Certificate => "certificate",
            Self::ConnectionString => "connection string",
            Self::Webhook => "webhook",
        }
    }
}

/// What a secret was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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
    /// The constant as JSON, CSV and SARIF write it: `HISTORY`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::File => "FILE",
            Self::Config => "CONFIG",
            Self::History => "HISTORY",
        }
    }

    /// The words that a person reads: `image configuration`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Config => "image configuration",
            Self::History => "build history",
        }
    }
}

impl Secret {
    /// The text for [`Secret::advice`]: what the rule advises, and of a buried secret why deleting it was not enough.
    pub fn advise(rule: &str, layer: Option<usize>, buried_by: Option<usize>) -> String {
        match buried_by {
            None => rule.to_owned(),
            Some(by) => format!(
                "{rule}{}Deleting the file was not enough: layer {by} only hides it, {} still holds it, and everyone \
                 who pulls the image has it. Treat the secret as lost and replace it; then build the image without \
                 it: give the build a secret mount, or use the secret in a stage that is not shipped.",
                if rule.is_empty() { "" } else { " " },
                holder(layer),
            ),
        }
    }

    /// Whether it counts.
    pub fn counts(&self) -> bool {
        self.allowed.is_none()
    }
}

/// `layer 2`, where it is known.
pub(super) fn holder(layer: Option<usize>) -> String {
    layer.map_or_else(|| "a lower layer".to_owned(), |layer| format!("layer {layer}"))
}
