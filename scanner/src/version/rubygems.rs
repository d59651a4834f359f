//! The order of `RubyGems` (`Gem::Version`): numbers and words; a word makes a pre-release, `-` stands for `.pre.`.

use std::cmp::Ordering;

use super::number::{Number, is_number, take_digits, take_while};

/// A version as its segments; the shorter of two is filled up with zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version(Vec<Segment>);

/// The kinds stand in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Word(String),
    Number(Number),
}

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("it does not begin with a number");
    }
    let (dotted, dashed) =
        text.split_once('-').map_or((text, None), |(dotted, dashed)| (dotted, Some(dashed)));
    let is_part = |part: &str, marks: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
    };
    let (first, others) = dotted.split_once('.').map_or((dotted, None), |(first, rest)| (first, Some(rest)));
    let allowed = is_number(first)
        && others.is_none_or(|others| others.split('.').all(|part| is_part(part, "")))
        && dashed.is_none_or(|dashed| dashed.split('.').all(|part| is_part(part, "-")));
    if !allowed {
        return Err("RubyGems does not allow it");
    }
    let mut segments = Vec::new();
    let mut release = true;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            segments.push(Segment::Number(Number::new(take_digits(&mut rest))));
        } else if first.is_ascii_alphabetic() {
            end_release(&mut release, &mut segments);
            let word = take_while(&mut rest, |c| c.is_ascii_alphabetic());
            segments.push(Segment::Word(word.to_owned()));
        } else {
            if first == '-' {
                end_release(&mut release, &mut segments);
                segments.push(Segment::Word("pre".to_owned()));
            }
            rest = &rest[1..];
        }
    }
    trim(&mut segments);
    Ok(Version(segments))
}

/// The numbers before the first word lose the zeros at their end.
fn end_release(release: &mut bool, segments: &mut Vec<Segment>) {
    if std::mem::take(release) {
        trim(segments);
    }
}

fn trim(segments: &mut Vec<Segment>) {
    while matches!(segments.last(), Some(Segment::Number(number)) if number.is_zero()) {
        segments.pop();
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let zero = Segment::Number(Number::default());
        (0..self.0.len().max(other.0.len()))
            .map(|i| self.0.get(i).unwrap_or(&zero).cmp(other.0.get(i).unwrap_or(&zero)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn letters_make_pre_releases() {
        let ascending = [
            "1.0.a",
            "1.0.a.1",
            "1.0.a.2",
            "1.0.a10",
            "1.0.b1",
            "1.0.beta",
            "1.0.pre",
            "1.0.0-1",
            "1.0.rc1",
            "1.0",
            "1.0.1.a",
            "1.0.1",
            "1.0.2",
            "1.0.10",
            "1.8.2.a10",
            "1.9",
        ];
        for pair in ascending.windows(2) {
            assert!(parse(pair[0]).unwrap() < parse(pair[1]).unwrap(), "{pair:?}");
        }
        assert!(parse("1.a.0.b").unwrap() < parse("1.a").unwrap());
        assert!(parse("1.a.b").unwrap() < parse("1.a.0.b").unwrap());
    }

    #[test]
    fn ways_to_write_one_version() {
        assert_eq!(parse("1.0-1"), parse("1.0.pre.1"));
        assert_eq!(parse("1.0"), parse("1.0.0.0"));
        assert_eq!(parse("1.0.0.a"), parse("1.a"));
        assert_eq!(parse("1.0.b1"), parse("1.0.b.1"));
        assert_eq!(parse("01.02"), parse("1.2"));
    }

    #[test]
    fn what_is_no_version_is_an_error() {
        for text in ["", "a", "1.", "1..2", "junk", "1.0\n2.0", "1.2 3", "1.0-", "v1.0", "1_0", "1.é"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
