//! What the server says of an image's packages and of the findings in them.

use serde_json::{Value, json};

use lazaret_scanner::testing::{ImageBuilder, LayerBuilder};

use crate::support::{Database, Lazaret, advisories, databases, run, stderr, write_archive};

const STATUS: &str = "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.1.1k-1\n\n\
    Package: linux-libc-dev\nStatus: install ok installed\nArchitecture: amd64\nSource: linux\nVersion: 5.10.46-4\n\n";

/// A lock file that npm wrote.
const LOCK: &str = r#"{"name":"shop","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
    "":{"name":"shop","version":"1.0.0","dependencies":{"lodash":"4.17.15"}},
    "node_modules/lodash":{"version":"4.17.15","resolved":"https://registry.npmjs.org/lodash/-/lodash-4.17.15.tgz"}}}"#;

/// A published fact about Debian's kernel, as OSV writes it.
const KERNEL: &str = r#"{"schema_version":"1.6.0","id":"DEBIAN-CVE-2022-0847","modified":"2024-01-01T00:00:00Z",
    "published":"2022-03-10T00:00:00Z","upstream":["CVE-2022-0847"],"details":"Dirty Pipe",
    "affected":[{"package":{"ecosystem":"Debian:11","name":"linux"},
    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"5.10.92-2"}]}],
    "ecosystem_specific":{"urgency":"high"}}]}"#;

async fn scanned(database: Database) -> (Lazaret, String) {
    let server = Lazaret::start(database).await;
    let folder = server.data.path().join("records");
    std::fs::create_dir(&folder).unwrap();
    for record in std::fs::read_dir(advisories(server.data.path())).unwrap() {
        let record = record.unwrap();
        std::fs::copy(record.path(), folder.join(record.file_name())).unwrap();
    }
    std::fs::write(folder.join("DEBIAN-CVE-2022-0847.json"), KERNEL).unwrap();
    let imported = run(server.command().args(["advisories", "import"]).arg(&folder));
    assert!(imported.status.success(), "{}", stderr(&imported));
    let base = LayerBuilder::new()
        .os_release("debian", "11", "Debian GNU/Linux 11 (bullseye)")
        .file("var/lib/dpkg/status", STATUS)
        .build();
    let python = LayerBuilder::new()
        .file(
            "usr/local/lib/python3.9/site-packages/Django-2.2.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: Django\nVersion: 2.2\nLicense: BSD-3-Clause\n",
        )
        .build();
    let lock = LayerBuilder::new().file("srv/shop/package-lock.json", LOCK).build();
    let image = ImageBuilder::new()
        .created("2021-08-14T12:00:00Z")
        .layer_by(base, "ADD rootfs.tar / # buildkit")
        .step("ENV LANG=C.UTF-8")
        .layer_by(python, "RUN /bin/sh -c pip install Django==2.2")
        .layer_by(lock, "COPY package-lock.json /srv/shop/")
        .tag("lazaret-e2e/packages:1");
    write_archive(&image, &server.archives().join("packages.tar"));
    let id = server.images(1).await[0]["id"].as_str().unwrap().to_owned();
    server.scan(&[&id]).await;
    (server, id)
}

async fn findings(server: &Lazaret, id: &str, filter: Value) -> Vec<Value> {
    let query = "query($id: ID!, $filter: VulnerabilityFilter) { image(by: { id: $id }) {
        vulnerabilities(first: 100, filter: $filter) { nodes { id identifier setAside firstDetectedAt
        package { name } places { path layer diffId createdBy } } } } }";
    let data = server.data(query, json!({ "id": id, "filter": filter })).await;
    data["image"]["vulnerabilities"]["nodes"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn b05_a_finding_knows_its_layer_build_command_and_first_detected_date() {
    for database in databases() {
        let (server, id) = scanned(database).await;
        let first = findings(&server, &id, json!({ "search": "django" })).await;
        assert!(!first.is_empty());
        let layers = "query($id: ID!) { image(by: { id: $id }) { layers { position diffId createdBy } } }";
        let layers = server.data(layers, json!({ "id": id })).await["image"]["layers"].clone();
        for finding in &first {
            let place = &finding["places"][0];
            assert_eq!(place["createdBy"], "RUN /bin/sh -c pip install Django==2.2");
            assert_eq!(place["layer"], 1, "the ENV step made no layer");
            assert_eq!(place["diffId"], layers[1]["diffId"]);
            assert_eq!(place["path"], "usr/local/lib/python3.9/site-packages/Django-2.2.dist-info/METADATA");
            assert!(finding["firstDetectedAt"].as_str().unwrap().starts_with("20"));
        }
        server.scan(&[&id]).await;
        let again = findings(&server, &id, json!({ "search": "django" })).await;
        assert_eq!(first, again, "a second scan finds nothing for the first time");
    }
}

#[actix_web::test]
async fn what_is_not_run_is_listed_apart_and_counts_nowhere() {
    for database in databases() {
        let (server, id) = scanned(database).await;
        let counting = findings(&server, &id, json!({})).await;
        assert!(counting.iter().all(|found| found["setAside"].is_null()));
        let names = |found: &[Value]| -> Vec<String> {
            found.iter().map(|found| found["package"]["name"].as_str().unwrap().to_owned()).collect()
        };
        assert!(!names(&counting).iter().any(|name| name == "lodash" || name == "linux-libc-dev"));
        let all = findings(&server, &id, json!({ "withSetAside": true })).await;
        let reason = |name: &str| {
            let found = all.iter().find(|found| found["package"]["name"] == name);
            found.unwrap_or_else(|| panic!("{name} in {all:#?}"))["setAside"].clone()
        };
        assert_eq!(reason("linux-libc-dev"), "KERNEL_HEADERS");
        assert_eq!(reason("lodash"), "LOCKFILE");
        assert_eq!(reason("openssl"), Value::Null);

        let query = "query($id: ID!) { image(by: { id: $id }) { vulnerabilityCounts: categories { category
            counts { critical high medium low unknown } } packages(first: 100) { nodes { name evidence } } }
            overview { vulnerabilities { distinct { total } } } }";
        let data = server.data(query, json!({ "id": id })).await;
        let counts = &data["image"]["vulnerabilityCounts"][0]["counts"];
        let total: i64 = ["critical", "high", "medium", "low", "unknown"]
            .iter()
            .map(|severity| counts[severity].as_i64().unwrap())
            .sum();
        let mut distinct: Vec<&str> =
            counting.iter().map(|found| found["identifier"].as_str().unwrap()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(total, i64::try_from(distinct.len()).unwrap());
        assert_eq!(data["overview"]["vulnerabilities"]["distinct"]["total"], total);
        let lodash = json!({ "name": "lodash", "evidence": "LOCKFILE" });
        assert!(data["image"]["packages"]["nodes"].as_array().unwrap().contains(&lodash));
    }
}
