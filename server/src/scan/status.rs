//! The security status of an image, from facts: SAFE is said only when nothing was left unseen.

use std::collections::BTreeMap;

use lazaret_entities::image::SecurityStatus;
use lazaret_entities::{Categories, Category, Severity};

/// The lowest severity that puts an image at risk.
pub const RISK_FLOOR: Severity = Severity::Medium;

/// Distinct findings of one category of an image: vulnerabilities, secrets by fingerprint, malware by file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Severity CRITICAL.
    pub critical: i32,
    /// Severity HIGH.
    pub high: i32,
    /// Severity MEDIUM.
    pub medium: i32,
    /// Severity LOW, and all that the distribution calls unimportant.
    pub low: i32,
    /// No severity known.
    pub unknown: i32,
    /// Vulnerabilities: CRITICAL with a fixed version of at least one package that has it.
    pub fixable_critical: i32,
    /// Vulnerabilities: HIGH with a fixed version of at least one package that has it.
    pub fixable_high: i32,
}

impl Counts {
    /// Counts one distinct finding. `severity` is [`effective`].
    pub fn add(&mut self, severity: Severity, fixable: bool) {
        match severity {
            Severity::Critical => {
                self.critical += 1;
                self.fixable_critical += i32::from(fixable);
            }
            Severity::High => {
                self.high += 1;
                self.fixable_high += i32::from(fixable);
            }
            Severity::Medium => self.medium += 1,
            Severity::Low => self.low += 1,
            Severity::Unknown => self.unknown += 1,
        }
    }

    /// All of them.
    pub const fn total(&self) -> i32 {
        self.critical + self.high + self.medium + self.low + self.unknown
    }

