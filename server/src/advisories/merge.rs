//! Two vulnerabilities that turn out to be one.

use std::collections::HashSet;

use lazaret_entities::{advisory_vulnerability, package_vulnerability, vulnerability, vulnerability_id};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use super::error::AdvisoryError;

/// Moves all that is known of `loser` to `keeper` and leaves a redirect, so that ids given out earlier still lead to
/// the vulnerability.
pub(super) async fn merge(tx: &DatabaseTransaction, keeper: i64, loser: i64) -> Result<(), AdvisoryError> {
    vulnerability_id::Entity::update_many()
        .col_expr(vulnerability_id::Column::VulnerabilityId, Expr::value(keeper))
        .filter(vulnerability_id::Column::VulnerabilityId.eq(loser))
        .exec(tx)
        .await?;
    move_links(tx, keeper, loser).await?;
    move_matches(tx, keeper, loser).await?;
    vulnerability::Entity::update_many()
        .col_expr(vulnerability::Column::RedirectId, Expr::value(keeper))
        .filter(vulnerability::Column::Id.eq(loser).or(vulnerability::Column::RedirectId.eq(loser)))
        .exec(tx)
        .await?;
    Ok(())
}

async fn move_links(tx: &DatabaseTransaction, keeper: i64, loser: i64) -> Result<(), AdvisoryError> {
    use advisory_vulnerability::Column as C;
    let advisories: Vec<i64> = advisory_vulnerability::Entity::find()
        .select_only()
        .column(C::AdvisoryId)
        .filter(C::VulnerabilityId.eq(loser))
        .into_tuple()
        .all(tx)
        .await?;
    let moved = advisories.iter().map(|id| advisory_vulnerability::ActiveModel {
        advisory_id: Set(*id),
        vulnerability_id: Set(keeper),
    });
    if !advisories.is_empty() {
        advisory_vulnerability::Entity::insert_many(moved)
            .on_conflict(OnConflict::columns([C::AdvisoryId, C::VulnerabilityId]).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
    }
    advisory_vulnerability::Entity::delete_many().filter(C::VulnerabilityId.eq(loser)).exec(tx).await?;
    Ok(())
}

/// A package has a vulnerability once: where both had an open match, the earlier one stays.
async fn move_matches(tx: &DatabaseTransaction, keeper: i64, loser: i64) -> Result<(), AdvisoryError> {
    use package_vulnerability::Column as C;
    let open: Vec<(i64, i64)> = package_vulnerability::Entity::find()
        .select_only()
        .columns([C::Id, C::PackageId])
        .filter(C::VulnerabilityId.is_in([keeper, loser]))
        .filter(C::Until.is_null())
        .order_by_asc(C::Since)
        .order_by_asc(C::Id)
        .into_tuple()
        .all(tx)
        .await?;
    let mut seen = HashSet::new();
    let doubles: Vec<i64> =
        open.into_iter().filter(|(_, package)| !seen.insert(*package)).map(|(id, _)| id).collect();
    for ids in doubles.chunks(1000) {
        package_vulnerability::Entity::delete_many()
            .filter(C::Id.is_in(ids.iter().copied()))
            .exec(tx)
            .await?;
    }
    package_vulnerability::Entity::update_many()
        .col_expr(C::VulnerabilityId, Expr::value(keeper))
        .filter(C::VulnerabilityId.eq(loser))
        .exec(tx)
        .await?;
    Ok(())
}
