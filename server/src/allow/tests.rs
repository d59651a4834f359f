//! Rules, on both databases.

use std::time::Duration;

use lazaret_entities::image::SecurityStatus;
use lazaret_entities::{Categories, Category, Timestamp, image, secret_finding};
use lazaret_scanner::malware::Engine;
use sea_orm::{EntityTrait, Set};

use super::{AllowError, NewRule, RuleFilter, count_rules, create, list_rules, revoke, settle};
use crate::auth::{Requester, Role};
use crate::scan::persist::{MalwareFound, MalwareResults, Merged, SecretResults};
use crate::scan::tests::Yard;
use crate::scan::tests::found::{malware, nothing, secret};
use crate::store::page::PageRequest;
use crate::store::testing::on_each_database;

fn rule(category: Category) -> NewRule {
    NewRule {
        category,
        fingerprint: String::new(),
        path: String::new(),
        rule: String::new(),
        hash: String::new(),
        image_id: None,
        reason: "a test value".to_owned(),
        expires_at: None,
    }
}

async fn make(yard: &Yard, rule: NewRule) -> Result<i64, AllowError> {
    let tx = yard.store.begin_write().await?;
    let made = create(&*tx, &Requester::local(), rule, yard.store.clock().now()).await?;
    tx.commit().await?;
    Ok(made.id)
}

