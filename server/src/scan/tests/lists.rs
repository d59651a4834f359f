//! Secrets and malware as lists, and the key of fingerprints.

use std::collections::BTreeSet;

use lazaret_entities::malware_finding::Engine as StoredEngine;
use lazaret_entities::secret_finding::SecretType as StoredType;
use lazaret_entities::{Categories, Category, Severity, setting};
use lazaret_scanner::advisory::Severity as Said;
use lazaret_scanner::malware::Engine;
use lazaret_scanner::secret::SecretType;
use sea_orm::EntityTrait;

use super::found::{malware, nothing, secret};
use super::{Yard, debian};
use crate::auth::Requester;
use crate::inventory::list_images::{ImageFilter, count_images};
use crate::inventory::overview;
use crate::scan::malware::{MalwareFilter, MalwareOrder, count_malware, list_malware};
use crate::scan::persist::{MalwareFound, MalwareResults, Merged, SecretResults};
use crate::scan::secrets::{
    SecretFilter, SecretOrder, count_by_severity, count_images_with, count_secrets, fingerprint_key,
    images_with, list_secrets,
};
use crate::store::page::PageRequest;
use crate::store::testing::on_each_database;

/// Two images with secrets; one of them is in both.
async fn fleet(store: crate::store::Store) -> Yard {
    let yard = Yard::new(store);
    yard.put("a.tar", debian("1").tag("shop/a:1")).await;
    yard.authorize_all().await;
    let image = yard.image().await;
    let mut key = secret(1, "root/.ssh/id", 1);
    key.secret.kind = SecretType::Key;
    key.secret.severity = Said::Critical;
    key.secret.title = "SSH private key".to_owned();
    key.buried_by = Some(2);
    let found =
        vec![key, secret(2, "srv/a_b.env", 1), secret(2, "srv/axb.env", 1), secret(3, "srv/c.env", 9)];
    let merged = Merged {
        secrets: Some(Ok(SecretResults { found, warnings: Vec::new() })),
        malware: Some(MalwareResults {
            rules: Ok(MalwareFound {
                found: vec![
                    malware(Engine::Yara, "eicar", "srv/eicar.com", ""),
                    malware(Engine::HashList, "EICAR test file", "srv/eicar.com", ""),
                    malware(Engine::Yara, "eicar", "srv/a.zip", "b.zip!/eicar.com"),
                ],
                warnings: Vec::new(),
            }),
            clamd: None,
        }),
        ..nothing(&image)
    };
    yard.found(Categories::ALL, &merged).await;
    yard.put("b.tar", debian("2").tag("shop/b:1")).await;
    yard.authorize_all().await;
    let other = yard.images().await.into_iter().find(|row| row.id != image.id).expect("another image");
    let found = vec![secret(2, "etc/app.conf", 5)];
    let merged =
        Merged { secrets: Some(Ok(SecretResults { found, warnings: Vec::new() })), ..nothing(&other) };
    yard.found_in(other.id, Categories::ALL, &merged).await;
    yard
}

#[tokio::test]
async fn secrets_are_filtered_ordered_and_paged() {
    on_each_database("secrets_are_filtered", |store| async move {
        let yard = fleet(store).await;
        let (conn, requester) = (yard.store.read(), Requester::local());
        let image = yard.images().await.into_iter().find(|row| row.name == "shop/a:1").expect("the image").id;
        let all = SecretFilter { image_id: Some(image), ..SecretFilter::default() };
        let cases = [
            (all.clone(), 4),
            (SecretFilter { severity: Some(vec![Severity::Critical]), ..all.clone() }, 1),
            (SecretFilter { severity: Some(Vec::new()), ..all.clone() }, 0),
            (SecretFilter { kind: Some(vec![StoredType::Token]), ..all.clone() }, 3),
            (SecretFilter { kind: Some(vec![StoredType::Key, StoredType::Token]), ..all.clone() }, 4),
            (SecretFilter { buried: Some(true), ..all.clone() }, 1),
            (SecretFilter { search: Some("ssh PRIVATE".to_owned()), ..all.clone() }, 1),
            (SecretFilter { search: Some("a_b".to_owned()), ..all.clone() }, 1),
            (SecretFilter { search: Some("forge".to_owned()), ..all.clone() }, 4),
            (SecretFilter { fingerprint: Some(format!("{:032x}", 2)), ..all.clone() }, 2),
            (SecretFilter { fingerprint: Some(format!("{:032x}", 2)), ..SecretFilter::default() }, 3),
            (SecretFilter { image_id: Some(image + 999), ..all.clone() }, 0),
        ];
        for (filter, wanted) in cases {
            assert_eq!(
                count_secrets(conn, &requester, &filter).await.expect("a number"),
                wanted,
                "{filter:?}"
            );
        }
        let totals = count_by_severity(conn, &requester, &all).await.expect("numbers");
        assert_eq!((totals.critical, totals.high, totals.total()), (1, 2, 3), "a secret counts once");
        for order in
            [SecretOrder::Severity, SecretOrder::Path, SecretOrder::Title, SecretOrder::FirstDetectedAt]
        {
            for descending in [false, true] {
                let (mut seen, mut request) = (Vec::new(), PageRequest::first(1));
                loop {
                    let page = list_secrets(conn, &requester, &all, order, descending, &request)
                        .await
                        .expect("a page");
                    let Some((position, row)) = page.items.into_iter().next() else { break };
                    seen.push(row.id);
                    request.after = Some(position);
                }
                assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 4, "{order:?}");
                assert_eq!(seen.len(), 4, "{order:?}");
            }
        }
        let page =
            list_secrets(conn, &requester, &all, SecretOrder::Severity, true, &PageRequest::first(1)).await;
        assert_eq!(page.expect("a page").items[0].1.severity, Severity::Critical);
    })
    .await;
}

