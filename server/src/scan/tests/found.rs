//! What the storing half does with secrets and malware that it is given.

use lazaret_entities::image::{ScanStatus, SecurityStatus};
use lazaret_entities::malware_finding::Engine as StoredEngine;
use lazaret_entities::scan_task::TaskStatus;
use lazaret_entities::{
    Categories, Category, EventType, Severity, event, image, image_category, malware_finding,
    scan_task_category, secret_finding,
};
use lazaret_scanner::advisory::Severity as Said;
use lazaret_scanner::archive::ArchiveImage;
use lazaret_scanner::image::{Distro, ImageAnalysis, ImageConfig, ImageMalware, ImageSecret, SecretSource};
use lazaret_scanner::layer::{MalwareFile, Warning};
use lazaret_scanner::malware::{Detection, Engine};
use lazaret_scanner::secret::{Secret, SecretType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{Yard, debian};
use crate::scan::order::Scope;
use crate::scan::persist::{self, ClamdFound, MalwareFound, MalwareResults, Merged, SecretResults};
use crate::store::testing::on_each_database;

/// A secret in a file.
pub(crate) fn secret(number: u32, path: &str, line: u64) -> ImageSecret {
    ImageSecret {
        secret: Secret {
            line,
            rule: "forge-token".to_owned(),
            title: "Forge token".to_owned(),
            kind: SecretType::Token,
            severity: Said::High,
            snippet: format!("TOKEN=****{number}"),
            fingerprint: format!("{number:032x}"),
            advice: "Revoke it.".to_owned(),
        },
        source: SecretSource::File,
        path: path.to_owned(),
        layer: Some(0),
        instruction: String::new(),
        buried_by: None,
    }
}

/// A file that an engine knows.
pub(crate) fn malware(engine: Engine, name: &str, path: &str, within: &str) -> ImageMalware {
    ImageMalware {
        file: MalwareFile {
            path: path.to_owned(),
            within: within.to_owned(),
            size: 68,
            md5: "4".repeat(32),
            sha1: "3".repeat(40),
            sha256: "2".repeat(64),
            detections: vec![Detection {
                engine,
                name: name.to_owned(),
                severity: Said::Critical,
                description: String::new(),
                advice: "Remove it.".to_owned(),
            }],
        },
        layer: 0,
        buried_by: None,
    }
}

/// Results of a scan of `image` in which nothing was found.
pub(crate) fn nothing(image: &image::Model) -> Merged {
    let distro = Distro {
        id: "debian".to_owned(),
        version: "11".to_owned(),
        name: "Debian 11".to_owned(),
        ecosystem: Some("Debian:11".to_owned()),
    };
    Merged {
        image: ArchiveImage {
            id: image.digest.parse().expect("a digest"),
            config: ImageConfig::default(),
            config_json: Vec::new(),
            tags: Vec::new(),
            manifest_digest: None,
            size: 0,
        },
        layers: Vec::new(),
        analysis: ImageAnalysis { distro: Some(distro), packages: Vec::new(), warnings: Vec::new() },
        secrets: Some(Ok(SecretResults::default())),
        malware: Some(MalwareResults {
            rules: Ok(MalwareFound::default()),
            clamd: Some(Ok(ClamdFound { version: "ClamAV 1/2/3".to_owned(), ..ClamdFound::default() })),
        }),
    }
}

impl Yard {
    /// A yard with one authorized image.
    pub(crate) async fn with_image(store: crate::store::Store) -> Self {
        let yard = Self::new(store);
        yard.put("image.tar", debian("1").tag("shop/web:1")).await;
        yard.authorize_all().await;
        yard
    }

    /// Orders the first image for `categories` and stores `merged` as what a worker found.
    pub(crate) async fn found(&self, categories: Categories, merged: &Merged) {
        self.found_in(self.image().await.id, categories, merged).await;
    }

    /// Orders an image for `categories` and stores `merged` as what a worker found.
    pub(crate) async fn found_in(&self, image: i64, categories: Categories, merged: &Merged) {
        self.order_for(&Scope::Selected(vec![image]), categories).await.expect("an order");
        let task = self.tasks().await.pop().expect("a task");
        let now = self.store.clock().now();
        let tx = self.store.begin_write().await.expect("a transaction");
        let task = persist::begin(&tx, &task, now).await.expect("a task that begins");
        persist::complete(&tx, &task, merged, &[], now).await.expect("results that are stored");
        tx.commit().await.expect("a commit");
        self.store.clock().advance(std::time::Duration::from_mins(1));
    }

    pub(crate) async fn image(&self) -> image::Model {
        self.images().await.remove(0)
    }

    pub(crate) async fn secrets(&self) -> Vec<secret_finding::Model> {
        let all = secret_finding::Entity::find().order_by_asc(secret_finding::Column::Id);
        all.all(self.store.read()).await.expect("secrets")
    }

    pub(crate) async fn malware(&self) -> Vec<malware_finding::Model> {
        let all = malware_finding::Entity::find().order_by_asc(malware_finding::Column::Id);
        all.all(self.store.read()).await.expect("malware")
    }

    pub(crate) async fn category(&self, category: Category) -> image_category::Model {
        let all = image_category::Entity::find().filter(image_category::Column::Category.eq(category));
        all.one(self.store.read()).await.expect("a read").expect("the category")
    }
}

fn with_secrets(image: &image::Model, found: Vec<ImageSecret>) -> Merged {
    Merged { secrets: Some(Ok(SecretResults { found, warnings: Vec::new() })), ..nothing(image) }
}

#[tokio::test]
async fn a_secret_keeps_its_row_until_it_is_gone() {
    on_each_database("a_secret_keeps_its_row", |store| async move {
        let yard = Yard::with_image(store).await;
        let image = yard.image().await;
        let two = vec![secret(1, "srv/.env", 3), secret(1, "srv/other.env", 3), secret(2, "srv/.env", 4)];
        yard.found(Categories::ALL, &with_secrets(&image, two)).await;
        let first = yard.secrets().await;
        assert_eq!(first.len(), 3);
        let image = yard.image().await;
        assert_eq!(
            (image.secrets, image.security_status),
            (2, SecurityStatus::AtRisk),
            "a secret counts once"
        );
        assert_eq!(image.security_reason, "secrets: 2 HIGH");
        assert_eq!(image.categories_at_risk, Categories::only(Category::Secret));
        assert_eq!(yard.category(Category::Secret).await.high, 2);

        let mut changed = secret(1, "srv/.env", 3);
        changed.secret.advice = "Revoke it now.".to_owned();
        changed.buried_by = Some(2);
        yard.found(Categories::ALL, &with_secrets(&image, vec![changed])).await;
        let second = yard.secrets().await;
        assert_eq!(second.len(), 3, "no row is repeated");
        let kept = second.iter().find(|row| row.id == first[0].id).expect("the row");
        let (path, since) = (kept.path.as_str(), kept.since);
        assert_eq!((path, since, kept.until), ("srv/.env", first[0].since, None));
        assert_eq!((kept.buried, kept.buried_by, kept.advice.as_str()), (true, 2, "Revoke it now."));
        assert_eq!(second.iter().filter(|row| row.until.is_some()).count(), 2);

        yard.found(Categories::ALL, &with_secrets(&image, vec![secret(2, "srv/.env", 4)])).await;
        let third = yard.secrets().await;
        assert_eq!(third.len(), 4, "what comes back begins anew");
        assert_eq!(third.iter().filter(|row| row.until.is_none()).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn hostile_texts_are_stored() {
    on_each_database("hostile_texts", |store| async move {
        let yard = Yard::with_image(store).await;
        let image = yard.image().await;
        // Neither a path that no index takes nor a NUL, which PostgreSQL has not, breaks a scan.
        let letter = |n: u64| char::from(b'!' + u8::try_from(n * n % 93).unwrap_or(0));
        let long: String = (0..100_000).map(letter).collect();
        let mut odd = secret(1, &long, u64::MAX);
        odd.secret.snippet = "a\0b".to_owned();
        let mut file = malware(Engine::Yara, "rule\0", &long, &long);
        file.file.size = u64::MAX;
        let mut merged = with_secrets(&image, vec![odd.clone(), odd]);
        merged.malware = Some(MalwareResults {
            rules: Ok(MalwareFound { found: vec![file.clone(), file], warnings: Vec::new() }),
            clamd: None,
        });
        yard.found(Categories::ALL, &merged).await;
        yard.found(Categories::ALL, &merged).await;
        let (secrets, malware) = (yard.secrets().await, yard.malware().await);
        assert_eq!((secrets.len(), malware.len()), (1, 1));
        assert_eq!((secrets[0].snippet.as_str(), secrets[0].line), ("a\u{fffd}b", i64::MAX));
        assert_eq!((malware[0].name.as_str(), malware[0].size), ("rule\u{fffd}", i64::MAX));
    })
    .await;
}

#[tokio::test]
async fn a_dead_clamd_fails_malware_alone_and_its_earlier_findings_stay() {
    on_each_database("a_dead_clamd", |store| async move {
        let yard = Yard::with_image(store).await;
        let image = yard.image().await;
        let eicar = || malware(Engine::Clamav, "Eicar-Test-Signature", "srv/eicar.com", "");
        let mut merged = with_secrets(&image, vec![secret(1, "srv/.env", 3)]);
        merged.malware = Some(MalwareResults {
            rules: Ok(MalwareFound {
                found: vec![malware(Engine::Yara, "eicar", "srv/a.zip", "eicar.com")],
                warnings: Vec::new(),
            }),
            clamd: Some(Ok(ClamdFound {
                found: vec![eicar()],
                version: "ClamAV 1/2/3".to_owned(),
                warnings: Vec::new(),
            })),
        });
        yard.found(Categories::ALL, &merged).await;
        assert_eq!(yard.image().await.malware, 2);
        assert_eq!(yard.category(Category::Malware).await.engine, "ClamAV 1/2/3");

        merged.secrets = Some(Ok(SecretResults::default()));
        merged.malware = Some(MalwareResults {
            rules: Ok(MalwareFound::default()),
            clamd: Some(Err("clamd at /run/clamd.ctl does not answer".to_owned())),
        });
        yard.found(Categories::ALL, &merged).await;
        let open: Vec<StoredEngine> =
            yard.malware().await.iter().filter(|row| row.until.is_none()).map(|row| row.engine).collect();
        assert_eq!(open, [StoredEngine::Clamav], "YARA's is gone, ClamAV's stays");
        let image = yard.image().await;
        assert_eq!(image.scan_status, ScanStatus::Failed);
        assert_eq!(image.scan_error, "MALWARE: clamd at /run/clamd.ctl does not answer");
        assert_eq!((image.secrets, image.malware), (0, 1), "secrets have their new result");
        let stands = yard.category(Category::Malware).await;
        assert_eq!((stands.status, stands.engine.as_str()), (ScanStatus::Failed, "ClamAV 1/2/3"));
        assert_eq!(yard.category(Category::Secret).await.status, ScanStatus::Scanned);
        let task = yard.tasks().await.pop().expect("a task");
        assert_eq!((task.status, task.error.as_str()), (TaskStatus::Failed, image.scan_error.as_str()));
        let parts = scan_task_category::Entity::find()
            .filter(scan_task_category::Column::TaskId.eq(task.id))
            .all(yard.store.read())
            .await
            .expect("the parts of the task");
        let of = |category| parts.iter().find(|part| part.category == category).expect("a part");
        assert_eq!(
            (of(Category::Secret).status, of(Category::Secret).progress),
            (TaskStatus::Succeeded, 100)
        );
        assert_eq!(of(Category::Malware).error, "clamd at /run/clamd.ctl does not answer");

        // A search that succeeds ends the failure, and only then is the image without the file.
        yard.found(Categories::only(Category::Malware), &nothing(&image)).await;
        let image = yard.image().await;
        assert_eq!((image.scan_status, image.malware), (ScanStatus::Scanned, 0), "{}", image.scan_error);
    })
    .await;
}

#[tokio::test]
async fn an_order_for_one_category_leaves_the_others() {
    on_each_database("an_order_for_one_category", |store| async move {
        let yard = Yard::with_image(store).await;
        let image = yard.image().await;
        let mut merged = with_secrets(&image, vec![secret(1, "srv/.env", 3)]);
        merged.malware = None;
        yard.found(Categories::only(Category::Secret), &merged).await;
        assert_eq!(yard.image().await.security_status, SecurityStatus::AtRisk);
        assert_eq!(yard.category(Category::Malware).await.status, ScanStatus::Unscanned);

        yard.found(Categories::only(Category::Malware), &Merged { secrets: None, ..nothing(&image) }).await;
        let image = yard.image().await;
        assert_eq!((image.secrets, image.scan_status), (1, ScanStatus::Scanned));
        yard.found(Categories::only(Category::Secret), &Merged { malware: None, ..nothing(&image) }).await;
        let image = yard.image().await;
        assert_eq!((image.security_status, image.secrets), (SecurityStatus::Unknown, 0));
        assert_eq!(image.security_reason, "vulnerabilities were never searched for");
    })
    .await;
}

#[tokio::test]
async fn what_was_not_searched_is_no_safety_and_events_hold_numbers_alone() {
    on_each_database("what_was_not_searched", |store| async move {
        let yard = Yard::with_image(store).await;
        let image = yard.image().await;
        let mut merged = with_secrets(&image, vec![secret(7, "srv/.env", 3)]);
        yard.found(Categories::ALL, &merged).await;
        let warning =
            Warning { path: "srv/huge.log".to_owned(), message: "only its first GB was searched".to_owned() };
        merged.secrets = Some(Ok(SecretResults { found: Vec::new(), warnings: vec![warning] }));
        yard.found(Categories::ALL, &merged).await;
        assert_eq!(yard.image().await.security_status, SecurityStatus::Unknown);
        assert!(yard.category(Category::Secret).await.warnings.contains("huge.log"));

        let events = event::Entity::find().all(yard.store.read()).await.expect("events");
        let ended: Vec<_> =
            events.iter().filter(|event| event.event_type == EventType::ScanCompleted).collect();
        assert_eq!(ended.len(), 2);
        let payload: serde_json::Value = serde_json::from_str(&ended[0].payload).expect("JSON");
        let of_secrets = payload["categories"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["category"] == "SECRET"))
            .expect("the category");
        assert_eq!((&of_secrets["counts"]["high"], &of_secrets["ordered"]), (&1.into(), &true.into()));
        assert!(events.iter().all(|event| !event.payload.contains("****")), "no event repeats a snippet");
    })
    .await;
}

#[tokio::test]
async fn the_worse_of_two_at_one_place_stays() {
    on_each_database("the_worse_of_two", |store| async move {
        let yard = Yard::with_image(store).await;
        let image = yard.image().await;
        let mut below = secret(1, "srv/.env", 3);
        below.buried_by = Some(1);
        below.secret.severity = Said::Critical;
        let mut other_rule = secret(1, "srv/.env", 3);
        other_rule.secret.severity = Said::Medium;
        yard.found(Categories::ALL, &with_secrets(&image, vec![other_rule, below, secret(1, "srv/.env", 3)]))
            .await;
        let rows = yard.secrets().await;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].buried, rows[0].severity), (false, Severity::High));
    })
    .await;
}
