//! Images, hosts, containers and the overview as the API shows them.

use lazaret_entities::{Categories, Category, container::ContainerState, host::HostState, image::ScanStatus};
use sea_orm::Set;
use serde_json::json;

use super::fixture::{self, Api};
use crate::store::{Store, testing};

/// Two hosts that share one image; a second image on one of them, with two containers.
async fn fleet(store: &Store) {
    fixture::write(store, async |tx| {
        let alpha = fixture::host(tx, "alpha", HostState::Online).await;
        let beta = fixture::host(tx, "beta", HostState::Offline).await;
        let mut shared = fixture::image(2);
        shared.name = Set("shop/web:1.0".to_owned());
        shared.hosts_count = Set(2);
        let shared = fixture::tagged(tx, shared, alpha, "shop/web:1.0").await;
        fixture::place(tx, shared, beta, "shop/web:stable").await;
        let mut own = fixture::image(5);
        own.name = Set("100%_pure:latest".to_owned());
        own.scan_status = Set(ScanStatus::Failed);
        own.scan_error = Set("a layer is missing; pull the image again".to_owned());
        own.categories_at_risk = Set(Categories::only(Category::Vulnerability));
        own.warnings = Set(r#"[{"path":"var/lib/dpkg/status","message":"cut off"}]"#.to_owned());
        let own = fixture::tagged(tx, own, alpha, "100%_pure:latest").await;
        fixture::category(tx, own, Category::Vulnerability, ScanStatus::Failed, 1).await;
        fixture::layer(tx, own, 0, "COPY base /").await;
        fixture::layer(tx, own, 1, "RUN make").await;
        fixture::container(tx, "web-1", alpha, own, ContainerState::Running).await;
        fixture::container(tx, "web-2", alpha, own, ContainerState::Exited).await;
    })
    .await;
}

async fn names(api: &Api, filter: serde_json::Value) -> Vec<String> {
    let query = "query($filter: ImageFilter) { images(filter: $filter, orderBy: { field: NAME }) {
        totalCount nodes { name } } }";
    let data = api.data(query, json!({ "filter": filter })).await;
    let nodes = data["images"]["nodes"].as_array().unwrap();
    assert_eq!(data["images"]["totalCount"], nodes.len());
    nodes.iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn images_are_found_by_each_filter() {
    testing::on_each_database("images_are_found_by_each_filter", |store| async move {
        fleet(&store).await;
        let api = Api::over(store);
        let hosts = api.data("{ hosts { nodes { id name } } }", json!({})).await["hosts"]["nodes"].clone();
        let (web, pure) = ("shop/web:1.0", "100%_pure:latest");
        let both = names(&api, json!({})).await;
        assert_eq!(both.len(), 2);
        for (filter, expected) in [
            (json!({ "search": "SHOP" }), vec![web]),
            (json!({ "search": "stable" }), vec![web]),
            (json!({ "search": "beta" }), vec![web]),
            (json!({ "search": "%" }), vec![pure]),
            (json!({ "search": "0%_p" }), vec![pure]),
            (json!({ "search": "000000005" }), vec![pure]),
            (json!({ "search": "nowhere" }), vec![]),
            (json!({ "scanStatus": ["FAILED"] }), vec![pure]),
            (json!({ "scanStatus": [] }), vec![]),
            (json!({ "securityStatus": ["AT_RISK", "SAFE"] }), vec![]),
            (json!({ "authorized": true }), vec![web]),
            (json!({ "severity": ["HIGH"] }), vec![]),
            (json!({ "hostId": [hosts[1]["id"]] }), vec![web]),
            (json!({ "hostId": [hosts[0]["id"]], "authorized": false }), vec![pure]),
        ] {
            assert_eq!(names(&api, filter.clone()).await, expected, "{filter}");
        }
        let severe = names(&api, json!({ "severity": ["CRITICAL", "LOW"] })).await;
        assert_eq!(severe.len(), 2);
        let wrong = "{ images(filter: { hostId: [\"x\"] }) { totalCount } }";
        assert_eq!(api.code(wrong, json!({})).await, "BAD_USER_INPUT");
    })
    .await;
}

