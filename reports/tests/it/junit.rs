//! `JUnit` XML: well formed whatever the names, and honest in its numbers.

use lazaret_reports::junit;
use lazaret_reports::model::{ScanResult, SetAside, SetAsideReason};
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::{HOSTILE, hostile, sample};

fn written(results: &[ScanResult]) -> String {
    let mut out = Vec::new();
    junit::scan(results, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The names of all elements, in order; what is not well formed is a failure.
fn elements(xml: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    let mut names = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) | Event::Empty(start) => {
                for attribute in start.attributes() {
                    attribute.unwrap();
                }
                names.push(start.name().as_ref().to_owned());
            }
            Event::Eof => return names,
            _ => {}
        }
    }
}

fn count(names: &[String], name: &str) -> usize {
    names.iter().filter(|element| *element == name).count()
}

#[test]
fn a_suite_per_image_and_a_failed_case_per_finding() {
    let mut scan = sample::scan();
    let findings = scan.facts.vulnerabilities.len() + 8;
    scan.facts.vulnerabilities[0].set_aside =
        Some(SetAside { reason: SetAsideReason::Ignored, statement: "a test key".into() });
    let names = elements(&written(&[scan.clone(), scan]));
    assert_eq!(count(&names, "testsuite"), 2);
    assert_eq!(count(&names, "testcase"), 2 * findings);
    assert_eq!(count(&names, "failure"), 2 * (findings - 1));
    assert_eq!(count(&names, "skipped"), 2);
}

#[test]
fn a_clean_image_is_a_case_that_passes() {
    let mut scan = sample::scan();
    scan.facts.vulnerabilities.clear();
    scan.facts.secrets.clear();
    scan.facts.malware.clear();
    let xml = written(&[scan]);
    assert!(xml.contains("failures=\"0\"") && xml.contains("tests=\"1\""), "{xml}");
    assert_eq!(count(&elements(&xml), "testcase"), 1);
}

#[test]
fn hostile_names_leave_it_well_formed() {
    for text in HOSTILE {
        let scan = hostile(text);
        let names = elements(&written(std::slice::from_ref(&scan)));
        assert_eq!(count(&names, "testcase"), scan.facts.vulnerabilities.len() + 8, "{text}");
        assert_eq!(count(&names, "script") + count(&names, "img"), 0);
    }
}
