//! Secrets and malware: found in every layer, in configuration and history, told apart by category.

use std::path::Path;

use lazaret_scanner::testing::{ImageBuilder, LayerBuilder};
use serde_json::{Value, json};

use crate::support::{
    Database, Lazaret, base, databases, eicar, lazaret, planted, random, run, stderr, stdout, write_archive,
};

/// The planted secrets, each with the type that it must be given.
const PLANTED: [(&str, &str); 7] = [
    ("ENV API_PASSWORD", "PASSWORD"),
    ("etc/ssl/private/server.key", "KEY"),
    ("srv/app/.env", "KEY"),
    ("srv/app/.env", "KEY"),
    ("srv/app/.env", "TOKEN"),
    ("srv/app/.env", "WEBHOOK"),
    ("srv/app/.env", "CONNECTION_STRING"),
];

/// An image with malware: plain, in a zip, in the zip in a tar.gz, and one that a later layer deletes.
fn infected() -> ImageBuilder {
    let zip = zip(&[("eicar.com", eicar().as_bytes())]);
    let tar = lazaret_scanner::testing::TarBuilder::new().file("eicar.zip", &zip).build();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, &tar).unwrap();
    base()
        .layer_by(
            LayerBuilder::new()
                .file("opt/drop/eicar.com", eicar())
                .file("opt/drop/eicar.zip", zip)
                .file("opt/drop/nested.tar.gz", packed.finish().unwrap())
                .file("tmp/deleted.com", eicar())
                .build(),
            "COPY eicar.com eicar.zip nested.tar.gz /opt/drop/",
        )
        .layer_by(LayerBuilder::new().file("tmp/.wh.deleted.com", "").build(), "RUN rm /tmp/deleted.com")
        .tag("lazaret-e2e/malware:1")
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

async fn server_with(database: Database, images: &[(&str, ImageBuilder)]) -> (Lazaret, Vec<Value>) {
    let server = Lazaret::start(database).await;
    for (name, image) in images {
        write_archive(image, &server.archives().join(format!("{name}.tar")));
    }
    let found = server.images(images.len()).await;
    (server, found)
}

fn id_of<'a>(images: &'a [Value], name: &str) -> &'a str {
    let found = images.iter().find(|image| image["name"].as_str().unwrap().contains(name));
    found.unwrap_or_else(|| panic!("no image {name} in {images:#?}"))["id"].as_str().unwrap()
}

const SECRETS: &str = "query($id: ID!, $filter: SecretFilter) { image(by: { id: $id }) { secrets(first: 100, filter: $filter) {
    totalCount nodes { id title type severity source path line snippet instruction fingerprint buried advice rule
        layer { position createdBy } buriedBy { createdBy } images(first: 10) { totalCount nodes { name } } } } } }";
const MALWARE: &str = "query($id: ID!, $filter: MalwareFilter) { image(by: { id: $id }) { malware(first: 100, filter: $filter) {
    totalCount nodes { id name engine severity path size md5 sha1 sha256 description advice buried layer { createdBy }
        buriedBy { createdBy } firstDetectedAt } } } }";

async fn secrets(server: &Lazaret, id: &str, filter: Value) -> Vec<Value> {
    let data = server.data(SECRETS, json!({ "id": id, "filter": filter })).await;
    data["image"]["secrets"]["nodes"].as_array().unwrap().clone()
}

