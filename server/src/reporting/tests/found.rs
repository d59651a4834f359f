//! Stored secrets and malware in the reports, on both databases.

use lazaret_entities::{Categories, Category as StoredCategory};
use lazaret_reports::model::{Category, CategoryStatus, Counts, MalwareEngine, SecretKind, SecretSource};
use lazaret_scanner::layer::Warning;
use lazaret_scanner::malware::Engine;

use crate::allow::{NewRule, create};
use crate::auth::Requester;
use crate::reporting::{fleet_report, image_report};
use crate::scan::persist::{ClamdFound, LayerFact, MalwareFound, MalwareResults, Merged, SecretResults};
use crate::scan::tests::Yard;
use crate::scan::tests::found::{malware, nothing, secret};
use crate::store::testing::on_each_database;

/// Two secrets in three places, one of them buried, and a file that two engines know, with the same file in an archive.
fn findings(yard_image: &lazaret_entities::image::Model) -> Merged {
    let mut buried = secret(2, "root/.netrc", 1);
    buried.buried_by = Some(1);
    let warning = Warning { path: "srv/big.bin".to_owned(), message: "It is too large.".to_owned() };
    let layer = |digit: &str, created_by: &str| LayerFact {
        diff_id: format!("sha256:{}", digit.repeat(64)).parse().unwrap(),
        size: 1,
        created_by: created_by.to_owned(),
    };
    Merged {
        layers: vec![layer("a", "ADD rootfs.tar /"), layer("b", "RUN rm /root/.netrc")],
        secrets: Some(Ok(SecretResults {
            found: vec![secret(1, "srv/.env", 3), secret(1, "srv/copy.env", 3), buried],
            warnings: vec![warning],
        })),
        malware: Some(MalwareResults {
            rules: Ok(MalwareFound {
                found: vec![
                    malware(Engine::Yara, "eicar", "opt/eicar.com", ""),
                    malware(Engine::Yara, "eicar", "opt/drop.zip", "eicar.com"),
                ],
                warnings: Vec::new(),
            }),
            clamd: Some(Ok(ClamdFound {
                found: vec![malware(Engine::Clamav, "Eicar-Signature", "opt/eicar.com", "")],
                version: "ClamAV 1/2/3".to_owned(),
                ..ClamdFound::default()
            })),
        }),
        ..nothing(yard_image)
    }
}

#[tokio::test]
async fn stored_secrets_and_malware_are_in_the_reports() {
    on_each_database("stored_secrets_and_malware_are_in_the_reports", |store| async move {
        let yard = Yard::with_image(store).await;
        yard.found(Categories::ALL, &findings(&yard.image().await)).await;
        let now = yard.store.clock().now();
        let report = image_report(yard.store.read(), &yard.image().await, now).await.unwrap();
        let facts = &report.facts;
        assert_eq!((facts.secrets.len(), facts.malware.len()), (3, 3));
        assert_eq!(facts.secret_counts(), Counts { high: 2, ..Counts::default() });
        assert_eq!(facts.malware_counts(), Counts { critical: 2, ..Counts::default() });
        let buried = facts.secrets.iter().find(|found| found.buried).unwrap();
        assert_eq!((buried.path.as_str(), buried.line, buried.kind), ("root/.netrc", 1, SecretKind::Token));
        assert_eq!((buried.source, buried.layer.as_ref().unwrap().index), (SecretSource::File, 0));
        let by = buried.buried_by.as_ref().unwrap();
        assert_eq!((by.index, by.diff_id.as_str()), (1, &*format!("sha256:{}", "b".repeat(64))));
        assert!(buried.advice.contains("Deleting the file was not enough"), "{}", buried.advice);
        assert!(buried.first_seen.is_some() && buried.last_seen.is_some());
        let nested = facts.malware.iter().find(|found| found.path.contains('!')).unwrap();
        assert_eq!((nested.path.as_str(), nested.engine), ("opt/drop.zip!/eicar.com", MalwareEngine::Yara));
        assert!(facts.warnings.iter().any(|warning| warning.path == "srv/big.bin"));
        assert!(Category::ALL.into_iter().all(|category| facts.searched(category)));
        let engines = &facts.category(Category::Malware).unwrap().engines;
        assert!(engines.iter().any(|engine| engine.version.contains("ClamAV 1/2/3")), "{engines:?}");

        let fleet = fleet_report(yard.store.read(), now).await.unwrap();
        let totals = &fleet.totals;
        assert_eq!((totals.secrets.high, totals.images_with_secrets, totals.secrets_unsearched), (2, 1, 0));
        assert_eq!((totals.malware.critical, totals.images_with_malware), (1, 1), "the same content is one");
        assert_eq!((fleet.images[0].secrets.high, fleet.images[0].malware.critical), (2, 2));
        let shared = fleet.secrets.iter().find(|found| !found.buried).unwrap();
        assert_eq!((shared.places.join(" "), shared.images), ("srv/.env srv/copy.env".to_owned(), 1));
        assert_eq!(fleet.malware[0].names, ["Eicar-Signature", "eicar"]);
        assert_eq!(fleet.malware[0].paths, ["opt/drop.zip!/eicar.com", "opt/eicar.com"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_allowed_or_failed_is_said() {
    on_each_database("what_is_allowed_or_failed_is_said", |store| async move {
        let yard = Yard::with_image(store).await;
        let mut merged = findings(&yard.image().await);
        yard.found(Categories::ALL, &merged).await;
        let rule = NewRule {
            category: StoredCategory::Secret,
            fingerprint: String::new(),
            path: "srv/*.env".to_owned(),
            rule: String::new(),
            hash: String::new(),
            image_id: None,
            reason: "a test value".to_owned(),
            expires_at: None,
        };
        let tx = yard.store.begin_write().await.unwrap();
        create(&*tx, &Requester::local(), rule, yard.store.clock().now()).await.unwrap();
        tx.commit().await.unwrap();
        merged.malware = Some(MalwareResults {
            rules: Ok(MalwareFound::default()),
            clamd: Some(Err("clamd does not answer".to_owned())),
        });
        yard.found(Categories::only(StoredCategory::Malware), &merged).await;
        let now = yard.store.clock().now();
        let facts = image_report(yard.store.read(), &yard.image().await, now).await.unwrap().facts;
        let allowed: Vec<&str> =
            facts.secrets.iter().filter_map(|found| Some(found.allowed.as_ref()?.reason.as_str())).collect();
        assert_eq!(allowed, ["a test value"; 2]);
        assert_eq!(facts.secret_counts().total(), 1);
        let malware = facts.category(Category::Malware).unwrap();
        assert_eq!(malware.status, CategoryStatus::Failed);
        assert!(malware.error.contains("clamd does not answer"), "{}", malware.error);
        let fleet = fleet_report(yard.store.read(), now).await.unwrap();
        assert_eq!((fleet.totals.secrets.total(), fleet.secrets.len()), (1, 1));
        assert_eq!((fleet.totals.malware_unsearched, fleet.totals.secrets_unsearched), (1, 0));
    })
    .await;
}
