//! Columns and tables, said briefly. Every column is NOT NULL unless its name says otherwise.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};
use sea_orm_migration::sea_query::{ColumnType, Index};

pub(super) fn id() -> ColumnDef {
    let mut column = ColumnDef::new("id");
    column.big_integer().not_null().auto_increment().primary_key();
    column
}

pub(super) fn text(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text().not_null();
    column
}

pub(super) fn integer(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.integer().not_null();
    column
}

pub(super) fn big_integer(name: &'static str) -> ColumnDef {
    let mut column = big_integer_null(name);
    column.not_null();
    column
}

pub(super) fn big_integer_null(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer();
    column
}

pub(super) fn double_null(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.double();
    column
}

pub(super) fn boolean(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.boolean().not_null();
    column
}

pub(super) fn blob(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.blob().not_null();
    column
}

/// A table that is being described.
pub(super) struct NewTable {
    name: &'static str,
    columns: Vec<ColumnDef>,
    statement: TableCreateStatement,
}

pub(super) fn table(name: &'static str) -> NewTable {
    let mut statement = Table::create();
    statement.table(name);
    NewTable { name, columns: Vec::new(), statement }
}

impl NewTable {
    pub(super) fn columns(mut self, columns: Vec<ColumnDef>) -> Self {
        self.columns = columns;
        self
    }

    pub(super) fn primary_key(mut self, columns: &[&'static str]) -> Self {
        let mut key = Index::create();
        for column in columns {
            key.col(*column);
        }
        self.statement.primary_key(&mut key);
        self
    }

    /// A foreign key whose target cannot be deleted while this row is there.
    pub(super) fn refers_to(self, column: &'static str, target: &'static str) -> Self {
        self.foreign_key(column, target, ForeignKeyAction::Restrict)
    }

    /// A foreign key whose target takes this row with it when it is deleted.
    pub(super) fn owned_by(self, column: &'static str, target: &'static str) -> Self {
        self.foreign_key(column, target, ForeignKeyAction::Cascade)
    }

    fn foreign_key(mut self, column: &'static str, target: &'static str, action: ForeignKeyAction) -> Self {
        let mut key = ForeignKey::create();
        key.from(self.name, column).to(target, "id").on_delete(action);
        self.statement.foreign_key(&mut key);
        self
    }

    pub(super) async fn create(mut self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        // Text sorts by its bytes in SQLite. PostgreSQL would sort by the language of the server: pages of a list
        // would come in another order, and a prefix search would find no index.
        let by_bytes = manager.get_database_backend() == DbBackend::Postgres;
        for column in &mut self.columns {
            if by_bytes && matches!(column.get_column_type(), Some(ColumnType::Text)) {
                column.extra(r#"COLLATE "C""#);
            }
            self.statement.col(column);
        }
        manager.create_table(self.statement).await
    }
}

pub(super) async fn indexes(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
