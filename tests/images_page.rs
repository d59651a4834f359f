//! The rows of the "local images" page that the API answers, on SQLite and PostgreSQL alike.

use serde_json::{Value, json};

use crate::support::{
    Database, Lazaret, advisories, databases, debian, node_app, python_app, run, stderr, write_archive,
};

/// A server with the sample advisories that knows three images: a Debian base, a Python and a Node application.
async fn with_three_images(database: Database) -> (Lazaret, Vec<Value>) {
    let server = Lazaret::start(database).await;
    let folder = advisories(server.data.path());
    let imported = run(server.command().args(["advisories", "import"]).arg(&folder));
    assert!(imported.status.success(), "{}", stderr(&imported));
    write_archive(&debian(), &server.archives().join("debian.tar"));
    write_archive(&python_app(), &server.archives().join("python.tar"));
    write_archive(&node_app(), &server.archives().join("node.tar"));
    let images = server.images(3).await;
    (server, images)
}

fn id_of<'a>(images: &'a [Value], name: &str) -> &'a str {
    let image = images.iter().find(|image| image["name"].as_str().unwrap().contains(name));
    image.unwrap_or_else(|| panic!("no image {name} in {images:#?}"))["id"].as_str().unwrap()
}

fn ids(images: &[Value]) -> Vec<&str> {
    images.iter().map(|image| image["id"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn s02_data_panel_counts_images_at_risk_and_vulnerabilities_as_of_the_last_scan() {
    for database in databases() {
        let (server, images) = with_three_images(database).await;
        let panel = "{ overview { images { total atRisk safe unknown } lastScannedAt
            vulnerabilities { distinct { total critical high medium low unknown } occurrences { total } } advisories { ecosystem records } } }";
        let before = server.data(panel, json!({})).await["overview"].clone();
        assert_eq!(before["images"], json!({ "total": 3, "atRisk": 0, "safe": 0, "unknown": 3 }));
        assert_eq!(before["lastScannedAt"], Value::Null);

        server.scan(&ids(&images)).await;
        let after = server.data(panel, json!({})).await["overview"].clone();
        assert_eq!(after["images"]["total"], 3);
        assert_eq!(after["images"]["atRisk"], 3, "{after:#}");
        assert!(after["lastScannedAt"].is_string());
        let distinct = after["vulnerabilities"]["distinct"]["total"].as_i64().unwrap();
        let occurrences = after["vulnerabilities"]["occurrences"]["total"].as_i64().unwrap();
        assert!(distinct > 5, "{after:#}");
        // The Python image stands on the Debian base: what the base has counts in both images, once in the fleet.
        assert!(occurrences > distinct, "{after:#}");
        let by_severity: i64 = ["critical", "high", "medium", "low", "unknown"]
            .iter()
            .map(|severity| after["vulnerabilities"]["distinct"][severity].as_i64().unwrap())
            .sum();
        assert_eq!(by_severity, distinct);
    }
}

#[actix_web::test]
async fn s07_scan_now_answers_with_a_job_that_shows_progress() {
    for database in databases() {
        let (server, images) = with_three_images(database).await;
        let job = server.scan(&ids(&images)).await;
        assert_eq!(job["status"], "SUCCEEDED", "{job:#}");
        assert_eq!((&job["total"], &job["done"], &job["failed"]), (&json!(3), &json!(3), &json!(0)));
        assert_eq!(job["progress"], 100);
        let jobs =
            server.data("{ scanJobs(first: 5) { totalCount nodes { id trigger scope } } }", json!({})).await;
        assert_eq!(jobs["scanJobs"]["totalCount"], 1);
        assert_eq!(jobs["scanJobs"]["nodes"][0]["id"], job["id"]);
    }
}

#[actix_web::test]
async fn s08_same_id_is_scanned_once() {
    for database in databases() {
        let server = Lazaret::start(database).await;
        write_archive(&debian(), &server.archives().join("first.tar"));
        server.images(1).await;
        // The same image under a second name: one row, two tags, one task.
        write_archive(&debian().tag("registry.example/base:stable"), &server.archives().join("second.tar"));
        let query = "{ images { totalCount nodes { id tags { reference } } } }";
        let data = server
            .wait_for(query, |data| {
                data["images"]["nodes"][0]["tags"].as_array().is_some_and(|tags| tags.len() == 2)
            })
            .await;
        assert_eq!(data["images"]["totalCount"], 1);
        let id = data["images"]["nodes"][0]["id"].as_str().unwrap();
        let job = server.scan(&[id]).await;
        assert_eq!((&job["total"], &job["done"]), (&json!(1), &json!(1)));
    }
}

#[actix_web::test]
async fn s18_authorizing_takes_one_license_per_image() {
    for database in databases() {
        let (server, images) = with_three_images(database).await;
        let authorize = "mutation($ids: [ID!]!) { authorizeImages(input: { imageIds: $ids }) {
            licenses { total used available } userErrors { code } } }";
        let refused = server
            .data(
                "mutation($ids: [ID!]) { startScan(input: { scope: SELECTED, imageIds: $ids }) { scanJob { id } userErrors { code message } } }",
                json!({ "ids": [ids(&images)[0]] }),
            )
            .await;
        assert_eq!(refused["startScan"]["userErrors"][0]["code"], "IMAGE_NOT_AUTHORIZED", "{refused:#}");

        let first = server.data(authorize, json!({ "ids": [ids(&images)[0]] })).await;
        assert_eq!(
            first["authorizeImages"]["licenses"],
            json!({ "total": null, "used": 1, "available": null })
        );
        let again = server.data(authorize, json!({ "ids": [ids(&images)[0]] })).await;
        assert_eq!(again["authorizeImages"]["licenses"]["used"], 1, "authorizing twice costs once");
        let all = server.data(authorize, json!({ "ids": ids(&images) })).await;
        assert_eq!(all["authorizeImages"]["licenses"]["used"], 3);
    }
}

