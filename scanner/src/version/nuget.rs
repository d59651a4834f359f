//! `NuGet`'s order: Semantic Versioning 2.0 with a fourth number, missing numbers as 0 and labels in any case.

use super::number::{Number, is_number};

/// A version; build metadata takes no part in the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    numbers: [Number; 4],
    pre_release: PreRelease,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum PreRelease {
    Labels(Vec<Label>),
    Released,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Number(Number),
    Word(String),
}

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    let (text, metadata) = text.split_once('+').map_or((text, None), |(text, data)| (text, Some(data)));
    let (core, labels) = text.split_once('-').map_or((text, None), |(core, labels)| (core, Some(labels)));
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !metadata.is_none_or(|data| data.split('.').all(is_label)) {
        return Err("its metadata are not what NuGet allows");
    }
    let mut numbers: [Number; 4] = Default::default();
    let mut places = numbers.iter_mut();
    for part in core.split('.') {
        if !is_number(part) {
            return Err("a part of it is no number");
        }
        *places.next().ok_or("it has more than four numbers")? = Number::new(part);
    }
    let pre_release = match labels {
        None => PreRelease::Released,
        Some(labels) if labels.split('.').all(is_label) => {
            let label = |text: &str| {
                if is_number(text) {
                    Label::Number(Number::new(text))
                } else {
                    Label::Word(text.to_ascii_lowercase())
                }
            };
            PreRelease::Labels(labels.split('.').map(label).collect())
        }
        Some(_) => return Err("a label of its pre-release is not what NuGet allows"),
    };
    Ok(Version { numbers, pre_release })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn pre_releases_stand_before_their_release() {
        let ascending = [
            "1.0.1-alpha",
            "1.0.1-alpha.2",
            "1.0.1-alpha.10",
            "1.0.1-alpha10",
            "1.0.1-alpha2",
            "1.0.1-beta",
            "1.0.1-open",
            "1.0.1-rc.2",
            "1.0.1-rc.10",
            "1.0.1-zzz",
            "1.0.1",
            "1.0.1.1",
            "1.0.2",
            "1.10",
        ];
        for pair in ascending.windows(2) {
            assert!(parse(pair[0]).unwrap() < parse(pair[1]).unwrap(), "{pair:?}");
        }
    }

    #[test]
    fn nuget_normalises_what_is_one_version() {
        for (a, b) in [
            ("1.00", "1.0"),
            ("1.01.1", "1.1.1"),
            ("1.00.0.1", "1.0.0.1"),
            ("1.0.0.0", "1.0.0"),
            ("1.0.01.0", "1.0.1"),
            ("1", "1.0.0"),
            ("1.0.0-Alpha", "1.0.0-alpha"),
            ("1.0.7+r3456", "1.0.7"),
        ] {
            assert_eq!(parse(a), parse(b), "{a} {b}");
        }
    }

    #[test]
    fn what_is_no_version_is_an_error() {
        for text in
            ["", "1.", "1.0.0.0.0", "a", "1.0-", "1.0-a..b", "1.*", "[1.0]", "1.0 beta", "1.0+", "v1.0"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
