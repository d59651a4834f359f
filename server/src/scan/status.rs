//! The security status of an image, from facts: SAFE is said only when nothing was left unseen.

use lazaret_entities::Severity;
use lazaret_entities::image::SecurityStatus;

/// The lowest severity that puts an image at risk.
pub const RISK_FLOOR: Severity = Severity::Medium;

/// Distinct vulnerabilities of an image.
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
    /// CRITICAL with a fixed version of at least one package that has it.
    pub fixable_critical: i32,
    /// HIGH with a fixed version of at least one package that has it.
    pub fixable_high: i32,
}

impl Counts {
    /// Counts one distinct vulnerability. `severity` is [`effective`].
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

    /// A number that orders images by their counts, the worst highest: CRITICAL before HIGH before MEDIUM, a million of
    /// each told apart, then whether there is a LOW.
    pub fn risk_rank(&self) -> i64 {
        const WIDTH: i64 = 1 << 20;
        let digit = |count: i32| i64::from(count).clamp(0, WIDTH - 1);
        let rank = [self.critical, self.high, self.medium]
            .into_iter()
            .fold(0, |rank, count| rank * WIDTH + digit(count));
        rank * 2 + i64::from(self.low > 0)
    }
}

/// The severity that counts: what its distribution calls unimportant is LOW.
pub const fn effective(severity: Severity, unimportant: bool) -> Severity {
    if unimportant { Severity::Low } else { severity }
}

/// What the status of a scanned image is decided from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Its vulnerabilities.
    pub counts: &'a Counts,
    /// The distribution's name, empty when no os-release was found.
    pub distro: &'a str,
    /// The OSV ecosystem of the distribution, empty when OSV has none.
    pub ecosystem: &'a str,
    /// Whether packages of that ecosystem were found.
    pub has_os_packages: bool,
    /// What advisories could not be asked about, one sentence each.
    pub gaps: &'a [String],
    /// Files that could not be read.
    pub warnings: usize,
}

/// The status and, unless it is SAFE, its reason in one sentence.
pub fn security(facts: &Facts<'_>) -> (SecurityStatus, String) {
    let counts = facts.counts;
    let at_risk: Vec<String> =
        [(counts.critical, "CRITICAL"), (counts.high, "HIGH"), (counts.medium, "MEDIUM")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
    if !at_risk.is_empty() {
        return (SecurityStatus::AtRisk, format!("vulnerabilities: {}", at_risk.join(", ")));
    }
    let unknown = |reason: String| (SecurityStatus::Unknown, reason);
    if facts.distro.is_empty() {
        return unknown("the distribution is not known".to_owned());
    }
    if facts.ecosystem.is_empty() {
        return unknown(format!("there are no advisories for {}", facts.distro));
    }
    if let Some(first) = facts.gaps.first() {
        return match facts.gaps.len() {
            1 => unknown(first.clone()),
            all => unknown(format!("{first}, and {} more gaps", all - 1)),
        };
    }
    if !facts.has_os_packages {
        return unknown(format!("no packages of {} were found", facts.distro));
    }
    if facts.warnings > 0 {
        return unknown(format!("{} files could not be read", facts.warnings));
    }
    if counts.unknown > 0 {
        return unknown(format!("{} vulnerabilities without a severity", counts.unknown));
    }
    (SecurityStatus::Safe, String::new())
}

#[cfg(test)]
mod tests {
    use super::{Counts, Facts, security};
    use lazaret_entities::Severity;
    use lazaret_entities::image::SecurityStatus;

    fn facts<'a>(counts: &'a Counts, gaps: &'a [String]) -> Facts<'a> {
        Facts {
            counts,
            distro: "Debian 12",
            ecosystem: "Debian:12",
            has_os_packages: true,
            gaps,
            warnings: 0,
        }
    }

    #[test]
    fn safe_needs_full_coverage() {
        let none = Counts::default();
        assert_eq!(security(&facts(&none, &[])).0, SecurityStatus::Safe);
        let gaps = ["no advisories for Debian:12".to_owned()];
        let lacking = [
            facts(&none, &gaps),
            Facts { distro: "", ..facts(&none, &[]) },
            Facts { ecosystem: "", ..facts(&none, &[]) },
            Facts { has_os_packages: false, ..facts(&none, &[]) },
            Facts { warnings: 1, ..facts(&none, &[]) },
        ];
        for facts in lacking {
            let (status, reason) = security(&facts);
            assert_eq!(status, SecurityStatus::Unknown, "{facts:?}");
            assert!(!reason.is_empty());
        }
    }

    #[test]
    fn the_floor_is_medium_and_a_missing_severity_is_no_safety() {
        let mut counts = Counts::default();
        counts.add(Severity::Low, true);
        assert_eq!(security(&facts(&counts, &[])).0, SecurityStatus::Safe);
        counts.add(Severity::Unknown, false);
        assert_eq!(security(&facts(&counts, &[])).0, SecurityStatus::Unknown);
        counts.add(Severity::Medium, false);
        let (status, reason) = security(&facts(&counts, &["no advisories for npm".to_owned()]));
        assert_eq!((status, reason.as_str()), (SecurityStatus::AtRisk, "vulnerabilities: 1 MEDIUM"));
    }

    #[test]
    fn one_critical_outranks_many_high() {
        let critical = Counts { critical: 1, ..Counts::default() };
        let high = Counts { high: 2_000_000, medium: 2_000_000, low: 9, ..Counts::default() };
        assert!(critical.risk_rank() > high.risk_rank());
        assert!(high.risk_rank() > Counts { medium: 5, ..Counts::default() }.risk_rank());
        assert!(Counts { low: 1, ..Counts::default() }.risk_rank() > 0);
    }
}
