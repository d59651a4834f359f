use std::collections::BTreeMap;

use lazaret_entities::layer_analysis;
use lazaret_scanner::Digest;
use lazaret_scanner::layer::{FileEntry, FileKind, LayerAnalysis, MalwareAnalysis, SecretAnalysis};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};

use crate::scan::engines::Fingerprints;
use crate::scan::layers;
use crate::store::testing::on_each_database;

#[tokio::test]
async fn analyses_are_read_back_and_a_broken_one_counts_as_absent() {
    on_each_database("analyses_are_read_back", |store| async move {
        let diff_id = Digest::of(b"layer");
        let analysis = LayerAnalysis {
            diff_id,
            size: 5,
            files: vec![FileEntry { path: "etc/passwd".to_owned(), kind: FileKind::File, size: 1 }],
            package_files: Vec::new(),
            os_releases: Vec::new(),
            warnings: Vec::new(),
            secrets: Some(SecretAnalysis::default()),
            malware: Some(MalwareAnalysis::default()),
            clamd: None,
        };
        let fingerprints = Fingerprints {
            secrets: Some("secrets-1-a".to_owned()),
            malware: Some("malware-1-a".to_owned()),
            clamd: Some("clamd-1 a".to_owned()),
        };
        let packed =
            layers::pack(&BTreeMap::from([(diff_id, analysis.clone())]), &fingerprints).expect("packed");
        for _ in 0..2 {
            let now = store.clock().now();
            let tx = store.begin_write().await.expect("a transaction");
            layers::store(&*tx, &packed, now).await.expect("stored");
            tx.commit().await.expect("a commit");
        }
        let wanted = [diff_id, Digest::of(b"another")];
        let read = layers::load(store.read(), &wanted, &fingerprints).await.expect("a read");
        assert_eq!(read, BTreeMap::from([(diff_id, analysis.clone())]));

        // New rules of secrets concern the analysis of secrets alone, and take the place of what older ones said.
        let newer = Fingerprints { secrets: Some("secrets-1-b".to_owned()), ..fingerprints.clone() };
        let read = layers::load(store.read(), &wanted, &newer).await.expect("a read");
        assert_eq!(read[&diff_id], LayerAnalysis { secrets: None, ..analysis.clone() });
        let packed = layers::pack(&BTreeMap::from([(diff_id, analysis)]), &newer).expect("packed");
        let tx = store.begin_write().await.expect("a transaction");
        layers::store(&*tx, &packed, store.clock().now()).await.expect("stored");
        tx.commit().await.expect("a commit");
        let rows = layer_analysis::Entity::find().all(store.read()).await.expect("a read");
        assert_eq!(rows.len(), 3, "{rows:?}");

        let row = layer_analysis::Entity::find()
            .filter(layer_analysis::Column::Analyser.eq("PACKAGES"))
            .one(store.read())
            .await
            .expect("a read")
            .expect("the row");
        let mut row = row.into_active_model();
        row.blob = Set(b"not zstd".to_vec());
        let tx = store.begin_write().await.expect("a transaction");
        row.update(&*tx).await.expect("an update");
        tx.commit().await.expect("a commit");
        assert!(layers::load(store.read(), &wanted, &fingerprints).await.expect("a read").is_empty());
    })
    .await;
}
