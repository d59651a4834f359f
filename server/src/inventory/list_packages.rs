//! The packages of an image as a list.

use lazaret_entities::{
    image_package::{self, Evidence},
    package,
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, PaginatorTrait, QueryFilter,
    QuerySelect, RelationTrait, Select, sea_query::Expr,
};

use crate::{
    auth::Requester,
    store::page::{self, Page, PageRequest, Position, SortKey},
};

/// Which packages of an image are wanted. What is none asks nothing; an empty list matches no package.
#[derive(Clone, Debug)]
pub struct ImagePackageFilter {
    /// The image.
    pub image_id: i64,
    /// Text in a name, a source package's name or a version.
    pub search: Option<String>,
    /// Ecosystems as OSV names them, with release: any of these.
    pub ecosystem: Option<Vec<String>>,
}

/// A package where an image has it.
#[derive(Clone, Debug)]
pub struct InstalledPackage {
    /// The row that joins image and package.
    pub id: i64,
    /// The package.
    pub package: package::Model,
    /// The file that tells of it.
    pub path: String,
    /// Position of the layer that brought it.
    pub layer: i32,
    /// What kind of file tells of it.
    pub evidence: Evidence,
    /// Since when it is known to be there.
    pub since: Timestamp,
}

/// A page of the packages that an image has now, by name.
pub async fn list_packages(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &ImagePackageFilter,
    request: &PageRequest,
) -> Result<Page<InstalledPackage>, DbErr> {
    let sort = SortKey {
        key: column(package::Column::Name),
        id: Expr::col((image_package::Entity, image_package::Column::Id)),
        descending: false,
    };
    let mut select = matching(filter).select_also(package::Entity);
    page::apply(QuerySelect::query(&mut select), &sort, request);
    let rows: Vec<InstalledPackage> = select
        .all(conn)
        .await?
        .into_iter()
        .filter_map(|(row, package)| {
            Some(InstalledPackage {
                id: row.id,
                package: package?,
                path: row.path,
                layer: row.layer,
                evidence: row.evidence,
                since: row.since,
            })
        })
        .collect();
    Ok(page::collect(rows, request, |row| Position { key: row.package.name.clone().into(), id: row.id }))
}

/// How many packages match.
pub async fn count_packages(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &ImagePackageFilter,
) -> Result<u64, DbErr> {
    matching(filter).count(conn).await
}

fn column(column: package::Column) -> Expr {
    Expr::col((package::Entity, column))
}

fn matching(filter: &ImagePackageFilter) -> Select<image_package::Entity> {
    let mut all = Condition::all()
        .add(image_package::Column::ImageId.eq(filter.image_id))
        .add(image_package::Column::Until.is_null());
    if let Some(text) = &filter.search {
        let columns = [package::Column::Name, package::Column::SourceName, package::Column::Version];
        all = all.add(
            columns
                .into_iter()
                .fold(Condition::any(), |any, searched| any.add(page::contains(column(searched), text))),
        );
    }
    if let Some(ecosystems) = &filter.ecosystem {
        all = all.add(package::Column::Ecosystem.is_in(ecosystems.iter().map(String::as_str)));
    }
    image_package::Entity::find()
        .join(JoinType::InnerJoin, image_package::Relation::Package.def())
        .filter(all)
}
