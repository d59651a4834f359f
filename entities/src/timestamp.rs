//! Time as it is stored.

use std::time::Duration;

use sea_orm::DeriveValueType;

/// Microseconds since 1970-01-01 00:00 UTC, a BIGINT in both databases.
///
/// Text times sort differently in SQLite and PostgreSQL; a number sorts the same everywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The value of "never" and "unknown" in columns that are sort keys.
    pub const ZERO: Self = Self(0);

    /// From microseconds since 1970 UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970 UTC.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whether it says "never" or "unknown".
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This time and `duration` more; the last time there is when that is beyond it.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// This time and `duration` less; the first time there is when that is before it.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// How long after `earlier` this is; nothing when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<i64> for Timestamp {
    fn from(micros: i64) -> Self {
        Self(micros)
    }
}

impl From<Timestamp> for i64 {
    fn from(time: Timestamp) -> Self {
        time.0
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        let time = Timestamp::from_micros(5);
        assert_eq!(time.plus(Duration::from_secs(1)).as_micros(), 1_000_005);
        assert_eq!(time.minus(Duration::from_micros(6)).as_micros(), -1);
        assert_eq!(Timestamp::from_micros(i64::MAX).plus(Duration::MAX).as_micros(), i64::MAX);
        assert_eq!(time.since(Timestamp::from_micros(2)), Duration::from_micros(3));
        assert_eq!(Timestamp::ZERO.since(time), Duration::ZERO);
    }
}
