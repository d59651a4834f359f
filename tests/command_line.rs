//! The commands as a person types them, without a server.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{advisories, debian, lazaret, node_app, python_app, run, stderr, stdout, write_archive};

/// A data folder with the sample advisories, and the archive of the Python application in it.
fn with_python() -> (TempDir, std::path::PathBuf) {
    let data = TempDir::new().unwrap();
    let imported = run(lazaret(data.path()).args(["advisories", "import"]).arg(advisories(data.path())));
    assert!(imported.status.success(), "{}", stderr(&imported));
    let archive = data.path().join("python.tar");
    write_archive(&python_app(), &archive);
    (data, archive)
}

#[test]
fn scan_prints_a_plain_table_when_piped() {
    let (data, archive) = with_python();
    let output = run(lazaret(data.path()).arg("scan").arg(&archive));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = stdout(&output);
    assert!(!table.contains('\u{1b}'), "no colours in a pipe");
    for word in ["django", "2.2", "jinja2", "openssl", "CRITICAL"] {
        assert!(table.contains(word), "no {word} in\n{table}");
    }
}

#[test]
fn scan_as_json_holds_to_its_published_schema() {
    let (data, archive) = with_python();
    let output = run(lazaret(data.path()).arg("scan").arg(&archive).args(["--format", "json"]));
    let result: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let schema =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schemas/scan-result.json"));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<_> = validator.iter_errors(&result).map(|problem| problem.to_string()).collect();
    assert!(problems.is_empty(), "{problems:#?}");

    let vulnerabilities = result["vulnerabilities"].as_array().unwrap();
    let jinja = vulnerabilities.iter().find(|v| v["package"]["name"] == "jinja2").unwrap();
    assert_eq!(jinja["installedVersion"], "2.10");
    assert!(jinja["advice"].as_str().unwrap().starts_with("Upgrade jinja2 from 2.10 to"));
    assert!(result["packages"].as_array().unwrap().iter().any(|p| p["ecosystem"] == "Debian:11"));
    // An empty list says that nothing was found, and a category that it was looked for.
    assert_eq!((&result["secrets"], &result["malware"]), (&json!([]), &json!([])));
    let scanned = result["categories"].as_array().unwrap().iter().filter(|one| one["status"] == "SCANNED");
    assert_eq!(scanned.count(), 3, "{:#}", result["categories"]);
}

#[test]
fn scan_exits_with_one_when_something_at_the_floor_was_found() {
    let (data, archive) = with_python();
    let scan = |severity: &str, archive: &std::path::Path| {
        run(lazaret(data.path()).arg("scan").arg(archive).args(["--fail-on", severity])).status.code()
    };
    assert_eq!(scan("critical", &archive), Some(1));
    let node = data.path().join("node.tar");
    write_archive(&node_app(), &node);
    assert_eq!(scan("low", &node), Some(1));
    assert_eq!(scan("high", &data.path().join("absent.tar")), Some(2));
}

#[test]
fn scan_writes_every_format_to_a_file() {
    let (data, archive) = with_python();
    for (format, sign) in
        [("json", "{"), ("csv", "severity,"), ("html", "<!doctype html>"), ("sarif", "{"), ("table", "")]
    {
        let file = data.path().join(format!("result.{format}"));
        let output = run(lazaret(data.path())
            .arg("scan")
            .arg(&archive)
            .args(["--format", format, "--output"])
            .arg(&file));
        assert_eq!(output.status.code(), Some(0), "{format}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{format}: the result goes to the file alone");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.to_lowercase().starts_with(sign) && text.contains("openssl"), "{format}: {text:.200}");
    }
}

#[test]
fn scan_without_advisories_says_that_nothing_was_assessed() {
    let data = TempDir::new().unwrap();
    let archive = data.path().join("debian.tar");
    write_archive(&debian(), &archive);
    let output = run(lazaret(data.path()).arg("scan").arg(&archive));
    assert_eq!(output.status.code(), Some(0));
    let said = format!("{}{}", stdout(&output), stderr(&output)).to_lowercase();
    assert!(said.contains("debian") && said.contains("not assessed"), "{said}");
    assert!(!said.contains("no vulnerabilities known"), "{said}");
}

#[test]
fn a_layer_read_once_is_not_read_again() {
    let (data, archive) = with_python();
    let scan = || run(lazaret(data.path()).arg("scan").arg(&archive).args(["--format", "json"]));
    let strip = |output: &std::process::Output| {
        let mut value: Value = serde_json::from_str(&stdout(output)).unwrap();
        value.as_object_mut().unwrap().remove("scannedAt");
        value
    };
    let (first, second) = (scan(), scan());
    assert_eq!(strip(&first), strip(&second));
}

#[test]
fn help_fits_eighty_columns() {
    let data = TempDir::new().unwrap();
    for command in [
        &["--help"][..],
        &["scan", "--help"],
        &["serve", "--help"],
        &["token", "create", "--help"],
        &["report", "--help"],
    ] {
        let output = run(lazaret(data.path()).args(command).env("COLUMNS", "80"));
        assert!(output.status.success());
        let text = stdout(&output);
        let wide: Vec<_> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{command:?}: {wide:#?}");
    }
}

#[test]
fn schema_prints_the_file_in_the_repository() {
    let data = TempDir::new().unwrap();
    let printed = stdout(&run(lazaret(data.path()).arg("schema")));
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).unwrap();
    assert_eq!(printed.trim(), kept.trim());
}

#[test]
fn tokens_are_created_listed_and_revoked() {
    let data = TempDir::new().unwrap();
    let token = |args: &[&str]| run(lazaret(data.path()).arg("token").args(args));
    let made = stdout(&token(&["create", "--role", "OPERATOR"]));
    let prefix = made.trim().get(..10).unwrap().to_owned();
    let listed = stdout(&token(&["list"]));
    assert!(listed.contains("OPERATOR"), "{listed}");
    assert!(!listed.contains(made.trim()), "a list never shows a token");
    let shown = listed
        .split_whitespace()
        .find(|word| prefix.contains(word.trim_matches('…')) || word.starts_with("lzt_"));
    let revoked = token(&["revoke", shown.unwrap_or(&prefix)]);
    assert!(revoked.status.success(), "{}", stderr(&revoked));
}
