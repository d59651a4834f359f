//! The report as a file: by command beside a running server, and by mutation with a token.

use serde_json::json;

use crate::support::{Database, Lazaret, advisories, python_app, run, stderr, write_archive};

#[actix_web::test]
async fn reports_are_written_by_command_and_by_mutation() {
    let server = Lazaret::start(Database::Sqlite).await;
    let folder = advisories(server.data.path());
    assert!(run(server.command().args(["advisories", "import"]).arg(&folder)).status.success());
    write_archive(&python_app(), &server.archives().join("python.tar"));
    let images = server.images(1).await;
    let (id, name) = (images[0]["id"].as_str().unwrap(), images[0]["name"].as_str().unwrap());
    server.scan(&[id]).await;

    let output = server.data.path().join("out");
    let report = run(server.command().args(["report", "--output"]).arg(&output));
    assert!(report.status.success(), "{}", stderr(&report));
    let image = run(server.command().args(["report", "--image", name, "--output"]).arg(&output));
    assert!(image.status.success(), "{}", stderr(&image));
    let files: Vec<_> = std::fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().path()).collect();
    let html: Vec<_> = files.iter().filter(|file| file.extension().is_some_and(|e| e == "html")).collect();
    assert!(
        html.len() >= 2 && files.iter().any(|file| file.extension().is_some_and(|e| e == "csv")),
        "{files:?}"
    );
    for file in html {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("Content-Security-Policy") && !text.contains("<script"), "{}", file.display());
        assert!(!text.contains("src=\"http") && !text.contains("url(http"), "no outside request");
        assert!(text.contains("django"), "{}", file.display());
    }

    let made = server
        .data(
            "mutation($id: ID) { generateReport(input: { imageId: $id }) {
                files { mediaType path } userErrors { message } } }",
            json!({ "id": id }),
        )
        .await;
    let files = made["generateReport"]["files"].as_array().unwrap();
    assert_eq!(files.len(), 2, "HTML for people and CSV for tables: {made:#}");
    for file in files {
        let path = file["path"].as_str().unwrap();
        let (status, text) = server.get(path).await;
        assert_eq!((status, text.to_lowercase().contains("jinja2")), (200, true), "{path}");
        let anonymous = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
        assert_eq!(anonymous.status(), 401);
    }
}
