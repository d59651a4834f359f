//! Which identifiers speak of the same vulnerability.

use std::collections::HashMap;

/// The CVE inside a distribution's identifier (`CVE-2023-0286` of `DEBIAN-CVE-2023-0286`), else the identifier itself.
pub fn canonical(identifier: &str) -> &str {
    match identifier.find("-CVE-") {
        Some(at) if identifier[..at].bytes().all(|b| b.is_ascii_uppercase()) => &identifier[at + 1..],
        _ => identifier,
    }
}

/// The vulnerabilities that a record speaks of, each as the identifiers the record knows for it.
///
/// A record with `upstream` (DSA, USN, DEBIAN-CVE, ALPINE-CVE …) is a distribution's word on other people's
/// vulnerabilities and belongs to each of them; any other is one vulnerability with its `aliases`.
pub fn groups(id: &str, aliases: &[String], upstream: &[String]) -> Vec<Vec<String>> {
    let named = |identifiers: &mut dyn Iterator<Item = &str>| {
        let mut names: Vec<String> = Vec::new();
        for name in identifiers.filter(|name| !name.is_empty()) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    };
    let own = canonical(id);
    if upstream.is_empty() {
        let mut all = std::iter::once(own).chain([id]).chain(aliases.iter().map(|alias| canonical(alias)));
        return vec![named(&mut all)];
    }
    let heads = named(&mut upstream.iter().map(|upstream| canonical(upstream)));
    heads
        .into_iter()
        .map(|head| if head == own && own != id { vec![head, id.to_owned()] } else { vec![head] })
        .collect()
}

/// The identifier to show for a vulnerability: a CVE when there is one (the oldest of several), else a GHSA, else the
/// first by name.
pub fn display<'a>(identifiers: impl IntoIterator<Item = &'a str>) -> &'a str {
    identifiers.into_iter().min_by_key(|identifier| rank(identifier)).unwrap_or_default()
}

fn rank(identifier: &str) -> (u8, u32, u64, &str) {
    if let Some((year, number)) = identifier.strip_prefix("CVE-").and_then(|rest| rest.split_once('-')) {
        return (0, year.parse().unwrap_or(u32::MAX), number.parse().unwrap_or(u64::MAX), identifier);
    }
    (if identifier.starts_with("GHSA-") { 1 } else { 2 }, 0, 0, identifier)
}

/// Whether one of the identifiers is that of a package which was published to do harm: the records `MAL-…` of
/// github.com/ossf/malicious-packages, in OSV form. Who copies such a record names it as an alias.
pub fn is_malicious<'a>(identifiers: impl IntoIterator<Item = &'a str>) -> bool {
    identifiers.into_iter().any(|identifier| identifier.starts_with("MAL-"))
}

/// Joins items that share a key (union-find with path halving).
#[derive(Debug, Default)]
pub struct Joiner {
    parents: Vec<usize>,
}

impl Joiner {
    /// A joiner of the items `0..items`, each alone.
    pub fn new(items: usize) -> Self {
        Self { parents: (0..items).collect() }
    }

    /// The representative of an item's set.
    pub fn find(&mut self, mut item: usize) -> usize {
        while self.parents[item] != item {
            self.parents[item] = self.parents[self.parents[item]];
            item = self.parents[item];
        }
        item
    }

    /// Joins the sets of two items; the lower representative stays.
    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.parents[a.max(b)] = a.min(b);
    }

    /// The items of each set, in order.
    pub fn sets(mut self) -> Vec<Vec<usize>> {
        let mut places: HashMap<usize, usize> = HashMap::new();
        let mut sets: Vec<Vec<usize>> = Vec::new();
        for item in 0..self.parents.len() {
            let root = self.find(item);
            let place = *places.entry(root).or_insert_with(|| {
                sets.push(Vec::new());
                sets.len() - 1
            });
            sets[place].push(item);
        }
        sets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn aliases_are_one_vulnerability_and_upstreams_are_each_their_own() {
        type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [&'a [&'a str]]);
        let table: &[Case] = &[
            ("GHSA-1", &["CVE-2020-1", "PYSEC-2020-1"], &[], &[&["GHSA-1", "CVE-2020-1", "PYSEC-2020-1"]]),
            ("DSA-1-1", &[], &["CVE-2020-1", "CVE-2020-2"], &[&["CVE-2020-1"], &["CVE-2020-2"]]),
            ("DEBIAN-CVE-2020-1", &[], &["CVE-2020-1"], &[&["CVE-2020-1", "DEBIAN-CVE-2020-1"]]),
            ("USN-1-1", &[], &["CVE-2020-1", "UBUNTU-CVE-2020-1"], &[&["CVE-2020-1"]]),
            ("ALPINE-CVE-2020-1", &[], &[], &[&["CVE-2020-1", "ALPINE-CVE-2020-1"]]),
            ("DLA-9", &[], &[], &[&["DLA-9"]]),
        ];
        for (id, aliases, upstream, expected) in table {
            let found = groups(id, &strings(aliases), &strings(upstream));
            assert_eq!(found, expected.iter().map(|names| strings(names)).collect::<Vec<_>>(), "{id}");
        }
    }

    #[test]
    fn the_display_id_is_the_oldest_cve_then_a_ghsa() {
        assert_eq!(display(["PYSEC-2020-1", "GHSA-1", "CVE-2020-10000", "CVE-2020-999"]), "CVE-2020-999");
        assert_eq!(display(["PYSEC-2020-1", "GHSA-1"]), "GHSA-1");
        assert_eq!(display(["RUSTSEC-2020-1", "MAL-1"]), "MAL-1");
    }

    #[test]
    fn joining_is_transitive() {
        let mut joiner = Joiner::new(5);
        joiner.join(0, 3);
        joiner.join(4, 3);
        assert_eq!(joiner.sets(), vec![vec![0, 3, 4], vec![1], vec![2]]);
    }
}
