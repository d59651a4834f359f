//! Credentials that somebody left in a file, an image configuration or a build command.
//!
//! What is found is described and never repeated: a [`Secret`] holds a redacted snippet and a keyed hash.
//! [`Rules`] are compiled once. Built-in ones are TOML in `rules/`, in the form of gitleaks with keys of our own.

mod allow;
mod assignment;
mod builtin;
mod checksum;
mod entropy;
mod fingerprint;
mod format;
mod keywords;
mod pattern;
mod redact;
mod rule;
mod rules;
mod run;
mod search;
#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize};

use crate::advisory::Severity;

pub use fingerprint::FingerprintKey;
pub use format::RuleSource;
pub use rules::{RuleError, Rules};

/// A secret that a rule found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Secret {
    /// The line that it begins on, 1 the first.
    pub line: u64,
    /// The rule that found it: `github-personal-access-token`.
    pub rule: String,
    /// What it is, for people: "GitHub personal access token".
    pub title: String,
    /// The kind of secret.
    pub kind: SecretType,
    /// How bad its loss is.
    pub severity: Severity,
    /// The place where it stands with the secret itself made unreadable: `GITHUB_TOKEN=ghp_****…9f2c`.
    pub snippet: String,
    /// What tells whether two findings are the same secret: a keyed hash of it, see [`FingerprintKey`].
    pub fingerprint: String,
    /// What to do about it.
    pub advice: String,
}

/// Kinds of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecretType {
    /// A key: an access key, an API key, a private key.
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

impl SecretType {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Key, Self::Token, Self::Password, Self::Certificate, Self::ConnectionString, Self::Webhook];

    /// Its name in rules, JSON and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "KEY",
            Self::Token => "TOKEN",
            Self::Password => "PASSWORD",
            Self::Certificate => "CERTIFICATE",
            Self::ConnectionString => "CONNECTION_STRING",
            Self::Webhook => "WEBHOOK",
        }
    }

    /// The kind with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
