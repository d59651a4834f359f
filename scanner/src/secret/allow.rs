//! What is no secret though it looks like one: allow lists, and values that nobody draws at random.

use super::RuleError;
use super::format::{AllowText, RuleSource};
use super::pattern::Pattern;

/// What a regular expression of an allow list is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Secret,
    Match,
    Line,
}

/// An allow list, as gitleaks has them.
#[derive(Debug)]
pub(super) struct AllowList {
    all: bool,
    paths: Vec<Pattern>,
    target: Target,
    regexes: Vec<Pattern>,
    stopwords: Vec<String>,
    /// The rules that it is for; empty: for every rule.
    pub rules: Vec<String>,
}

/// What an allow list judges.
pub(super) struct Candidate<'a> {
    pub path: &'a str,
    pub secret: &'a [u8],
    pub matched: &'a [u8],
    pub line: &'a [u8],
}

impl AllowList {
    /// The list as written; `lazy` leaves its expressions to be compiled when they are first needed.
    pub fn new(text: &AllowText, source: &RuleSource, lazy: bool) -> Result<Self, RuleError> {
        let patterns = |texts: &[toml::Spanned<String>]| {
            texts
                .iter()
                .map(|text| {
                    let pattern = Pattern::new(text.get_ref());
                    if !lazy {
                        pattern.check().map_err(|reason| source.error(text.span().start, reason))?;
                    }
                    Ok(pattern)
                })
                .collect::<Result<Vec<_>, RuleError>>()
        };
        let target = match &text.regex_target {
            None => Target::Secret,
            Some(name) => match name.get_ref().to_ascii_lowercase().as_str() {
                "secret" | "" => Target::Secret,
                "match" => Target::Match,
                "line" => Target::Line,
                _ => {
                    return Err(source.error(
                        name.span().start,
                        format!("`{}` is no regexTarget: use secret, match or line", name.get_ref()),
                    ));
                }
            },
        };
        let all = match &text.condition {
            None => false,
            Some(name) => match name.get_ref().to_ascii_uppercase().as_str() {
                "OR" | "||" | "" => false,
                "AND" | "&&" => true,
                _ => {
                    return Err(source.error(
                        name.span().start,
                        format!("`{}` is no condition: use AND or OR", name.get_ref()),
                    ));
                }
            },
        };
        Ok(Self {
            all,
            paths: patterns(&text.paths)?,
            target,
            regexes: patterns(&text.regexes)?,
            stopwords: text.stopwords.iter().map(|word| word.to_ascii_lowercase()).collect(),
            rules: text.target_rules.clone(),
        })
    }

    /// Compiles its expressions now, to learn whether they can be.
    #[cfg(test)]
    pub fn check(&self) -> Result<(), String> {
        self.paths.iter().chain(&self.regexes).try_for_each(Pattern::check)
    }

    /// Whether it is about this rule.
    pub fn concerns(&self, rule: &str) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|id| id == rule)
    }

    /// Whether every secret at this path is allowed, whatever it looks like.
    pub fn allows_path(&self, path: &str) -> bool {
        let by_path_alone = !self.all || (self.regexes.is_empty() && self.stopwords.is_empty());
        by_path_alone && self.has_path(path)
    }

    fn has_path(&self, path: &str) -> bool {
        self.paths.iter().any(|pattern| pattern.is_match(path.as_bytes()))
    }

    /// Whether it allows this.
    pub fn allows(&self, candidate: &Candidate) -> bool {
        let target = match self.target {
            Target::Secret => candidate.secret,
            Target::Match => candidate.matched,
            Target::Line => candidate.line,
        };
        let by_path = || self.has_path(candidate.path);
        let by_regex = || self.regexes.iter().any(|pattern| pattern.is_match(target));
        let by_word = || {
            let secret = candidate.secret.to_ascii_lowercase();
            self.stopwords.iter().any(|word| memchr::memmem::find(&secret, word.as_bytes()).is_some())
        };
        if self.all {
            (self.paths.is_empty() || by_path())
                && (self.regexes.is_empty() || by_regex())
                && (self.stopwords.is_empty() || by_word())
                && !(self.paths.is_empty() && self.regexes.is_empty() && self.stopwords.is_empty())
        } else {
            by_path() || by_regex() || by_word()
        }
    }
}

/// Whether most of its characters repeat the one before or count on from it, or there are but two different ones:
/// `xxxxxxxx`, `1234567890abcdef`, `********`, `0000-0000`.
pub(super) fn is_monotonous(secret: &[u8]) -> bool {
    if secret.len() < 4 {
        return false;
    }
    let steps = secret.windows(2).filter(|pair| {
        let step = i16::from(pair[1]) - i16::from(pair[0]);
        step.abs() <= 1 || (pair[0] == b'9' && matches!(pair[1], b'0' | b'a' | b'A'))
    });
    let other = secret.iter().find(|byte| **byte != secret[0]);
    steps.count() * 10 >= (secret.len() - 1) * 7
        || secret.iter().all(|byte| *byte == secret[0] || Some(byte) == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> AllowList {
        let source = RuleSource { name: "allow.toml".to_owned(), text: format!("[allowlist]\n{text}") };
        AllowList::new(source.parse().unwrap().allowlist.unwrap().get_ref(), &source, false).unwrap()
    }

    fn allows(list: &AllowList, path: &str, secret: &str) -> bool {
        let line = format!("key = {secret}");
        list.allows(&Candidate {
            path,
            secret: secret.as_bytes(),
            matched: line.as_bytes(),
            line: line.as_bytes(),
        })
    }

    #[test]
    fn any_or_all_of_what_a_list_names() {
        let any = list("paths = ['^test/']\nregexes = ['^x+$']\nstopwords = ['Example']");
        assert!(allows(&any, "test/a", "b") && allows(&any, "a", "xx") && allows(&any, "a", "anEXAMPLEb"));
        assert!(!allows(&any, "a", "b"));
        assert!(any.allows_path("test/a") && !any.allows_path("a"));
        let all =
            list("condition = 'AND'\npaths = ['^test/']\nregexes = ['^key = x+$']\nregexTarget = 'line'");
        assert!(allows(&all, "test/a", "xx"));
        assert!(!allows(&all, "test/a", "b") && !allows(&all, "a", "xx") && !all.allows_path("test/a"));
        assert!(!allows(&list("condition = 'AND'"), "a", "b"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, reason) in [
            ("regexes = [\n'(',\n]", "allow.toml, line 3: unclosed group"),
            ("condition = 'XOR'", "allow.toml, line 2: `XOR` is no condition: use AND or OR"),
            (
                "\nregexTarget = 'all'",
                "allow.toml, line 3: `all` is no regexTarget: use secret, match or line",
            ),
        ] {
            let source = RuleSource { name: "allow.toml".to_owned(), text: format!("[allowlist]\n{text}") };
            let document = source.parse().unwrap();
            let error = AllowList::new(document.allowlist.unwrap().get_ref(), &source, false).unwrap_err();
            assert_eq!(error.to_string(), reason);
        }
    }

    #[test]
    fn what_repeats_or_counts_is_monotonous() {
        for text in ["xxxxxxxx", "1234567890abcdef", "abcdefghijklmnop", "****", "0000-0000-0000"] {
            assert!(is_monotonous(text.as_bytes()), "{text}");
        }
        for text in ["hunter2horse", "Tr0ub4dor&3", "aZ4kQ9", "abc"] {
            assert!(!is_monotonous(text.as_bytes()), "{text}");
        }
    }
}
