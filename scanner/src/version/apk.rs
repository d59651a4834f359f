//! apk-tools' order: `1.2.3b_rc1_p2~hash-r4`.
//!
//! Versions compare element by element. Where one ends first it is the smaller, unless the other goes on with a
//! suffix that stands for a release to come (`_alpha`, `_beta`, `_pre`, `_rc`).

use std::cmp::Ordering;

/// A version as its elements, closed by [`Element::End`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(Vec<Element>);

/// Where two versions differ in kind, the kind decides: the variants stand in that order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    PreSuffix(u8),
    End,
    Revision(Number),
    Hash(String),
    SuffixNumber(Number),
    PostSuffix(u8),
    Letter(u8),
    Component(Component),
    First(Number),
}

/// A number of any length, compared by value.
#[derive(Debug, Clone)]
struct Number(String);

/// A number after the first dot: with a leading zero it compares as a decimal fraction does, digit by digit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Component(String);

const PRE_SUFFIXES: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const POST_SUFFIXES: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    let mut rest = text;
    let mut elements = vec![Element::First(number(&mut rest).ok_or("it does not begin with a number")?)];
    while let Some(tail) = rest.strip_prefix('.') {
        rest = tail;
        let Number(digits) = number(&mut rest).ok_or("a dot is not followed by a number")?;
        elements.push(Element::Component(Component(digits)));
    }
    if let Some(letter) = rest.bytes().next().filter(u8::is_ascii_lowercase) {
        rest = &rest[1..];
        elements.push(Element::Letter(letter));
    }
    while let Some(tail) = rest.strip_prefix('_') {
        let end = tail.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(tail.len());
        elements.push(suffix(&tail[..end]).ok_or("it has a suffix that apk does not know")?);
        rest = &tail[end..];
        elements.extend(number(&mut rest).map(Element::SuffixNumber));
    }
    if let Some(tail) = rest.strip_prefix('~') {
        let end = tail.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(tail.len());
        if end == 0 {
            return Err("`~` is not followed by a commit");
        }
        elements.push(Element::Hash(tail[..end].to_owned()));
        rest = &tail[end..];
    }
    if let Some(tail) = rest.strip_prefix("-r") {
        rest = tail;
        elements.push(Element::Revision(number(&mut rest).ok_or("`-r` is not followed by a number")?));
    }
    if !rest.is_empty() {
        return Err("something follows that apk does not know");
    }
    elements.push(Element::End);
    Ok(Version(elements))
}

fn number(rest: &mut &str) -> Option<Number> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, tail) = rest.split_at(end);
    *rest = tail;
    (!digits.is_empty()).then(|| Number(digits.to_owned()))
}

fn suffix(name: &str) -> Option<Element> {
    let place =
        |list: &[&str]| list.iter().position(|known| *known == name).and_then(|at| u8::try_from(at).ok());
    place(&PRE_SUFFIXES).map(Element::PreSuffix).or_else(|| place(&POST_SUFFIXES).map(Element::PostSuffix))
}

impl Number {
    fn significant(&self) -> &str {
        self.0.trim_start_matches('0')
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.significant(), other.significant());
        a.len().cmp(&b.len()).then_with(|| a.cmp(b))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

impl Ord for Component {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.0.starts_with('0') || other.0.starts_with('0') {
            return self.0.cmp(&other.0);
        }
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Component {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each list is in ascending order.
    fn ascending(versions: &[&str]) {
        for pair in versions.windows(2) {
            assert_eq!(parse(pair[0]).unwrap().cmp(&parse(pair[1]).unwrap()), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn trap_suffixes_order_round_the_plain_version() {
        ascending(&[
            "1.0_alpha",
            "1.0_alpha2",
            "1.0_beta",
            "1.0_pre1",
            "1.0_rc1",
            "1.0_rc2",
            "1.0",
            "1.0-r1",
            "1.0_git20200101",
            "1.0_p1",
            "1.0_p1-r2",
            "1.0_p2",
            "1.0a",
            "1.0b",
            "1.0.1",
        ]);
    }

    #[test]
    fn trap_revision_is_a_number() {
        ascending(&["1.2.11-r3", "1.2.12-r0", "1.2.12-r9", "1.2.12-r10", "1.30.1-r5", "1.32.0"]);
    }

    #[test]
    fn components_with_a_leading_zero_compare_as_fractions() {
        ascending(&["1.01", "1.05", "1.1", "1.10"]);
        assert_eq!(parse("01.1"), parse("1.1"));
    }

    #[test]
    fn a_commit_follows_the_plain_version() {
        ascending(&["1.0", "1.0-r1", "1.0~12ab-r0", "1.0~12ac-r0", "1.0.1"]);
    }

    #[test]
    fn what_is_no_version_is_an_error() {
        for text in
            ["", "a", "1.", "1..2", "1.0-rc1", "1.0_foo", "1.0-r", "1.0~", "1.0 ", "1.0ab", "1.0-r1-r2", "é"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
