//! Table `secret_findings`.

use sea_orm::entity::prelude::*;

use crate::severity::Severity;
use crate::timestamp::Timestamp;

/// Kinds of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum SecretType {
    /// A key: an access key, an API key, a private key.
    #[sea_orm(string_value = "KEY")]
    Key,
    /// A token that stands for a person or a program.
    #[sea_orm(string_value = "TOKEN")]
    Token,
    /// A password, or a hash of one that can be tried against.
    #[sea_orm(string_value = "PASSWORD")]
    Password,
    /// A certificate together with its private key, or a key store.
    #[sea_orm(string_value = "CERTIFICATE")]
    Certificate,
    /// An address with the credentials in it.
    #[sea_orm(string_value = "CONNECTION_STRING")]
    ConnectionString,
    /// An address that acts for whoever calls it.
    #[sea_orm(string_value = "WEBHOOK")]
    Webhook,
}

/// What a secret was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum SecretSource {
    /// A file of a layer.
    #[sea_orm(string_value = "FILE")]
    File,
    /// The image's configuration: environment, labels, entry point, command.
    #[sea_orm(string_value = "CONFIG")]
    Config,
    /// A step of the build history.
    #[sea_orm(string_value = "HISTORY")]
    History,
}

/// A secret at a place of an image, from when to when. The secret itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "secret_findings")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The image.
    pub image_id: i64,
    /// Keyed hash of the secret: the same in every image that has the secret.
    pub fingerprint: String,
    /// Hash of source, path and line, which together with the fingerprint tells the finding; a path may be longer than
    /// an index takes.
    pub place: String,
    /// The rule that found it.
    pub rule: String,
    /// What it is, for people.
    pub title: String,
    /// The kind of secret.
    pub kind: SecretType,
    /// How bad its loss is.
    pub severity: Severity,
    /// What it was found in.
    pub source: SecretSource,
    /// The file, without a leading slash; of a configuration the instruction's name; of the history the step.
    pub path: String,
    /// The line that it begins on, 1 the first.
    pub line: i64,
    /// Position of the layer, 0 the lowest; -1 where the place is no layer's.
    pub layer: i32,
    /// The build command or configuration line, redacted; of a file empty.
    pub instruction: String,
    /// The place where it stands, redacted.
    pub snippet: String,
    /// What to do about it.
    pub advice: String,
    /// Whether a later layer deletes or replaces the file: the secret is in the image all the same.
    pub buried: bool,
    /// Position of the layer that does; -1 when none does.
    pub buried_by: i32,
    /// The rule by which somebody allows it: it does not count.
    pub allowed_by: Option<i64>,
    /// Since when it is known to be there.
    pub since: Timestamp,
    /// When a later scan no longer found it.
    pub until: Option<Timestamp>,
}

/// What it belongs to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The image.
    #[sea_orm(belongs_to = "super::image::Entity", from = "Column::ImageId", to = "super::image::Column::Id")]
    Image,
    /// The rule by which it is allowed.
    #[sea_orm(
        belongs_to = "super::allow_rule::Entity",
        from = "Column::AllowedBy",
        to = "super::allow_rule::Column::Id"
    )]
    AllowRule,
}

impl Related<super::image::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Image.def()
    }
}

impl Related<super::allow_rule::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::AllowRule.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
