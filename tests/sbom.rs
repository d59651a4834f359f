//! Bills of materials, out of an image and in again.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    Database, Lazaret, advisories, databases, lazaret, python_app, run, stderr, stdout, write_archive,
};

/// A data folder with the sample advisories, and the archive of the Python application in it.
fn with_python() -> (TempDir, std::path::PathBuf) {
    let data = TempDir::new().unwrap();
    let imported = run(lazaret(data.path()).args(["advisories", "import"]).arg(advisories(data.path())));
    assert!(imported.status.success(), "{}", stderr(&imported));
    let archive = data.path().join("python.tar");
    write_archive(&python_app(), &archive);
    (data, archive)
}

fn scan(data: &Path, target: &str) -> Value {
    let output = run(lazaret(data).args(["scan", target, "--format", "json"]));
    assert_eq!(output.status.code(), Some(0), "{target}: {}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

fn findings(result: &Value) -> BTreeSet<String> {
    let found = result["vulnerabilities"].as_array().unwrap().iter();
    found
        .map(|v| {
            format!(
                "{} {} {} {} {} {} {}",
                v["id"],
                v["severity"],
                v["package"]["ecosystem"],
                v["package"]["name"],
                v["installedVersion"],
                v["fixedVersions"],
                v["package"]["path"]
            )
        })
        .collect()
}

#[test]
fn b15_a_bill_of_materials_written_by_command_gives_the_same_findings_when_it_is_scanned() {
    let (data, archive) = with_python();
    let of_image = scan(data.path(), archive.to_str().unwrap());
    assert!(findings(&of_image).len() > 5);
    for (format, mark) in [("cyclonedx", "specVersion"), ("spdx", "spdxVersion")] {
        let file = data.path().join(format!("app.{format}.json"));
        let written = run(lazaret(data.path())
            .arg("scan")
            .arg(&archive)
            .args(["--format", format, "--output"])
            .arg(&file));
        assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
        let document: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert!(["1.6", "SPDX-2.3"].contains(&document[mark].as_str().unwrap()));

        let path = file.to_str().unwrap();
        for target in [path.to_owned(), format!("sbom:{path}")] {
            let of_document = scan(data.path(), &target);
            assert_eq!(findings(&of_document), findings(&of_image), "{format}");
            assert_eq!(
                of_document["packages"].as_array().unwrap().len(),
                of_image["packages"].as_array().unwrap().len()
            );
            assert_eq!(of_document["coverage"], of_image["coverage"]);
            assert_eq!(of_document["image"]["kind"], "SBOM");
            assert_eq!(of_document["image"]["name"], "lazaret-e2e/python:1");
            assert_eq!(of_document["image"]["os"], of_image["image"]["os"]);
        }
        // Every other form of the result is about a document as well.
        for format in ["table", "csv", "html", "sarif", "cyclonedx", "spdx"] {
            let output = run(lazaret(data.path()).args(["scan", path, "--format", format]));
            assert_eq!(output.status.code(), Some(0), "{format}: {}", stderr(&output));
            assert!(stdout(&output).contains("openssl"), "{format}");
        }
    }
}

#[test]
fn a_document_of_another_tool_is_matched_and_what_is_not_covered_is_said() {
    let (data, _) = with_python();
    let file = data.path().join("peer.json");
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": { "component": { "type": "container", "name": "shop/web" } },
        "components": [
            { "type": "operating-system", "name": "debian", "version": "11" },
            {
                "type": "library",
                "name": "libssl1.1",
                "version": "1.1.1k-1",
                "purl": "pkg:deb/debian/libssl1.1@1.1.1k-1?arch=amd64&distro=debian-11&upstream=openssl"
            },
            { "type": "library", "name": "Jinja2", "version": "2.10", "purl": "pkg:pypi/Jinja2@2.10" },
            { "type": "library", "name": "inhouse", "version": "1" }
        ]
    });
    std::fs::write(&file, document.to_string()).unwrap();
    let result = scan(data.path(), file.to_str().unwrap());
    let schema =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schemas/scan-result.json"));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<_> = validator.iter_errors(&result).map(|problem| problem.to_string()).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    let packages: BTreeSet<&str> = result["vulnerabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["package"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(packages, BTreeSet::from(["jinja2", "libssl1.1"]));
    assert!(result["warnings"][0]["message"].as_str().unwrap().contains("`inhouse 1` is not covered"));
    let failed = run(lazaret(data.path()).arg("scan").arg(&file).args(["--fail-on", "critical"]));
    assert_eq!(failed.status.code(), Some(1));

    std::fs::write(&file, "{\"a\":1}").unwrap();
    let refused = run(lazaret(data.path()).arg("scan").arg(&file));
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("no bill of materials"), "{}", stderr(&refused));
}

#[actix_web::test]
async fn b15_the_api_gives_the_bill_of_materials_of_a_scanned_image() {
    for database in databases() {
        let server = Lazaret::start(database).await;
        let folder = advisories(server.data.path());
        assert!(run(server.command().args(["advisories", "import"]).arg(&folder)).status.success());
        write_archive(&python_app(), &server.archives().join("python.tar"));
        let images = server.images(1).await;
        let id = images[0]["id"].as_str().unwrap();
        let query = "query($id: ID!) { image(by: { id: $id }) { cyclonedx: sbom(format: CYCLONEDX) spdx: sbom(format: SPDX) } }";
        let before = server.data(query, json!({ "id": id })).await;
        assert_eq!(before["image"], json!({ "cyclonedx": null, "spdx": null }));
        server.scan(&[id]).await;
        let after = server.data(query, json!({ "id": id })).await;
        let read =
            |field: &str| -> Value { serde_json::from_str(after["image"][field].as_str().unwrap()).unwrap() };
        let (cyclonedx, spdx) = (read("cyclonedx"), read("spdx"));
        assert_eq!((&cyclonedx["specVersion"], &spdx["spdxVersion"]), (&json!("1.6"), &json!("SPDX-2.3")));
        for document in [&cyclonedx, &spdx] {
            let text = document.to_string();
            assert!(
                text.contains("pkg:pypi/jinja2@2.10") && text.contains("upstream=openssl"),
                "{document:#}"
            );
        }

        // The same as files, by mutation and by command.
        let made = server
            .data(
                "mutation($id: ID) { generateReport(input: { imageId: $id, formats: [CYCLONEDX, SPDX] }) {
                    files { name mediaType path } userErrors { message } } }",
                json!({ "id": id }),
            )
            .await;
        let files = made["generateReport"]["files"].as_array().unwrap();
        assert_eq!(files.len(), 2, "{made:#}");
        let (status, text) = server.get(files[0]["path"].as_str().unwrap()).await;
        assert_eq!((status, serde_json::from_str::<Value>(&text).unwrap()), (200, cyclonedx));
        if database == Database::Sqlite {
            let output = server.data.path().join("out");
            let report = run(server.command().args(["report", "--format", "spdx", "--output"]).arg(&output));
            assert!(report.status.success(), "{}", stderr(&report));
            let name = files[1]["name"].as_str().unwrap();
            let written: Value = serde_json::from_slice(&std::fs::read(output.join(name)).unwrap()).unwrap();
            assert_eq!(written, spdx);
        }
    }
}
