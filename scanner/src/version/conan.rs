//! Conan's order (docs.conan.io, "Version ranges"): parts by `.` with any number of them, `-` before a pre-release, `+`
//! before build metadata. A part may end in letters, as those of OpenSSL do: `1.1.1k`.

use super::number::{Number, take_digits};

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    main: Parts,
    pre_release: PreRelease,
    build: Parts,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum PreRelease {
    Parts(Parts),
    Released,
}

/// Parts without the zeros at their end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Parts(Vec<Part>);

/// A number with letters after it, or a word, which is above every number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(Number, String),
    Word(String),
}

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (main, pre_release) = text.split_once('-').map_or((text, None), |(main, rest)| (main, Some(rest)));
    Ok(Version {
        main: parts(main)?,
        pre_release: pre_release
            .map_or(Ok(PreRelease::Released), |rest| parts(rest).map(PreRelease::Parts))?,
        build: build.map_or(Ok(Parts(Vec::new())), parts)?,
    })
}

fn parts(text: &str) -> Result<Parts, &'static str> {
    let mut parts = Vec::new();
    for part in text.split('.') {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        {
            return Err("a part of it is not what Conan allows");
        }
        let mut letters = part;
        let digits = take_digits(&mut letters);
        parts.push(if digits.is_empty() {
            Part::Word(letters.to_owned())
        } else {
            Part::Number(Number::new(digits), letters.to_owned())
        });
    }
    let is_zero =
        |part: &Part| matches!(part, Part::Number(number, letters) if number.is_zero() && letters.is_empty());
    while parts.last().is_some_and(is_zero) {
        parts.pop();
    }
    Ok(Parts(parts))
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::parse;

    fn order(a: &str, b: &str) -> Ordering {
        parse(a).unwrap().cmp(&parse(b).unwrap())
    }

    #[test]
    fn parts_compare_as_numbers_and_letters_after_them() {
        let ascending = [
            "1.0-alpha",
            "1.0-beta.2",
            "1.0-beta.10",
            "1.0",
            "1.0+build1",
            "1.0.1",
            "1.0.2y",
            "1.0.2za",
            "1.1.0k",
            "1.1.1",
            "1.1.1d",
            "1.1.1k",
            "1.1.2",
            "9d",
            "2021.02.22.00",
            "cci.20200203",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(order(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(order("1.0.0", "1"), Ordering::Equal);
    }

    #[test]
    fn what_is_no_version_is_an_error() {
        for text in ["", "1..2", "[>1.0 <2]", "1.0-", "1 2"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
