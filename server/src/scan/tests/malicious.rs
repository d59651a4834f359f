//! Packages that were published to do harm: malware by the word of an advisory, and no vulnerabilities.

use std::fs;

use lazaret_entities::image::SecurityStatus;
use lazaret_entities::malware_finding::Engine;
use lazaret_entities::{Categories, Category, Severity, vulnerability};
use lazaret_scanner::catalog::Evidence;
use lazaret_scanner::image::ImagePackage;
use sea_orm::EntityTrait;

use super::Yard;
use super::found::nothing;
use crate::advisories::{import_path, no_progress};
use crate::auth::Requester;
use crate::inventory::overview;
use crate::scan::image_vulnerabilities::{FindingFilter, count_findings};
use crate::scan::persist::Merged;
use crate::store::testing::on_each_database;

fn package(name: &str, evidence: Evidence) -> ImagePackage {
    ImagePackage {
        ecosystem: "npm".to_owned(),
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        source_name: name.to_owned(),
        source_version: "1.0.0".to_owned(),
        arch: String::new(),
        module: String::new(),
        licenses: String::new(),
        format: None,
        evidence,
        layer: 0,
        path: format!("srv/node_modules/{name}/package.json"),
    }
}

/// Says of `ev1l` that it is malicious, under two ids, and of `weak` that it is vulnerable; or that the first was an error.
async fn advise(yard: &Yard, withdrawn: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let record = |id: &str, alias: &str, name: &str| {
        let mut record = serde_json::json!({
            "schema_version": "1.7.0", "id": id, "modified": "2026-01-01T00:00:00Z",
            "published": "2025-05-31T00:00:00Z", "aliases": [alias], "summary": format!("About {name}"),
            "affected": [{
                "package": { "ecosystem": "npm", "name": name },
                "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }] }],
            }],
        });
        if withdrawn && name == "ev1l" {
            record["withdrawn"] = "2026-01-01T00:00:00Z".into();
        }
        record.to_string()
    };
    for (id, alias, name) in [
        ("MAL-2025-1", "GHSA-aaaa-bbbb-cccc", "ev1l"),
        ("GHSA-aaaa-bbbb-cccc", "MAL-2025-1", "ev1l"),
        ("GHSA-dddd-eeee-ffff", "CVE-2025-1", "weak"),
    ] {
        fs::write(folder.path().join(format!("{id}.json")), record(id, alias, name)).expect("a record");
    }
    let refreshed =
        import_path(&yard.store, folder.path(), Some("npm"), &no_progress()).await.expect("an import");
    super::super::counts::settle(&yard.store, &refreshed).await.expect("counts");
}

fn merged(image: &lazaret_entities::image::Model) -> Merged {
    let mut merged = nothing(image);
    merged.analysis.packages =
        vec![package("ev1l", Evidence::Installed), package("weak", Evidence::Installed)];
    merged
}

#[tokio::test]
async fn a_malicious_package_is_malware_and_no_vulnerability() {
    on_each_database("a_malicious_package", |store| async move {
        let yard = Yard::with_image(store).await;
        yard.found(Categories::ALL, &merged(&yard.image().await)).await;
        assert!(yard.malware().await.is_empty());

        // Advisories that come later tell of it without another scan.
        advise(&yard, false).await;
        let rows = vulnerability::Entity::find().all(yard.store.read()).await.expect("vulnerabilities");
        assert_eq!(rows.iter().filter(|row| row.malicious).count(), 1, "two records, one thing: {rows:?}");
        let found = yard.malware().await;
        assert_eq!(found.len(), 1, "{found:?}");
        let found = &found[0];
        assert_eq!((found.engine, found.severity), (Engine::Advisory, Severity::Critical));
        assert_eq!((found.name.as_str(), found.purl.as_str()), ("MAL-2025-1", "pkg:npm/ev1l@1.0.0"));
        assert_eq!(found.path, "srv/node_modules/ev1l/package.json");
        let image = yard.image().await;
        assert_eq!((image.malware, image.unknown), (1, 1), "the other package is vulnerable, unrated");
        assert_eq!(image.security_status, SecurityStatus::AtRisk);
        assert_eq!(image.security_reason, "malware: 1 CRITICAL");

        let (conn, requester) = (yard.store.read(), Requester::local());
        let filter = FindingFilter {
            image_id: image.id,
            severity: None,
            search: None,
            fixable: None,
            with_set_aside: true,
            only: None,
        };
        assert_eq!(count_findings(conn, &requester, &filter).await.expect("a number"), 1);
        let distinct = overview::distinct_vulnerabilities(conn, &requester).await.expect("numbers");
        assert_eq!((distinct.total(), distinct.unknown), (1, 1));
        let malware = overview::occurrences(conn, &requester, Category::Malware).await.expect("numbers");
        assert_eq!((malware.total(), malware.critical), (1, 1));
        let malware = overview::distinct_malware(conn, &requester).await.expect("numbers");
        assert_eq!((malware.total(), malware.critical), (1, 1));

        advise(&yard, true).await;
        assert!(yard.malware().await[0].until.is_some(), "what was withdrawn ends");
        assert_eq!(yard.image().await.malware, 0);
    })
    .await;
}

#[tokio::test]
async fn malware_alone_needs_no_stored_packages_and_lock_files_install_nothing() {
    on_each_database("malware_alone", |store| async move {
        let yard = Yard::with_image(store).await;
        advise(&yard, false).await;
        let image = yard.image().await;
        let mut only = nothing(&image);
        only.analysis.packages = vec![package("ev1l", Evidence::Lockfile)];
        yard.found(Categories::only(Category::Malware), &only).await;
        assert!(yard.malware().await.is_empty());
        yard.found(Categories::only(Category::Malware), &merged(&image)).await;
        let found = yard.malware().await;
        assert_eq!((found.len(), found[0].name.as_str()), (1, "MAL-2025-1"));
        let after = yard.image().await;
        assert_eq!((after.malware, after.unknown), (1, 0), "nobody asked for vulnerabilities");

        // A scan for vulnerabilities goes on with the same finding.
        yard.found(Categories::ALL, &merged(&image)).await;
        let again = yard.malware().await;
        assert_eq!((again.len(), again[0].since), (1, found[0].since));
    })
    .await;
}
