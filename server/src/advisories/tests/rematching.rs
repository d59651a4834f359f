use std::time::Duration;

use lazaret_entities::{Severity, Timestamp, package, package_vulnerability};
use sea_orm::{ActiveModelTrait, EntityTrait, QueryOrder, Set};
use serde_json::json;

use super::samples::{load, pypi};
use crate::advisories::{AdvisoryError, rematch_ecosystem};
use crate::store::Store;
use crate::store::testing::on_each_database;

async fn add_package(store: &Store, ecosystem: &str, name: &str, version: &str) -> i64 {
    let row = package::ActiveModel {
        ecosystem: Set(ecosystem.to_owned()),
        name: Set(name.to_owned()),
        version: Set(version.to_owned()),
        source_name: Set(name.to_owned()),
        source_version: Set(version.to_owned()),
        arch: Set(String::new()),
        module: Set(String::new()),
        licenses: Set(String::new()),
        match_name: Set(name.to_owned()),
        match_version: Set(version.to_owned()),
        matched_at: Set(Timestamp::ZERO),
        ..Default::default()
    };
    let insert =
        async move |tx: &sea_orm::DatabaseTransaction| row.insert(tx).await.map_err(AdvisoryError::from);
    store.write_tx(move |tx| Box::pin(async move { insert(tx).await })).await.unwrap().id
}

async fn matches(store: &Store) -> Vec<package_vulnerability::Model> {
    package_vulnerability::Entity::find()
        .order_by_asc(package_vulnerability::Column::Id)
        .all(store.read())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn matches_open_change_and_close_with_their_times() {
    on_each_database("rematch", async |store| {
        load(&store, "PyPI", &pypi()).await;
        let id = add_package(&store, "PyPI", "jinja2", "2.10").await;
        add_package(&store, "PyPI", "jinja2", "3.1.6").await;
        add_package(&store, "PyPIx", "jinja2", "2.10").await;
        let opened = store.clock().now();
        let first = rematch_ecosystem(&store, "PyPI").await.unwrap();
        assert_eq!((first.packages, first.opened, first.closed, first.changed), (2, 1, 0, 0));
        let again = rematch_ecosystem(&store, "PyPI").await.unwrap();
        assert_eq!((again.opened, again.closed, again.changed), (0, 0, 0));
        let rows = matches(&store).await;
        assert_eq!((rows.len(), rows[0].package_id, rows[0].since, rows[0].until), (1, id, opened, None));
        assert_eq!((rows[0].severity, rows[0].fixed_versions.as_str()), (Severity::High, r#"["2.10.1"]"#));

        store.clock().advance(Duration::from_mins(1));
        let mut records = pypi();
        for record in &mut records {
            record["modified"] = json!("2025-01-01T00:00:00Z");
            record["affected"][0]["ranges"][0]["events"][1] = json!({ "fixed": "2.11.3" });
        }
        load(&store, "PyPI", &records).await;
        let changed = rematch_ecosystem(&store, "PyPI").await.unwrap();
        assert_eq!((changed.opened, changed.closed, changed.changed), (0, 0, 1));
        let rows = matches(&store).await;
        assert_eq!((rows[0].since, rows[0].fixed_versions.as_str()), (opened, r#"["2.11.3"]"#));

        for record in &mut records {
            record["modified"] = json!("2025-02-01T00:00:00Z");
            record["withdrawn"] = json!("2025-02-01T00:00:00Z");
        }
        load(&store, "PyPI", &records).await;
        let closed = rematch_ecosystem(&store, "PyPI").await.unwrap();
        assert_eq!((closed.opened, closed.closed), (0, 1));
        let rows = matches(&store).await;
        assert_eq!((rows.len(), rows[0].until), (1, Some(store.clock().now())));

        load(&store, "PyPI", &pypi()).await;
        assert_eq!(rematch_ecosystem(&store, "PyPI").await.unwrap().opened, 1);
        assert_eq!(matches(&store).await.len(), 2, "a match that comes back is a new interval");
    })
    .await;
}
