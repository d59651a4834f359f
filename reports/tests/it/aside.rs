//! Findings that are set aside are shown in every format and count in none.

use lazaret_reports::model::{
    Image, ImageReport, Kind, ScanResult, SecurityStatus, SetAside, SetAsideReason,
};
use lazaret_reports::{csv, html, sarif};

use crate::sample;

/// The sample with all findings of Django set aside by a VEX document, and the rest by nobody.
fn scan() -> ScanResult {
    let mut scan = sample::scan();
    for found in &mut scan.facts.vulnerabilities {
        if found.package.name == "Django" {
            let statement = "the template engine is not reachable".to_owned();
            found.set_aside = Some(SetAside { reason: SetAsideReason::Vex, statement });
        }
    }
    scan
}

fn apart() -> usize {
    scan().facts.vulnerabilities.iter().filter(|found| !found.counts()).count()
}

#[test]
fn they_are_in_no_count_and_recommend_no_upgrade() {
    let (all, some) = (sample::scan().facts, scan().facts);
    let aside = some.set_aside();
    assert_eq!(aside.keys().copied().collect::<Vec<_>>(), [SetAsideReason::Vex]);
    assert_eq!(some.counts().total() + aside[&SetAsideReason::Vex], all.counts().total());
    let report = ImageReport::from_scan(scan(), &sample::compare);
    assert!(report.fixes.iter().all(|fix| fix.package != "Django"));
}

#[test]
fn an_image_is_not_at_risk_by_what_is_set_aside() {
    let mut scan = scan();
    scan.facts.vulnerabilities.retain(|found| !found.counts());
    scan.facts.secrets.clear();
    scan.facts.malware.clear();
    let report = ImageReport::from_scan(scan, &sample::compare);
    assert_ne!(report.security_status, SecurityStatus::AtRisk);
}

#[test]
fn the_page_shows_them_apart_with_the_reason() {
    let mut page = Vec::new();
    html::image(&ImageReport::from_scan(scan(), &sample::compare), &mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    let apart = page.find("id=\"apart\"").unwrap();
    assert!(page[apart..].contains("the template engine is not reachable"));
    assert!(page[apart..].contains("Django"));
    let listed = page.find("id=\"vulnerabilities\"").unwrap();
    assert!(!page[listed..apart].contains("<code>Django</code>"));
    let mut page = Vec::new();
    html::image(&sample::image(), &mut page).unwrap();
    assert!(!String::from_utf8(page).unwrap().contains("Shown apart"));
}

#[test]
fn a_row_has_the_reason() {
    let mut out = Vec::new();
    csv::image(&ImageReport::from_scan(scan(), &sample::compare), &mut out).unwrap();
    let mut reader = ::csv::Reader::from_reader(out.as_slice());
    let column = csv::COLUMNS.iter().position(|column| *column == "set_aside").unwrap();
    let reasons: Vec<String> = reader.records().map(|row| row.unwrap()[column].to_owned()).collect();
    assert_eq!(reasons.iter().filter(|cell| *cell == "VEX").count(), apart());
}

#[test]
fn a_code_host_sees_them_as_suppressed() {
    let mut out = Vec::new();
    sarif::scan(&[scan()], &mut out).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let results = document["runs"][0]["results"].as_array().unwrap();
    let suppressed: Vec<_> =
        results.iter().filter_map(|result| result["suppressions"][0].as_object()).collect();
    assert_eq!(suppressed.len(), apart());
    assert_eq!(suppressed[0]["justification"], "the template engine is not reachable");
}

#[test]
fn a_folder_has_a_name_and_neither_digest_nor_platform_nor_tags() {
    let mut scan = sample::scan();
    scan.facts.image = Image {
        kind: Kind::Folder,
        name: "src/shop".to_owned(),
        id: scan.facts.image.id,
        size: 4_096,
        layers: scan.facts.image.layers,
        ..Image::default()
    };
    let id = scan.facts.image.id.clone();
    let report = ImageReport::from_scan(scan.clone(), &sample::compare);
    let (mut page, mut rows, mut document) = (Vec::new(), Vec::new(), Vec::new());
    html::image(&report, &mut page).unwrap();
    csv::image(&report, &mut rows).unwrap();
    sarif::scan(&[scan], &mut document).unwrap();
    for text in [page, rows, document] {
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("src/shop") && !text.contains(&id) && !text.contains("No tag"), "{text:.300}");
    }
}