#[actix_web::test]
async fn s25_image_says_whether_its_scan_succeeded_and_counts_per_category() {
    for database in databases() {
        let (server, images) = with_three_images(database).await;
        let query = "query($id: ID!) { image(by: { id: $id }) { scanStatus securityStatus securityReason
            categories { category status counts { critical high medium low unknown } } } }";
        let id = id_of(&images, "node");
        let before = server.data(query, json!({ "id": id })).await;
        assert_eq!(before["image"]["categories"][0]["category"], "VULNERABILITY");
        assert_eq!(before["image"]["categories"][0]["status"], "UNSCANNED");
        server.scan(&[id]).await;
        let after = server.data(query, json!({ "id": id })).await;
        assert_eq!(after["image"]["categories"][0]["status"], "SUCCEEDED", "{after:#}");
        assert_eq!(after["image"]["securityStatus"], "AT_RISK");
        let counts = &after["image"]["categories"][0]["counts"];
        assert!(counts["critical"].as_i64().unwrap() + counts["high"].as_i64().unwrap() > 0, "{after:#}");
    }
}

#[actix_web::test]
async fn s26_image_details_have_name_id_size_and_operating_system() {
    let (server, images) = with_three_images(Database::Sqlite).await;
    let id = id_of(&images, "python");
    server.scan(&[id]).await;
    let query =
        "query($id: ID!) { image(by: { id: $id }) { name digest size operatingSystem architecture } }";
    let image = server.data(query, json!({ "id": id })).await["image"].clone();
    assert!(image["name"].as_str().unwrap().contains("python"));
    assert_eq!(image["digest"].as_str().unwrap().len(), "sha256:".len() + 64);
    assert!(
        image["size"].as_str().unwrap().parse::<u64>().unwrap() > 0,
        "sizes are BigInt, a string in JSON"
    );
    assert!(image["operatingSystem"].as_str().unwrap().starts_with("Debian GNU/Linux 11"), "{image:#}");
    assert_eq!(image["architecture"], "amd64");
}