async fn take_back(yard: &Yard, rule: i64) -> Result<(), AllowError> {
    let tx = yard.store.begin_write().await?;
    revoke(&*tx, &Requester::local(), rule, yard.store.clock().now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Two secrets in three places, and one malware file in an archive.
async fn yard_with_findings(store: crate::store::Store) -> Yard {
    let yard = Yard::with_image(store).await;
    yard.found(Categories::ALL, &findings(&yard.image().await)).await;
    let image = yard.image().await;
    assert_eq!((image.secrets, image.malware), (2, 1));
    yard
}

fn findings(image: &image::Model) -> Merged {
    let secrets =
        vec![secret(1, "srv/.env", 1), secret(1, "srv/test/a.env", 1), secret(2, "srv/test/b.env", 1)];
    Merged {
        secrets: Some(Ok(SecretResults { found: secrets, warnings: Vec::new() })),
        malware: Some(MalwareResults {
            rules: Ok(MalwareFound {
                found: vec![malware(Engine::Yara, "eicar", "srv/test/drop.zip", "eicar.com")],
                warnings: Vec::new(),
            }),
            clamd: None,
        }),
        ..nothing(image)
    }
}

async fn counted(yard: &Yard) -> (i32, i32) {
    let image = yard.image().await;
    (image.secrets, image.malware)
}

#[tokio::test]
async fn a_rule_lets_pass_what_it_asks_for_and_no_more() {
    on_each_database("a_rule_lets_pass", |store| async move {
        let yard = yard_with_findings(store).await;
        let image = yard.image().await.id;
        let (secret, malware) = (rule(Category::Secret), rule(Category::Malware));
        let text = str::to_owned;
        let cases = [
            (NewRule { fingerprint: format!("{:032x}", 1), ..secret.clone() }, (1, 1)),
            (NewRule { fingerprint: format!("{:032x}", 9), ..secret.clone() }, (2, 1)),
            (NewRule { path: text("/srv/test/**"), ..secret.clone() }, (1, 1)),
            (NewRule { path: text("srv/*"), ..secret.clone() }, (2, 1)),
            (NewRule { path: text("**/*.env"), ..secret.clone() }, (0, 1)),
            (NewRule { rule: text("forge-token"), ..secret.clone() }, (0, 1)),
            (NewRule { rule: text("forge-token"), path: text("**/b.env"), ..secret.clone() }, (1, 1)),
            (NewRule { image_id: Some(image), ..secret.clone() }, (0, 1)),
            (NewRule { hash: "2".repeat(64), ..malware.clone() }, (2, 0)),
            (NewRule { hash: "4".repeat(32), ..malware.clone() }, (2, 0)),
            (NewRule { hash: "5".repeat(64), ..malware.clone() }, (2, 1)),
            (NewRule { rule: text("eicar"), ..malware.clone() }, (2, 0)),
            (NewRule { path: text("srv/test/drop.zip!/*.com"), ..malware.clone() }, (2, 0)),
            (NewRule { path: text("**/*.zip"), ..malware.clone() }, (2, 0)),
            (NewRule { path: text("**/eicar.com"), ..malware }, (2, 0)),
        ];
        for (rule, left) in cases {
            let id = make(&yard, rule.clone()).await.expect("a rule");
            assert_eq!(counted(&yard).await, left, "{rule:?}");
            take_back(&yard, id).await.expect("a rule that is there");
            assert_eq!(counted(&yard).await, (2, 1), "{rule:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn rules_hold_over_scans_and_another_takes_over() {
    on_each_database("rules_hold_over_scans", |store| async move {
        let yard = yard_with_findings(store).await;
        let by_path = NewRule { path: "**/*.env".to_owned(), ..rule(Category::Secret) };
        let first = make(&yard, by_path.clone()).await.expect("a rule");
        let second = make(&yard, by_path).await.expect("a rule");
        yard.found(Categories::ALL, &findings(&yard.image().await)).await;
        assert_eq!(counted(&yard).await, (0, 1));
        assert!(yard.secrets().await.iter().all(|row| row.allowed_by == Some(first)));
        take_back(&yard, first).await.expect("a rule that is there");
        assert!(yard.secrets().await.iter().all(|row| row.allowed_by == Some(second)));
        assert_eq!(counted(&yard).await, (0, 1));
        assert!(matches!(take_back(&yard, first).await, Err(AllowError::Revoked(_))));
        take_back(&yard, second).await.expect("a rule that is there");
        assert_eq!(counted(&yard).await, (2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_rule_that_expires_stops_to_hold() {
    on_each_database("a_rule_that_expires", |store| async move {
        let yard = yard_with_findings(store).await;
        let now = yard.store.clock().now();
        let expires_at = Some(now.plus(Duration::from_mins(1)));
        for category in [Category::Secret, Category::Malware] {
            let rule = NewRule { path: "**".to_owned(), expires_at, ..rule(category) };
            make(&yard, rule).await.expect("a rule");
        }
        assert_eq!(counted(&yard).await, (0, 0));
        assert_eq!(settle(&yard.store).await.expect("rules"), 0);
        yard.store.clock().advance(Duration::from_mins(1));
        assert_eq!(settle(&yard.store).await.expect("rules"), 2);
        assert_eq!(counted(&yard).await, (2, 1));
        assert_eq!(yard.image().await.security_status, SecurityStatus::AtRisk);
        assert_eq!(settle(&yard.store).await.expect("rules"), 0, "once");
        // A scan does not ask it again either.
        yard.found(Categories::ALL, &findings(&yard.image().await)).await;
        assert_eq!(counted(&yard).await, (2, 1));

        let (conn, requester) = (yard.store.read(), Requester::local());
        let at = yard.store.clock().now();
        let over = RuleFilter { active: Some((false, at)), ..RuleFilter::default() };
        assert_eq!(count_rules(conn, &requester, &over).await.expect("a number"), 2);
        let active = RuleFilter { active: Some((true, at)), ..RuleFilter::default() };
        assert_eq!(count_rules(conn, &requester, &active).await.expect("a number"), 0);
        let of_secrets = RuleFilter { category: Some(Category::Secret), ..RuleFilter::default() };
        let page =
            list_rules(conn, &requester, &of_secrets, true, &PageRequest::first(10)).await.expect("rules");
        assert_eq!(page.items.len(), 1);
        assert_eq!(page.items[0].1.author, "local");
    })
    .await;
}

#[tokio::test]
async fn a_rule_reaches_findings_that_were_stored_while_it_was_made() {
    on_each_database("a_rule_reaches", |store| async move {
        let yard = yard_with_findings(store).await;
        make(&yard, NewRule { path: "**".to_owned(), ..rule(Category::Secret) }).await.expect("a rule");
        assert_eq!(counted(&yard).await, (0, 1));
        // As a scan leaves it that had read the rules before.
        let tx = yard.store.begin_write().await.expect("a transaction");
        secret_finding::Entity::update_many()
            .set(secret_finding::ActiveModel { allowed_by: Set(None), ..Default::default() })
            .exec(&*tx)
            .await
            .expect("an update");
        let ids = [yard.image().await.id];
        crate::scan::counts::recount(&*tx, &ids, yard.store.clock().now()).await.expect("counts");
        tx.commit().await.expect("a commit");
        assert_eq!(counted(&yard).await, (2, 1));
        assert_eq!(settle(&yard.store).await.expect("rules"), 1);
        assert_eq!(counted(&yard).await, (0, 1));
        assert_eq!(settle(&yard.store).await.expect("rules"), 0);
    })
    .await;
}

#[tokio::test]
async fn rules_that_make_no_sense_are_refused() {
    on_each_database("rules_that_make_no_sense", |store| async move {
        let yard = yard_with_findings(store).await;
        let (secret, malware) = (rule(Category::Secret), rule(Category::Malware));
        let path = || "**".to_owned();
        let refused = [
            secret.clone(),
            NewRule { path: "  ".to_owned(), ..secret.clone() },
            NewRule { path: path(), ..rule(Category::Vulnerability) },
            NewRule { path: path(), reason: " ".to_owned(), ..secret.clone() },
            NewRule { path: path(), reason: "x".repeat(1001), ..secret.clone() },
            NewRule { path: "a[".to_owned(), ..secret.clone() },
            NewRule { path: "x".repeat(1001), ..secret.clone() },
            NewRule { hash: "2".repeat(64), ..secret.clone() },
            NewRule { hash: "2".repeat(63), ..malware.clone() },
            NewRule { hash: "x".repeat(64), ..malware },
            NewRule { image_id: Some(999), ..secret.clone() },
            NewRule { path: path(), expires_at: Some(Timestamp::from_micros(1)), ..secret.clone() },
        ];
        for rule in refused {
            let said = make(&yard, rule.clone()).await.expect_err("no rule").to_string();
            assert!(!said.is_empty(), "{rule:?}");
        }
        assert!(matches!(take_back(&yard, 999).await, Err(AllowError::NotFound(999))));
        let viewer = Requester::with_token(1, "viewer", Role::Viewer);
        let tx = yard.store.begin_write().await.expect("a transaction");
        let rule = NewRule { path: path(), ..secret };
        let refused = create(&*tx, &viewer, rule, yard.store.clock().now()).await;
        assert!(matches!(refused, Err(AllowError::Forbidden(_))));
        assert_eq!(counted(&yard).await, (2, 1));
    })
    .await;
}
