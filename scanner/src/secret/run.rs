//! One search of one text: keywords first, expressions near them only.
//!
//! The cost is linear in the text, whatever it holds. Windows of one rule that meet become one, so that no byte is
//! searched twice by it but for the overlap of pieces; the matches of a rule are counted, and each costs a piece at most.

use std::ops::Range;

use regex::bytes::Captures;

use super::Rules;
use super::allow::{Candidate, is_monotonous};
use super::entropy::entropy;
use super::rule::Rule;
use super::search::Hit;
use crate::advisory::Severity;
use crate::image::SecretSource;

/// Bytes before and after a keyword that a rule sees at most, of its line and the next.
const REACH: (usize, usize) = (1 << 10, 8 << 10);
/// The same of a rule for secrets of several lines.
const MULTILINE_REACH: (usize, usize) = (4 << 10, 32 << 10);
/// Bytes that are looked through for the end of a line.
const LONGEST_LINE: usize = 64 << 10;
/// A window is searched in pieces of this many bytes, which overlap by a reach.
const PIECE: usize = 64 << 10;
/// Matches of one rule in one text that are looked at.
const MOST_MATCHES: usize = 4096;
/// Hits of all rules in one text.
const MOST_HITS: usize = 8192;

pub(super) struct Run<'a> {
    rules: &'a Rules,
    source: SecretSource,
    path: &'a str,
    text: &'a [u8],
    hits: Vec<Hit>,
}

/// Where a rule has searched and where it will.
#[derive(Debug)]
struct Progress {
    /// What is gathered and not searched; empty: nothing.
    window: Range<usize>,
    /// Before this nothing is found again.
    found: usize,
    matches: usize,
    /// Whether the rule is about this path and place.
    concerned: bool,
}

impl Progress {
    const fn new(concerned: bool) -> Self {
        Self { window: 0..0, found: 0, matches: 0, concerned }
    }
}

/// A line and the one after it.
#[derive(Debug, Default)]
struct Lines {
    start: usize,
    /// The end of the first.
    end: usize,
    /// The end of both.
    next_end: usize,
    /// Whether they go on beyond what was looked through.
    cut: bool,
}

impl Lines {
    /// The lines round a keyword.
    fn around(text: &[u8], keyword: &Range<usize>) -> Self {
        let back = keyword.start.saturating_sub(REACH.0);
        let start = memchr::memrchr(b'\n', &text[back..keyword.start]).map_or(back, |at| back + at + 1);
        let limit = text.len().min(keyword.end + LONGEST_LINE);
        let mut ends = memchr::memchr_iter(b'\n', &text[keyword.end..limit]).map(|at| keyword.end + at + 1);
        let end = ends.next();
        let next_end = ends.next();
        Self {
            start,
            end: end.unwrap_or(limit),
            next_end: next_end.unwrap_or(limit),
            cut: next_end.is_none() && limit < text.len(),
        }
    }

    fn serves(&self, keyword: &Range<usize>) -> bool {
        keyword.end < self.end && !(self.cut && keyword.end + REACH.1 > self.next_end)
    }
}

impl<'a> Run<'a> {
    pub fn new(rules: &'a Rules, source: SecretSource, path: &'a str, text: &'a [u8]) -> Self {
        Self { rules, source, path, text, hits: Vec::new() }
    }

    pub fn search(mut self) -> Vec<Hit> {
        let rules = self.rules;
        // Few rules are met in a file: only those have a progress. 0: not met.
        let mut number_of = vec![0_u32; rules.all.len()];
        let mut progress: Vec<(usize, Progress)> = Vec::new();
        let mut lines = Lines::default();
        rules.keywords.each(self.text, |number, keyword| {
            if !lines.serves(&keyword) {
                lines = Lines::around(self.text, &keyword);
            }
            for rule in &rules.of_keyword[number] {
                if number_of[*rule] == 0 {
                    progress.push((*rule, Progress::new(self.concerns(&rules.all[*rule]))));
                    number_of[*rule] = u32::try_from(progress.len()).unwrap_or_default();
                }
                let (_, progress) = &mut progress[number_of[*rule] as usize - 1];
                self.note(*rule, progress, &keyword, &lines);
            }
        });
        for (rule, progress) in &mut progress {
            self.search_window(*rule, progress);
        }
        for rule in &rules.everywhere {
            if self.concerns(&rules.all[*rule]) {
                let mut progress = Progress { window: 0..self.text.len(), ..Progress::new(true) };
                self.search_window(*rule, &mut progress);
            }
        }
        self.hits
    }

