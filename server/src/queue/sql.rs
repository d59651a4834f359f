//! Statements whose values and clock differ between the two databases.

use std::time::Duration;

use lazaret_entities::Timestamp;
use sea_orm::{DbBackend, Statement, Value};

use crate::clock::Clock;

/// A statement being written: [`Sql::bind`] gives the placeholder for a value.
pub(super) struct Sql<'a> {
    backend: DbBackend,
    clock: &'a Clock,
    values: Vec<Value>,
}

impl<'a> Sql<'a> {
    pub(super) fn new(backend: DbBackend, clock: &'a Clock) -> Self {
        Self { backend, clock, values: Vec::new() }
    }

    pub(super) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// Now, in microseconds. Leases are compared by many workers: on PostgreSQL only the server's clock counts, and
    /// one that goes on within a transaction. SQLite has one machine, whose clock comes in as a value.
    pub(super) fn now(&mut self) -> String {
        match self.backend {
            DbBackend::Postgres => {
                "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)".to_owned()
            }
            _ => self.bind(self.clock.now().as_micros()),
        }
    }

    /// Now and `duration` more.
    pub(super) fn in_future(&mut self, duration: Duration) -> String {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let (now, micros) = (self.now(), self.bind(micros));
        format!("({now} + {micros})")
    }

    /// Condition on `id`: that of the rows which `select` gives, locked. What others hold is passed over.
    pub(super) fn ids(&self, select: &str) -> String {
        match self.backend {
            // As an array the rows are chosen once; under IN the planner may choose, and lock, again and again.
            DbBackend::Postgres => format!("id = ANY(ARRAY({select} FOR UPDATE SKIP LOCKED))"),
            _ => format!("id IN ({select})"),
        }
    }

    pub(super) fn statement(self, text: &str) -> Statement {
        Statement::from_sql_and_values(self.backend, text, self.values)
    }
}

/// Microseconds as a duration; nothing when they are negative.
pub(super) fn until(later: i64, now: Timestamp) -> Duration {
    Timestamp::from_micros(later).since(now)
}
