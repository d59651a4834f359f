//! Debian's order (deb-version(7)): epoch, upstream version, revision; `~` sorts before the end of the text.

use std::cmp::Ordering;

/// A Debian version in its three parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    epoch: u64,
    upstream: Part,
    revision: Part,
}

/// A part of a version, compared in turns: text, number, text, number …
#[derive(Debug, Clone)]
struct Part(String);

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) if !epoch.is_empty() && epoch.bytes().all(|b| b.is_ascii_digit()) => {
            (epoch.parse().map_err(|_| "its epoch is too large")?, rest)
        }
        Some(_) => return Err("its epoch is no number"),
        None => (0, text),
    };
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    if upstream.is_empty() {
        return Err("its upstream part is empty");
    }
    if !upstream.bytes().all(|b| b.is_ascii_alphanumeric() || b".+-~:".contains(&b)) {
        return Err("its upstream part holds a character that Debian does not allow");
    }
    if !revision.bytes().all(|b| b.is_ascii_alphanumeric() || b".+~".contains(&b)) {
        return Err("its revision holds a character that Debian does not allow");
    }
    Ok(Version { epoch, upstream: Part(upstream.to_owned()), revision: Part(revision.to_owned()) })
}

impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.0.as_bytes(), other.0.as_bytes());
        while !a.is_empty() || !b.is_empty() {
            let order = compare_text(take(&mut a, false), take(&mut b, false))
                .then_with(|| compare_number(take(&mut a, true), take(&mut b, true)));
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Part {}

/// Cuts the run of digits (or of anything else) from the front.
fn take<'a>(rest: &mut &'a [u8], digits: bool) -> &'a [u8] {
    let end = rest.iter().position(|b| b.is_ascii_digit() != digits).unwrap_or(rest.len());
    let (run, tail) = rest.split_at(end);
    *rest = tail;
    run
}

/// `~` first, then the end, then letters, then the rest by ASCII.
fn compare_text(a: &[u8], b: &[u8]) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    (0..a.len().max(b.len()))
        .map(|i| weight(a.get(i)).cmp(&weight(b.get(i))))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Numbers of any length; an absent one is 0.
fn compare_number(a: &[u8], b: &[u8]) -> Ordering {
    let significant = |digits: &[u8]| digits.iter().position(|b| *b != b'0').unwrap_or(digits.len());
    let (a, b) = (&a[significant(a)..], &b[significant(b)..]);
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(a: &str, b: &str) -> Ordering {
        parse(a).unwrap().cmp(&parse(b).unwrap())
    }

    #[test]
    fn trap_tilde_sorts_first() {
        assert_eq!(order("1.0~rc1-1", "1.0-1"), Ordering::Less);
        assert_eq!(order("1.0~~", "1.0~"), Ordering::Less);
        assert_eq!(order("1.0~", "1.0"), Ordering::Less);
        assert_eq!(order("2.36-9+deb12u4~bpo1", "2.36-9+deb12u4"), Ordering::Less);
    }

    #[test]
    fn trap_epoch_beats_everything() {
        assert_eq!(order("1:1.2.11.dfsg-2", "2.0-1"), Ordering::Greater);
        assert_eq!(order("0:1.0-1", "1.0-1"), Ordering::Equal);
        assert_eq!(order("10:1", "9:1"), Ordering::Greater);
    }

    #[test]
    fn numbers_compare_as_numbers_and_letters_before_signs() {
        assert_eq!(order("1.10", "1.9"), Ordering::Greater);
        assert_eq!(order("1.01", "1.1"), Ordering::Equal);
        assert_eq!(order("1.0a", "1.0+"), Ordering::Less);
        assert_eq!(order("1.1.1k-1", "1.1.1n-0+deb11u5"), Ordering::Less);
        assert_eq!(order("5.2.15-2", "5.2.15-2+b2"), Ordering::Less);
        assert_eq!(order("99999999999999999999999999", "100000000000000000000000000"), Ordering::Less);
    }

    #[test]
    fn the_last_hyphen_begins_the_revision() {
        assert_eq!(order("1.0-1-2", "1.0-1-10"), Ordering::Less);
        assert_eq!(order("1.0", "1.0-0"), Ordering::Equal);
    }

    #[test]
    fn what_is_no_version_is_an_error() {
        for text in ["", "-1", ":1", "a:1", "1:", "1.0_2", "1.0-1:2-ä", "99999999999999999999:1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
