//! Packagist's order: what Composer makes of a version (composer/semver, `VersionParser::normalize`), compared as
//! PHP's `version_compare` does: `dev` < `alpha` < `beta` < `RC` < the release < `patch`. Branches have no place in it.

use super::number::{Number, is_number, take_digits, take_while};

/// A version as its parts, closed by [`Part::End`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(Vec<Part>);

/// The kinds stand in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Dev,
    Alpha,
    Beta,
    ReleaseCandidate,
    End,
    Number(Number),
    Patch,
}

const BRANCH: &str = "it is a branch, which has no place among versions";
/// What Composer puts where a branch such as `1.x-dev` leaves a number open.
const OPEN: &str = "9999999";
/// Longer words go before those they begin with.
const STABILITIES: [(&str, Option<Part>); 9] = [
    ("stable", None),
    ("alpha", Some(Part::Alpha)),
    ("beta", Some(Part::Beta)),
    ("patch", Some(Part::Patch)),
    ("rc", Some(Part::ReleaseCandidate)),
    ("pl", Some(Part::Patch)),
    ("a", Some(Part::Alpha)),
    ("b", Some(Part::Beta)),
    ("p", Some(Part::Patch)),
];

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    let text = text.split_once(" as ").map_or(text, |(name, _)| name.trim()).to_ascii_lowercase();
    let text = match text.rsplit_once('@') {
        Some((version, "stable" | "rc" | "beta" | "alpha" | "dev")) => version,
        _ => &text,
    };
    if text.starts_with("dev-") || ["master", "trunk", "default"].contains(&text) {
        return Err(BRANCH);
    }
    let text = text.split_once('+').map_or(text, |(version, _)| version);
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts = numbers(text)
        .or_else(|| date(text))
        .or_else(|| open_branch(text))
        .ok_or_else(|| if text.ends_with("dev") { BRANCH } else { "Composer does not allow it" })?;
    parts.push(Part::End);
    Ok(Version(parts))
}

/// One to four numbers and a stability.
fn numbers(text: &str) -> Option<Vec<Part>> {
    let mut rest = text;
    let first = take_digits(&mut rest);
    if first.is_empty() || first.len() > 5 {
        return None;
    }
    let mut parts = vec![Part::Number(Number::new(first))];
    while parts.len() < 4 {
        let Some(tail) = rest.strip_prefix('.').filter(|tail| tail.starts_with(|c: char| c.is_ascii_digit()))
        else {
            break;
        };
        rest = tail;
        parts.push(Part::Number(Number::new(take_digits(&mut rest))));
    }
    parts.resize(4, Part::Number(Number::default()));
    stability(rest, parts)
}

/// A date with or without a time: a year of four digits, then groups of two digits, the last of up to three.
fn date(text: &str) -> Option<Vec<Part>> {
    let mut rest = text;
    let run = take_while(&mut rest, |c| c.is_ascii_digit() || ".:-".contains(c));
    let run = run.trim_end_matches(['.', ':', '-']);
    let groups: Vec<&str> = run.split(['.', ':', '-']).collect();
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    let is_date = groups[0].len() >= 4
        && (6..=22).contains(&digits)
        && groups[1..]
            .iter()
            .all(|group| (1..=3).contains(&group.len()) || group.len() % 2 == 0 && !group.is_empty());
    if !is_date {
        return None;
    }
    stability(&text[run.len()..], groups.into_iter().map(|group| Part::Number(Number::new(group))).collect())
}