#[tokio::test]
async fn a_secret_is_found_in_every_image_that_has_it() {
    on_each_database("a_secret_is_found", |store| async move {
        let yard = fleet(store).await;
        let (conn, requester) = (yard.store.read(), Requester::local());
        let of = |number: u32| format!("{number:032x}");
        let page = images_with(conn, &requester, &of(2), &PageRequest::first(10)).await.expect("images");
        let names: Vec<&str> = page.items.iter().map(|(_, image)| image.name.as_str()).collect();
        assert_eq!(names, ["shop/a:1", "shop/b:1"]);
        let counts = count_images_with(conn, &requester, &[of(1), of(2), of(9)]).await.expect("numbers");
        assert_eq!((counts.get(&of(1)), counts.get(&of(2)), counts.get(&of(9))), (Some(&1), Some(&2), None));
        let distinct = overview::distinct_secrets(conn, &requester).await.expect("numbers");
        assert_eq!((distinct.critical, distinct.high), (1, 2));
        let all = overview::occurrences(conn, &requester, Category::Secret).await.expect("numbers");
        assert_eq!((all.critical, all.high), (1, 3));
        let at_risk = |categories: &[Category]| ImageFilter {
            category_at_risk: Some(categories.to_vec()),
            ..ImageFilter::default()
        };
        for (categories, wanted) in [
            (&[Category::Secret][..], 2),
            (&[Category::Malware], 1),
            (&[Category::Vulnerability], 0),
            (&[Category::Vulnerability, Category::Malware], 1),
            (&[], 0),
        ] {
            let count = count_images(conn, &requester, &at_risk(categories)).await.expect("a number");
            assert_eq!(count, wanted, "{categories:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn malware_is_filtered_and_searched_by_name_and_hash() {
    on_each_database("malware_is_filtered", |store| async move {
        let yard = fleet(store).await;
        let (conn, requester) = (yard.store.read(), Requester::local());
        let all = MalwareFilter::default();
        let search = |text: &str| MalwareFilter { search: Some(text.to_owned()), ..MalwareFilter::default() };
        let cases = [
            (all.clone(), 3),
            (MalwareFilter { engine: Some(vec![StoredEngine::HashList]), ..all.clone() }, 1),
            (MalwareFilter { severity: Some(vec![Severity::Low]), ..all.clone() }, 0),
            (MalwareFilter { buried: Some(true), ..all.clone() }, 0),
            (search("EICAR test"), 1),
            (search("b.zip!/"), 1),
            (search(&"2".repeat(64)), 3),
            (search(&"3".repeat(40)), 3),
            (search(&"4".repeat(32)), 3),
            (search(&"5".repeat(64)), 0),
        ];
        for (filter, wanted) in cases {
            assert_eq!(
                count_malware(conn, &requester, &filter).await.expect("a number"),
                wanted,
                "{filter:?}"
            );
        }
        let totals = crate::scan::malware::count_by_severity(conn, &requester, &all).await.expect("numbers");
        assert_eq!(totals.critical, 2, "a file counts once");
        let distinct = overview::distinct_malware(conn, &requester).await.expect("numbers");
        assert_eq!(distinct.critical, 1, "one content");
        for order in
            [MalwareOrder::Severity, MalwareOrder::Path, MalwareOrder::Name, MalwareOrder::FirstDetectedAt]
        {
            let page = list_malware(conn, &requester, &all, order, false, &PageRequest::first(2))
                .await
                .expect("a page");
            let after = PageRequest { after: Some(page.items[1].0.clone()), ..PageRequest::first(2) };
            let next = list_malware(conn, &requester, &all, order, false, &after).await.expect("a page");
            assert_eq!((page.items.len(), next.items.len(), next.has_next), (2, 1, false), "{order:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_ask_at_once_get_one_key() {
    on_each_database("all_who_ask_at_once", |store| async move {
        let asking: Vec<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { fingerprint_key(&store).await.expect("a key") })
            })
            .collect();
        let mut keys = Vec::new();
        for one in asking {
            keys.push(one.await.expect("no panic"));
        }
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
        let settings = setting::Entity::find().all(store.read()).await.expect("settings");
        assert_eq!((settings.len(), settings[0].value.len()), (1, 64));
        let tx = store.begin_write().await.expect("a transaction");
        let change = setting::ActiveModel { value: sea_orm::Set("short".to_owned()), ..Default::default() };
        setting::Entity::update_many().set(change).exec(&*tx).await.expect("an update");
        tx.commit().await.expect("a commit");
        assert!(fingerprint_key(&store).await.is_err(), "a damaged key is never replaced");
    })
    .await;
}
