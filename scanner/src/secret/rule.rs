//! One rule.

use toml::Spanned;

use super::allow::AllowList;
use super::assignment;
use super::checksum::Checksum;
use super::format::{RuleSource, RuleText};
use super::pattern::Pattern;
use super::{RuleError, SecretType};
use crate::advisory::Severity;
use crate::image::SecretSource;

/// Characters of a keyword that is of use.
const SHORTEST_KEYWORD: usize = 3;

/// What a secret looks like, and what is said of it.
#[derive(Debug)]
pub(super) struct Rule {
    pub id: String,
    pub title: String,
    pub kind: SecretType,
    pub severity: Severity,
    pub advice: String,
    /// Without one the rule is about the file itself.
    pub regex: Option<Pattern>,
    /// The group that is the secret; 0: the first that took part, else all.
    pub group: usize,
    /// Least entropy, in bits per character.
    pub entropy: f64,
    /// In lower case, of three characters or more; none: the expression runs over the whole text.
    pub keywords: Vec<String>,
    pub path: Option<Pattern>,
    pub checksum: Option<Checksum>,
    pub checksum_required: bool,
    /// Any other rule that finds the same bytes knows better.
    pub generic: bool,
    pub multiline: bool,
    pub places: Vec<SecretSource>,
    pub allow: Vec<AllowList>,
}

impl Rule {
    /// The rule as written. `lazy` leaves its expressions to be compiled when they are first needed.
    pub fn new(text: &RuleText, source: &RuleSource, lazy: bool) -> Result<Self, RuleError> {
        let id = text.id.get_ref().clone();
        let at = text.id.span().start;
        if id.is_empty() {
            return Err(source.error(at, "a rule has no id"));
        }
        let pattern = |text: Option<&Spanned<String>>| match text {
            Some(text) if !text.get_ref().is_empty() => {
                let pattern = Pattern::new(text.get_ref());
                if !lazy {
                    let wrong = |reason| {
                        source.error(text.span().start, format!("rule {id} cannot be compiled: {reason}"))
                    };
                    pattern.check().map_err(wrong)?;
                }
                Ok(Some(pattern))
            }
            _ => Ok(None),
        };
        let assigned = match (&text.name, &text.value, &text.regex) {
            (None, None, _) => None,
            (Some(name), Some(value), None) => {
                Some(Spanned::new(name.span(), assignment::expression(name.get_ref(), value.get_ref())))
            }
            _ => {
                return Err(source.error(at, format!("rule {id} needs both name and value, or regex alone")));
            }
        };
        let regex = pattern(text.regex.as_ref().or(assigned.as_ref()))?;
        let path = pattern(text.path.as_ref())?;
        if regex.is_none() && path.is_none() {
            return Err(source.error(at, format!("rule {id} has neither regex nor path")));
        }
        let kind =
            named(text.kind.as_ref(), source, "kind", SecretType::of_name)?.unwrap_or(SecretType::Token);
        let severity = named(text.severity.as_ref(), source, "severity", severity)?.unwrap_or(Severity::High);
        let checksum = named(text.checksum.as_ref(), source, "checksum", Checksum::of_name)?;
        let places = match &text.places {
            None => vec![SecretSource::File, SecretSource::Config, SecretSource::History],
            Some(names) => names
                .iter()
                .map(|name| named(Some(name), source, "place", place))
                .filter_map(Result::transpose)
                .collect::<Result<_, _>>()?,
        };
        let mut keywords: Vec<String> = text
            .keywords
            .iter()
            .filter(|word| !word.is_empty())
            .map(|word| word.to_ascii_lowercase())
            .collect();
        // What two characters begin is met everywhere: searching for it costs more than the expression does.
        if keywords.iter().any(|word| word.len() < SHORTEST_KEYWORD) {
            keywords.clear();
        }
        if let (true, Some(regex)) = (keywords.is_empty(), &regex) {
            keywords = regex.prefixes();
        }
        let title = if text.description.is_empty() { id.clone() } else { text.description.clone() };
        let allow = text
            .allowlist
            .iter()
            .chain(&text.allowlists)
            .map(|list| AllowList::new(list.get_ref(), source, lazy))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            title,
            kind,
            severity,
            advice: text.advice.clone().unwrap_or_else(|| advice(kind).to_owned()),
            regex,
            group: text.secret_group,
            entropy: text.entropy,
            keywords,
            path,
            checksum,
            checksum_required: text
                .checksum_required
                .unwrap_or_else(|| checksum.is_some_and(Checksum::is_required)),
            generic: text.generic || id.starts_with("generic-"),
            multiline: text.multiline,
            places,
            allow,
            id,
        })
    }
}

/// What a name stands for; an error that names the line when it stands for nothing.
fn named<T>(
    name: Option<&Spanned<String>>,
    source: &RuleSource,
    what: &str,
    of_name: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, RuleError> {
    let Some(name) = name else { return Ok(None) };
    match of_name(name.get_ref()) {
        Some(value) => Ok(Some(value)),
        None => Err(source.error(name.span().start, format!("`{}` is no {what}", name.get_ref()))),
    }
}

fn severity(name: &str) -> Option<Severity> {
    match name {
        "CRITICAL" => Some(Severity::Critical),
        "HIGH" => Some(Severity::High),
        "MEDIUM" => Some(Severity::Medium),
        "LOW" => Some(Severity::Low),
        _ => None,
    }
}

fn place(name: &str) -> Option<SecretSource> {
    match name {
        "file" => Some(SecretSource::File),
        "config" => Some(SecretSource::Config),
        "history" => Some(SecretSource::History),
        _ => None,
    }
}

/// What to do where the rule does not say.
const fn advice(kind: SecretType) -> &'static str {
    match kind {
        SecretType::Key => {
            "Revoke the key where it was issued and make a new one; hand it to the container at run time, from a secret store."
        }
        SecretType::Token => {
            "Revoke the token where it was issued, look for its use in that service's log, and hand a new one to the container at run time."
        }
        SecretType::Password => {
            "Change the password, and hand the new one to the container at run time, from a secret store."
        }
        SecretType::Certificate => {
            "Have the certificate revoked and issue a new one with a new key; mount the key at run time."
        }
        SecretType::ConnectionString => {
            "Change the password in the address, and hand the new address to the container at run time."
        }
        SecretType::Webhook => {
            "Delete the webhook where it was made and make a new one; hand its address to the container at run time."
        }
    }
}
