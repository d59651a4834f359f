//! The text form of rules: TOML as gitleaks 8 reads it, with keys of our own: `kind`, `severity`, `advice`, `name` and
//! `value` (an assignment, in the place of `regex`), `checksum`, `checksumRequired`, `generic`, `multiline`, `places`.
//!
//! Source: <https://github.com/gitleaks/gitleaks#configuration>.

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::RuleError;

/// A file of rules by name and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSource {
    /// Its name, for messages: the path of the file.
    pub name: String,
    /// What it holds.
    pub text: String,
}

impl RuleSource {
    /// Reads it.
    pub(super) fn parse(&self) -> Result<Document, RuleError> {
        toml::from_str(&self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.error(at, error.message().trim().replace('\n', ", "))
        })
    }

    /// What is wrong at this byte of the text.
    pub(super) fn error(&self, at: usize, reason: impl Into<String>) -> RuleError {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        RuleError { file: self.name.clone(), line, reason: reason.into() }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    #[serde(rename = "title")]
    _title: Option<IgnoredAny>,
    #[serde(rename = "description")]
    _description: Option<IgnoredAny>,
    #[serde(rename = "minVersion", alias = "minversion")]
    _min_version: Option<IgnoredAny>,
    #[serde(rename = "betterleaksMinVersion")]
    _other_min_version: Option<IgnoredAny>,
    pub extend: Option<Extend>,
    #[serde(default)]
    pub rules: Vec<Spanned<RuleText>>,
    pub allowlist: Option<Spanned<AllowText>>,
    #[serde(default)]
    pub allowlists: Vec<Spanned<AllowText>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Extend {
    pub path: Option<Spanned<IgnoredAny>>,
    pub url: Option<Spanned<IgnoredAny>>,
    #[serde(rename = "useDefault", alias = "usedefault")]
    _use_default: Option<bool>,
    #[serde(default, rename = "disabledRules", alias = "disabledrules")]
    pub disabled_rules: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RuleText {
    pub id: Spanned<String>,
    #[serde(default)]
    pub description: String,
    pub regex: Option<Spanned<String>>,
    pub name: Option<Spanned<String>>,
    pub value: Option<Spanned<String>>,
    pub path: Option<Spanned<String>>,
    #[serde(default, alias = "secretgroup")]
    pub secret_group: usize,
    #[serde(default)]
    pub entropy: f64,
    #[serde(default)]
    pub keywords: Vec<String>,
    #[serde(rename = "tags")]
    _tags: Option<IgnoredAny>,
    #[serde(rename = "required")]
    _required: Option<IgnoredAny>,
    #[serde(default, alias = "skipreport")]
    pub skip_report: bool,
    pub allowlist: Option<Spanned<AllowText>>,
    #[serde(default)]
    pub allowlists: Vec<Spanned<AllowText>>,
    pub kind: Option<Spanned<String>>,
    pub severity: Option<Spanned<String>>,
    pub advice: Option<String>,
    pub checksum: Option<Spanned<String>>,
    pub checksum_required: Option<bool>,
    #[serde(default)]
    pub generic: bool,
    #[serde(default)]
    pub multiline: bool,
    pub places: Option<Vec<Spanned<String>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct AllowText {
    #[serde(rename = "description")]
    _description: Option<IgnoredAny>,
    #[serde(rename = "id")]
    _id: Option<IgnoredAny>,
    #[serde(rename = "commits")]
    _commits: Option<IgnoredAny>,
    pub condition: Option<Spanned<String>>,
    pub paths: Vec<Spanned<String>>,
    #[serde(alias = "regextarget")]
    pub regex_target: Option<Spanned<String>>,
    pub regexes: Vec<Spanned<String>>,
    #[serde(alias = "stopWords")]
    pub stopwords: Vec<String>,
    #[serde(alias = "targetrules")]
    pub target_rules: Vec<String>,
}
