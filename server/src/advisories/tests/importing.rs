use std::io::Cursor;

use lazaret_entities::{Severity, advisory, advisory_package, vulnerability, vulnerability_id};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::samples::{affected, debian, load, pypi, rated, record, zip_of};
use crate::advisories::{AdvisoryError, SetOrigin, import_path, import_zip, no_progress, status};
use crate::store::Store;
use crate::store::testing::on_each_database;

async fn by_id(store: &Store, identifier: &str) -> Option<vulnerability::Model> {
    let name = vulnerability_id::Entity::find()
        .filter(vulnerability_id::Column::Identifier.eq(identifier))
        .one(store.read())
        .await
        .unwrap()?;
    vulnerability::Entity::find_by_id(name.vulnerability_id).one(store.read()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_become_one_vulnerability_with_its_cve_shown() {
    on_each_database("aliases become one vulnerability", async |store| {
        let imported = load(&store, "PyPI", &pypi()).await;
        assert_eq!((imported.records, imported.changed, imported.unreadable), (2, 2, 0));
        let row = by_id(&store, "PYSEC-2019-217").await.unwrap();
        assert_eq!(row.display_id, "CVE-2019-10906");
        assert_eq!((row.severity, row.severity_source.as_str()), (Severity::High, "GHSA"));
        assert_eq!(row.summary, "GHSA-462w-v97r-4m45 in short");
        assert_eq!(by_id(&store, "GHSA-462w-v97r-4m45").await.unwrap().id, row.id);
        assert_eq!(vulnerability::Entity::find().count(store.read()).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distributions_records_join_through_upstream() {
    on_each_database("distribution records join through upstream", async |store| {
        load(&store, "Debian", &debian()).await;
        let row = by_id(&store, "DEBIAN-CVE-2023-0286").await.unwrap();
        assert_eq!(row.display_id, "CVE-2023-0286");
        assert_ne!(by_id(&store, "CVE-2022-4304").await.unwrap().id, row.id);
        assert!(by_id(&store, "DSA-5343-1").await.is_none(), "a DSA is no vulnerability of its own");
        assert_eq!(vulnerability::Entity::find().count(store.read()).await.unwrap(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_that_turn_out_to_be_one_leave_a_redirect() {
    on_each_database("clusters merge", async |store| {
        let alone = |id: &str, aliases: &[&str]| {
            record(id, "2024-01-01T00:00:00Z", aliases, &[], &[affected("npm", "left", Some("2.0.0"))])
        };
        load(&store, "npm", &[alone("GHSA-aaaa-aaaa-aaaa", &[]), alone("x_GLAD-1", &["CVE-2024-1"])]).await;
        let first = by_id(&store, "GHSA-aaaa-aaaa-aaaa").await.unwrap();
        let second = by_id(&store, "CVE-2024-1").await.unwrap();
        assert_ne!(first.id, second.id);
        let mut joined = rated(alone("GHSA-aaaa-aaaa-aaaa", &["CVE-2024-1"]), "LOW");
        joined["modified"] = json!("2024-02-01T00:00:00Z");
        let imported = load(&store, "npm", &[joined, alone("x_GLAD-1", &["CVE-2024-1"])]).await;
        assert_eq!(imported.changed, 1, "the unchanged record is left alone");
        let kept = by_id(&store, "GHSA-aaaa-aaaa-aaaa").await.unwrap();
        assert_eq!(
            (kept.id, kept.display_id.as_str(), kept.severity),
            (first.id, "CVE-2024-1", Severity::Low)
        );
        assert_eq!(by_id(&store, "x_GLAD-1").await.unwrap().id, first.id);
        let lost = vulnerability::Entity::find_by_id(second.id).one(store.read()).await.unwrap().unwrap();
        assert_eq!(lost.redirect_id, Some(first.id));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_zip_changes_nothing() {
    on_each_database("a broken zip changes nothing", async |store| {
        load(&store, "Debian", &debian()).await;
        let before = status(store.read()).await.unwrap();
        let mut many: Vec<_> = (0..1500)
            .map(|n| {
                let id = format!("DEBIAN-CVE-2024-{n}");
                let cve = format!("CVE-2024-{n}");
                record(&id, "2024-01-01T00:00:00Z", &[], &[&cve], &[affected("Debian:12", "linux", None)])
            })
            .collect();
        many.extend(debian());
        let whole = zip_of(&many);
        let truncated = whole[..whole.len() / 2].to_vec();
        // The last member's data is damaged: by then several batches have been written.
        let mut damaged = whole.clone();
        let place = damaged.windows(25).rposition(|window| window == b"DEBIAN-CVE-2023-0286.json").unwrap();
        let data =
            damaged[..place].windows(25).rposition(|window| window == b"DEBIAN-CVE-2023-0286.json").unwrap();
        damaged[data + 40..data + 60].fill(0xff);
        for bytes in [truncated, damaged, b"<html>not a zip</html>".to_vec(), Vec::new()] {
            let origin =
                SetOrigin { ecosystem: "Debian".to_owned(), source: "other".to_owned(), etag: String::new() };
            let error = import_zip(&store, origin, Cursor::new(bytes), no_progress()).await.unwrap_err();
            assert!(matches!(error, AdvisoryError::BadZip { .. }), "{error}");
            assert_eq!(status(store.read()).await.unwrap(), before);
            assert_eq!(advisory::Entity::find().count(store.read()).await.unwrap(), 2);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn single_unreadable_records_are_counted_and_many_refuse_the_set() {
    on_each_database("unreadable records", async |store| {
        let mut records: Vec<_> = (0..200)
            .map(|n| {
                let id = format!("GHSA-{n}");
                record(&id, "2024-01-01T00:00:00Z", &[], &[], &[affected("npm", "left", Some("2.0.0"))])
            })
            .collect();
        records.push(json!({ "id": "BAD-1", "affected": 5 }));
        let imported = load(&store, "npm", &records).await;
        assert_eq!((imported.records, imported.unreadable), (200, 1));
        assert!(imported.first_unreadable.starts_with("BAD-1.json: "), "{}", imported.first_unreadable);
        let bad: Vec<_> = (0..5).map(|n| json!({ "id": format!("BAD-{n}"), "affected": 5 })).collect();
        let origin = SetOrigin { ecosystem: "npm".to_owned(), ..SetOrigin::default() };
        let error = import_zip(&store, origin, Cursor::new(zip_of(&bad)), no_progress()).await.unwrap_err();
        assert!(matches!(error, AdvisoryError::BadRecords { bad: 5, .. }), "{error}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawn_and_vanished_records_match_nothing_but_stay() {
    on_each_database("withdrawn and vanished records", async |store| {
        load(&store, "PyPI", &pypi()).await;
        let mut withdrawn = pypi().remove(0);
        withdrawn["withdrawn"] = json!("2025-01-01T00:00:00Z");
        withdrawn["modified"] = json!("2025-01-01T00:00:00Z");
        let imported = load(&store, "PyPI", &[withdrawn]).await;
        assert_eq!((imported.records, imported.withdrawn), (0, 2));
        let rows = advisory::Entity::find().all(store.read()).await.unwrap();
        assert!(rows.len() == 2 && rows.iter().all(|row| row.withdrawn));
        assert_eq!(advisory_package::Entity::find().count(store.read()).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_path_holds_is_told_by_its_folder_or_its_records() {
    on_each_database("import by path", async |store| {
        let folder = tempfile::tempdir().unwrap();
        let two = |id: &str| {
            let concerned = [affected("npm", "left", None), affected("PyPI", "left", None)];
            record(id, "2024-01-01T00:00:00Z", &[], &[], &concerned)
        };
        for (name, records) in [("npm", vec![two("GHSA-1")]), ("Debian", debian())] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("all.zip"), zip_of(&records)).unwrap();
        }
        let loose = folder.path().join("loose");
        std::fs::create_dir(&loose).unwrap();
        for record in pypi() {
            std::fs::write(
                loose.join(format!("{}.json", record["id"].as_str().unwrap())),
                record.to_string(),
            )
            .unwrap();
        }
        let done = import_path(&store, folder.path(), None, &no_progress()).await.unwrap();
        let names: Vec<_> =
            done.iter().map(|set| (set.imported.ecosystem.as_str(), set.imported.records)).collect();
        assert_eq!(names, [("Debian", 2), ("PyPI", 2), ("npm", 1)]);
        let sets = status(store.read()).await.unwrap();
        assert!(sets.iter().all(|set| set.source == "import" && set.records > 0));
        let nothing = import_path(&store, &folder.path().join("absent"), None, &no_progress()).await;
        assert!(matches!(nothing, Err(AdvisoryError::Io { .. })));
    })
    .await;
}
