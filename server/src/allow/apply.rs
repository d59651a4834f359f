//! What begins and ends with a rule: the findings that it allows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lazaret_entities::{Category, Timestamp, allow_rule, malware_finding, secret_finding};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::error::AllowError;
use super::matching::Allowed;
use crate::scan::counts;
use crate::store::Store;

/// Findings that are looked at together: what is held in memory at once.
const BATCH: u64 = 2000;
/// For how long a rule is new: longer than any transaction that stores results.
const NEW: Duration = Duration::from_mins(10);
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

/// Lets count again what rules allowed that have expired, and applies once more the rules that are new: a scan whose
/// results were being stored while a rule was made knew nothing of it. Each rule in a transaction of its own. Gives how
/// many rules changed what counts.
///
/// # Errors
/// When the store fails; what was settled until then stays.
pub async fn settle(store: &Store) -> Result<usize, AllowError> {
    let now = store.clock().now();
    let not_revoked = allow_rule::Entity::find()
        .filter(allow_rule::Column::RevokedAt.is_null())
        .order_by_asc(allow_rule::Column::Id);
    let over = not_revoked
        .clone()
        .filter(allow_rule::Column::ExpiresAt.lte(now))
        .filter(Condition::any().add(holds_secrets()).add(holds_malware()))
        .all(store.read())
        .await?;
    let new = not_revoked
        .filter(allow_rule::Column::CreatedAt.gte(now.minus(NEW)))
        .filter(
            Condition::any()
                .add(allow_rule::Column::ExpiresAt.is_null())
                .add(allow_rule::Column::ExpiresAt.gt(now)),
        )
        .all(store.read())
        .await?;
    let mut changed = 0;
    for (rule, is_over) in over.iter().map(|rule| (rule, true)).chain(new.iter().map(|rule| (rule, false))) {
        let tx = store.begin_write().await?;
        let images = if is_over { end(&*tx, rule, now).await? } else { begin(&*tx, rule).await? };
        if images.is_empty() {
            continue;
        }
        counts::recount(&*tx, &images, now).await?;
        tx.commit().await?;
        changed += 1;
        tracing::info!(rule = rule.id, images = images.len(), expired = is_over, "an allow rule was settled");
    }
    Ok(changed)
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