#[tokio::test]
async fn an_image_shows_where_it_is_and_what_became_of_it() {
    let (store, _folder) = testing::sqlite().await;
    fleet(&store).await;
    let api = Api::over(store);
    let query =
        "query($by: ImageBy!) { image(by: $by) { id name digest size operatingSystem createdAt lastScannedAt
        scanStatus scanError riskCategories warnings tags { reference host { name state } }
        categories { category status error counts { total critical } } layers { position createdBy size }
        hosts { totalCount nodes { name } } containers(filter: { state: [RUNNING] }) { totalCount nodes { name
        command host { name } image { name } } } } }";
    let data = api.data(query, json!({ "by": { "reference": "100%_pure" } })).await;
    let image = &data["image"];
    assert_eq!(image["name"], "100%_pure:latest");
    assert_eq!(image["size"], "0");
    assert_eq!(image["createdAt"], "1970-01-01T00:00:05Z");
    assert_eq!(image["lastScannedAt"], json!(null));
    assert_eq!(image["warnings"], json!(["var/lib/dpkg/status: cut off"]));
    assert_eq!(image["riskCategories"], json!(["VULNERABILITY"]));
    assert_eq!(image["categories"][0]["status"], "FAILED");
    assert_eq!(image["categories"][0]["counts"], json!({ "total": 1, "critical": 1 }));
    assert_eq!(
        image["categories"][1],
        json!({ "category": "SECRET", "status": "UNSCANNED", "error": null, "counts": { "total": 0, "critical": 0 } })
    );
    assert_eq!(image["layers"][1], json!({ "position": 1, "createdBy": "RUN make", "size": "10" }));
    assert_eq!(
        image["tags"],
        json!([{ "reference": "100%_pure:latest", "host": { "name": "alpha", "state": "ONLINE" } }])
    );
    assert_eq!(image["containers"]["totalCount"], 1);
    assert_eq!(image["containers"]["nodes"][0]["name"], "web-1");

    let digest = image["digest"].as_str().unwrap();
    for by in [json!({ "digest": digest }), json!({ "id": image["id"] })] {
        assert_eq!(api.data(query, json!({ "by": by })).await["image"]["id"], image["id"]);
    }
    // Both digests begin alike, so their beginning names neither.
    for by in [
        json!({ "digest": &digest[..30] }),
        json!({ "digest": "%" }),
        json!({ "id": "x" }),
        json!({ "reference": "no" }),
    ] {
        assert_eq!(api.data(query, json!({ "by": by })).await["image"], json!(null), "{by}");
    }
    let two = json!({ "by": { "digest": digest, "reference": "x" } });
    assert_eq!(api.code(query, two).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn everything_is_found_again_by_its_id() {
    let (store, _folder) = testing::sqlite().await;
    fleet(&store).await;
    let api = Api::over(store);
    let lists = "{ images { nodes { id } } hosts { nodes { id } } containers { nodes { id } } }";
    let data = api.data(lists, json!({})).await;
    let mut ids = vec![json!("bm90aGluZw")];
    for list in ["images", "hosts", "containers"] {
        ids.extend(data[list]["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()));
    }
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }";
    let found = api.data(query, json!({ "ids": ids })).await["nodes"].clone();
    assert_eq!(found[0], json!(null));
    for (node, id) in found.as_array().unwrap().iter().zip(&ids).skip(1) {
        assert_eq!(&node["id"], id);
    }
    assert_eq!(found[6]["__typename"], "Container");
}

#[tokio::test]
async fn hosts_and_containers_are_filtered() {
    let (store, _folder) = testing::sqlite().await;
    fleet(&store).await;
    let api = Api::over(store);
    let query = "{ hosts(filter: { state: [OFFLINE], search: \"29.0\" }) { totalCount nodes { name images { totalCount } } }
        containers(filter: { search: \"alpha\", state: [EXITED, DEAD] }) { totalCount nodes { name } } }";
    let data = api.data(query, json!({})).await;
    assert_eq!(
        data["hosts"],
        json!({ "totalCount": 1, "nodes": [{ "name": "beta", "images": { "totalCount": 1 } }] })
    );
    assert_eq!(data["containers"], json!({ "totalCount": 1, "nodes": [{ "name": "web-2" }] }));
}

#[tokio::test]
async fn the_overview_counts_what_is_there() {
    testing::on_each_database("the_overview_counts_what_is_there", |store| async move {
        let api = Api::over(store);
        let query = "{ overview { images { total atRisk safe unknown authorized scanning } lastScannedAt
            hosts { total online } containers { total running } advisories { ecosystem }
            vulnerabilities { distinct { total critical } occurrences { total critical } } } }";
        let empty = api.data(query, json!({})).await["overview"].clone();
        assert_eq!(empty["images"]["total"], 0);
        assert_eq!(empty["lastScannedAt"], json!(null));
        fleet(&api.store).await;
        let full = api.data(query, json!({})).await["overview"].clone();
        let images =
            json!({ "total": 2, "atRisk": 0, "safe": 0, "unknown": 2, "authorized": 1, "scanning": 0 });
        assert_eq!(full["images"], images);
        assert_eq!(full["hosts"], json!({ "total": 2, "online": 1 }));
        assert_eq!(full["containers"], json!({ "total": 2, "running": 1 }));
        assert_eq!(full["vulnerabilities"]["occurrences"]["critical"], 3);
    })
    .await;
}
