use lazaret_entities::Severity;
use serde_json::json;

use super::samples::{affected, debian, load, package, pypi, rated, record};
use crate::advisories::{Gap, coverage, match_packages};
use crate::store::testing::on_each_database;

#[tokio::test(flavor = "multi_thread")]
async fn a_vulnerability_is_found_once_per_package_with_its_fix() {
    on_each_database("matches in memory", async |store| {
        load(&store, "Debian", &debian()).await;
        load(&store, "PyPI", &pypi()).await;
        let packages = [
            package("Debian:11", "openssl", "1.1.1k-1"),
            package("Debian:11", "openssl", "1.1.1n-0+deb11u4"),
            package("PyPI", "Jinja2", "2.10"),
            package("PyPI", "jinja2", "2.10.1"),
        ];
        let result = match_packages(store.read(), &packages).await.unwrap();
        let told: Vec<_> = result
            .matches
            .iter()
            .map(|m| (m.package_index, m.id.as_str(), m.advisory_id.as_str(), m.fixed_versions.join(" ")))
            .collect();
        let fix = "1.1.1n-0+deb11u4".to_owned();
        assert_eq!(
            told,
            [
                (2, "CVE-2019-10906", "GHSA-462w-v97r-4m45", "2.10.1".to_owned()),
                (0, "CVE-2022-4304", "DSA-5343-1", fix.clone()),
                (0, "CVE-2023-0286", "DEBIAN-CVE-2023-0286", fix),
            ]
        );
        let jinja = &result.matches[0];
        assert_eq!((jinja.severity, jinja.severity_source.as_str()), (Severity::High, "GHSA"));
        assert_eq!(jinja.aliases, ["GHSA-462w-v97r-4m45", "PYSEC-2019-217"]);
        assert_eq!(jinja.advisory_source, "GitHub");
        assert!(
            result.coverage.iter().all(|c| c.not_assessed.is_empty() && c.records == 2 && c.packages == 2)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distributions_word_on_a_cve_overrules_its_older_advisory() {
    on_each_database("distribution overrules", async |store| {
        let mut records = debian();
        records[1]["affected"] = json!([affected("Debian:11", "openssl", Some("0"))]);
        load(&store, "Debian", &records).await;
        let result =
            match_packages(store.read(), &[package("Debian:11", "openssl", "1.1.1k-1")]).await.unwrap();
        let ids: Vec<_> = result.matches.iter().map(|m| m.id.as_str()).collect();
        assert_eq!(ids, ["CVE-2022-4304"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_own_severity_goes_first_then_that_of_another_record() {
    on_each_database("severity order", async |store| {
        let of = |id: &str, aliases: &[&str], upstream: &[&str], concerned| {
            record(id, "2024-01-01T00:00:00Z", aliases, upstream, &[concerned])
        };
        load(
            &store,
            "npm",
            &[
                rated(of("GHSA-1", &["CVE-2024-1"], &[], affected("npm", "left", None)), "CRITICAL"),
                rated(of("GHSA-2", &["CVE-2024-2"], &[], affected("npm", "left", None)), "CRITICAL"),
            ],
        )
        .await;
        let mut own = affected("Debian:12", "node-left", None);
        own["ecosystem_specific"] = json!({ "urgency": "low" });
        let mut trifle = affected("Debian:12", "node-left", None);
        trifle["ecosystem_specific"] = json!({ "urgency": "unimportant" });
        load(
            &store,
            "Debian",
            &[
                of("DEBIAN-CVE-2024-1", &[], &["CVE-2024-1"], own),
                of("DEBIAN-CVE-2024-2", &[], &["CVE-2024-2"], affected("Debian:12", "node-left", None)),
                of("DEBIAN-CVE-2024-3", &[], &["CVE-2024-3"], trifle),
                of("DEBIAN-CVE-2024-4", &[], &["CVE-2024-4"], affected("Debian:12", "node-left", None)),
            ],
        )
        .await;
        let result =
            match_packages(store.read(), &[package("Debian:12", "node-left", "1.0-1")]).await.unwrap();
        let mut told: Vec<_> =
            result.matches.iter().map(|m| (m.id.as_str(), m.severity, m.unimportant)).collect();
        told.sort();
        assert_eq!(
            told,
            [
                ("CVE-2024-1", Severity::Low, false),
                ("CVE-2024-2", Severity::Critical, false),
                ("CVE-2024-3", Severity::Low, true),
                ("CVE-2024-4", Severity::Unknown, false),
            ]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_covered_is_said() {
    on_each_database("coverage", async |store| {
        load(&store, "Debian", &debian()).await;
        load(&store, "PyPI", &pypi()).await;
        let packages = [
            package("Debian:13", "openssl", "3.5.1-1"),
            package("gentoo:2.15", "openssl", "3"),
            package("npm", "lodash", "4.17.15"),
            package("PyPI", "jinja2", "no version at all"),
        ];
        let result = match_packages(store.read(), &packages).await.unwrap();
        assert!(result.matches.is_empty());
        let gaps: Vec<_> = result
            .coverage
            .iter()
            .map(|c| {
                (
                    c.ecosystem.as_str(),
                    c.not_assessed.iter().map(Gap::sentence).collect::<Vec<_>>().join("; "),
                )
            })
            .collect();
        assert_eq!(gaps[0], ("Debian:13", "Debian:13 is not in the advisories".to_owned()));
        assert!(
            gaps[1].0 == "PyPI" && gaps[1].1.starts_with("jinja2 no version at all was not assessed: "),
            "{gaps:?}"
        );
        assert!(gaps[2].1.contains("no advisory source knows"), "{gaps:?}");
        assert_eq!(gaps[3], ("npm", "no advisories for npm".to_owned()));
        assert_eq!(coverage(store.read(), &packages).await.unwrap(), result.coverage);
    })
    .await;
}