    /// Those that put an image at risk, as a list for people: `1 CRITICAL, 2 HIGH`; empty when there is none.
    fn at_risk(&self) -> String {
        [(self.critical, "CRITICAL"), (self.high, "HIGH"), (self.medium, "MEDIUM")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The findings of an image that count, by category.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByCategory {
    /// Distinct vulnerabilities.
    pub vulnerabilities: Counts,
    /// Distinct secrets.
    pub secrets: Counts,
    /// Files and packages that do harm.
    pub malware: Counts,
}

impl ByCategory {
    /// Those of one category.
    pub const fn of(&self, category: Category) -> &Counts {
        match category {
            Category::Vulnerability => &self.vulnerabilities,
            Category::Secret => &self.secrets,
            Category::Malware => &self.malware,
        }
    }

    /// The categories with a finding at or above the risk floor.
    pub fn at_risk(&self) -> Categories {
        Category::ALL.into_iter().filter(|category| !self.of(*category).at_risk().is_empty()).collect()
    }

    /// A number that orders images by their counts, the worst highest. CRITICAL malware comes before all, then HIGH
    /// malware (15 of each told apart); then CRITICAL, HIGH and MEDIUM findings of the other categories, with MEDIUM
    /// malware among the MEDIUM (a quarter of a million of each told apart); then whether there is a LOW.
    pub fn risk_rank(&self) -> i64 {
        const MALWARE: i64 = 1 << 4;
        const OTHER: i64 = 1 << 18;
        let others = [&self.vulnerabilities, &self.secrets];
        let sum = |of: fn(&Counts) -> i32| others.iter().map(|counts| i64::from(of(counts))).sum::<i64>();
        let digits = [
            (i64::from(self.malware.critical), MALWARE),
            (i64::from(self.malware.high), MALWARE),
            (sum(|counts| counts.critical), OTHER),
            (sum(|counts| counts.high), OTHER),
            (sum(|counts| counts.medium) + i64::from(self.malware.medium), OTHER),
        ];
        let rank =
            digits.into_iter().fold(0, |rank, (count, width)| rank * width + count.clamp(0, width - 1));
        let low = sum(|counts| counts.low) + i64::from(self.malware.low);
        rank * 2 + i64::from(low > 0)
    }
}

/// The severity that counts: what its distribution calls unimportant is LOW.
pub const fn effective(severity: Severity, unimportant: bool) -> Severity {
    if unimportant { Severity::Low } else { severity }
}

/// What the status of a scanned image is decided from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What it has.
    pub counts: &'a ByCategory,
    /// How the search for each category went.
    pub searched: &'a BTreeMap<Category, Searched<'a>>,
    /// The distribution's name, empty when no os-release was found.
    pub distro: &'a str,
    /// The OSV ecosystem of the distribution, empty when OSV has none.
    pub ecosystem: &'a str,
    /// Whether packages of that ecosystem were found.
    pub has_os_packages: bool,
    /// What advisories could not be asked about, one sentence each.
    pub gaps: &'a [String],
}

/// How the search for a category went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Searched<'a> {
    /// Why the last one that ended failed; empty when it did not.
    pub error: &'a str,
    /// Files that it could not read, or not completely.
    pub warnings: usize,
}

/// The status and, unless it is SAFE, its reason in one sentence.
pub fn security(facts: &Facts<'_>) -> (SecurityStatus, String) {
    let counts = facts.counts;
    let at_risk: Vec<String> = [
        (&counts.malware, "malware"),
        (&counts.vulnerabilities, "vulnerabilities"),
        (&counts.secrets, "secrets"),
    ]
    .into_iter()
    .map(|(counts, name)| (counts.at_risk(), name))
    .filter(|(list, _)| !list.is_empty())
    .map(|(list, name)| format!("{name}: {list}"))
    .collect();
    if !at_risk.is_empty() {
        return (SecurityStatus::AtRisk, at_risk.join("; "));
    }
    match unknown(facts) {
        Some(reason) => (SecurityStatus::Unknown, reason),
        None => (SecurityStatus::Safe, String::new()),
    }
}

/// Why an image without a finding at or above the floor cannot be called safe.
fn unknown(facts: &Facts<'_>) -> Option<String> {
    for category in Category::ALL {
        let words = words(category);
        match facts.searched.get(&category) {
            None => {
                let verb = if category == Category::Malware { "was" } else { "were" };
                return Some(format!("{words} {verb} never searched for"));
            }
            Some(search) if !search.error.is_empty() => {
                return Some(format!("the last search for {words} failed: {}", search.error));
            }
            Some(_) => {}
        }
    }
    if facts.distro.is_empty() {
        return Some("the distribution is not known".to_owned());
    }
    if facts.ecosystem.is_empty() {
        return Some(format!("there are no advisories for {}", facts.distro));
    }
    if let Some(first) = facts.gaps.first() {
        return Some(match facts.gaps.len() {
            1 => first.clone(),
            all => format!("{first}, and {} more gaps", all - 1),
        });
    }
    if !facts.has_os_packages {
        return Some(format!("no packages of {} were found", facts.distro));
    }
    if let Some((category, search)) = facts.searched.iter().find(|(_, search)| search.warnings > 0) {
        let files =
            if search.warnings == 1 { "1 file".to_owned() } else { format!("{} files", search.warnings) };
        return Some(match category {
            Category::Vulnerability => format!("{files} could not be read"),
            other => format!("{files} could not be searched completely for {}", words(*other)),
        });
    }
    let unrated = Category::ALL.into_iter().find(|category| facts.counts.of(*category).unknown > 0)?;
    Some(format!("{} {} without a severity", facts.counts.of(unrated).unknown, words(unrated)))
}

const fn words(category: Category) -> &'static str {
    match category {
        Category::Vulnerability => "vulnerabilities",
        Category::Secret => "secrets",
        Category::Malware => "malware",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEARCHED: Searched<'static> = Searched { error: "", warnings: 0 };

    fn everything() -> BTreeMap<Category, Searched<'static>> {
        Category::ALL.into_iter().map(|category| (category, SEARCHED)).collect()
    }

