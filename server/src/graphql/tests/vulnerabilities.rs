//! An image's vulnerabilities: rows, counts, filters, and what each says.

use lazaret_entities::{Severity, host::HostState};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::fixture::{self, Api, Match};
use crate::store::{Store, testing};

/// An image with three packages. Two advisories speak of the same vulnerability in Django; one vulnerability is
/// in two packages.
async fn fleet(store: &Store) {
    fixture::write(store, async |tx| {
        let host = fixture::host(tx, "a", HostState::Online).await;
        let image = fixture::tagged(tx, fixture::image(3), host, "app:1").await;
        let django = fixture::package(tx, image, "PyPI", "django", "2.2.0").await;
        let openssl = fixture::package(tx, image, "Debian:11", "openssl", "1.1.1k-1").await;
        let libssl = fixture::package(tx, image, "Debian:11", "libssl1.1", "1.1.1k-1").await;
        let injection = fixture::vulnerability(tx, &["CVE-2021-1", "GHSA-aaaa"], Some(9.8)).await;
        let overflow = fixture::vulnerability(tx, &["CVE-2022-2"], Some(7.5)).await;
        let minor = fixture::vulnerability(tx, &["CVE-2023-3"], None).await;
        let ghsa = fixture::advisory(tx, "PyPI", "GHSA-aaaa").await;
        let pysec = fixture::advisory(tx, "PyPI", "PYSEC-2021-1").await;
        let dsa = fixture::advisory(tx, "Debian", "DSA-1-1").await;
        for stated in [
            Match {
                package: django,
                vulnerability: injection,
                advisory: ghsa,
                severity: Severity::Critical,
                fixed: r#"["2.2.10","3.0.1"]"#,
            },
            Match {
                package: django,
                vulnerability: injection,
                advisory: pysec,
                severity: Severity::High,
                fixed: r#"["2.2.9","2.2.10"]"#,
            },
            Match {
                package: openssl,
                vulnerability: overflow,
                advisory: dsa,
                severity: Severity::High,
                fixed: r#"["1.1.1n-0+deb11u5"]"#,
            },
            Match {
                package: libssl,
                vulnerability: overflow,
                advisory: dsa,
                severity: Severity::High,
                fixed: r#"["1.1.1n-0+deb11u5"]"#,
            },
            Match {
                package: openssl,
                vulnerability: minor,
                advisory: dsa,
                severity: Severity::Low,
                fixed: "[]",
            },
        ] {
            fixture::matched(tx, stated).await;
        }
    })
    .await;
}

const QUERY: &str =
    "query($filter: VulnerabilityFilter, $order: VulnerabilityOrder, $first: Int, $after: String) {
    image(by: { reference: \"app:1\" }) { vulnerabilityCounts(filter: $filter) { total critical high low }
    vulnerabilities(filter: $filter, orderBy: $order, first: $first, after: $after) { totalCount
    pageInfo { endCursor hasNextPage } nodes { id identifier package { name } } } } }";

