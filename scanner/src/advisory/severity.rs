//! How severe a record is, and who says so.
//!
//! The order of trust: the feed's own word for this package (it knows how the package is built), the record's CVSS,
//! the word of the record as a whole. CVSS 4.0 goes before 3.1, 3.0 and 2.0; scores of different sources are never
//! mixed, and what nobody rated is unknown, which is not the same as harmless.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{AffectedEntry, Record, SeverityEntry};
use crate::ecosystem;

/// Classes of severity, lowest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Nobody has rated it.
    #[default]
    Unknown = 0,
    /// CVSS below 4, or what a distribution calls low, negligible or unimportant.
    Low = 1,
    /// CVSS from 4.
    Medium = 2,
    /// CVSS from 7.
    High = 3,
    /// CVSS from 9.
    Critical = 4,
}

/// What was given names no severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no severity: use CRITICAL, HIGH, MEDIUM, LOW or UNKNOWN")]
pub struct InvalidSeverity(pub String);

/// A severity with its source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RatedSeverity {
    /// The class.
    pub severity: Severity,
    /// Who says so: `Debian urgency`, `CVSS 3.1`, `GHSA`; empty when nobody does.
    pub source: String,
    /// The CVSS score of [`Self::vector`], 0 to 10, also where a word decided the class.
    pub score: Option<f32>,
    /// The best CVSS vector of the record, as written.
    pub vector: Option<String>,
}

impl Severity {
    /// The class that a feed's word stands for; `Unknown` for words that rate nothing (`not yet assigned`).
    pub fn of_word(word: &str) -> Self {
        // Debian marks an urgency that it took over from the NVD with asterisks.
        match word.trim().trim_end_matches('*').to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "important" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" | "minor" | "negligible" | "unimportant" => Self::Low,
            _ => Self::Unknown,
        }
    }

    /// The class of a CVSS 3 or 4 score (their qualitative scale; a score of 0 is low, not unknown).
    fn of_score(score: f64) -> Self {
        match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            _ => Self::Low,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unknown => "UNKNOWN",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        })
    }
}

impl FromStr for Severity {
    type Err = InvalidSeverity;

    /// Reads a name in any case.
    fn from_str(text: &str) -> Result<Self, InvalidSeverity> {
        [Self::Unknown, Self::Low, Self::Medium, Self::High, Self::Critical]
            .into_iter()
            .find(|severity| severity.to_string().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| InvalidSeverity(text.chars().take(100).collect()))
    }
}

impl Record {
    /// Rates the record: for the package at `affected_index` of [`Record::affected`], or as a whole, where the highest
    /// word that the feed has for any package counts.
    pub fn severity(&self, affected_index: Option<usize>) -> RatedSeverity {
        let entries: &[AffectedEntry] = match affected_index {
            Some(index) => self.affected.get(index..=index).unwrap_or_default(),
            None => &self.affected,
        };
        let cvss = entries
            .iter()
            .filter_map(|entry| best_cvss(&entry.severity))
            .max_by(|a, b| a.score.total_cmp(&b.score))
            .or_else(|| best_cvss(&self.severity));
        let rated = |severity, source: String| RatedSeverity {
            severity,
            source,
            #[allow(clippy::cast_possible_truncation)] // One decimal between 0 and 10.
            score: cvss.as_ref().map(|cvss| cvss.score as f32),
            vector: cvss.as_ref().map(|cvss| cvss.vector.clone()),
        };
        let word = entries.iter().filter_map(|entry| package_word(self, entry)).max_by_key(|(word, _)| *word);
        if let Some((severity, source)) = word {
            return rated(severity, source);
        }
        if let Some(cvss) = &cvss {
            return rated(Severity::of_score(cvss.score), format!("CVSS {}", cvss.edition));
        }
        let word = Severity::of_word(text_at(&self.database_specific, "severity"));
        let source = if word == Severity::Unknown { String::new() } else { self.source_name() };
        rated(word, source)
    }

    /// Who publishes the record, by its id: `GHSA`, `PYSEC`, `DSA`.
    fn source_name(&self) -> String {
        self.id.split_once('-').map_or(self.id.as_str(), |(source, _)| source).to_owned()
    }
}

/// Whether the distribution calls this vulnerability unimportant for this package.
pub(super) fn is_unimportant(record: &Record, entry: &AffectedEntry) -> bool {
    words(record, entry)
        .iter()
        .any(|(word, _)| word.eq_ignore_ascii_case("unimportant") || word.eq_ignore_ascii_case("negligible"))
}

/// The feed's rating of the package, when it has one.
fn package_word(record: &Record, entry: &AffectedEntry) -> Option<(Severity, String)> {
    words(record, entry)
        .into_iter()
        .map(|(word, source)| (Severity::of_word(word), source))
        .find(|(severity, _)| *severity != Severity::Unknown)
}

/// Where feeds put their word for a package, with the name of the place.
fn words<'a>(record: &'a Record, entry: &'a AffectedEntry) -> Vec<(&'a str, String)> {
    let feed = entry.package.as_ref().map_or("", |package| ecosystem::base(&package.ecosystem));
    let mut words = Vec::new();
    for list in [&entry.severity, &record.severity] {
        // Ubuntu's priority is a rating whose type is the distribution.
        let own = list.iter().filter(|rating| rating.kind == "Ubuntu");
        words.extend(own.map(|rating| (rating.score.as_str(), "Ubuntu priority".to_owned())));
    }
    for (key, what) in [("urgency", "urgency"), ("ubuntu_priority", "priority"), ("severity", "severity")] {
        for place in [&entry.ecosystem_specific, &entry.database_specific] {
            let word = text_at(place, key);
            if !word.is_empty() {
                words.push((word, format!("{feed} {what}").trim_start().to_owned()));
            }
        }
    }
    words
}

