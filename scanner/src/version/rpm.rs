//! rpm's order (rpm-version(7)): epoch, version, release, the latter two in runs of digits and of letters.
//!
//! `~` sorts before the end of the text, `^` right after it. A missing epoch is 0. A missing release is below every
//! release: `4.0` is where the builds `4.0-1`, `4.0-2` begin.

use super::number::{Number, is_number, take_digits, take_while};

/// A version in its three parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    epoch: Number,
    upstream: Vec<Segment>,
    release: Option<Vec<Segment>>,
}

/// The kinds stand in their order; each part is closed by [`Segment::End`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Tilde,
    End,
    Caret,
    Letters(String),
    Digits(Number),
}

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    let (epoch, rest) = match text.split_once(':') {
        // What rpm prints of a package without an epoch.
        Some(("(none)", rest)) => ("", rest),
        Some((epoch, rest)) if is_number(epoch) => (epoch, rest),
        Some(_) => return Err("its epoch is no number"),
        None => ("", text),
    };
    let (version, release) = match rest.rsplit_once('-') {
        Some((version, release)) => (version, Some(release)),
        None => (rest, None),
    };
    Ok(Version {
        epoch: Number::new(epoch),
        upstream: segments(version)?,
        release: release.map(segments).transpose()?,
    })
}

fn segments(part: &str) -> Result<Vec<Segment>, &'static str> {
    if part.is_empty() {
        return Err("its version or release is empty");
    }
    let mut segments = Vec::new();
    let mut rest = part;
    while let Some(first) = rest.chars().next() {
        segments.push(match first {
            '0'..='9' => Segment::Digits(Number::new(take_digits(&mut rest))),
            'a'..='z' | 'A'..='Z' => {
                Segment::Letters(take_while(&mut rest, |c| c.is_ascii_alphabetic()).to_owned())
            }
            '~' | '^' => {
                rest = &rest[1..];
                if first == '~' { Segment::Tilde } else { Segment::Caret }
            }
            // Separators part the runs; how many there are, and which, does not matter.
            '.' | '_' | '+' | '-' => {
                rest = &rest[1..];
                continue;
            }
            _ => return Err("it holds a character that rpm does not allow"),
        });
    }
    segments.push(Segment::End);
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;
    use std::cmp::Ordering::{Equal, Greater, Less};

    use super::parse;

    fn order(a: &str, b: &str) -> Ordering {
        parse(a).unwrap().cmp(&parse(b).unwrap())
    }

    #[test]
    fn runs_compare_as_rpm_itself_is_tested_to_compare_them() {
        for (a, b, expected) in [
            ("1.0", "1.0", Equal),
            ("1.0", "2.0", Less),
            ("2.0.1", "2.0", Greater),
            ("2.0.1a", "2.0.1", Greater),
            ("5.5p1", "5.5p2", Less),
            ("5.5p1", "5.5p10", Less),
            ("10xyz", "10.1xyz", Less),
            ("xyz10", "xyz10.1", Less),
            ("xyz.4", "8", Less),
            ("xyz.4", "2", Less),
            ("5.5p2", "5.6p1", Less),
            ("5.6p1", "6.5p1", Less),
            ("6.0.rc1", "6.0", Greater),
            ("10b2", "10a1", Greater),
            ("10a2", "10b2", Less),
            ("1.0aa", "1.0a", Greater),
            ("10.0001", "10.1", Equal),
            ("10.0001", "10.0039", Less),
            ("4.999.9", "5.0", Less),
            ("20101121", "20101122", Less),
            ("2_0", "2.0", Equal),
            ("2.0", "2_0", Equal),
            ("a+", "a_", Equal),
            ("+a", "_a", Equal),
            ("+_", "_+", Equal),
            ("1.0.", "1.0", Equal),
            ("1b.fc17", "1.fc17", Less),
            ("1g.fc17", "1.fc17", Greater),
        ] {
            assert_eq!(order(a, b), expected, "{a} {b}");
            assert_eq!(order(b, a), expected.reverse(), "{b} {a}");
        }
    }

    #[test]
    fn trap_tilde_is_before_and_caret_after_the_end() {
        let ascending = [
            "1.0~rc1~git123",
            "1.0~rc1",
            "1.0~rc1^git1",
            "1.0~rc2",
            "1.0",
            "1.0^20160101~git",
            "1.0^20160101",
            "1.0^20160101^git1",
            "1.0^20160102",
            "1.01",
            "1.0.1",
        ];
        for pair in [0, 1, 3, 4, 5, 6, 7, 8].map(|at| &ascending[at..=at + 1]) {
            assert_eq!(order(pair[0], pair[1]), Less, "{pair:?}");
        }
        assert_eq!(order("1.0~rc1", "1.0~rc1^git1"), Less);
        assert_eq!(order("1.0^git1", "1.0.1"), Less);
        assert_eq!(order("1.0^git1~pre", "1.0^git1"), Less);
    }

    #[test]
    fn trap_a_missing_epoch_is_0() {
        assert_eq!(order("0:1.1.1k-9.el8", "1.1.1k-9.el8"), Equal);
        assert_eq!(order("(none):1.1.1k-9.el8", "1.1.1k-9.el8"), Equal);
        assert_eq!(order("1:1.0-1", "2.0-1"), Greater);
        assert_eq!(order("10:1-1", "9:1-1"), Greater);
    }

    #[test]
    fn releases_decide_last() {
        assert_eq!(order("3.0.7-24.el9", "3.0.7-25.el9_3"), Less);
        assert_eq!(order("3.0.7-25.el9", "3.0.7-25.el9_3"), Less);
        assert_eq!(order("3.0.8-1.el9", "3.0.7-25.el9_3"), Greater);
        assert_eq!(order("3.0.7", "3.0.7-1"), Less);
    }

    #[test]
    fn what_is_no_version_is_an_error() {
        for text in ["", "-1", "1-", ":1", "a:1", "1:", "1.0 1", "1.0-ä", "1:2:3", "<1.0"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
