//! What all filters and orders share.

use async_graphql::Enum;

use super::error::ApiError;

/// The most values of one list in a filter.
const MAX_VALUES: usize = 100;
/// The longest search text, in characters.
const MAX_SEARCH: usize = 200;

/// Which end of an order comes first.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderDirection {
    /// The least first.
    #[default]
    Asc,
    /// The greatest first.
    Desc,
}

/// A list of a filter, when it is not too long.
pub(super) fn limited<T>(field: &str, values: Option<Vec<T>>) -> Result<Option<Vec<T>>, ApiError> {
    match values {
        Some(values) if values.len() > MAX_VALUES => Err(ApiError::bad_input(format!(
            "`filter.{field}` has {} values, and at most {MAX_VALUES} are allowed",
            values.len()
        ))),
        values => Ok(values),
    }
}

/// A search text, when it is not too long. Blank text asks nothing.
pub(super) fn searched(text: Option<String>) -> Result<Option<String>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim();
    if text.chars().count() > MAX_SEARCH {
        return Err(ApiError::bad_input(format!("`filter.search` has more than {MAX_SEARCH} characters")));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