async fn malware(server: &Lazaret, id: &str, filter: Value) -> Vec<Value> {
    let data = server.data(MALWARE, json!({ "id": id, "filter": filter })).await;
    data["image"]["malware"]["nodes"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn s29_secrets_filter_by_severity_name_and_type_and_are_never_shown() {
    for database in databases() {
        let (image, plain) = planted(&base());
        let (server, images) = server_with(database, &[("secrets", image)]).await;
        let id = images[0]["id"].as_str().unwrap();
        server.scan(&[id]).await;
        let all = secrets(&server, id, json!({})).await;
        let mut found: Vec<(&str, &str)> =
            all.iter().map(|one| (one["path"].as_str().unwrap(), one["type"].as_str().unwrap())).collect();
        found.sort_unstable();
        let mut expected = PLANTED.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{all:#?}");
        let shown = format!("{all:?}");
        for secret in &plain {
            assert!(!shown.contains(secret.as_str()), "{secret} is shown");
        }
        for kind in ["KEY", "TOKEN", "PASSWORD", "CONNECTION_STRING", "WEBHOOK", "CERTIFICATE"] {
            let some = secrets(&server, id, json!({ "type": [kind] })).await;
            assert_eq!(
                some.len(),
                expected.iter().filter(|(_, of)| *of == kind).count(),
                "{kind}: {some:#?}"
            );
        }
        for severity in ["CRITICAL", "HIGH", "MEDIUM", "LOW"] {
            let some = secrets(&server, id, json!({ "severity": [severity] })).await;
            assert_eq!(some.len(), all.iter().filter(|one| one["severity"] == severity).count());
        }
        let github = secrets(&server, id, json!({ "search": "github" })).await;
        assert_eq!(github.len(), 1, "{github:#?}");
        assert_eq!((&github[0]["line"], &github[0]["type"]), (&json!("3"), &json!("TOKEN")));
        assert!(github[0]["snippet"].as_str().unwrap().contains("ghp_****"), "{github:#?}");
        assert!(!github[0]["advice"].as_str().unwrap().is_empty());
    }
}

#[actix_web::test]
async fn b12_secrets_in_env_and_history_and_what_later_layers_delete_is_buried() {
    for database in databases() {
        let (password, token) = (random(21, 20), format!("ghp_{}", random(22, 36)));
        let image = base()
            .env("API_PASSWORD", &random(23, 24))
            .layer_by(
                LayerBuilder::new().file("root/.netrc.d/token", format!("GITHUB_TOKEN={token}\n")).build(),
                "COPY token /root/.netrc.d/token",
            )
            .layer_by(
                LayerBuilder::new().file("root/.netrc.d/.wh.token", "").build(),
                "RUN rm /root/.netrc.d/token",
            )
            .step(&format!("/bin/sh -c echo root:{password} | chpasswd"))
            .tag("lazaret-e2e/buried:1");
        let (server, images) = server_with(database, &[("buried", image), ("malware", infected())]).await;
        let (id, infected) = (id_of(&images, "buried"), id_of(&images, "malware"));
        server.scan(&[id, infected]).await;

        let all = secrets(&server, id, json!({})).await;
        let source = |name: &str| {
            all.iter().find(|one| one["source"] == name).unwrap_or_else(|| panic!("{name}: {all:#?}"))
        };
        assert_eq!(source("CONFIG")["path"], "ENV API_PASSWORD");
        let history = source("HISTORY");
        assert!(history["instruction"].as_str().unwrap().contains("| chpasswd"), "{history:#}");
        assert_eq!(history["path"], "step 5");
        let file = source("FILE");
        assert_eq!(file["buried"], true);
        assert_eq!(file["layer"]["createdBy"], "COPY token /root/.netrc.d/token");
        assert!(file["advice"].as_str().unwrap().contains("Deleting the file was not enough"), "{file:#}");
        assert_eq!(file["buriedBy"]["createdBy"], "RUN rm /root/.netrc.d/token");
        // Build commands are stored and shown without their secrets.
        let layers = server
            .data("query($id: ID!) { image(by: { id: $id }) { layers { createdBy } } }", json!({ "id": id }))
            .await;
        assert!(!format!("{all:?}{layers:?}").contains(&password));

        let buried = malware(&server, infected, json!({ "buried": true })).await;
        assert_eq!(buried.len(), 1, "{buried:#?}");
        assert_eq!(buried[0]["path"], "tmp/deleted.com");
        assert_eq!(buried[0]["buriedBy"]["createdBy"], "RUN rm /tmp/deleted.com");
    }
}

#[actix_web::test]
async fn s28_malware_filters_by_severity_searches_by_file_name_and_advises() {
    for database in databases() {
        let (server, images) = server_with(database, &[("malware", infected())]).await;
        let id = images[0]["id"].as_str().unwrap();
        server.scan(&[id]).await;
        let all = malware(&server, id, json!({})).await;
        let mut paths: Vec<&str> = all.iter().map(|one| one["path"].as_str().unwrap()).collect();
        paths.sort_unstable();
        assert_eq!(
            paths,
            [
                "opt/drop/eicar.com",
                "opt/drop/eicar.zip!/eicar.com",
                "opt/drop/nested.tar.gz!/eicar.zip!/eicar.com",
                "tmp/deleted.com"
            ]
        );
        for one in &all {
            assert_eq!(one["md5"], "44d88612fea8a8f36de82e1278abb02f", "{one:#}");
            assert_eq!((&one["size"], &one["engine"]), (&json!("68"), &json!("YARA")));
            assert!(!one["advice"].as_str().unwrap().is_empty());
        }
        let severity = all[0]["severity"].as_str().unwrap();
        assert_eq!(malware(&server, id, json!({ "severity": [severity] })).await.len(), 4);
        assert_eq!(malware(&server, id, json!({ "severity": ["LOW"] })).await.len(), 0);
        assert_eq!(malware(&server, id, json!({ "search": "nested" })).await.len(), 1);
        let hash = all[0]["sha256"].as_str().unwrap();
        assert_eq!(malware(&server, id, json!({ "search": hash })).await.len(), 4);
    }
}

#[actix_web::test]
async fn s02_s25_s46_secrets_and_malware_count_in_panel_image_and_risk() {
    for database in databases() {
        let (image, _) = planted(&base());
        let (server, images) = server_with(database, &[("secrets", image), ("malware", infected())]).await;
        let ids: Vec<&str> = images.iter().map(|image| image["id"].as_str().unwrap()).collect();
        let query = "query($id: ID!) { image(by: { id: $id }) { securityStatus riskCategories
            categories { category status error lastScannedAt counts { total critical high medium } } } }";
        let before = server.data(query, json!({ "id": ids[0] })).await;
        assert!(
            before["image"]["categories"].as_array().unwrap().iter().all(|one| one["status"] == "UNSCANNED")
        );
        server.scan(&ids).await;
        let after = server.data(query, json!({ "id": id_of(&images, "secrets") })).await["image"].clone();
        let names: Vec<&str> = after["categories"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["category"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["VULNERABILITY", "SECRET", "MALWARE"]);
        assert!(
            after["categories"].as_array().unwrap().iter().all(|one| one["status"] == "SUCCEEDED"),
            "{after:#}"
        );
        assert_eq!(after["categories"][1]["counts"]["total"], 7, "{after:#}");
        assert_eq!(after["categories"][2]["counts"]["total"], 0);
        assert_eq!(
            (&after["securityStatus"], &after["riskCategories"]),
            (&json!("AT_RISK"), &json!(["SECRET"]))
        );
        let infected = server.data(query, json!({ "id": id_of(&images, "malware") })).await["image"].clone();
        assert_eq!(infected["riskCategories"], json!(["MALWARE"]), "{infected:#}");

        let panel = server
            .data(
                "{ overview { images { atRisk } secrets { distinct { total } occurrences { total } }
                    malware { distinct { total } occurrences { total } } } }",
                json!({}),
            )
            .await["overview"]
            .clone();
        assert_eq!(panel["images"]["atRisk"], 2);
        assert_eq!(panel["secrets"]["distinct"]["total"], 7, "{panel:#}");
        assert!(panel["malware"]["occurrences"]["total"].as_i64().unwrap() >= 4, "{panel:#}");
    }
}

