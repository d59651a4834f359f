//! The JSON form against its published schema.

use std::path::Path;

use lazaret_reports::json;
use lazaret_reports::model::ScanResult;
use serde_json::Value;

use crate::{HOSTILE, hostile, sample};

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/scan-result.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn written(results: &[ScanResult]) -> Value {
    let mut out = Vec::new();
    json::scan(results, &mut out).unwrap();
    assert!(out.ends_with(b"}\n"));
    serde_json::from_slice(&out).unwrap()
}

fn check(document: &Value) {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn the_schema_is_a_schema() {
    jsonschema::meta::validate(&schema()).unwrap();
}

#[test]
fn one_result_is_the_document() {
    let document = written(&[sample::scan()]);
    check(&document);
    assert_eq!(document["scannedAt"], "2026-11-24T05:45:00Z");
    assert_eq!(
        document["image"]["layers"][0]["createdBy"].as_str().unwrap().split(' ').next(),
        Some("/bin/sh")
    );
    assert_eq!(document["coverage"][0]["advisoriesModified"], "2026-11-20T23:14:09Z");
    assert_eq!(document["secrets"].as_array().unwrap().len(), 4);
    let key = document["secrets"].as_array().unwrap().iter().find(|found| found["type"] == "KEY").unwrap();
    assert_eq!((&key["buried"], &key["buriedBy"]["index"]), (&Value::Bool(true), &Value::from(3)));
    assert!(key["allowed"].is_null() && key["firstSeen"].is_null());
    assert_eq!(document["malware"][1]["engine"], "CLAMAV");
    assert_eq!(document["categories"][2]["engines"][1]["name"], "ClamAV");
}

#[test]
fn several_results_are_a_list() {
    let document = written(&[sample::scan(), sample::scan()]);
    check(&document);
    assert_eq!(document["images"].as_array().unwrap().len(), 2);
    check(&written(&[]));
}

#[test]
fn what_is_absent_is_null_and_still_valid() {
    let mut scan = sample::scan();
    scan.facts.image.os = None;
    scan.facts.image.created = None;
    scan.facts.warnings[0].layer = None;
    scan.facts.coverage[0].advisories_modified = None;
    let document = written(&[scan]);
    check(&document);
    assert!(document["secrets"][0]["layer"].is_null());
    assert!(document["image"]["os"].is_null() && document["warnings"][0]["layer"].is_null());
}

#[test]
fn a_property_that_the_schema_does_not_describe_is_caught() {
    // Every property that is written is described, in the result and below it.
    fn described(value: &Value, schema: &Value, root: &Value, path: &str) {
        let schema = match schema.get("$ref").and_then(Value::as_str) {
            Some(target) => root.pointer(target.trim_start_matches('#')).unwrap(),
            None => schema,
        };
        let schema = match schema.get("anyOf") {
            Some(either) => return described(value, &either[0], root, path),
            None => schema,
        };
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let inner = schema.pointer(&format!("/properties/{name}"));
                    described(
                        value,
                        inner.unwrap_or_else(|| panic!("{path}.{name} is not described")),
                        root,
                        name,
                    );
                }
            }
            Value::Array(items) => {
                for item in items {
                    described(item, &schema["items"], root, path);
                }
            }
            _ => {}
        }
    }
    let root = schema();
    described(&written(&[sample::scan()]), &root["$defs"]["result"], &root, "result");
}

#[test]
fn hostile_names_survive_unchanged() {
    for text in HOSTILE {
        let document = written(&[hostile(text)]);
        assert_eq!(document["target"], text);
        assert_eq!(document["vulnerabilities"][0]["package"]["name"], text);
    }
}
