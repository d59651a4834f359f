//! Table `packages`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

/// A package version, shared by all images that have it.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "packages")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// OSV ecosystem with release: `Debian:11`, `PyPI`, `npm`.
    pub ecosystem: String,
    /// Name.
    pub name: String,
    /// Version with epoch.
    pub version: String,
    /// Name of the source package, the name where there is none.
    pub source_name: String,
    /// Version of the source package, the version where there is none.
    pub source_version: String,
    /// Architecture, empty where there is none.
    pub arch: String,
    /// Module stream, empty where there is none.
    pub module: String,
    /// The licences that it declares, as an SPDX expression where they are one; empty when it declares none.
    pub licenses: String,
    /// The name that advisories use for it.
    pub match_name: String,
    /// The version that advisories compare with.
    pub match_version: String,
    /// When it was last matched against the advisories, 0 when never.
    pub matched_at: Timestamp,
}

/// It belongs to nothing.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
