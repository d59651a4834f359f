//! Regular expressions of rules: RE2's syntax, as Go reads it, in linear time.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::literal::{ExtractKind, Extractor};

/// Bytes that a compiled expression may take: the longest of known rule sets takes a tenth.
const SIZE_LIMIT: usize = 8 << 20;
/// Bytes of the cache that a search builds its automaton in.
const CACHE_LIMIT: usize = 1 << 20;
/// A literal shorter than this tells too little to decide by.
const SHORTEST_LITERAL: usize = 3;
/// More literals than this are no prefix to decide by.
const MOST_LITERALS: usize = 64;

/// A regular expression that is compiled when it is first needed: most rules never are.
#[derive(Debug)]
pub(super) struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub fn new(re2: &str) -> Self {
        Self { text: translate(re2), compiled: OnceLock::new() }
    }

    /// Compiles it now, to learn whether it can be.
    pub fn check(&self) -> Result<(), String> {
        compile(&self.text).map(|regex| {
            // What was compiled is kept, unless another thread was first.
            let _ = self.compiled.set(Some(regex));
        })
    }

    /// The expression; none where it cannot be compiled, which [`Self::check`] tells.
    pub fn get(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.text).ok()).as_ref()
    }

    pub fn is_match(&self, bytes: &[u8]) -> bool {
        self.get().is_some_and(|regex| regex.is_match(bytes))
    }

    /// Literals, in lower case, one of which begins every match; none where there is no such set.
    pub fn prefixes(&self) -> Vec<String> {
        let mut parser = regex_syntax::ParserBuilder::new();
        let Ok(hir) = parser.utf8(false).unicode(false).build().parse(&self.text) else { return Vec::new() };
        let mut extractor = Extractor::new();
        extractor.kind(ExtractKind::Prefix).limit_total(1024).limit_class(16);
        let found = extractor.extract(&hir);
        let Some(literals) = found.literals() else { return Vec::new() };
        let mut prefixes: Vec<String> = literals
            .iter()
            .filter_map(|literal| std::str::from_utf8(literal.as_bytes()).ok().map(str::to_ascii_lowercase))
            .collect();
        let all = prefixes.len() == literals.len();
        prefixes.sort_unstable();
        prefixes.dedup();
        let useful = prefixes.iter().all(|prefix| prefix.len() >= SHORTEST_LITERAL);
        if all && useful && prefixes.len() <= MOST_LITERALS { prefixes } else { Vec::new() }
    }
}

/// Go's `\w`, `\d`, `\s` and `\b` are those of ASCII, and so is a search over bytes fastest; an expression that names
/// letters beyond ASCII is compiled with them.
fn compile(text: &str) -> Result<Regex, String> {
    let build = |unicode: bool| {
        RegexBuilder::new(text).unicode(unicode).size_limit(SIZE_LIMIT).dfa_size_limit(CACHE_LIMIT).build()
    };
    build(false).or_else(|_| build(true)).map_err(|error| reason(&error))
}

fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("the expression is too large: compiled it takes more than {limit} bytes")
        }
        // The last line says what is wrong, those before it draw where.
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default().trim();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    }
}

/// What RE2 reads as plain characters and the `regex` crate does not: a brace that is no count, `\<` and `\>`,
/// `\Q…\E`, and within a class an opening bracket and doubled `&` and `~`.
/// Source: <https://github.com/google/re2/wiki/Syntax>.
fn translate(re2: &str) -> String {
    let mut out = String::with_capacity(re2.len() + 8);
    let mut rest = re2;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        rest = after;
        match c {
            '\\' => match after.chars().next() {
                Some('Q') => {
                    let quoted = &after[1..];
                    let (literal, next) = quoted.split_once("\\E").unwrap_or((quoted, ""));
                    out.push_str(&regex::escape(literal));
                    rest = next;
                }
                Some(next) => {
                    if !matches!(next, '<' | '>') {
                        out.push('\\');
                    }
                    out.push(next);
                    rest = &after[next.len_utf8()..];
                    // The braces of `\x{41}` and `\p{Greek}` hold a name.
                    if matches!(next, 'x' | 'p' | 'P') && rest.starts_with('{') {
                        let end = rest.find('}').map_or(rest.len(), |at| at + 1);
                        out.push_str(&rest[..end]);
                        rest = &rest[end..];
                    }
                }
                None => out.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                // A bracket that comes first stands for itself.
                if let Some(next) = after.strip_prefix('^') {
                    out.push('^');
                    rest = next;
                }
                if let Some(next) = rest.strip_prefix(']') {
                    out.push_str("\\]");
                    rest = next;
                }
            }
            '[' if after.starts_with(':') && after.contains(":]") => {
                let end = after.find(":]").map_or(after.len(), |at| at + 2);
                out.push('[');
                out.push_str(&after[..end]);
                rest = &after[end..];
            }
            '[' => out.push_str("\\["),
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            '{' if !in_class && !is_count(after) => out.push_str("\\{"),
            _ => out.push(c),
        }
    }
    out
}

/// Whether an opening brace before this is a count: `{3}`, `{3,}`, `{3,5}`.
fn is_count(after: &str) -> bool {
    let Some((inside, _)) = after.split_once('}') else { return false };
    let (least, most) = inside.split_once(',').unwrap_or((inside, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_reads_is_read() {
        for (re2, matches, not) in [
            (r"^\$(?:\d+|{\d+})$", "${12}", "$x"),
            (r"^\$\{(?:[A-Z_]+)}$", "${HOME}", "$HOME"),
            (r"(?i)key[[a]\z", "KEY[", "key[b"),
            (r"[]a]x", "]x", "bx"),
            (r"\<b\>", "<b>", "b"),
            (r"\Qa.b{\E+", "a.b{{", "axb{"),
            (r"[[:alpha:]&&x]{2}!", "&&!", "12!"),
            (r"\x{41}{2}", "AA", "A"),
            (r"a{,3}", "a{,3}", "aaa"),
            (r"é+", "éé", "e"),
            (r"(?P<name>x){1,3}y", "xxy", "y"),
        ] {
            let pattern = Pattern::new(re2);
            pattern.check().unwrap_or_else(|reason| panic!("{re2}: {reason}"));
            assert!(pattern.is_match(matches.as_bytes()), "{re2} on {matches}");
            assert!(!pattern.is_match(not.as_bytes()), "{re2} on {not}");
        }
    }

    #[test]
    fn what_cannot_be_compiled_says_why() {
        assert_eq!(Pattern::new("(a").check().unwrap_err(), "unclosed group");
        assert!(Pattern::new("(?:[a-z]{1000}){1000}").check().unwrap_err().contains("too large"));
        assert!(Pattern::new(r"(a)\1").check().unwrap_err().contains("backreferences"));
        assert!(Pattern::new("[").get().is_none());
        assert!(Pattern::new("\\").get().is_none());
    }

    #[test]
    fn prefixes_are_known_where_there_are_any() {
        assert_eq!(Pattern::new(r"\b(?:ghp|gho)_[a-z]{3}").prefixes(), ["gho_", "ghp_"]);
        assert_eq!(Pattern::new(r"(?i)\bakia[a-z]").prefixes(), ["akia"]);
        assert!(Pattern::new(r"[a-z0-9]{32}").prefixes().is_empty());
        assert!(Pattern::new(r"(").prefixes().is_empty());
    }
}
