//! Pages as Relay connections: arguments, cursors, and the macro that makes a connection's types.

use std::fmt::Debug;

use async_graphql::SimpleObject;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::BoxFuture;
use sha2::{Digest as _, Sha256};

use super::error::ApiError;
use crate::store::page::{KeyValue, PageRequest, Position};

/// Rows of a page that does not say how many.
const DEFAULT_ROWS: i32 = 50;
/// The most rows of a page.
const MAX_ROWS: i32 = 100;

/// Where a page lies in its list.
#[derive(SimpleObject, Clone, Debug)]
pub struct PageInfo {
    /// True when more rows follow this page.
    pub has_next_page: bool,
    /// True when rows come before this page.
    pub has_previous_page: bool,
    /// The cursor of the first row; null when the page is empty.
    pub start_cursor: Option<String>,
    /// The cursor of the last row; null when the page is empty.
    pub end_cursor: Option<String>,
}

/// Counts a whole list when somebody selects `totalCount`.
pub type Counter = Box<dyn Fn() -> BoxFuture<'static, Result<u64, ApiError>> + Send + Sync>;

/// The arguments of a page.
#[derive(Clone, Debug)]
pub struct PageArgs {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// Marks cursors with the list, its order and its filter: a cursor of another one would skip rows silently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListTag(String);

impl ListTag {
    /// The mark of a list by what it was asked with.
    pub fn of(list: &impl Debug) -> Self {
        Self(hex::encode(&Sha256::digest(format!("{list:?}"))[..6]))
    }

    /// The cursor of a row.
    pub fn cursor(&self, position: &Position) -> String {
        let parts = (&self.0, &position.key, position.id);
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&parts).unwrap_or_default())
    }

    fn position(&self, argument: &str, cursor: &str) -> Result<Position, ApiError> {
        let parts = URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<(String, KeyValue, i64)>(&bytes).ok());
        let Some((tag, key, id)) = parts else {
            return Err(ApiError::bad_input(format!(
                "`{argument}` is no cursor; take one from `edges.cursor` or `pageInfo`"
            )));
        };
        if tag == self.0 {
            Ok(Position { key, id })
        } else {
            Err(ApiError::bad_input(format!(
                "`{argument}` is a cursor of another list, filter or order; start again without it"
            )))
        }
    }
}

impl PageArgs {
    /// What to read for these arguments.
    pub fn request(&self, tag: &ListTag) -> Result<PageRequest, ApiError> {
        if self.first.is_some() && self.last.is_some() {
            return Err(ApiError::bad_input("`first` and `last` exclude each other; give one of them"));
        }
        for (argument, rows) in [("first", self.first), ("last", self.last)] {
            if let Some(rows) = rows.filter(|rows| !(1..=MAX_ROWS).contains(rows)) {
                return Err(ApiError::bad_input(format!(
                    "`{argument}` is {rows}, and must be from 1 to {MAX_ROWS}; page on with cursors"
                )));
            }
        }
        let rows = self.first.or(self.last).unwrap_or(DEFAULT_ROWS);
        let place = |argument, cursor: &Option<String>| {
            cursor.as_deref().map(|cursor| tag.position(argument, cursor)).transpose()
        };
        Ok(PageRequest {
            limit: u64::try_from(rows).unwrap_or(0),
            from_end: self.last.is_some(),
            after: place("after", &self.after)?,
            before: place("before", &self.before)?,
        })
    }
}

/// What a page costs: its rows times what one row costs.
pub(super) fn page_cost(first: Option<i32>, last: Option<i32>, row: usize) -> usize {
    let rows = first.or(last).unwrap_or(DEFAULT_ROWS).clamp(0, MAX_ROWS);
    1 + usize::try_from(rows).unwrap_or(0).saturating_mul(row)
}

/// Makes the connection and edge types of a node type.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty, $connection_doc:tt, $edge_doc:tt) => {
        #[doc = $connection_doc]
        pub struct $connection {
            page: $crate::store::page::Page<$node>,
            tag: $crate::graphql::connection::ListTag,
            count: $crate::graphql::connection::Counter,
        }

        impl $connection {
            /// Wraps a page; `count` is asked only when `totalCount` is selected.
            pub(crate) fn new(
                page: $crate::store::page::Page<$node>,
                tag: $crate::graphql::connection::ListTag,
                count: $crate::graphql::connection::Counter,
            ) -> Self {
                Self { page, tag, count }
            }
        }

        #[doc = $edge_doc]
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// The row's place in the list, for `after` and `before`.
            cursor: String,
            /// The row itself.
            node: $node,
        }

        #[doc = $connection_doc]
        #[async_graphql::Object]
        impl $connection {
            /// The rows with their cursors.
            async fn edges(&self) -> Vec<$edge> {
                self.page
                    .items
                    .iter()
                    .map(|(position, node)| $edge { cursor: self.tag.cursor(position), node: node.clone() })
                    .collect()
            }

            /// The rows alone.
            async fn nodes(&self) -> Vec<$node> {
                self.page.items.iter().map(|(_, node)| node.clone()).collect()
            }

            /// Where this page lies in the list.
            async fn page_info(&self) -> $crate::graphql::connection::PageInfo {
                $crate::graphql::connection::PageInfo {
                    has_next_page: self.page.has_next,
                    has_previous_page: self.page.has_previous,
                    start_cursor: self.page.items.first().map(|(position, _)| self.tag.cursor(position)),
                    end_cursor: self.page.items.last().map(|(position, _)| self.tag.cursor(position)),
                }
            }

            /// How many rows the whole list has. Counted only when selected.
            async fn total_count(&self) -> Result<i32, $crate::graphql::error::ApiError> {
                Ok($crate::graphql::scalars::int((self.count)().await?))
            }
        }
    };
}
