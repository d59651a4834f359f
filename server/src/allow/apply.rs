//! What begins and ends with a rule: the findings that it allows.

use std::collections::{BTreeMap, BTreeSet};

use lazaret_entities::{Category, Timestamp, allow_rule, malware_finding, secret_finding};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::error::AllowError;
use super::matching::Allowed;
use crate::scan::counts;
use crate::store::Store;

/// Findings that are looked at together: what is held in memory at once.
const BATCH: u64 = 2000;
/// Keys of one statement.
const KEYS: usize = 2000;

/// Marks what a new rule allows and no other does. Gives the images concerned.
pub(super) async fn begin(
    tx: &impl ConnectionTrait,
    rule: &allow_rule::Model,
) -> Result<Vec<i64>, AllowError> {
    let allowed = Allowed::of(vec![rule.clone()]);
    match rule.category {
        Category::Secret => {
            use secret_finding::Column as C;
            let mut which = Condition::all().add(C::AllowedBy.is_null());
            which = asked(which, C::Fingerprint, &rule.fingerprint);
            which = asked(which, C::Rule, &rule.rule);
            if let Some(image) = rule.image_id {
                which = which.add(C::ImageId.eq(image));
            }
            secrets(tx, which, &allowed).await
        }
        Category::Malware => {
            use malware_finding::Column as C;
            let mut which = Condition::all().add(C::AllowedBy.is_null());
            which = asked(which, C::Fingerprint, &rule.fingerprint);
            which = asked(which, C::Name, &rule.rule);
            if let Some(image) = rule.image_id {
                which = which.add(C::ImageId.eq(image));
            }
            malware(tx, which, &allowed).await
        }
        Category::Vulnerability => Ok(Vec::new()),
    }
}

/// Gives what a rule allowed to another rule that holds at `now`, or lets it count again. Gives the images concerned.
pub(super) async fn end(
    tx: &impl ConnectionTrait,
    rule: &allow_rule::Model,
    now: Timestamp,
) -> Result<Vec<i64>, AllowError> {
    let allowed = Allowed::load(tx, now).await?;
    match rule.category {
        Category::Secret => {
            let which = Condition::all().add(secret_finding::Column::AllowedBy.eq(rule.id));
            secrets(tx, which, &allowed).await
        }
        Category::Malware => {
            let which = Condition::all().add(malware_finding::Column::AllowedBy.eq(rule.id));
            malware(tx, which, &allowed).await
        }
        Category::Vulnerability => Ok(Vec::new()),
    }
}

/// Lets count again what rules allowed that have expired, each rule in a transaction of its own. Gives how many rules
/// ended.
///
/// # Errors
/// When the store fails; what ended until then stays ended.
pub async fn expire(store: &Store) -> Result<usize, AllowError> {
    let now = store.clock().now();
    let over = allow_rule::Entity::find()
        .filter(allow_rule::Column::RevokedAt.is_null())
        .filter(allow_rule::Column::ExpiresAt.lte(now))
        .filter(Condition::any().add(holds_secrets()).add(holds_malware()))
        .order_by_asc(allow_rule::Column::Id)
        .all(store.read())
        .await?;
    for rule in &over {
        let tx = store.begin_write().await?;
        let images = end(&*tx, rule, now).await?;
        counts::recount(&*tx, &images, now).await?;
        tx.commit().await?;
        tracing::info!(rule = rule.id, images = images.len(), "an allow rule expired");
    }
    Ok(over.len())
}

fn holds_secrets() -> sea_orm::sea_query::Expr {
    use sea_orm::QueryTrait;
    use secret_finding::Column as C;
    let held = secret_finding::Entity::find()
        .select_only()
        .column(C::AllowedBy)
        .filter(C::AllowedBy.is_not_null())
        .filter(C::Until.is_null())
        .into_query();
    allow_rule::Column::Id.in_subquery(held)
}

fn holds_malware() -> sea_orm::sea_query::Expr {
    use malware_finding::Column as C;
    use sea_orm::QueryTrait;
    let held = malware_finding::Entity::find()
        .select_only()
        .column(C::AllowedBy)
        .filter(C::AllowedBy.is_not_null())
        .filter(C::Until.is_null())
        .into_query();
    allow_rule::Column::Id.in_subquery(held)
}

/// An empty text asks nothing.
fn asked(condition: Condition, column: impl ColumnTrait, text: &str) -> Condition {
    if text.is_empty() { condition } else { condition.add(column.eq(text)) }
}

async fn secrets(
    tx: &impl ConnectionTrait,
    which: Condition,
    allowed: &Allowed,
) -> Result<Vec<i64>, AllowError> {
    use secret_finding::Column as C;
    let (mut images, mut after) = (BTreeSet::new(), 0);
    loop {
        let rows = secret_finding::Entity::find()
            .filter(which.clone())
            .filter(C::Until.is_null())
            .filter(C::Id.gt(after))
            .order_by_asc(C::Id)
            .limit(BATCH)
            .all(tx)
            .await?;
        let Some(last) = rows.last() else { return Ok(images.into_iter().collect()) };
        after = last.id;
        let mut changes: BTreeMap<Option<i64>, Vec<i64>> = BTreeMap::new();
        for row in &rows {
            let by = allowed.secret(row);
            if by != row.allowed_by {
                images.insert(row.image_id);
                changes.entry(by).or_default().push(row.id);
            }
        }
        for (by, ids) in changes {
            for ids in ids.chunks(KEYS) {
                secret_finding::Entity::update_many()
                    .col_expr(C::AllowedBy, Expr::value(by))
                    .filter(C::Id.is_in(ids.iter().copied()))
                    .exec(tx)
                    .await?;
            }
        }
    }
}

async fn malware(
    tx: &impl ConnectionTrait,
    which: Condition,
    allowed: &Allowed,
) -> Result<Vec<i64>, AllowError> {
    use malware_finding::Column as C;
    let (mut images, mut after) = (BTreeSet::new(), 0);
    loop {
        let rows = malware_finding::Entity::find()
            .filter(which.clone())
            .filter(C::Until.is_null())
            .filter(C::Id.gt(after))
            .order_by_asc(C::Id)
            .limit(BATCH)
            .all(tx)
            .await?;
        let Some(last) = rows.last() else { return Ok(images.into_iter().collect()) };
        after = last.id;
        let mut changes: BTreeMap<Option<i64>, Vec<i64>> = BTreeMap::new();
        for row in &rows {
            let by = allowed.malware(row);
            if by != row.allowed_by {
                images.insert(row.image_id);
                changes.entry(by).or_default().push(row.id);
            }
        }
        for (by, ids) in changes {
            for ids in ids.chunks(KEYS) {
                malware_finding::Entity::update_many()
                    .col_expr(C::AllowedBy, Expr::value(by))
                    .filter(C::Id.is_in(ids.iter().copied()))
                    .exec(tx)
                    .await?;
            }
        }
    }
}
