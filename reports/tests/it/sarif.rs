//! The shape of the SARIF form, as far as code hosts depend on it.

use lazaret_reports::model::{Allowed, CategoryStatus, ScanResult};
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
    assert_eq!((rules.len(), results.len()), (22 + 3 + 2, 27 + 4 + 4));
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0];
        assert!(place["physicalLocation"]["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(place["physicalLocation"]["artifactLocation"]["uri"].is_string());
        if result["ruleId"].as_str().unwrap().contains("CVE-") {
            assert!(place["logicalLocations"][0]["fullyQualifiedName"].as_str().unwrap().starts_with("pkg:"));
        }
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
    for found in &mut rebuilt.facts.secrets {
        (found.line, found.layer) = (found.line + 1, None);
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

#[test]
fn secrets_and_malware_have_rules_places_and_what_tells_them_apart() {
    let mut scan = sample::scan();
    scan.facts.malware[0].allowed =
        Some(Allowed { reason: "test file".to_owned(), author: String::new(), expires: None });
    let run = written(&[scan])["runs"][0].clone();
    let rule = |id: &str| {
        run["tool"]["driver"]["rules"]
            .as_array()
            .unwrap()
            .iter()
            .find(|rule| rule["id"] == id)
            .unwrap()
            .clone()
    };
    assert_eq!(rule("secret/github-personal-access-token")["properties"]["security-severity"], "8.0");
    assert_eq!(rule("malware/eicar_test_file")["defaultConfiguration"]["level"], "error");
    let results = run["results"].as_array().unwrap();
    let key = results.iter().find(|result| result["ruleId"] == "secret/openssh-private-key").unwrap();
    let place = &key["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "root/.ssh/id_ed25519");
    assert_eq!(key["properties"]["buried"], true);
    assert!(
        key["message"]["text"]
            .as_str()
            .unwrap()
            .contains("Deleting the file was not enough: layer 3 only hides it, layer 1")
    );
    assert_eq!(key["partialFingerprints"]["lazaretSecret/v1"].as_str().unwrap().len(), 32);
    let step = results.iter().find(|result| result["properties"]["source"] == "HISTORY").unwrap();
    assert_eq!(step["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "build-history");
    assert_eq!(step["locations"][0]["logicalLocations"][0]["name"], "step 4");
    let allowed = results.iter().find(|result| result["suppressions"].is_array()).unwrap();
    assert_eq!(allowed["suppressions"][0]["justification"], "test file");
}

#[test]
fn a_category_that_failed_is_a_run_that_did_not_succeed() {
    let mut scan = sample::scan();
    scan.facts.categories[2].status = CategoryStatus::Failed;
    scan.facts.categories[2].error = "clamd does not answer".to_owned();
    let invocation = written(&[scan])["runs"][0]["invocations"][0].clone();
    assert_eq!(invocation["executionSuccessful"], false);
    assert!(
        invocation["toolExecutionNotifications"]
            .to_string()
            .contains("The search for malware failed: clamd does not answer.")
    );
}