#[actix_web::test]
async fn s04_s12_an_order_names_categories_and_the_others_keep_what_they_had() {
    for database in databases() {
        let (image, _) = planted(&infected());
        let (server, images) = server_with(database, &[("both", image)]).await;
        let id = images[0]["id"].as_str().unwrap();
        server.authorize(&[id]).await;
        let start = "mutation($id: ID!, $categories: [FindingCategory!]) {
            startScan(input: { scope: SELECTED, imageIds: [$id], categories: $categories }) {
                scanJob { id categories } userErrors { code field message } } }";
        let none = server.data(start, json!({ "id": id, "categories": [] })).await["startScan"].clone();
        assert_eq!(none["userErrors"][0]["field"], json!(["categories"]));
        let started =
            server.data(start, json!({ "id": id, "categories": ["SECRET"] })).await["startScan"].clone();
        assert_eq!(started["scanJob"]["categories"], json!(["SECRET"]), "{started:#}");
        server.finished_job(started["scanJob"]["id"].as_str().unwrap()).await;
        let state = "query($id: ID!) { image(by: { id: $id }) { securityReason categories { category status counts { total } } } }";
        let after = server.data(state, json!({ "id": id })).await["image"].clone();
        let status: Vec<&str> = after["categories"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["status"].as_str().unwrap())
            .collect();
        assert_eq!(status, ["UNSCANNED", "SUCCEEDED", "UNSCANNED"], "{after:#}");
        assert!(malware(&server, id, json!({})).await.is_empty());

        let started =
            server.data(start, json!({ "id": id, "categories": ["MALWARE"] })).await["startScan"].clone();
        let job = server.finished_job(started["scanJob"]["id"].as_str().unwrap()).await;
        assert_eq!(job["status"], "SUCCEEDED");
        assert_eq!(malware(&server, id, json!({})).await.len(), 4);
        assert_eq!(secrets(&server, id, json!({})).await.len(), 7, "what was not ordered stays");
    }
}

