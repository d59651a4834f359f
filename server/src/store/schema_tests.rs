//! The entities and the migrated schema say the same.

use std::collections::BTreeMap;

use lazaret_entities as entities;
use sea_orm::sea_query::ColumnType;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IdenStatic, Iterable, Statement};

use super::Store;
use super::testing::on_each_database;

/// Type and nullability of each column.
type Columns = BTreeMap<String, (&'static str, bool)>;

fn of_entity<E: EntityTrait>(entity: E) -> (String, Columns) {
    let columns = E::Column::iter()
        .map(|column| {
            let def = column.def();
            let kind = match def.get_column_type() {
                ColumnType::String(_) | ColumnType::Text => "text",
                ColumnType::BigInteger => "bigint",
                ColumnType::Integer => "integer",
                ColumnType::Boolean => "boolean",
                ColumnType::Double => "double",
                ColumnType::Blob | ColumnType::VarBinary(_) | ColumnType::Binary(_) => "blob",
                other => panic!("{}: no column may be {other:?}", column.as_str()),
            };
            (column.as_str().to_owned(), (kind, def.is_null()))
        })
        .collect();
    (entity.table_name().to_owned(), columns)
}

macro_rules! all {
    ($($table:ident),+ $(,)?) => {
        BTreeMap::from([$(of_entity(entities::$table::Entity)),+])
    };
}

async fn of_database(store: &Store) -> BTreeMap<String, Columns> {
    let text = match store.backend() {
        DbBackend::Sqlite => {
            "SELECT m.name AS tab, c.name AS col, lower(c.type) AS kind, c.\"notnull\" = 0 AND c.pk = 0 AS optional \
             FROM sqlite_schema m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT IN ('sqlite_sequence', 'seaql_migrations')"
        }
        _ => {
            "SELECT table_name::text AS tab, column_name::text AS col, data_type::text AS kind, \
             is_nullable = 'YES' AS optional FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name <> 'seaql_migrations'"
        }
    };
    let mut tables = BTreeMap::<String, Columns>::new();
    for row in store.read().query_all_raw(Statement::from_string(store.backend(), text)).await.unwrap() {
        let table: String = row.try_get("", "tab").unwrap();
        let column: String = row.try_get("", "col").unwrap();
        let kind = match row.try_get::<String>("", "kind").unwrap().as_str() {
            "text" => "text",
            "bigint" if store.backend() == DbBackend::Sqlite => "integer",
            "bigint" => "bigint",
            "integer" => "integer",
            "boolean" => "boolean",
            "double" | "double precision" => "double",
            "blob" | "bytea" => "blob",
            other => panic!("{table}.{column} is {other}"),
        };
        let optional: bool = row.try_get("", "optional").unwrap();
        tables.entry(table).or_default().insert(column, (kind, optional));
    }
    tables
}

#[tokio::test]
async fn entities_and_schema_say_the_same() {
    on_each_database("entities_and_schema_say_the_same", |store| async move {
        let entities = all![
            host,
            image,
            image_ref,
            tag,
            layer,
            image_layer,
            layer_analysis,
            container,
            package,
            image_package,
            advisory_set,
            advisory,
            advisory_package,
            vulnerability,
            vulnerability_id,
            advisory_vulnerability,
            package_vulnerability,
            scan_job,
            scan_task,
            scan_job_item,
            queue,
            token,
            event,
            setting,
            secret_finding,
            malware_finding,
            allow_rule,
            image_category,
            scan_task_category,
        ];
        compare(&store, &entities, &of_database(&store).await);
    })
    .await;
}

fn compare(store: &Store, entities: &BTreeMap<String, Columns>, database: &BTreeMap<String, Columns>) {
    for (table, columns) in entities {
        let mut columns = columns.clone();
        if store.backend() == DbBackend::Sqlite {
            // It has one type of integers, of 64 bits.
            for (kind, _) in columns.values_mut().filter(|(kind, _)| *kind == "bigint") {
                *kind = "integer";
            }
        }
        assert_eq!(Some(&columns), database.get(table), "table {table}");
    }
    let unknown: Vec<_> = database.keys().filter(|table| !entities.contains_key(*table)).collect();
    assert!(unknown.is_empty(), "tables without an entity: {unknown:?}");
}

#[tokio::test]
async fn text_sorts_by_bytes() {
    on_each_database("text_sorts_by_bytes", |store| async move {
        let tx = store.begin_write().await.unwrap();
        for key in ["b", "a", "B", "é", "-"] {
            let statement = Statement::from_sql_and_values(
                store.backend(),
                "INSERT INTO settings (key, value) VALUES ($1, '')",
                [key.into()],
            );
            tx.execute_raw(statement).await.unwrap();
        }
        tx.commit().await.unwrap();
        let statement = Statement::from_string(store.backend(), "SELECT key FROM settings ORDER BY key");
        let rows = store.read().query_all_raw(statement).await.unwrap();
        let keys: Vec<String> = rows.iter().map(|row| row.try_get("", "key").unwrap()).collect();
        assert_eq!(keys, ["-", "B", "a", "b", "é"]);
    })
    .await;
}
