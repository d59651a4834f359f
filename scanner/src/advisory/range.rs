//! Whether one version lies in what a record calls affected (OSV schema, section "Evaluation").

use std::collections::BTreeMap;

use super::affected::Affected;
use super::model::{Event, Range, RangeKind};
use crate::ecosystem;
use crate::version::{Scheme, Version, VersionError};

/// What a record means for one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The version is vulnerable.
    Affected {
        /// Versions above it that are not, lowest first; empty when there is no fix.
        fixed: Vec<String>,
    },
    /// The version is not vulnerable by this record.
    NotAffected,
    /// It cannot be told, with the reason as one sentence.
    NotAssessed(String),
}

/// Tells whether `version` of a package of `ecosystem` is affected: when `versions` lists it or any range holds it.
/// A record with neither affects nothing. What cannot be compared hides no other range, and is never "not affected".
pub fn evaluate(ecosystem: &str, version: &str, affected: &Affected) -> Outcome {
    let mut is_affected = affected.versions.iter().any(|listed| listed == version);
    let mut reason = None;
    let mut fixes = Vec::new();
    for range in affected.ranges.iter().filter(|range| range.kind != RangeKind::Other) {
        let version = comparable(version, range, ecosystem);
        match Spans::of(range, ecosystem).and_then(|spans| Ok((spans.scheme.parse(version)?, spans))) {
            Ok((installed, spans)) => {
                is_affected |= spans.hold(&installed);
                reason = reason.or(spans.unread);
                fixes.extend(spans.fixes.into_iter().filter(|(fixed, _)| *fixed > installed));
            }
            Err(error) => reason = reason.or_else(|| Some(error.to_string())),
        }
    }
    if !is_affected && !affected.versions.is_empty() {
        match is_equal_to_listed(ecosystem, version, &affected.versions) {
            Ok(found) => is_affected = found,
            Err(error) => reason = reason.or_else(|| Some(error.to_string())),
        }
    }
    if is_affected {
        return Outcome::Affected { fixed: real_fixes(ecosystem, fixes, affected) };
    }
    reason.map_or(Outcome::NotAffected, Outcome::NotAssessed)
}

/// The version as the range can be asked about it: without its epoch where the feed leaves epochs out, for `1:1.1.1f-7`
/// is not above the fix `1.1.1f-8` of such a feed.
fn comparable<'a>(version: &'a str, range: &Range, ecosystem: &str) -> &'a str {
    let drops_epochs = ecosystem::find(ecosystem).is_some_and(|known| known.drops_epochs);
    if !drops_epochs || range.events.iter().any(|event| event.version().contains(':')) {
        return version;
    }
    version.split_once(':').map_or(version, |(_, version)| version)
}

/// Versions are listed as text; `1.0` and `1.0.0` are one release of `PyPI` all the same.
fn is_equal_to_listed(ecosystem: &str, version: &str, versions: &[String]) -> Result<bool, VersionError> {
    let scheme = Scheme::of(ecosystem)?;
    let installed = scheme.parse(version)?;
    Ok(versions.iter().any(|listed| scheme.parse(listed).is_ok_and(|listed| listed == installed)))
}

/// Keeps the fixes that the record does not itself call affected, each once, lowest first.
fn real_fixes(ecosystem: &str, fixes: Vec<(Version, String)>, affected: &Affected) -> Vec<String> {
    // Ranges may compare by another order than the ecosystem's, and versions of two orders do not mix.
    let mut ordered = BTreeMap::new();
    for (version, text) in fixes {
        let own = Scheme::of(ecosystem).and_then(|scheme| scheme.parse(&text));
        ordered.entry(own.unwrap_or(version)).or_insert(text);
    }
    let holds = |text: &str| {
        affected.ranges.iter().any(|range| {
            Spans::of(range, ecosystem)
                .is_ok_and(|spans| spans.scheme.parse(text).is_ok_and(|version| spans.hold(&version)))
        })
    };
    ordered.into_values().filter(|text| !holds(text)).collect()
}

