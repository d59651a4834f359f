//! Every way through a list meets every row once, in the same order.

use serde_json::{Value, json};

use super::fixture::{self, Api};
use crate::store::testing;
use lazaret_entities::host::HostState;

const ORDERS: [&str; 7] = ["RISK", "NAME", "CREATED_AT", "LAST_SCANNED_AT", "SIZE", "HOSTS", "CONTAINERS"];
const QUERY: &str = "query($first: Int, $after: String, $last: Int, $before: String, $order: ImageOrder) {
    images(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
        totalCount nodes { id } edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

fn ids(page: &Value) -> Vec<String> {
    page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

async fn page(api: &Api, variables: Value) -> Value {
    api.data(QUERY, variables).await["images"].clone()
}

#[tokio::test]
async fn pages_forwards_and_backwards_are_the_whole_list() {
    testing::on_each_database("pages_forwards_and_backwards_are_the_whole_list", |store| async move {
        fixture::write(&store, async |tx| {
            let host = fixture::host(tx, "a", HostState::Online).await;
            for number in 0..43 {
                fixture::tagged(tx, fixture::image(number), host, &format!("app:{number}")).await;
            }
        })
        .await;
        let api = Api::over(store);
        for field in ORDERS {
            for direction in ["ASC", "DESC"] {
                let order = json!({ "field": field, "direction": direction });
                let whole = ids(&page(&api, json!({ "first": 100, "order": order })).await);
                assert_eq!(whole.len(), 43);
                for size in [1, 7, 43] {
                    assert_eq!(walk(&api, &order, size, true).await, whole, "{order} by {size}");
                    assert_eq!(walk(&api, &order, size, false).await, whole, "{order} back by {size}");
                }
            }
        }
    })
    .await;
}

async fn walk(api: &Api, order: &Value, size: usize, forwards: bool) -> Vec<String> {
    let (rows, from) = if forwards { ("first", "after") } else { ("last", "before") };
    let (more, end) =
        if forwards { ("hasNextPage", "endCursor") } else { ("hasPreviousPage", "startCursor") };
    let mut seen = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let found = page(api, json!({ rows: size, from: cursor, "order": order })).await;
        assert_eq!(found["totalCount"], 43);
        let mut part = ids(&found);
        if forwards {
            seen.extend(part);
        } else {
            part.extend(seen);
            seen = part;
        }
        cursor = found["pageInfo"][end].clone();
        if found["pageInfo"][more] == false {
            return seen;
        }
    }
}

#[tokio::test]
async fn the_default_page_has_fifty_rows_and_none_more_than_a_hundred() {
    let (store, _folder) = testing::sqlite().await;
    fixture::write(&store, async |tx| {
        let host = fixture::host(tx, "a", HostState::Online).await;
        for number in 0..60 {
            fixture::tagged(tx, fixture::image(number), host, &format!("app:{number}")).await;
        }
    })
    .await;
    let api = Api::over(store);
    assert_eq!(ids(&page(&api, json!({})).await).len(), 50);
    for variables in [
        json!({ "first": 10_000 }),
        json!({ "first": 101 }),
        json!({ "first": 0 }),
        json!({ "first": -1 }),
        json!({ "last": 101 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "after": "nonsense" }),
    ] {
        assert_eq!(api.code(QUERY, variables.clone()).await, "BAD_USER_INPUT", "{variables}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_order_or_filter_is_refused() {
    let (store, _folder) = testing::sqlite().await;
    fixture::write(&store, async |tx| {
        let host = fixture::host(tx, "a", HostState::Online).await;
        for number in 0..3 {
            fixture::tagged(tx, fixture::image(number), host, &format!("app:{number}")).await;
        }
    })
    .await;
    let api = Api::over(store);
    let cursor = page(&api, json!({ "first": 1 })).await["pageInfo"]["endCursor"].clone();
    assert_eq!(ids(&page(&api, json!({ "after": cursor })).await).len(), 2);
    let order = json!({ "field": "NAME" });
    assert_eq!(api.code(QUERY, json!({ "after": cursor, "order": order })).await, "BAD_USER_INPUT");
    let filtered =
        "query($after: String) { images(after: $after, filter: { authorized: true }) { totalCount } }";
    assert_eq!(api.code(filtered, json!({ "after": cursor })).await, "BAD_USER_INPUT");
}
