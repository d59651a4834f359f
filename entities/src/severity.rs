//! Severity, stored as its rank.

use sea_orm::entity::prelude::*;

/// How bad a vulnerability is; stored as a number, so that an index sorts it, worst last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i32", db_type = "Integer")]
pub enum Severity {
    /// Nobody has rated it.
    #[default]
    #[sea_orm(num_value = 0)]
    Unknown,
    /// Little harm, or hard to do.
    #[sea_orm(num_value = 1)]
    Low,
    /// Some harm.
    #[sea_orm(num_value = 2)]
    Medium,
    /// Great harm.
    #[sea_orm(num_value = 3)]
    High,
    /// Great harm, easily done.
    #[sea_orm(num_value = 4)]
    Critical,
}
