//! Scalars of our own: times, big numbers.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use lazaret_entities::timestamp::Timestamp;

/// A time: RFC 3339, in UTC, with `Z`, for example `2026-02-03T04:05:06Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Timestamp);

/// A time: RFC 3339, in UTC, with `Z`, for example `2026-02-03T04:05:06Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let time: jiff::Timestamp = text.parse().map_err(|_| {
            InputValueError::custom(format!(
                "{text:?} is no time; write it like 2026-02-03T04:05:06Z, with Z or an offset"
            ))
        })?;
        Ok(Self(Timestamp::from_micros(time.as_microsecond())))
    }

    fn to_value(&self) -> Value {
        jiff::Timestamp::from_microsecond(self.0.as_micros())
            .map_or(Value::Null, |time| Value::String(time.to_string()))
    }
}

impl From<Timestamp> for DateTime {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

/// The time, unless the column says "never" or "unknown" by 0.
pub(super) fn known(time: Timestamp) -> Option<DateTime> {
    (!time.is_zero()).then_some(DateTime(time))
}

/// A whole number of up to 64 bits, written as a string since JSON readers lose digits of such numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigInt(pub i64);

/// A whole number of up to 64 bits, written as a string since JSON readers lose digits of such numbers.
#[Scalar(name = "BigInt")]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => None,
        };
        number.map(Self).ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A count as GraphQL's `Int`; the greatest one there is when it does not fit.
pub(super) fn int(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}
