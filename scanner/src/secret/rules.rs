//! The compiled set of rules.

use std::collections::HashSet;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::allow::AllowList;
use super::builtin;
use super::format::RuleSource;
use super::keywords::Keywords;
use super::rule::Rule;

/// Raised when the same rules find something else.
const REVISION: u32 = 1;

/// Why a set of rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {reason}")]
pub struct RuleError {
    /// The file.
    pub file: String,
    /// The line in it, 1 the first.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// A set of rules, compiled. It does not change and may be shared by threads.
#[derive(Debug)]
pub struct Rules {
    pub(super) all: Vec<Rule>,
    pub(super) allow: Vec<AllowList>,
    /// Finds every keyword of every rule.
    pub(super) keywords: Keywords,
    /// The rules of each keyword, by the number that the automaton gives it.
    pub(super) of_keyword: Vec<Vec<usize>>,
    /// Rules that have no keyword and run over everything.
    pub(super) everywhere: Vec<usize>,
    /// Rules about files themselves.
    pub(super) of_path: Vec<usize>,
    fingerprint: String,
}

impl Rules {
    /// The rules that the program brings.
    pub fn builtin() -> Result<Self, RuleError> {
        Self::with(&[])
    }

    /// The rules that the program brings and these, gitleaks-compatible TOML each. A rule with the id of a built-in one
    /// takes its place, and `disabledRules` takes built-in ones out. An expression that cannot be compiled, a key or a
    /// name that is not known is an error with file and line.
    pub fn with(user: &[RuleSource]) -> Result<Self, RuleError> {
        let mut set = Draft::default();
        for source in builtin::sources() {
            set.add(&source, true)?;
        }
        for source in user {
            set.add(source, false)?;
        }
        set.compile()
    }

    /// What tells this set from another: two sets with the same one find the same.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The ids of the rules.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|rule| rule.id.as_str())
    }
}

/// What files have brought so far.
#[derive(Default)]
struct Draft {
    rules: Vec<Rule>,
    allow: Vec<AllowList>,
    hash: Sha256,
}

impl Draft {
    fn add(&mut self, source: &RuleSource, lazy: bool) -> Result<(), RuleError> {
        self.hash.update((source.text.len() as u64).to_le_bytes());
        self.hash.update(&source.text);
        let document = source.parse()?;
        if let Some(extend) = &document.extend {
            if let Some(other) = extend.path.as_ref().or(extend.url.as_ref()) {
                return Err(source.error(
                    other.span().start,
                    "`extend` reads no other files: give each file of rules by itself",
                ));
            }
            self.rules.retain(|rule| !extend.disabled_rules.contains(&rule.id));
        }
        let mut here = HashSet::new();
        for text in &document.rules {
            let id = text.get_ref().id.get_ref();
            if !here.insert(id.clone()) {
                return Err(source
                    .error(text.get_ref().id.span().start, format!("there are two rules with the id {id}")));
            }
            if text.get_ref().skip_report {
                continue;
            }
            let rule = Rule::new(text.get_ref(), source, lazy)?;
            match self.rules.iter_mut().find(|other| other.id == rule.id) {
                Some(_) if lazy => {
                    return Err(source.error(
                        text.get_ref().id.span().start,
                        format!("there are two rules with the id {id}"),
                    ));
                }
                Some(other) => *other = rule,
                None => self.rules.push(rule),
            }
        }
        for list in document.allowlist.iter().chain(&document.allowlists) {
            self.allow.push(AllowList::new(list.get_ref(), source, lazy)?);
        }
        Ok(())
    }

    fn compile(self) -> Result<Rules, RuleError> {
        let Self { rules, mut allow, hash } = self;
        let mut words: Vec<&str> = Vec::new();
        let mut of_keyword: Vec<Vec<usize>> = Vec::new();
        let mut everywhere = Vec::new();
        let mut of_path = Vec::new();
        let mut known = std::collections::HashMap::new();
        for (index, rule) in rules.iter().enumerate() {
            if rule.regex.is_none() {
                of_path.push(index);
            } else if rule.keywords.is_empty() {
                everywhere.push(index);
            }
            for word in rule.keywords.iter().filter(|_| rule.regex.is_some()) {
                let number = *known.entry(word.as_str()).or_insert_with(|| {
                    words.push(word);
                    of_keyword.push(Vec::new());
                    words.len() - 1
                });
                if of_keyword[number].last() != Some(&index) {
                    of_keyword[number].push(index);
                }
            }
        }
        let keywords = Keywords::new(&words).map_err(|error| RuleError {
            file: "all files of rules".to_owned(),
            line: 1,
            reason: format!("the keywords do not fit an automaton: {error}"),
        })?;
        allow.retain(|list| list.rules.is_empty() || rules.iter().any(|rule| list.concerns(&rule.id)));
        let mut fingerprint = format!("secrets-{REVISION}-");
        for byte in &hash.finalize()[..8] {
            // Writing to a text cannot fail.
            let _ = write!(fingerprint, "{byte:02x}");
        }
        Ok(Rules { all: rules, allow, keywords, of_keyword, everywhere, of_path, fingerprint })
    }
}