    fn facts<'a>(
        counts: &'a ByCategory,
        searched: &'a BTreeMap<Category, Searched<'a>>,
        gaps: &'a [String],
    ) -> Facts<'a> {
        Facts { counts, searched, distro: "Debian 12", ecosystem: "Debian:12", has_os_packages: true, gaps }
    }

    #[test]
    fn safe_needs_full_coverage() {
        let (none, all) = (ByCategory::default(), everything());
        assert_eq!(security(&facts(&none, &all, &[])), (SecurityStatus::Safe, String::new()));
        let gaps = ["no advisories for Debian:12".to_owned()];
        let lacking = [
            facts(&none, &all, &gaps),
            Facts { distro: "", ..facts(&none, &all, &[]) },
            Facts { ecosystem: "", ..facts(&none, &all, &[]) },
            Facts { has_os_packages: false, ..facts(&none, &all, &[]) },
        ];
        for facts in lacking {
            let (status, reason) = security(&facts);
            assert_eq!(status, SecurityStatus::Unknown, "{facts:?}");
            assert!(!reason.is_empty());
        }
    }

    #[test]
    fn safe_needs_every_category() {
        let none = ByCategory::default();
        for category in Category::ALL {
            let mut searched = everything();
            searched.remove(&category);
            let (status, reason) = security(&facts(&none, &searched, &[]));
            assert_eq!(status, SecurityStatus::Unknown);
            assert!(reason.ends_with("never searched for"), "{reason}");
            searched.insert(category, Searched { error: "clamd is silent", ..SEARCHED });
            let (status, reason) = security(&facts(&none, &searched, &[]));
            assert_eq!(status, SecurityStatus::Unknown);
            assert!(reason.ends_with("failed: clamd is silent"), "{reason}");
            searched.insert(category, Searched { warnings: 2, ..SEARCHED });
            let (status, reason) = security(&facts(&none, &searched, &[]));
            assert_eq!(status, SecurityStatus::Unknown);
            assert!(reason.starts_with("2 files could not be "), "{reason}");
        }
    }

    #[test]
    fn the_floor_is_medium_in_every_category_and_a_missing_severity_is_no_safety() {
        let searched = everything();
        let status = |counts: &ByCategory| security(&facts(counts, &searched, &[]));
        let of: [fn(&mut ByCategory) -> &mut Counts; 3] =
            [|all| &mut all.vulnerabilities, |all| &mut all.secrets, |all| &mut all.malware];
        for of in of {
            let mut counts = ByCategory::default();
            of(&mut counts).add(Severity::Low, true);
            assert_eq!(status(&counts).0, SecurityStatus::Safe);
            of(&mut counts).add(Severity::Unknown, false);
            assert_eq!(status(&counts).0, SecurityStatus::Unknown);
            of(&mut counts).add(Severity::Medium, false);
            let (status, reason) = status(&counts);
            assert_eq!(status, SecurityStatus::AtRisk);
            assert!(reason.ends_with(": 1 MEDIUM"), "{reason}");
            assert_eq!(counts.at_risk().iter().count(), 1);
        }
        let counts = ByCategory {
            vulnerabilities: Counts { high: 2, ..Counts::default() },
            malware: Counts { critical: 1, ..Counts::default() },
            ..ByCategory::default()
        };
        assert_eq!(status(&counts).1, "malware: 1 CRITICAL; vulnerabilities: 2 HIGH");
    }

    #[test]
    fn the_rank_orders_by_the_worst() {
        let vulnerabilities =
            |counts: Counts| ByCategory { vulnerabilities: counts, ..ByCategory::default() };
        let critical = vulnerabilities(Counts { critical: 1, ..Counts::default() });
        let high =
            vulnerabilities(Counts { high: 2_000_000, medium: 2_000_000, low: 9, ..Counts::default() });
        assert!(critical.risk_rank() > high.risk_rank());
        assert!(high.risk_rank() > vulnerabilities(Counts { medium: 5, ..Counts::default() }).risk_rank());
        assert!(vulnerabilities(Counts { low: 1, ..Counts::default() }).risk_rank() > 0);
        let most = i32::MAX;
        let worst = vulnerabilities(Counts { critical: most, high: most, medium: most, ..Counts::default() });
        let malware = |counts: Counts| ByCategory { malware: counts, ..ByCategory::default() };
        assert!(malware(Counts { high: 1, ..Counts::default() }).risk_rank() > worst.risk_rank());
        let many = malware(Counts { high: most, ..Counts::default() });
        assert!(malware(Counts { critical: 1, ..Counts::default() }).risk_rank() > many.risk_rank());
        let secret = ByCategory { secrets: Counts { critical: 1, ..Counts::default() }, ..critical };
        assert!(secret.risk_rank() > critical.risk_rank());
        let all =
            malware(Counts { critical: most, high: most, medium: most, low: most, ..Counts::default() });
        assert!(all.risk_rank() > 0, "it does not overflow");
    }
}
