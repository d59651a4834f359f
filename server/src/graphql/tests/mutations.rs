//! Authorizing images, ordering scans and cancelling them.

use lazaret_entities::host::HostState;
use serde_json::{Value, json};

use super::fixture::{self, Api};
use crate::{
    auth::Role,
    store::{Store, testing},
};

const AUTHORIZE: &str = "mutation($input: AuthorizeImagesInput!) { authorizeImages(input: $input) { clientMutationId
    newlyAuthorized images { id authorized } licenses { total used available } userErrors { code field message } } }";
const START: &str = "mutation($input: StartScanInput!) { startScan(input: $input) { userErrors { code field message }
    scanJob { id status scope trigger total done progress requestedBy tasks { totalCount nodes { status image { id } } } } } }";
const CANCEL: &str =
    "mutation($input: CancelScanInput!) { cancelScan(input: $input) { userErrors { code field message }
    scanJob { id status cancelled } } }";

/// Two images, the first of them authorized; their ids in that order.
async fn fleet(store: Store) -> (Api, Value, Value) {
    fixture::write(&store, async |tx| {
        let host = fixture::host(tx, "a", HostState::Online).await;
        fixture::tagged(tx, fixture::image(2), host, "authorized:1").await;
        fixture::tagged(tx, fixture::image(3), host, "new:1").await;
    })
    .await;
    let api = Api::over(store);
    let query = "{ a: image(by: { reference: \"authorized:1\" }) { id } b: image(by: { reference: \"new:1\" }) { id } }";
    let data = api.data(query, json!({})).await;
    let (authorized, new) = (data["a"]["id"].clone(), data["b"]["id"].clone());
    (api, authorized, new)
}