fn text_at<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

struct Cvss {
    edition: &'static str,
    score: f64,
    vector: String,
}

/// The newest edition among the vectors that can be read.
fn best_cvss(ratings: &[SeverityEntry]) -> Option<Cvss> {
    ratings.iter().filter_map(|rating| read_cvss(&rating.score)).max_by_key(|cvss| cvss.edition)
}

fn read_cvss(text: &str) -> Option<Cvss> {
    let vector = text.trim().trim_matches(['(', ')']);
    let (edition, score) = match vector.parse().ok()? {
        cvss::Cvss::CvssV20(parsed) => ("2.0", parsed.score().value()),
        cvss::Cvss::CvssV30(parsed) => ("3.0", parsed.score().value()),
        cvss::Cvss::CvssV31(parsed) => ("3.1", parsed.score().value()),
        cvss::Cvss::CvssV40(parsed) => ("4.0", parsed.score().value()),
        _ => return None,
    };
    Some(Cvss { edition, score, vector: vector.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::advisory::parse;

    const V2: &str = "AV:N/AC:M/Au:N/C:N/I:P/A:N";
    const V30: &str = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const V31: &str = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H";
    const V4: &str = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N";

    fn rated(value: &Value, index: Option<usize>) -> (Severity, String, Option<f32>) {
        let rated = parse(value.to_string().as_bytes()).unwrap().severity(index);
        assert_eq!(rated.score.is_some(), rated.vector.is_some());
        (rated.severity, rated.source, rated.score)
    }

    fn ratings(vectors: &[&str]) -> Value {
        vectors.iter().map(|vector| json!({ "type": "CVSS_V3", "score": vector })).collect()
    }

    #[test]
    fn trap_the_newest_cvss_decides_and_never_the_highest() {
        let of = |vectors: &[&str]| rated(&json!({ "id": "X-1", "severity": ratings(vectors) }), None);
        assert_eq!(of(&[V2, V30, V31]), (Severity::High, "CVSS 3.1".into(), Some(7.8)));
        assert_eq!(of(&[V30, V2]), (Severity::Critical, "CVSS 3.0".into(), Some(9.8)));
        assert_eq!(of(&[V31, V4]), (Severity::Medium, "CVSS 4.0".into(), Some(6.9)));
        assert_eq!(of(&[V2]), (Severity::Medium, "CVSS 2.0".into(), Some(4.3)));
        assert_eq!(of(&["CVSS:3.1/nonsense", V2]).1, "CVSS 2.0");
    }

    #[test]
    fn trap_the_word_of_the_feed_for_the_package_goes_first_and_the_vector_is_kept() {
        let value = json!({ "id": "DEBIAN-CVE-1", "severity": ratings(&[V30]), "affected": [
            { "package": { "ecosystem": "Debian:11", "name": "a" }, "ecosystem_specific": { "urgency": "low**" } },
            { "package": { "ecosystem": "Debian:12", "name": "a" }, "ecosystem_specific": { "urgency": "not yet assigned" } },
            { "package": { "ecosystem": "Debian:12", "name": "b" }, "ecosystem_specific": { "urgency": "medium" } }
        ]});
        assert_eq!(rated(&value, Some(0)), (Severity::Low, "Debian urgency".into(), Some(9.8)));
        assert_eq!(rated(&value, Some(1)), (Severity::Critical, "CVSS 3.0".into(), Some(9.8)));
        assert_eq!(rated(&value, None).0, Severity::Medium);
        assert_eq!(rated(&value, Some(7)), (Severity::Critical, "CVSS 3.0".into(), Some(9.8)));
    }

    #[test]
    fn the_word_of_a_whole_record_is_used_where_nothing_else_is() {
        let value = json!({ "id": "GHSA-aaaa-bbbb-cccc", "database_specific": { "severity": "MODERATE" } });
        assert_eq!(rated(&value, None), (Severity::Medium, "GHSA".into(), None));
        let ubuntu = json!({ "id": "UBUNTU-CVE-1", "severity": [{ "type": "Ubuntu", "score": "negligible" }],
            "affected": [{ "package": { "ecosystem": "Ubuntu:22.04:LTS", "name": "a" } }] });
        assert_eq!(rated(&ubuntu, Some(0)), (Severity::Low, "Ubuntu priority".into(), None));
        assert!(parse(ubuntu.to_string().as_bytes()).unwrap().affected_packages()[0].2.unimportant);
    }

    #[test]
    fn trap_unknown_is_a_class_of_its_own() {
        assert_eq!(rated(&json!({ "id": "X-1" }), None), (Severity::Unknown, String::new(), None));
        let none = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N";
        assert_eq!(rated(&json!({ "id": "X-1", "severity": ratings(&[none]) }), None).0, Severity::Low);
    }

    #[test]
    fn names_read_back() {
        for severity in
            [Severity::Unknown, Severity::Low, Severity::Medium, Severity::High, Severity::Critical]
        {
            assert_eq!(severity.to_string().to_lowercase().parse(), Ok(severity));
            assert_eq!(serde_json::to_value(severity).unwrap(), json!(severity.to_string()));
        }
        assert!("severe".parse::<Severity>().is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        #[test]
        fn no_vector_makes_a_panic(
            text in "(CVSS:[234]\\.[01]/)?((AV|AC|AT|Au|PR|UI|S|C|I|A|VC|VI|VA|SC|SI|SA|E|RL|RC):[A-Z]{1,2}/?){0,12}|\\PC{0,30}"
        ) {
            if let Some(cvss) = read_cvss(&text) {
                prop_assert!((0.0..=10.0).contains(&cvss.score));
            }
        }
    }
}