async fn rows(api: &Api, variables: Value) -> (Vec<(String, String)>, Value) {
    let image = api.data(QUERY, variables).await["image"].clone();
    let nodes = image["vulnerabilities"]["nodes"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (nodes.iter().map(|node| (text(&node["identifier"]), text(&node["package"]["name"]))).collect(), image)
}

#[tokio::test]
async fn vulnerabilities_are_filtered_counted_and_ordered() {
    testing::on_each_database("vulnerabilities_are_filtered_counted_and_ordered", |store| async move {
        fleet(&store).await;
        let api = Api::over(store);
        let (all, image) = rows(&api, json!({})).await;
        assert_eq!(all.len(), 4);
        assert_eq!(all[0], ("CVE-2021-1".to_owned(), "django".to_owned()));
        assert_eq!(all[3], ("CVE-2023-3".to_owned(), "openssl".to_owned()));
        assert_eq!(image["vulnerabilities"]["totalCount"], 4);
        for (filter, expected) in [
            (json!({ "severity": ["CRITICAL"] }), 1),
            (json!({ "severity": ["HIGH", "LOW"] }), 3),
            (json!({ "severity": [] }), 0),
            (json!({ "search": "ghsa-AAAA" }), 1),
            (json!({ "search": "cve-2022" }), 2),
            (json!({ "search": "libssl" }), 1),
            (json!({ "search": "OPENSSL" }), 2),
            (json!({ "fixable": true }), 3),
            (json!({ "fixable": false }), 1),
            (json!({ "search": "openssl", "fixable": false, "severity": ["LOW"] }), 1),
        ] {
            let (found, image) = rows(&api, json!({ "filter": filter })).await;
            assert_eq!(found.len(), expected, "{filter}");
            assert_eq!(image["vulnerabilities"]["totalCount"], expected, "{filter}");
        }
        // A vulnerability in two packages is one vulnerability.
        let (_, image) = rows(&api, json!({ "filter": { "search": "CVE" } })).await;
        assert_eq!(image["vulnerabilityCounts"], json!({ "total": 3, "critical": 1, "high": 1, "low": 1 }));
        for field in ["SEVERITY", "IDENTIFIER", "PACKAGE", "FIRST_DETECTED_AT"] {
            for direction in ["ASC", "DESC"] {
                let order = json!({ "field": field, "direction": direction });
                let (whole, _) = rows(&api, json!({ "order": order })).await;
                let (mut walked, mut cursor) = (Vec::new(), Value::Null);
                loop {
                    let (part, image) =
                        rows(&api, json!({ "order": order, "first": 1, "after": cursor })).await;
                    walked.extend(part);
                    let info = &image["vulnerabilities"]["pageInfo"];
                    cursor = info["endCursor"].clone();
                    if info["hasNextPage"] == false {
                        break;
                    }
                }
                assert_eq!(walked, whole, "{order}");
            }
        }
        let overview = "{ overview { vulnerabilities { distinct { total critical high low } } } }";
        let data = api.data(overview, json!({})).await;
        let distinct = &data["overview"]["vulnerabilities"]["distinct"];
        assert_eq!(*distinct, json!({ "total": 3, "critical": 1, "high": 1, "low": 1 }));
    })
    .await;
}

#[tokio::test]
async fn a_finding_says_what_is_wrong_and_what_to_do() {
    let (store, _folder) = testing::sqlite().await;
    fleet(&store).await;
    let api = Api::over(store);
    let fields =
        "id identifier aliases severity severitySource cvssScore summary unimportant installedVersion
        fixedVersions advice firstDetectedAt places { path layer } package { ecosystem name version purl }
        advisory { id source url publishedAt } advisories { id } vulnerability { id identifier aliases }";
    let query = format!(
        "{{ image(by: {{ reference: \"app:1\" }}) {{ vulnerabilities(first: 1) {{ nodes {{ {fields} }} }} }} }}"
    );
    let data = api.data(&query, json!({})).await;
    let finding = &data["image"]["vulnerabilities"]["nodes"][0];
    assert_eq!(finding["aliases"], json!(["GHSA-aaaa"]));
    assert_eq!(finding["severity"], "CRITICAL");
    assert_eq!(finding["fixedVersions"], json!(["2.2.9", "2.2.10", "3.0.1"]));
    assert_eq!(finding["advice"], "Upgrade django from 2.2.0 to 2.2.9");
    assert_eq!(finding["firstDetectedAt"], "2026-01-01T00:00:01Z");
    assert_eq!(finding["package"]["purl"], "pkg:pypi/django@2.2.0");
    assert_eq!(finding["advisory"]["url"], "https://osv.dev/GHSA-aaaa");
    assert_eq!(finding["advisories"], json!([{ "id": "GHSA-aaaa" }, { "id": "PYSEC-2021-1" }]));
    assert_eq!(finding["places"], json!([{ "path": "usr/lib/django", "layer": 0 }]));

    let again =
        format!("query($id: ID!) {{ node(id: $id) {{ ... on VulnerabilityFinding {{ {fields} }} }} }}");
    assert_eq!(&api.data(&again, json!({ "id": finding["id"] })).await["node"], finding);
    let by = "{ vulnerability(by: { identifier: \"GHSA-aaaa\" }) { id identifier aliases } }";
    assert_eq!(api.data(by, json!({})).await["vulnerability"], finding["vulnerability"]);
}

#[tokio::test]
async fn packages_are_listed_by_name() {
    let (store, _folder) = testing::sqlite().await;
    fleet(&store).await;
    let api = Api::over(store);
    let query =
        "query($filter: PackageFilter) { image(by: { reference: \"app:1\" }) { packages(filter: $filter) {
        totalCount nodes { name purl evidence } } } }";
    let packages = api.data(query, json!({})).await["image"]["packages"].clone();
    let names: Vec<_> = packages["nodes"].as_array().unwrap().iter().map(|node| &node["name"]).collect();
    assert_eq!(names, ["django", "libssl1.1", "openssl"]);
    for (filter, expected) in [(json!({ "search": "SSL" }), 2), (json!({ "ecosystem": ["PyPI"] }), 1)] {
        let found = api.data(query, json!({ "filter": filter })).await;
        assert_eq!(found["image"]["packages"]["totalCount"], expected);
    }
}

#[tokio::test]
async fn an_image_gives_its_bill_of_materials_once_it_was_scanned() {
    let (store, _folder) = testing::sqlite().await;
    fleet(&store).await;
    let api = Api::over(store);
    let query =
        "query($format: SbomFormat!) { image(by: { reference: \"app:1\" }) { sbom(format: $format) } }";
    for (format, mark) in [("CYCLONEDX", "bomFormat"), ("SPDX", "spdxVersion")] {
        let data = api.data(query, json!({ "format": format })).await;
        assert_eq!(data["image"]["sbom"], json!(null));
        fixture::write(&api.store, async |tx| {
            let update = "UPDATE images SET last_scanned_at = 1000000";
            tx.execute_unprepared(update).await.unwrap();
        })
        .await;
        let data = api.data(query, json!({ "format": format })).await;
        let document: serde_json::Value =
            serde_json::from_str(data["image"]["sbom"].as_str().unwrap()).unwrap();
        assert!(document[mark].is_string());
        assert!(document.to_string().contains("pkg:pypi/django"), "{document:#}");
        fixture::write(&api.store, async |tx| {
            tx.execute_unprepared("UPDATE images SET last_scanned_at = 0").await.unwrap();
        })
        .await;
    }
}
