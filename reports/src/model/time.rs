//! Times in reports: RFC 3339 in UTC, to the second; ages in whole days.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// `2026-11-20T08:15:00Z`.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-20 08:15 UTC`, as people read it.
pub(crate) fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// `2026-11-20`.
pub(crate) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// `08:15 UTC`.
pub(crate) fn hour(time: Timestamp) -> String {
    time.strftime("%H:%M UTC").to_string()
}

/// How old `then` is at `now`, in words: `less than a day old`, `1 day old`, `40 days old`.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    match days(then, now) {
        ..=0 => "less than a day old".to_owned(),
        1 => "1 day old".to_owned(),
        days => format!("{days} days old"),
    }
}

/// Whole days from `then` to `now`; negative when `then` is later.
pub(crate) fn days(then: Timestamp, now: Timestamp) -> i64 {
    (now.as_second() - then.as_second()) / 86_400
}

/// Writes a time for serde.
pub(crate) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}

/// Writes a time that may be absent for serde.
pub(crate) mod option {
    use super::{Serialize, Serializer, Timestamp, rfc3339};

    #[expect(clippy::ref_option, reason = "the signature that serde's `with` calls")]
    pub(crate) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(rfc3339).serialize(serializer)
    }
}
