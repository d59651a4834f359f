//! Which of several advisories speaks for a vulnerability of a package, and which severity counts.

use std::cmp::Reverse;

use super::candidates::Candidate;
use super::parsed::Rating;
use super::publisher::authority;

/// The advisory to name, and the severity of the vulnerability for the package.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    /// The advisory, with its fixed versions.
    pub advisory: Candidate,
    /// The severity that counts.
    pub rating: Rating,
}

/// Chooses among the advisories that concern one package and one vulnerability.
///
/// Only advisories of the package's own ecosystem are candidates, so a distribution's package is spoken for by its
/// distribution. One that names a fix goes before one that does not; then the more trusted, then the newer. The
/// severity is the chosen one's, else that of the next that has one, else `general`, the vulnerability's own: never
/// the highest of all.
pub(super) fn choose(mut candidates: Vec<Candidate>, general: &Rating) -> Option<Chosen> {
    candidates.sort_by(|a, b| {
        let key = |c: &Candidate| (c.fixed.is_empty(), authority(&c.osv_id), Reverse(c.modified));
        key(a).cmp(&key(b)).then_with(|| a.osv_id.cmp(&b.osv_id))
    });
    let rating =
        candidates.iter().map(|c| &c.rating).find(|rating| rating.is_known()).unwrap_or(general).clone();
    let mut chosen = candidates.into_iter();
    let mut advisory = chosen.next()?;
    // Unimportant is the distribution's word in its record of the CVE, which need not be the one that names the fix.
    advisory.unimportant |= chosen.any(|other| other.unimportant);
    Some(Chosen { advisory, rating })
}
