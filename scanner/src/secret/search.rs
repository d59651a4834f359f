//! What a text holds: one secret per place, told without repeating it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use super::redact;
use super::rule::Rule;
use super::run::Run;
use super::text;
use super::{FingerprintKey, Rules, Secret};
use crate::advisory::Severity;
use crate::image::SecretSource;

/// Secrets of one text that are told.
const MOST_SECRETS: usize = 1000;

/// What a rule found.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub rule: usize,
    pub secret: Range<usize>,
    pub severity: Severity,
}

impl Rules {
    /// Whether content at this path that begins with these bytes (8 KiB, or all of a shorter file) is worth reading:
    /// it is text, or the path alone makes it a secret, and no allow list names the path.
    pub fn is_searched(&self, path: &str, head: &[u8]) -> bool {
        (text::encoding(head).is_some() || !self.by_path(path).is_empty()) && !self.allows_path(path)
    }

    /// The secrets in the content of a file, ordered by line, at most 1000. `path` has no leading slash; `first_line`
    /// is the number of the first line of `bytes`, 1 unless a large file is searched in parts. Parts should overlap by
    /// 40 KB, so that a secret on the border is whole in one of them. Binary content gives nothing but what its path
    /// says.
    pub fn search(&self, key: &FingerprintKey, path: &str, bytes: &[u8], first_line: u64) -> Vec<Secret> {
        let mut secrets = Vec::new();
        if self.allows_path(path) {
            return secrets;
        }
        if first_line <= 1 {
            secrets.extend(
                self.by_path(path).into_iter().map(|rule| of_file(key, &self.all[rule], path, bytes)),
            );
        }
        if let Some(encoding) = text::encoding(bytes) {
            let text = text::decode(bytes, encoding);
            let hits = self.hits(SecretSource::File, path, &text);
            secrets.extend(self.told(key, &text, first_line.max(1), &hits));
        }
        secrets
    }

    /// The secrets in a line of an image's configuration or a build command.
    pub fn search_text(&self, key: &FingerprintKey, source: SecretSource, text: &str) -> Vec<Secret> {
        let hits = self.hits(source, "", text.as_bytes());
        self.told(key, text.as_bytes(), 1, &hits)
    }

    /// The text with every secret in it made unreadable, as in [`Secret::snippet`].
    pub fn redact(&self, text: &str) -> String {
        let mut hits = self.hits(SecretSource::History, "", text.as_bytes());
        hits.extend(self.hits(SecretSource::Config, "", text.as_bytes()));
        redact::whole(self, text.as_bytes(), &hits)
    }

    /// Rules about files themselves that this path meets.
    fn by_path(&self, path: &str) -> Vec<usize> {
        let meets = |rule: &Rule| {
            rule.places.contains(&SecretSource::File)
                && rule.path.as_ref().is_some_and(|pattern| pattern.is_match(path.as_bytes()))
                && !rule.allow.iter().any(|list| list.allows_path(path))
        };
        self.of_path.iter().copied().filter(|rule| meets(&self.all[*rule])).collect()
    }

    /// Whether an allow list for all rules allows whatever is at this path.
    fn allows_path(&self, path: &str) -> bool {
        !path.is_empty() && self.allow.iter().any(|list| list.rules.is_empty() && list.allows_path(path))
    }

    /// What the rules find, ordered by place; where several find the same bytes, all of them.
    pub(super) fn hits(&self, source: SecretSource, path: &str, text: &[u8]) -> Vec<Hit> {
        let mut hits = Run::new(self, source, path, text).search();
        hits.sort_by_key(|hit| (hit.secret.start, hit.rule));
        hits
    }

    /// Of each place the best hit, told without the secret.
    fn told(&self, key: &FingerprintKey, text: &[u8], first_line: u64, hits: &[Hit]) -> Vec<Secret> {
        let mut order: Vec<&Hit> = hits.iter().collect();
        order.sort_by_key(|hit| {
            let rule = &self.all[hit.rule];
            (
                rule.generic,
                !rule.multiline,
                Reverse((hit.severity, hit.secret.len())),
                hit.secret.start,
                hit.rule,
            )
        });
        let mut taken: BTreeMap<usize, &Hit> = BTreeMap::new();
        for hit in order {
            let before = taken.range(..hit.secret.end.max(hit.secret.start + 1)).next_back();
            if before.is_none_or(|(_, other)| other.secret.end <= hit.secret.start) {
                taken.insert(hit.secret.start, hit);
            }
        }
        let mut secrets = Vec::new();
        let mut seen = HashSet::new();
        let (mut line, mut counted) = (first_line, 0);
        for hit in taken.values().take(MOST_SECRETS) {
            line += memchr::memchr_iter(b'\n', &text[counted..hit.secret.start]).count() as u64;
            counted = hit.secret.start;
            let rule = &self.all[hit.rule];
            let fingerprint = key.fingerprint(&normalised(&text[hit.secret.clone()], rule.multiline));
            if seen.insert((line, fingerprint.clone())) {
                secrets.push(Secret {
                    line,
                    rule: rule.id.clone(),
                    title: rule.title.clone(),
                    kind: rule.kind,
                    severity: hit.severity,
                    snippet: redact::snippet(self, text, hit, hits),
                    fingerprint,
                    advice: rule.advice.clone(),
                });
            }
        }
        secrets
    }
}

/// A file that is a secret as it is.
fn of_file(key: &FingerprintKey, rule: &Rule, path: &str, bytes: &[u8]) -> Secret {
    Secret {
        line: 1,
        rule: rule.id.clone(),
        title: rule.title.clone(),
        kind: rule.kind,
        severity: rule.severity,
        snippet: path.rsplit('/').next().unwrap_or(path).to_owned(),
        fingerprint: key.fingerprint(bytes),
        advice: rule.advice.clone(),
    }
}

/// The secret as it is compared: one of several lines without what depends on how they are broken, also where the
/// breaks are written as `\n`.
fn normalised(secret: &[u8], multiline: bool) -> Vec<u8> {
    if !multiline {
        return secret.to_vec();
    }
    let mut out = Vec::with_capacity(secret.len());
    let mut rest = secret;
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (b'\\', [b'n' | b'r' | b't', after @ ..]) => after,
            (first, after) if first.is_ascii_whitespace() => after,
            (first, after) => {
                out.push(*first);
                after
            }
        };
    }
    out
}
