//! Keyset pages: a page starts right after a row that the caller saw, never at an offset.
//!
//! A list is ordered by one key that is never null and by the row's id as the last word, both in the
//! same direction, so that every row has exactly one place and an index can serve the page.

use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, LikeExpr, Order, SelectStatement};

/// The value of a sort key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum KeyValue {
    /// A number: counts, ranks, sizes in bytes, times in microseconds.
    Number(i64),
    /// Text, compared as the database compares it.
    Text(String),
}

impl From<i64> for KeyValue {
    fn from(value: i64) -> Self {
        Self::Number(value)
    }
}

impl From<String> for KeyValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl KeyValue {
    fn to_expr(&self) -> Expr {
        match self {
            Self::Number(number) => Expr::val(*number),
            Self::Text(text) => Expr::val(text.clone()),
        }
    }
}

/// The place of one row in an ordered list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The value of the sort key.
    pub key: KeyValue,
    /// The row's id, which decides between equal keys.
    pub id: i64,
}

/// What a list is ordered by.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// The key; must never be null.
    pub key: Expr,
    /// The unique number that decides between equal keys.
    pub id: Expr,
    /// True when the greatest key comes first.
    pub descending: bool,
}

/// Which part of an ordered list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// The most rows to return.
    pub limit: u64,
    /// True to take the last rows of the range instead of the first.
    pub from_end: bool,
    /// Only rows behind this place.
    pub after: Option<Position>,
    /// Only rows in front of this place.
    pub before: Option<Position>,
}

impl PageRequest {
    /// The first `limit` rows.
    pub fn first(limit: u64) -> Self {
        Self { limit, from_end: false, after: None, before: None }
    }
}

/// A part of an ordered list, always in the list's own order.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows with their places.
    pub items: Vec<(Position, T)>,
    /// True when rows follow this page.
    pub has_next: bool,
    /// True when rows come before this page.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// The same page with each row turned into something else.
    pub fn map<U>(self, mut convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(|(position, row)| (position, convert(row))).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}

/// Adds order, range and limit to a query. One row more than asked for is read, to know whether more exist.
pub fn apply(select: &mut SelectStatement, sort: &SortKey, request: &PageRequest) {
    if let Some(after) = &request.after {
        select.cond_where(beyond(sort, after, sort.descending));
    }
    if let Some(before) = &request.before {
        select.cond_where(beyond(sort, before, !sort.descending));
    }
    let order = if sort.descending == request.from_end { Order::Asc } else { Order::Desc };
    select
        .order_by_expr(sort.key.clone(), order.clone())
        .order_by_expr(sort.id.clone(), order)
        .limit(request.limit.saturating_add(1));
}

/// The rows strictly below (or above) a place. The first comparison alone lets an index find the start.
fn beyond(sort: &SortKey, place: &Position, below: bool) -> Cond {
    let (key, id) = (sort.key.clone(), sort.id.clone());
    let value = place.key.to_expr();
    if below {
        Cond::all()
            .add(key.clone().lte(value.clone()))
            .add(Cond::any().add(key.lt(value)).add(id.lt(place.id)))
    } else {
        Cond::all()
            .add(key.clone().gte(value.clone()))
            .add(Cond::any().add(key.gt(value)).add(id.gt(place.id)))
    }
}

/// Makes a page of the rows that a query prepared by [`apply`] returned.
pub fn collect<T>(mut rows: Vec<T>, request: &PageRequest, position: impl Fn(&T) -> Position) -> Page<T> {
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    if request.from_end {
        rows.reverse();
    }
    let items = rows.into_iter().map(|row| (position(&row), row)).collect();
    // A cursor names a row that was there, so something lies on its far side.
    let (has_next, has_previous) =
        if request.from_end { (request.before.is_some(), more) } else { (more, request.after.is_some()) };
    Page { items, has_next, has_previous }
}

/// A case-insensitive "contains" on a text expression; the text is taken literally.
pub fn contains(column: Expr, text: &str) -> Expr {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    Expr::expr(Func::lower(column)).like(LikeExpr::new(pattern).escape('\\'))
}
