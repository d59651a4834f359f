//! The types of domain events; webhooks use the same names.

use sea_orm::entity::prelude::*;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum EventType {
    /// An image was seen for the first time, or again after it had gone.
    #[sea_orm(string_value = "image.discovered")]
    ImageDiscovered,
    /// The last host that had an image no longer has it.
    #[sea_orm(string_value = "image.removed")]
    ImageRemoved,
    /// An image may be scanned from now on.
    #[sea_orm(string_value = "image.authorized")]
    ImageAuthorized,
    /// A worker began to scan an image.
    #[sea_orm(string_value = "scan.started")]
    ScanStarted,
    /// The scan of an image ended well.
    #[sea_orm(string_value = "scan.completed")]
    ScanCompleted,
    /// The scan of an image ended with an error.
    #[sea_orm(string_value = "scan.failed")]
    ScanFailed,
    /// The scan of an image was cancelled.
    #[sea_orm(string_value = "scan.cancelled")]
    ScanCancelled,
    /// Advisories were updated and matched again.
    #[sea_orm(string_value = "data.refreshed")]
    DataRefreshed,
}
