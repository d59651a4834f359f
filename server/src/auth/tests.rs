use std::time::Duration;

use super::{Requester, Role, TokenError, tokens};
use crate::store::testing;

#[test]
fn roles_are_read_in_any_case_and_ordered() {
    for role in Role::ALL {
        assert_eq!(role.as_str().to_lowercase().parse::<Role>(), Ok(role));
    }
    assert!("ROOT".parse::<Role>().is_err());
    assert!(Requester::with_token(1, "t", Role::Operator).require(Role::Viewer).is_ok());
    let refused = Requester::with_token(1, "t", Role::Viewer).require(Role::Admin).unwrap_err();
    assert_eq!(refused.needed, Role::Admin);
}

#[tokio::test]
async fn a_token_works_until_it_expires_or_is_revoked() {
    testing::on_each_database("a_token_works_until_it_expires_or_is_revoked", |store| async move {
        let admin = Requester::local();
        let now = store.clock().now();
        assert!(tokens::none_exist(store.read()).await.unwrap());
        let tx = store.begin_write().await.unwrap();
        let short = now.plus(Duration::from_mins(1));
        let brief = tokens::create(&*tx, &admin, "brief", Role::Viewer, Some(short), now).await.unwrap();
        let lasting = tokens::create(&*tx, &admin, "lasting", Role::Operator, None, now).await.unwrap();
        tx.commit().await.unwrap();

        assert!(brief.text.starts_with(&format!("{}_", brief.token.prefix)));
        assert!(!brief.token.hash.is_empty());
        let (who, row) = tokens::verify(store.read(), &lasting.text, now).await.unwrap();
        assert_eq!((who.name(), who.role()), ("lasting", Role::Operator));
        assert!(tokens::use_is_due(&row, now));
        tokens::verify(store.read(), &brief.text, now).await.unwrap();
        let late = tokens::verify(store.read(), &brief.text, short).await;
        assert!(matches!(late, Err(TokenError::Invalid)));

        let tx = store.begin_write().await.unwrap();
        tokens::note_use(&*tx, lasting.token.id, now).await.unwrap();
        tokens::revoke(&*tx, &admin, &lasting.token.prefix, now).await.unwrap();
        let again = tokens::revoke(&*tx, &admin, &lasting.token.prefix, now).await;
        assert!(matches!(again, Err(TokenError::NotFound(_))));
        tx.commit().await.unwrap();
        let revoked = tokens::verify(store.read(), &lasting.text, now).await;
        assert!(matches!(revoked, Err(TokenError::Invalid)));
        let all = tokens::list(store.read(), &admin).await.unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[1].last_used_at, now);
    })
    .await;
}

#[tokio::test]
async fn a_changed_or_foreign_text_is_no_token() {
    let (store, _folder) = testing::sqlite().await;
    let now = store.clock().now();
    let tx = store.begin_write().await.unwrap();
    let made = tokens::create(&*tx, &Requester::local(), "one", Role::Admin, None, now).await.unwrap();
    tx.commit().await.unwrap();
    let mut changed = made.text.clone();
    let last = if changed.pop() == Some('A') { 'Q' } else { 'A' };
    changed.push(last);
    for text in ["", "lzt_", "lzt_000000000000_", &changed, &made.token.prefix, "é", "lzt_ééé_x"] {
        let answer = tokens::verify(store.read(), text, now).await;
        assert!(matches!(answer, Err(TokenError::Invalid)), "{text}");
    }
}

#[tokio::test]
async fn a_given_text_is_adopted_once() {
    let (store, _folder) = testing::sqlite().await;
    let now = store.clock().now();
    let (admin, given) = (Requester::local(), "0123456789abcdef0123456789abcdef");
    let tx = store.begin_write().await.unwrap();
    let first = tokens::adopt(&*tx, &admin, "file", Role::Admin, given, now).await.unwrap();
    let second = tokens::adopt(&*tx, &admin, "file", Role::Admin, &format!("{given}\n"), now).await.unwrap();
    assert_eq!(first.id, second.id);
    let short = tokens::adopt(&*tx, &admin, "file", Role::Admin, "secret", now).await;
    assert!(matches!(short, Err(TokenError::TooShort(6))));
    tx.commit().await.unwrap();
    assert!(tokens::verify(store.read(), given, now).await.is_ok());
}

#[tokio::test]
async fn only_administrators_manage_tokens() {
    let (store, _folder) = testing::sqlite().await;
    let now = store.clock().now();
    let operator = Requester::with_token(1, "op", Role::Operator);
    let tx = store.begin_write().await.unwrap();
    let made = tokens::create(&*tx, &operator, "more", Role::Admin, None, now).await;
    assert!(matches!(made, Err(TokenError::Forbidden(_))));
    let listed = tokens::list(&*tx, &operator).await;
    assert!(matches!(listed, Err(TokenError::Forbidden(_))));
    let past = tokens::create(&*tx, &Requester::local(), "past", Role::Viewer, Some(now), now).await;
    assert!(matches!(past, Err(TokenError::Expired)));
    let unnamed = tokens::create(&*tx, &Requester::local(), "", Role::Viewer, None, now).await;
    assert!(matches!(unnamed, Err(TokenError::BadName(0))));
}