    /// Adds what is round a keyword to what the rule will search.
    fn note(&mut self, index: usize, progress: &mut Progress, keyword: &Range<usize>, lines: &Lines) {
        let rule = &self.rules.all[index];
        if !progress.concerned {
            return;
        }
        let window = if rule.multiline {
            keyword.start.saturating_sub(MULTILINE_REACH.0)
                ..self.text.len().min(keyword.end + MULTILINE_REACH.1)
        } else {
            lines.start.max(keyword.start.saturating_sub(REACH.0))..lines.next_end.min(keyword.end + REACH.1)
        };
        if progress.window.is_empty() {
            progress.window = window;
        } else if window.start <= progress.window.end {
            progress.window.end = progress.window.end.max(window.end);
        } else {
            self.search_window(index, progress);
            progress.window = window;
        }
    }

    /// Whether the rule is about this path and this kind of place.
    fn concerns(&self, rule: &Rule) -> bool {
        rule.places.contains(&self.source)
            && rule.path.as_ref().is_none_or(|pattern| pattern.is_match(self.path.as_bytes()))
            && !rule.allow.iter().any(|list| list.allows_path(self.path))
    }

    fn search_window(&mut self, index: usize, progress: &mut Progress) {
        let window = std::mem::take(&mut progress.window);
        let rule = &self.rules.all[index];
        let Some(regex) = rule.regex.as_ref().filter(|_| !window.is_empty()).and_then(|regex| regex.get())
        else {
            return;
        };
        let reach = if rule.multiline { MULTILINE_REACH } else { REACH };
        let mut start = window.start;
        loop {
            let end = window.end.min(start + PIECE);
            let next = if end < window.end { end - reach.0 - reach.1 } else { end };
            let mut at = start.max(progress.found);
            while at <= end && progress.matches < MOST_MATCHES {
                // The text before is in sight, so that `\b` knows what it follows.
                let Some(captures) = regex.captures_at(&self.text[..end], at) else { break };
                let whole = captures.get(0).map_or(at..at, |whole| whole.range());
                // What the end of the piece may have cut is found whole in the next.
                if whole.end == end && whole.start >= next && end < window.end {
                    break;
                }
                at = whole.end.max(whole.start + 1);
                progress.found = at;
                progress.matches += 1;
                self.judge(index, &captures);
            }
            if end == window.end {
                return;
            }
            start = next;
        }
    }

    /// Keeps what matched when it is a secret.
    fn judge(&mut self, index: usize, captures: &Captures) {
        let rule = &self.rules.all[index];
        let Some(whole) = captures.get(0) else { return };
        let group = if rule.group > 0 {
            captures.get(rule.group)
        } else {
            captures.iter().skip(1).flatten().find(|group| !group.is_empty())
        };
        let secret = group.unwrap_or(whole);
        let bytes = secret.as_bytes();
        if bytes.is_empty()
            || self.hits.len() >= MOST_HITS
            || (rule.entropy > 0.0 && entropy(bytes) <= rule.entropy)
            || is_monotonous(bytes)
        {
            return;
        }
        let mut severity = rule.severity;
        if rule.checksum.is_some_and(|checksum| !checksum.is_right(bytes)) {
            if rule.checksum_required {
                return;
            }
            severity = lowered(severity);
        }
        let candidate = Candidate {
            path: self.path,
            secret: bytes,
            matched: whole.as_bytes(),
            line: self.line_of(&whole.range()),
        };
        let rules = self.rules;
        let allowed = rule.allow.iter().any(|list| list.allows(&candidate))
            || rules.allow.iter().any(|list| list.concerns(&rule.id) && list.allows(&candidate));
        if !allowed {
            // Of a block the header is told, and the line of the header.
            let block = rule.multiline && whole.as_bytes().starts_with(b"-----BEGIN");
            let secret = if block { whole.range() } else { secret.range() };
            self.hits.push(Hit { rule: index, secret, severity });
        }
    }

    /// The lines that a match lies on, within bounds.
    fn line_of(&self, matched: &Range<usize>) -> &'a [u8] {
        let back = matched.start.saturating_sub(REACH.0);
        let start = memchr::memrchr(b'\n', &self.text[back..matched.start]).map_or(back, |at| back + at + 1);
        let limit = self.text.len().min(matched.end + REACH.0);
        let end = memchr::memchr(b'\n', &self.text[matched.end..limit]).map_or(limit, |at| matched.end + at);
        &self.text[start..end]
    }
}

/// A class less: what has the wrong checksum may be an older token, or none.
const fn lowered(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low | Severity::Unknown => Severity::Low,
    }
}