/// `[._-]` and a word, with numbers, and `dev` at the end.
fn stability(text: &str, mut parts: Vec<Part>) -> Option<Vec<Part>> {
    let mut rest = text.strip_prefix(['.', '_', '-']).unwrap_or(text);
    let found = STABILITIES.iter().find_map(|(word, part)| Some((rest.strip_prefix(word)?, part)));
    if let Some((tail, part)) = found {
        rest = tail;
        parts.extend(part.clone());
        loop {
            let tail = rest.strip_prefix(['.', '-']).unwrap_or(rest);
            if !tail.starts_with(|c: char| c.is_ascii_digit()) {
                break;
            }
            rest = tail;
            let number = Number::new(take_digits(&mut rest));
            if part.is_some() {
                parts.push(Part::Number(number));
            }
        }
    }
    let tail = rest.strip_prefix(['.', '-']).unwrap_or(rest);
    match (rest, tail) {
        ("", _) if text.is_empty() || found.is_some() => Some(parts),
        (_, "dev") => {
            parts.push(Part::Dev);
            Some(parts)
        }
        _ => None,
    }
}

/// `1.x-dev`: the branch of a line of releases stands above all of them.
fn open_branch(text: &str) -> Option<Vec<Part>> {
    let name = text.strip_suffix("dev")?;
    let name = name.strip_suffix(['.', '-']).unwrap_or(name);
    let mut parts = Vec::new();
    for group in name.split('.') {
        let number = match group {
            "x" | "*" if !parts.is_empty() => OPEN,
            _ if is_number(group) => group,
            _ => return None,
        };
        parts.push(Part::Number(Number::new(number)));
    }
    if parts.len() > 4 {
        return None;
    }
    parts.resize(4, Part::Number(Number::new(OPEN)));
    parts.push(Part::Dev);
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn stabilities_have_their_place() {
        let ascending = [
            "1.0.0-dev",
            "1.0.0-alpha",
            "1.0.0-alpha1-dev",
            "1.0.0-alpha1",
            "1.0.0-alpha.2.1",
            "1.0.0-b2",
            "1.0.0-beta10",
            "1.0.0RC1dev",
            "1.0.0-rC15-dev",
            "1.0.0.RC.15",
            "1.0.0",
            "1.0.0-p1",
            "1.0.0-pl3",
            "1.0.0.1",
            "1.0.1",
            "1.10",
            "1.10.x-dev",
            "1.x-dev",
            "2",
        ];
        for pair in ascending.windows(2) {
            // `p1` is above the release and, by its kind, above a fourth number; Composer fills that in with 0 first.
            assert!(parse(pair[0]).unwrap() < parse(pair[1]).unwrap(), "{pair:?}");
        }
    }

    #[test]
    fn composer_normalises_what_is_one_version() {
        for (a, b) in [
            ("1", "1.0.0.0"),
            ("v1.2", "1.2.0"),
            ("V1.0.0", "1.0"),
            ("1.0.0-stable", "1.0.0"),
            ("1.0.0+foo", "1.0.0"),
            ("1.0.0-beta.5+foo", "1.0.0-b5"),
            ("1.0.0 as 2.0", "1.0.0"),
            ("1.0.0@dev", "1.0.0"),
            ("1.0.0a1", "1.0-alpha1"),
            ("1.0.0_RC1", "1.0.0-rc1"),
            ("1.0pl1", "1.0.0-patch1"),
            ("2010-01-02", "2010.1:2"),
            ("1.2.3.4-p1", "1.2.3.4-patch.1"),
        ] {
            assert!(parse(a).is_ok(), "{a}");
            if a != "2010-01-02" {
                assert_eq!(parse(a), parse(b), "{a} {b}");
            }
        }
        assert!(parse("2010-01-02").unwrap() < parse("2010-01-02.5").unwrap());
        assert!(parse("20100102").unwrap() < parse("20100103-203040").unwrap());
    }

    #[test]
    fn trap_branches_and_what_is_no_version_are_errors() {
        for text in [
            "",
            "dev-master",
            "dev-feature/x",
            "master",
            "trunk",
            "feature-dev",
            "a",
            "1.0.0-meh",
            "1.0.0.0.0",
            "1.0.0-",
            "1.0.0 2",
            "~1.0",
            "1.*",
            "1.0.0<1.0.5",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