#[actix_web::test]
async fn the_same_secret_in_many_images_is_told_and_a_rule_lets_it_pass() {
    for database in databases() {
        let line = format!("GITHUB_TOKEN=ghp_{}\n", random(31, 36));
        let image = |name: &str| {
            base()
                .layer(LayerBuilder::new().file(&format!("srv/{name}/.env"), line.clone()))
                .tag(&format!("lazaret-e2e/{name}:1"))
        };
        let (server, images) = server_with(database, &[("one", image("one")), ("two", image("two"))]).await;
        let (one, two) = (id_of(&images, "one"), id_of(&images, "two"));
        server.scan(&[one, two]).await;
        let found = secrets(&server, one, json!({})).await;
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0]["images"]["totalCount"], 2, "{found:#?}");
        let fingerprint = found[0]["fingerprint"].as_str().unwrap();

        let create = "mutation($input: CreateAllowRuleInput!) { createAllowRule(input: $input) {
            allowRule { id author reason } userErrors { code field message } } }";
        let refused =
            server.data(create, json!({ "input": { "category": "SECRET", "reason": "all of it" } })).await;
        assert_eq!(refused["createAllowRule"]["userErrors"][0]["code"], "INVALID", "{refused:#}");
        let input = json!({ "category": "SECRET", "fingerprint": fingerprint, "imageId": one, "reason": "revoked long ago" });
        let made = server.data(create, json!({ "input": input })).await["createAllowRule"].clone();
        assert_eq!(made["userErrors"], json!([]), "{made:#}");
        assert!(secrets(&server, one, json!({})).await.is_empty());
        assert_eq!(secrets(&server, one, json!({ "withAllowed": true })).await.len(), 1);
        assert_eq!(secrets(&server, two, json!({})).await.len(), 1, "another image");
        let rules = server
            .data("{ allowRules(filter: { active: true }) { totalCount nodes { id } } }", json!({}))
            .await;
        assert_eq!(rules["allowRules"]["totalCount"], 1);
        let revoke = "mutation($id: ID!) { revokeAllowRule(input: { id: $id }) { allowRule { revokedAt } userErrors { code } } }";
        let rule = json!({ "id": made["allowRule"]["id"] });
        assert!(
            server.data(revoke, rule.clone()).await["revokeAllowRule"]["allowRule"]["revokedAt"].is_string()
        );
        assert_eq!(server.data(revoke, rule).await["revokeAllowRule"]["userErrors"][0]["code"], "CONFLICT");
        assert_eq!(secrets(&server, one, json!({})).await.len(), 1);
    }
}

/// The JSON of `lazaret scan` of an archive.
fn scanned(data: &Path, archive: &Path, options: &[&str]) -> (Value, Option<i32>) {
    let output = run(lazaret(data).args(["scan", "--format", "json"]).args(options).arg(archive));
    let json = serde_json::from_str(&stdout(&output));
    (json.unwrap_or_else(|error| panic!("{error}: {}", stderr(&output))), output.status.code())
}

#[test]
fn scan_finds_secrets_and_malware_by_category() {
    let data = tempfile::tempdir().unwrap();
    let archive = data.path().join("both.tar");
    let (image, plain) = planted(&infected());
    write_archive(&image, &archive);
    let (all, _) = scanned(data.path(), &archive, &[]);
    assert_eq!(all["secrets"].as_array().unwrap().len(), 7, "{:#}", all["secrets"]);
    assert_eq!(all["malware"].as_array().unwrap().len(), 4, "{:#}", all["malware"]);
    for secret in &plain {
        assert!(!all.to_string().contains(secret.as_str()), "{secret} is shown");
    }
    let (secrets, code) = scanned(data.path(), &archive, &["--categories", "SECRET", "--fail-on", "high"]);
    assert_eq!((secrets["malware"].as_array().unwrap().len(), code), (0, Some(1)), "{secrets:#}");
    let (malware, _) = scanned(data.path(), &archive, &["--categories", "MALWARE"]);
    assert_eq!(malware["secrets"].as_array().unwrap().len(), 0);
    assert_eq!(malware["malware"].as_array().unwrap().len(), 4);
    let table = stdout(&run(lazaret(data.path()).args(["scan"]).arg(&archive)));
    assert!(table.contains("srv/app/.env") && table.contains("opt/drop/eicar.com"), "{table}");
    let wrong = run(lazaret(data.path()).args(["scan", "--categories", "WORMS"]).arg(&archive));
    assert!(!wrong.status.success());
}