#[actix_web::test]
async fn s27_vulnerabilities_filter_by_severity_search_by_name_and_advise() {
    for database in databases() {
        let (server, images) = with_three_images(database).await;
        let id = id_of(&images, "python");
        server.scan(&[id]).await;
        let query = "query($id: ID!, $filter: VulnerabilityFilter) { image(by: { id: $id }) {
            vulnerabilities(first: 100, filter: $filter) { totalCount nodes {
                identifier aliases severity severitySource installedVersion fixedVersions advice
                package { name ecosystem } advisory { id source } } } } }";
        let all = server.data(query, json!({ "id": id })).await["image"]["vulnerabilities"].clone();
        let found = |name: &str| {
            all["nodes"].as_array().unwrap().iter().filter(|v| v["package"]["name"] == name).count()
        };
        assert!(found("django") > 0 && found("openssl") + found("libssl1.1") > 0, "{all:#}");

        for severity in ["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"] {
            let some = server.data(query, json!({ "id": id, "filter": { "severity": [severity] } })).await;
            let nodes = some["image"]["vulnerabilities"]["nodes"].as_array().unwrap().clone();
            assert!(nodes.iter().all(|v| v["severity"] == severity));
            let expected =
                all["nodes"].as_array().unwrap().iter().filter(|v| v["severity"] == severity).count();
            assert_eq!(nodes.len(), expected);
        }
        let searched = server.data(query, json!({ "id": id, "filter": { "search": "jinja" } })).await;
        let nodes = searched["image"]["vulnerabilities"]["nodes"].as_array().unwrap().clone();
        assert!(!nodes.is_empty() && nodes.iter().all(|v| v["package"]["name"] == "jinja2"), "{searched:#}");
        let advice = nodes[0]["advice"].as_str().unwrap();
        assert!(advice.starts_with("Upgrade jinja2 from 2.10 to "), "{advice}");
        let identifier = nodes[0]["identifier"].as_str().unwrap();
        let by_id = server.data(query, json!({ "id": id, "filter": { "search": identifier } })).await;
        assert_eq!(by_id["image"]["vulnerabilities"]["nodes"][0]["identifier"], identifier);
        let alias = nodes[0]["aliases"][0].as_str().unwrap();
        let by_alias = server.data(query, json!({ "id": id, "filter": { "search": alias } })).await;
        assert_eq!(by_alias["image"]["vulnerabilities"]["nodes"][0]["identifier"], identifier);
    }
}

#[actix_web::test]
async fn s44_s45_s46_s47_created_last_scan_risk_categories_and_status() {
    for database in databases() {
        let (server, images) = with_three_images(database).await;
        let id = id_of(&images, "debian");
        let query = "query($id: ID!) { image(by: { id: $id }) { createdAt lastScannedAt riskCategories scanStatus } }";
        let before = server.data(query, json!({ "id": id })).await["image"].clone();
        assert_eq!(before["scanStatus"], "UNSCANNED");
        assert_eq!(before["lastScannedAt"], Value::Null);
        assert!(before["createdAt"].as_str().unwrap().ends_with('Z'), "{before:#}");
        assert_eq!(before["riskCategories"], json!([]));
        server.scan(&[id]).await;
        let after = server.data(query, json!({ "id": id })).await["image"].clone();
        assert_eq!(after["scanStatus"], "SCANNED");
        assert!(after["lastScannedAt"].is_string());
        assert_eq!(after["riskCategories"], json!(["VULNERABILITY"]));
    }
}

#[actix_web::test]
async fn a_scan_survives_a_restart_of_the_server() {
    let (mut server, images) = with_three_images(Database::Sqlite).await;
    server.scan(&ids(&images)).await;
    let query = "{ images(orderBy: { field: NAME, direction: ASC }) { nodes { name scanStatus securityStatus
        vulnerabilityCounts { critical high medium low unknown } } } }";
    let before = server.data(query, json!({})).await;
    server.restart();
    assert_eq!(server.data(query, json!({})).await, before);
}

#[actix_web::test]
async fn a_viewer_reads_but_does_not_scan() {
    let (server, images) = with_three_images(Database::Sqlite).await;
    let created = run(server.command().args(["token", "create", "--role", "VIEWER"]));
    assert!(created.status.success(), "{}", stderr(&created));
    let token = crate::support::stdout(&created).trim().to_owned();
    assert!(token.starts_with("lzt_") && !token.contains(char::is_whitespace), "the token alone: {token:?}");
    let client = reqwest::Client::new();
    let ask = async |query: String| -> Value {
        let request = client.post(format!("{}/graphql", server.url)).bearer_auth(&token);
        let body = json!({ "query": query }).to_string();
        let answer = request.header("Content-Type", "application/json").body(body).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    };
    let read = ask("{ images { totalCount } }".into()).await;
    assert_eq!(read["data"]["images"]["totalCount"], 3);
    let id = ids(&images)[0];
    let refused = ask(format!(
        "mutation {{ authorizeImages(input: {{ imageIds: [\"{id}\"] }}) {{ userErrors {{ code }} }} }}"
    ))
    .await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused:#}");
    let anonymous = client.post(format!("{}/graphql", server.url)).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
}
