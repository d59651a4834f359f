//! Upgrades of stores that have rows.

use lazaret_migration::Migrator;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;

use super::testing::on_each_database;

/// Rows as the version before secrets and malware wrote them: an image that was called safe, one at risk, a job that
/// ended and one that is open.
const ROWS: &[&str] = &[
    "INSERT INTO images (id, digest, size, os, architecture, distro, ecosystem, author, created_at, first_seen_at, \
     last_seen_at, authorized, scan_status, scan_error, last_scanned_at, security_status, security_reason, critical, \
     high, medium, low, unknown, fixable_critical, fixable_high, risk_rank, name, hosts_count, containers_count, \
     not_assessed, warnings) VALUES \
     (1, 'sha256:1', 0, '', '', '', '', '', 0, 0, 0, TRUE, 'SCANNED', '', 5, 'SAFE', '', 0, 0, 0, 1, 0, 0, 0, 1, 'a', \
     0, 0, '[]', '[]'), \
     (2, 'sha256:2', 0, '', '', '', '', '', 0, 0, 0, TRUE, 'QUEUED', '', 5, 'AT_RISK', 'vulnerabilities: 1 CRITICAL', \
     1, 300000, 2, 0, 0, 0, 0, 9, 'b', 0, 0, '[]', '[]')",
    "INSERT INTO scan_jobs (id, trigger, scope, status, total, done, failed, cancelled, created_at, started_at, \
     finished_at, requested_by) VALUES (1, 'MANUAL', 'ALL', 'SUCCEEDED', 1, 1, 0, 0, 1, 1, 5, 'local'), \
     (2, 'MANUAL', 'ALL', 'QUEUED', 1, 0, 0, 0, 6, 0, 0, 'local')",
    "INSERT INTO scan_tasks (id, image_id, status, progress, error, created_at, started_at, finished_at) VALUES \
     (1, 1, 'SUCCEEDED', 100, '', 1, 1, 5), (2, 2, 'QUEUED', 0, '', 6, 0, 0)",
    "INSERT INTO vulnerabilities (id, display_id, severity, severity_source, summary, created_at) VALUES \
     (1, 'GHSA-a', 0, '', '', 0), (2, 'CVE-2025-1', 0, '', '', 0)",
    "INSERT INTO vulnerability_ids (identifier, vulnerability_id) VALUES ('GHSA-a', 1), ('MAL-2025-1', 1), \
     ('CVE-2025-1', 2)",
];

/// The first column of a query's rows as text.
async fn texts(tx: &DatabaseTransaction, backend: DbBackend, query: &str) -> Vec<String> {
    let rows = tx.query_all_raw(Statement::from_string(backend, query)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

#[tokio::test]
async fn what_was_scanned_before_secrets_and_malware_is_called_safe_no_more() {
    on_each_database("what_was_scanned_before", |store| async move {
        let backend = store.backend();
        let folder = tempfile::tempdir().unwrap();
        let old = match backend {
            // A file of its own: the store's has its schema already.
            DbBackend::Sqlite => super::connect::sqlite_writer(&folder.path().join("old.db")).await.unwrap(),
            _ => store.writer().clone(),
        };
        let tx = super::write::Gate::open().begin(&old).await.unwrap();
        if backend == DbBackend::Postgres {
            tx.execute_unprepared("CREATE SCHEMA old; SET LOCAL search_path TO old").await.unwrap();
        }
        Migrator::up(&*tx, Some(2)).await.unwrap();
        for statement in ROWS {
            tx.execute_unprepared(statement).await.unwrap();
        }
        Migrator::up(&*tx, None).await.unwrap();

        let images = "SELECT security_status || ' ' || categories_at_risk || ' ' || security_reason FROM images ORDER BY id";
        assert_eq!(
            texts(&tx, backend, images).await,
            ["UNKNOWN  secrets were never searched for", "AT_RISK VULNERABILITY vulnerabilities: 1 CRITICAL"]
        );
        let ranks = "SELECT CAST(risk_rank AS TEXT) FROM images ORDER BY id";
        let packed = ((1_i64 << 18 | 262_143) << 18 | 2) << 1;
        assert_eq!(texts(&tx, backend, ranks).await, ["1".to_owned(), packed.to_string()]);
        let jobs = "SELECT categories FROM scan_jobs ORDER BY id";
        assert_eq!(texts(&tx, backend, jobs).await, ["VULNERABILITY", "VULNERABILITY,SECRET,MALWARE"]);
        let tasks = "SELECT task_id || ' ' || category || ' ' || status FROM scan_task_categories ORDER BY task_id, category";
        assert_eq!(
            texts(&tx, backend, tasks).await,
            ["1 VULNERABILITY SUCCEEDED", "2 MALWARE QUEUED", "2 SECRET QUEUED", "2 VULNERABILITY QUEUED"]
        );
        let categories =
            "SELECT image_id || ' ' || category || ' ' || status FROM image_categories ORDER BY image_id, category";
        assert_eq!(
            texts(&tx, backend, categories).await,
            ["1 VULNERABILITY SCANNED", "2 MALWARE QUEUED", "2 SECRET QUEUED", "2 VULNERABILITY QUEUED"]
        );
        let malicious = "SELECT display_id FROM vulnerabilities WHERE malicious";
        assert_eq!(texts(&tx, backend, malicious).await, ["GHSA-a"]);
    })
    .await;
}