#[test]
fn rules_and_hash_lists_of_the_user_are_read_and_a_wrong_one_is_named_with_its_line() {
    let data = tempfile::tempdir().unwrap();
    let archive = data.path().join("own.tar");
    let layer =
        LayerBuilder::new().file("srv/app/run.sh", "token = acme-9f3c1d07b2e85a46\nmarker_of_our_own\n");
    write_archive(&base().layer(layer), &archive);
    let write = |name: &str, text: &str| {
        let path = data.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let secrets = write(
        "acme.toml",
        "[[rules]]\nid = \"acme\"\ndescription = \"Acme token\"\nregex = '''acme-[0-9a-f]{16}'''\nkeywords = [\"acme-\"]\n",
    );
    let yara = write("own.yar", "rule own {\n  strings: $a = \"marker_of_our_own\"\n  condition: $a\n}\n");
    let scan = |secrets: &Path, yara: &Path| {
        let mut command = lazaret(data.path());
        command.env("LAZARET_SECRETS_RULES", secrets).env("LAZARET_MALWARE_RULES", yara);
        run(command.args(["scan", "--format", "json"]).arg(&archive))
    };
    let output = scan(&secrets, &yara);
    let found: Value =
        serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    assert_eq!(found["secrets"][0]["rule"], "acme", "{:#}", found["secrets"]);
    assert_eq!(found["malware"][0]["name"], "own", "{:#}", found["malware"]);
    let broken = write(
        "broken.toml",
        "[[rules]]\nid = \"acme\"\ndescription = \"x\"\nregex = '''acme-('''\nkeywords = [\"acme-\"]\n",
    );
    let output = scan(&broken, &yara);
    assert!(!output.status.success());
    assert!(
        stderr(&output).contains("broken.toml") && stderr(&output).contains("line 4"),
        "{}",
        stderr(&output)
    );
    let broken = write("broken.yar", "rule own {\n  condition: $nothing\n}\n");
    let output = scan(&secrets, &broken);
    assert!(!output.status.success());
    assert!(
        stderr(&output).contains("broken.yar") && stderr(&output).contains("line 2"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn clamd_is_asked_and_its_failure_concerns_malware_alone() {
    let data = tempfile::tempdir().unwrap();
    let archive = data.path().join("malware.tar");
    let (image, _) = planted(&infected());
    write_archive(&image, &archive);
    let scan = |clamd: &str| {
        let mut command = lazaret(data.path());
        command.env("LAZARET_MALWARE_CLAMD", clamd).env("LAZARET_MALWARE_CLAMD_TIMEOUT_SECONDS", "5");
        let output = run(command.args(["scan", "--format", "json"]).arg(&archive));
        serde_json::from_str::<Value>(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)))
    };
    let category = |scan: &Value, name: &str| {
        let all = scan["categories"].as_array().unwrap();
        all.iter().find(|one| one["category"] == name).unwrap_or_else(|| panic!("{name}: {all:#?}")).clone()
    };
    // Nobody listens there.
    let dead = scan("unix:///nonexistent/clamd.ctl");
    let failed = category(&dead, "MALWARE");
    assert_eq!(failed["status"], "FAILED", "{failed:#}");
    assert!(failed["error"].as_str().unwrap().contains("/nonexistent/clamd.ctl"), "{failed:#}");
    assert_eq!(category(&dead, "SECRET")["status"], "SCANNED");
    assert_eq!(dead["secrets"].as_array().unwrap().len(), 7);
    // One that takes the connection and never answers.
    let socket = data.path().join("silent.ctl");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let silent = category(&scan(&format!("unix://{}", socket.display())), "MALWARE");
    assert_eq!(silent["status"], "FAILED", "{silent:#}");

    let Ok(clamd) = std::env::var("LAZARET_TEST_CLAMD") else {
        println!("skipped: no clamd (LAZARET_TEST_CLAMD is not set)");
        return;
    };
    let asked = scan(&clamd);
    let names: Vec<&Value> =
        asked["malware"].as_array().unwrap().iter().filter(|one| one["engine"] == "CLAMAV").collect();
    let mut paths: Vec<&str> = names.iter().map(|one| one["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        ["opt/drop/eicar.com", "opt/drop/eicar.zip", "opt/drop/nested.tar.gz", "tmp/deleted.com"],
        "{:#}",
        asked["malware"]
    );
    assert!(names.iter().all(|one| one["name"].as_str().unwrap().contains("Lazaret.Test.Eicar")));
    assert_eq!(category(&asked, "MALWARE")["status"], "SCANNED");
}
