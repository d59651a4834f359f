//! What GitLab's schema demands of a container scanning report.

use lazaret_reports::gitlab;
use lazaret_reports::model::{Category, CategoryResult, ScanResult, SetAside, SetAsideReason};
use serde_json::Value;

use crate::{HOSTILE, hostile, sample};

fn written(results: &[ScanResult]) -> Value {
    let mut out = Vec::new();
    gitlab::scan(results, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn required_fields_are_there() {
    let document = written(&[sample::scan()]);
    assert_eq!(document["version"], "15.0.7");
    for field in ["analyzer", "scanner", "type", "start_time", "end_time", "status"] {
        assert!(!document["scan"][field].is_null(), "{field}");
    }
    let time = document["scan"]["start_time"].as_str().unwrap();
    assert_eq!((time.len(), &time[10..11]), (19, "T"));
    let found = document["vulnerabilities"].as_array().unwrap();
    assert!(!found.is_empty());
    for found in found {
        assert!(
            ["Critical", "High", "Medium", "Low", "Unknown"].contains(&found["severity"].as_str().unwrap())
        );
        assert!(found["location"]["dependency"]["package"]["name"].is_string());
        assert!(found["location"]["image"].is_string() && found["location"]["operating_system"].is_string());
        let identifier = &found["identifiers"][0];
        assert!(
            identifier["type"].is_string() && identifier["url"].as_str().unwrap().starts_with("https://")
        );
    }
}

#[test]
fn ids_are_unique_and_what_does_not_count_is_left_out() {
    let mut scan = sample::scan();
    let all = written(&[scan.clone(), scan.clone()])["vulnerabilities"].as_array().unwrap().len();
    assert_eq!(all, scan.facts.vulnerabilities.len());
    scan.facts.vulnerabilities[0].set_aside =
        Some(SetAside { reason: SetAsideReason::Vex, statement: "not reachable".into() });
    assert_eq!(written(&[scan])["vulnerabilities"].as_array().unwrap().len(), all - 1);
}

#[test]
fn hostile_names_stay_text() {
    for text in HOSTILE {
        assert!(!written(&[hostile(text)])["vulnerabilities"].as_array().unwrap().is_empty());
    }
}

#[test]
fn what_has_no_place_in_it_is_said() {
    let messages = |scan: ScanResult| written(&[scan])["scan"]["messages"].to_string();
    let said = messages(sample::scan());
    assert!(said.contains("secrets: 4, malware: 4"), "{said}");
    let mut scan = sample::scan();
    scan.facts.secrets.clear();
    scan.facts.malware.clear();
    scan.facts.categories.truncate(1);
    scan.facts.categories.push(CategoryResult::not_ordered(Category::Malware));
    let said = messages(scan);
    assert!(!said.contains("no place") && said.contains("Malware was not searched for."), "{said}");
}