/// A range with its versions read.
struct Spans {
    scheme: Scheme,
    /// In the order of versions; events of one version keep the order of the record.
    events: Vec<(Bound, Point)>,
    limits: Vec<Bound>,
    /// Every version that is called fixed, with its text.
    fixes: Vec<(Version, String)>,
    /// Why a part of the range was left out.
    unread: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    /// `0`: below every version, pre-releases too.
    Lowest,
    At(Version),
    /// `*`: above every version.
    Highest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    Introduced,
    Fixed,
    LastAffected,
}

impl Spans {
    fn of(range: &Range, ecosystem: &str) -> Result<Self, VersionError> {
        let scheme = match range.kind {
            RangeKind::SemVer => {
                Scheme::of(ecosystem).ok().filter(|own| own.reads_semver()).unwrap_or(Scheme::SemVer)
            }
            RangeKind::Ecosystem | RangeKind::Other => Scheme::of(ecosystem)?,
        };
        let mut spans =
            Self { scheme, events: Vec::new(), limits: Vec::new(), fixes: Vec::new(), unread: None };
        // An event that cannot be read takes the other end of its span with it, and nothing else.
        let mut start_is_unread = false;
        for event in &range.events {
            let (point, text) = match event {
                Event::Introduced(text) => (Point::Introduced, text),
                Event::Fixed(text) => (Point::Fixed, text),
                Event::LastAffected(text) => (Point::LastAffected, text),
                Event::Limit(text) => {
                    match bound(scheme, text) {
                        Ok(limit) => spans.limits.push(limit),
                        Err(error) => spans.note_unread(&error),
                    }
                    continue;
                }
            };
            let opens = point == Point::Introduced;
            match bound(scheme, text) {
                Ok(_) if start_is_unread && !opens => start_is_unread = false,
                Ok(at) => {
                    start_is_unread = false;
                    if let (Bound::At(version), Point::Fixed) = (&at, point) {
                        spans.fixes.push((version.clone(), text.clone()));
                    }
                    spans.events.push((at, point));
                }
                Err(error) => {
                    spans.note_unread(&error);
                    start_is_unread = opens;
                    if !opens && spans.events.last().is_some_and(|(_, last)| *last == Point::Introduced) {
                        spans.events.pop();
                    }
                }
            }
        }
        if matches!(ecosystem::base(ecosystem), "Alpine" | "Wolfi" | "Chainguard") {
            spans.repair_inverted();
        }
        // The sort is stable: events of one version keep the record's order. At `0` the introduction goes first,
        // for `fixed: 0` means never affected, however it is listed.
        spans.events.sort_by_cached_key(|(at, point)| {
            (at.clone(), *at == Bound::Lowest && *point != Point::Introduced)
        });
        Ok(spans)
    }

    fn note_unread(&mut self, error: &VersionError) {
        self.unread.get_or_insert_with(|| format!("a part of the advisory cannot be read: {error}"));
    }

    /// Alpine's records take `introduced` from the NVD and `fixed` from Alpine, which may have fixed an older version:
    /// such a span is empty as written. Alpine's own data names fixes only, so all below the fix is affected.
    fn repair_inverted(&mut self) {
        for i in 1..self.events.len() {
            let (before, after) = self.events.split_at_mut(i);
            let (Some((introduced, Point::Introduced)), (fixed, Point::Fixed)) =
                (before.last_mut(), &after[0])
            else {
                continue;
            };
            if *fixed != Bound::Lowest && fixed <= introduced {
                *introduced = Bound::Lowest;
            }
        }
    }

    fn hold(&self, version: &Version) -> bool {
        let version = Bound::At(version.clone());
        let mut affected = false;
        for (at, point) in &self.events {
            match point {
                Point::Introduced if version >= *at => affected = true,
                Point::Fixed if version >= *at => affected = false,
                Point::LastAffected if version > *at => affected = false,
                _ => {}
            }
        }
        affected && (self.limits.is_empty() || self.limits.iter().any(|limit| version < *limit))
    }
}

fn bound(scheme: Scheme, text: &str) -> Result<Bound, VersionError> {
    match text {
        "0" => Ok(Bound::Lowest),
        "*" => Ok(Bound::Highest),
        _ => scheme.parse(text).map(Bound::At),
    }
}
