//! What a pipeline asks of `lazaret scan`: several documents from one scan, and findings that were decided about.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{advisories, lazaret, python_app, run, stderr, stdout, write_archive};

/// A folder with the sample advisories loaded, and the archive of a Python application.
struct Pipeline {
    folder: TempDir,
    archive: PathBuf,
}

impl Pipeline {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let archive = folder.path().join("python.tar");
        write_archive(&python_app(), &archive);
        let pipeline = Self { folder, archive };
        let records = advisories(pipeline.folder.path());
        let imported = run(pipeline.command().args(["advisories", "import"]).arg(records));
        assert!(imported.status.success(), "{}", stderr(&imported));
        pipeline
    }

    fn command(&self) -> Command {
        let mut command = lazaret(&self.folder.path().join("data"));
        command.current_dir(self.folder.path());
        command
    }

    fn scan(&self, arguments: &[&str]) -> Output {
        run(self.command().arg("scan").arg(&self.archive).args(arguments))
    }

    fn findings(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.scan(&[&["--format", "json"], arguments].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
        document["vulnerabilities"].as_array().unwrap().clone()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn aside<'a>(findings: &'a [Value], id: &str) -> &'a Value {
    let found = findings.iter().find(|found| found["id"] == id);
    &found.unwrap_or_else(|| panic!("no {id}"))["setAside"]
}

#[test]
fn one_scan_writes_several_documents() {
    let pipeline = Pipeline::new();
    let output = pipeline.scan(&[
        "--format",
        "table",
        "--format",
        "json=out.json",
        "--format",
        "sarif=out.sarif",
        "--format",
        "gitlab=gl-container-scanning-report.json",
        "--format",
        "junit=out.xml",
        "--format",
        "csv=out.csv",
        "--format",
        "html=out.html",
        "--format",
        "cyclonedx=bom.json",
        "--format",
        "spdx=spdx.json",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("django"));
    let count = json(&pipeline.path("out.json"))["vulnerabilities"].as_array().unwrap().len();
    assert!(count > 5);
    assert_eq!(json(&pipeline.path("out.sarif"))["runs"][0]["results"].as_array().unwrap().len(), count);
    let gitlab = json(&pipeline.path("gl-container-scanning-report.json"));
    assert_eq!(gitlab["vulnerabilities"].as_array().unwrap().len(), count);
    let junit = std::fs::read_to_string(pipeline.path("out.xml")).unwrap();
    assert_eq!(junit.matches("<failure ").count(), count);
    assert_eq!(json(&pipeline.path("bom.json"))["bomFormat"], "CycloneDX");
    assert_eq!(json(&pipeline.path("spdx.json"))["spdxVersion"], "SPDX-2.3");
    assert!(std::fs::read_to_string(pipeline.path("out.html")).unwrap().contains("<html"));
    assert!(std::fs::read_to_string(pipeline.path("out.csv")).unwrap().lines().count() > count);

    let twice = pipeline.scan(&["--format", "table", "--format", "json"]);
    assert_eq!(twice.status.code(), Some(2), "{}", stderr(&twice));
    let unknown = pipeline.scan(&["--format", "xml"]);
    assert!(
        !unknown.status.success() && stderr(&unknown).contains("use table, json"),
        "{}",
        stderr(&unknown)
    );
}

#[test]
fn what_has_no_fix_is_left_out_when_asked() {
    let pipeline = Pipeline::new();
    let all = pipeline.findings(&[]);
    let fixable = pipeline.findings(&["--ignore-unfixed"]);
    let is_fixable = |found: &&Value| !found["fixedVersions"].as_array().unwrap().is_empty();
    assert_eq!(fixable.len(), all.iter().filter(is_fixable).count());
}

#[test]
fn folders_and_files_are_skipped() {
    let pipeline = Pipeline::new();
    let of_python =
        |found: &[Value]| found.iter().filter(|found| found["package"]["ecosystem"] == "PyPI").count();
    let all = pipeline.findings(&[]);
    assert!(of_python(&all) > 0);
    for arguments in [
        ["--skip-dirs", "/usr/local/lib/python3.9"],
        ["--skip-dirs", "**/site-packages"],
        ["--skip-files", "**/METADATA"],
    ] {
        let rest = pipeline.findings(&arguments);
        assert_eq!(of_python(&rest), 0, "{arguments:?}");
        assert_eq!(rest.len(), all.len() - of_python(&all), "{arguments:?}");
    }
    let bad = pipeline.scan(&["--skip-dirs", "a["]);
    assert!(!bad.status.success() && stderr(&bad).contains("`a[`"), "{}", stderr(&bad));
}

#[test]
fn an_openvex_document_sets_aside_and_the_exit_code_follows() {
    let pipeline = Pipeline::new();
    let all = pipeline.findings(&[]);
    assert_eq!(pipeline.scan(&["--fail-on", "low"]).status.code(), Some(1));
    let statements: Vec<Value> = all
        .iter()
        .map(|found| {
            serde_json::json!({ "vulnerability": { "name": found["id"] },
                "products": [{ "@id": "pkg:oci/python", "subcomponents": [{ "@id": found["package"]["purl"] }] }],
                "status": "not_affected", "justification": "vulnerable_code_not_present" })
        })
        .collect();
    let document = serde_json::json!({ "@context": "https://openvex.dev/ns/v0.2.0", "@id": "urn:x", "author": "us",
        "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": statements });
    let vex = pipeline.write("vex.json", &document.to_string());
    let decided = pipeline.findings(&["--vex", &vex]);
    assert_eq!(decided.len(), all.len(), "what is set aside stays in sight");
    for found in &decided {
        assert_eq!(found["setAside"]["reason"], "VEX", "{found:#}");
        assert_eq!(found["setAside"]["statement"], "not affected: vulnerable code not present");
    }
    assert_eq!(pipeline.scan(&["--fail-on", "low", "--vex", &vex]).status.code(), Some(0));
    let broken = pipeline.write("broken.json", "{}");
    let refused = pipeline.scan(&["--vex", &broken]);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
}

#[test]
fn an_ignore_file_in_the_folder_is_read_without_asking() {
    let pipeline = Pipeline::new();
    let all = pipeline.findings(&[]);
    let id = all[0]["id"].as_str().unwrap();
    pipeline.write(".trivyignore", &format!("# known\n{id}\n"));
    assert_eq!(aside(&pipeline.findings(&[]), id)["statement"], "known");
    // Lazaret's own goes before.
    pipeline.write(
        ".lazaretignore",
        &format!("[[ignore]]\nid = \"{id}\"\nreason = \"until the next release\"\nexpires = 2099-01-01\n"),
    );
    let ignored = pipeline.findings(&[]);
    assert_eq!(aside(&ignored, id)["reason"], "IGNORED");
    assert_eq!(aside(&ignored, id)["statement"], "until the next release");
    let other = pipeline.write(
        "other.toml",
        &format!("[[ignore]]\nid = \"{id}\"\nreason = \"was fixed\"\nexpires = 2020-01-01\n"),
    );
    let ended = pipeline.scan(&["--format", "json", "--ignorefile", &other]);
    assert!(
        stderr(&ended).contains(&format!("the exception for {id} ended on 2020-01-01")),
        "{}",
        stderr(&ended)
    );
}