#[tokio::test]
async fn to_authorize_twice_costs_once() {
    testing::on_each_database("to_authorize_twice_costs_once", |store| async move {
        let (api, authorized, new) = fleet(store).await;
        let input = json!({ "input": { "imageIds": [authorized, new], "clientMutationId": "c1" } });
        for newly in [1, 0] {
            let payload = api.data(AUTHORIZE, input.clone()).await["authorizeImages"].clone();
            assert_eq!(payload["userErrors"], json!([]));
            assert_eq!(payload["newlyAuthorized"], newly);
            assert_eq!(payload["licenses"], json!({ "total": null, "used": 2, "available": null }));
            assert_eq!(payload["images"].as_array().unwrap().len(), 2);
            assert_eq!(payload["clientMutationId"], "c1");
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_image_changes_nothing() {
    let (store, _folder) = testing::sqlite().await;
    let (api, _, new) = fleet(store).await;
    let gone = async_graphql::ID(base64_of("Image:999"));
    for bad in [json!("nonsense"), json!(gone.0), json!(base64_of("Host:1"))] {
        let payload = api.data(AUTHORIZE, json!({ "input": { "imageIds": [new, bad] } })).await;
        let payload = &payload["authorizeImages"];
        assert_eq!(payload["userErrors"][0]["code"], "NOT_FOUND");
        assert_eq!(payload["userErrors"][0]["field"], json!(["imageIds", "1"]));
        assert_eq!(payload["images"], json!(null));
    }
    let none = api.data(AUTHORIZE, json!({ "input": { "imageIds": [] } })).await;
    assert_eq!(none["authorizeImages"]["userErrors"][0]["code"], "INVALID");
    let authorized = api.data("{ images(filter: { authorized: true }) { totalCount } }", json!({})).await;
    assert_eq!(authorized["images"]["totalCount"], 1);
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

#[tokio::test]
async fn a_scan_is_ordered_followed_and_cancelled() {
    testing::on_each_database("a_scan_is_ordered_followed_and_cancelled", |store| async move {
        let (api, authorized, new) = fleet(store).await;
        let payload = api.data(START, json!({ "input": { "scope": "ALL" } })).await["startScan"].clone();
        assert_eq!(payload["userErrors"], json!([]));
        let job = &payload["scanJob"];
        assert_eq!((&job["status"], &job["total"], &job["scope"]), (&json!("QUEUED"), &json!(1), &json!("ALL")));
        assert_eq!((&job["trigger"], &job["requestedBy"]), (&json!("MANUAL"), &json!("test")));
        assert_eq!(job["tasks"]["nodes"][0]["image"]["id"], authorized);

        let queued = "{ images(filter: { scanStatus: [QUEUED] }) { totalCount } scanJobs { totalCount nodes { id } } }";
        let data = api.data(queued, json!({})).await;
        assert_eq!(data["images"]["totalCount"], 1);
        assert_eq!(data["scanJobs"]["nodes"][0]["id"], job["id"]);

        let input = json!({ "input": { "scope": "SELECTED", "imageIds": [authorized, new] } });
        let refused = api.data(START, input).await["startScan"].clone();
        assert_eq!(refused["userErrors"][0]["code"], "IMAGE_NOT_AUTHORIZED");
        assert_eq!(refused["userErrors"][0]["field"], json!(["imageIds", "1"]));
        assert_eq!(refused["scanJob"], json!(null));

        let input = json!({ "input": { "scanJobId": job["id"] } });
        let cancelled = api.data(CANCEL, input.clone()).await["cancelScan"].clone();
        assert_eq!(cancelled["userErrors"], json!([]));
        assert_eq!(cancelled["scanJob"]["status"], "CANCELLED");
        let again = api.data(CANCEL, input).await["cancelScan"].clone();
        assert_eq!(again["userErrors"][0]["code"], "CONFLICT");
        let unknown = api.data(CANCEL, json!({ "input": { "scanJobId": "x" } })).await["cancelScan"].clone();
        assert_eq!(unknown["userErrors"][0]["code"], "NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn inputs_that_contradict_themselves_are_refused() {
    let (store, _folder) = testing::sqlite().await;
    let (api, authorized, _) = fleet(store).await;
    for input in [
        json!({ "scope": "ALL", "imageIds": [authorized] }),
        json!({ "scope": "SELECTED" }),
        json!({ "scope": "SELECTED", "imageIds": vec![authorized.clone(); 101] }),
    ] {
        let payload = api.data(START, json!({ "input": input })).await["startScan"].clone();
        assert_eq!(payload["userErrors"][0]["code"], "INVALID", "{input}");
    }
}

#[tokio::test]
async fn a_report_is_written_on_an_image_and_on_the_fleet() {
    let (store, _folder) = testing::sqlite().await;
    let (api, image, _) = fleet(store).await;
    let mutation =
        "mutation($input: GenerateReportInput!) { generateReport(input: $input) { userErrors { code }
        files { name mediaType size path } } }";
    for input in [json!({}), json!({ "imageId": image })] {
        let payload = api.data(mutation, json!({ "input": input })).await["generateReport"].clone();
        assert_eq!(payload["userErrors"], json!([]), "{input}");
        let files = payload["files"].as_array().unwrap();
        assert!(files.iter().any(|file| file["mediaType"].as_str().unwrap().starts_with("text/html")));
        for file in files {
            let name = file["name"].as_str().unwrap();
            assert_eq!(file["path"], format!("/reports/{name}"));
            let path = crate::reporting::report_path(api.data_dir.path(), name).unwrap();
            assert_eq!(file["size"], std::fs::metadata(path).unwrap().len().to_string());
        }
    }
    for bad in [json!("x"), json!(base64_of("Image:999"))] {
        let payload = api.data(mutation, json!({ "input": { "imageId": bad } })).await;
        assert_eq!(payload["generateReport"]["userErrors"][0]["code"], "NOT_FOUND");
    }
}

#[tokio::test]
async fn viewers_change_nothing() {
    let (store, _folder) = testing::sqlite().await;
    let (api, _, new) = fleet(store).await;
    for (mutation, input) in
        [(AUTHORIZE, json!({ "imageIds": [new] })), (START, json!({})), (CANCEL, json!({ "scanJobId": "x" }))]
    {
        let response = api.ask_as(Role::Viewer, mutation, json!({ "input": input })).await;
        let errors = serde_json::to_value(&response.errors).unwrap();
        assert_eq!(errors[0]["extensions"]["code"], "FORBIDDEN");
    }
    let admin = api.ask_as(Role::Admin, AUTHORIZE, json!({ "input": { "imageIds": [new] } })).await;
    assert!(admin.errors.is_empty());
}
