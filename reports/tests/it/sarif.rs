//! The shape of the SARIF form, as far as code hosts depend on it.

use lazaret_reports::model::ScanResult;
use lazaret_reports::sarif;
use serde_json::Value;

use crate::{HOSTILE, hostile, sample};

fn written(results: &[ScanResult]) -> Value {
    let mut out = Vec::new();
    sarif::scan(results, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_rule_per_vulnerability_and_a_result_per_package() {
    let document = written(&[sample::scan()]);
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!((rules.len(), results.len()), (22, 27));
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0];
        assert_eq!(place["physicalLocation"]["region"]["startLine"], 1);
        assert!(place["logicalLocations"][0]["fullyQualifiedName"].as_str().unwrap().starts_with("pkg:"));
    }
}

#[test]
fn the_numeric_severity_agrees_with_the_word() {
    let document = written(&[sample::scan()]);
    let rules = document["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let score = |id: &str| {
        let rule = rules.iter().find(|rule| rule["id"] == id).unwrap();
        rule["properties"]["security-severity"].as_str().unwrap().to_owned()
    };
    assert_eq!(score("CVE-2021-3711"), "9.8");
    assert_eq!(score("CVE-2021-35042"), "8.0", "high without a score");
    assert_eq!(score("CVE-2005-2541"), "2.0", "Debian calls it unimportant whatever its score of 10.0");
    assert_eq!(score("PYSEC-2018-28"), "0.0");
}

#[test]
fn fingerprints_tell_all_results_apart_and_outlive_a_rebuild() {
    let prints = |scan: ScanResult| -> Vec<String> {
        let document = written(&[scan]);
        let results = document["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["partialFingerprints"]["lazaretFinding/v1"].to_string()).collect()
    };
    let before = prints(sample::scan());
    let mut distinct = before.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), before.len());
    let mut rebuilt = sample::scan();
    rebuilt.facts.image.id = "sha256:ffff".into();
    for found in &mut rebuilt.facts.vulnerabilities {
        found.package.layer = sample::layer(3);
    }
    assert_eq!(prints(rebuilt), before);
}

#[test]
fn gaps_and_warnings_are_notifications() {
    let document = written(&[sample::scan()]);
    let notes = document["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notes.contains("PyPI: 1 not assessed") && notes.contains("broken.egg-info"), "{notes}");
}

#[test]
fn each_image_has_a_run_of_its_own() {
    let mut other = sample::scan();
    other.facts.image.tags = vec!["other:1".to_owned()];
    let document = written(&[sample::scan(), other]);
    let id = |run: usize| document["runs"][run]["automationDetails"]["id"].clone();
    assert_ne!(id(0), id(1));
}

#[test]
fn paths_are_uri_references_and_no_script_is_a_link() {
    for text in HOSTILE {
        let document = written(&[hostile(text)]);
        let run = &document["runs"][0];
        let uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            .as_str()
            .unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/@+%".contains(&byte)), "{uri}");
        assert!(run["tool"]["driver"]["rules"][0].get("helpUri").is_none());
    }
}
