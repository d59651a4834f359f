//! The CSV form, read back by a reader of its own.

use lazaret_reports::csv::{COLUMNS, Findings, ImageOf, fleet, image};
use lazaret_reports::model::{Allowed, ImageReport};

use crate::{HOSTILE, hostile, sample};

fn read(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(false).from_reader(bytes);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn column(name: &str) -> usize {
    COLUMNS.iter().position(|column| *column == name).unwrap()
}

#[test]
fn one_row_per_finding_and_package_worst_first() {
    let report = sample::image();
    let mut out = Vec::new();
    image(&report, &mut out).unwrap();
    let rows = read(&out);
    assert_eq!(rows[0], COLUMNS);
    assert_eq!(rows.len(), 1 + 27 + 4 + 4, "vulnerabilities, secrets, malware");
    assert_eq!(rows[1][column("severity")], "CRITICAL");
    assert_eq!(rows[27][column("unimportant")], "true");
    let row = rows.iter().find(|row| row[column("vulnerability_id")] == "CVE-2020-7471").unwrap();
    assert_eq!(row[column("aliases")], "GHSA-hmr4-m2h5-33qx;PYSEC-2020-35");
    assert_eq!(row[column("fixed_versions")], "2.2.10;3.0.3");
    assert_eq!(row[column("fix_state")], "FIXED");
    assert_eq!(row[column("cvss_score")], "9.8");
    assert_eq!(row[column("platform")], "linux/amd64");
    assert_eq!(row[column("scanned_at")], "2026-11-24T05:45:00Z");
}

#[test]
fn lines_end_as_rfc_4180_says() {
    let mut out = Vec::new();
    image(&sample::image(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with("\r\n") && !text.starts_with('\u{FEFF}'));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
}

#[test]
fn no_cell_of_a_hostile_image_is_a_formula() {
    for start in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1", "＠1", "＋1", "－1"]
    {
        let mut out = Vec::new();
        image(&ImageReport::from_scan(hostile(start), &sample::compare), &mut out).unwrap();
        for row in read(&out).iter().skip(1) {
            for cell in row {
                let begins =
                    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＠', '＋', '－']);
                assert!(!begins, "{cell:?} would run");
            }
        }
    }
}

#[test]
fn hostile_names_stay_in_their_cell() {
    for text in HOSTILE.into_iter().chain(["a,b\"c\"\r\nd;e"]) {
        let mut out = Vec::new();
        image(&ImageReport::from_scan(hostile(text), &sample::compare), &mut out).unwrap();
        let rows = read(&out);
        assert_eq!(rows.len(), 1 + 27 + 4 + 4);
        let cell = &rows[1][column("title")];
        assert_eq!(cell.trim_start_matches('\''), text.replace('\0', ""));
    }
}

#[test]
fn the_raw_name_of_an_npm_scope_is_in_the_purl() {
    let mut scan = sample::scan();
    scan.facts.vulnerabilities.truncate(1);
    scan.facts.vulnerabilities[0].package.name = "@babel/core".into();
    scan.facts.vulnerabilities[0].package.purl = "pkg:npm/%40babel/core@7.0.0".into();
    let mut out = Vec::new();
    image(&ImageReport::from_scan(scan, &sample::compare), &mut out).unwrap();
    let rows = read(&out);
    assert_eq!(rows[1][column("package_name")], "'@babel/core");
    assert_eq!(rows[1][column("purl")], "pkg:npm/%40babel/core@7.0.0");
}

#[test]
fn the_fleet_is_written_row_by_row() {
    let found = sample::scan().facts.vulnerabilities;
    let image = |name: &str| ImageOf {
        reference: name.to_owned(),
        digest: "sha256:00".to_owned(),
        platform: "linux/arm64".to_owned(),
        scanned_at: None,
    };
    let (a, b) = (image("a:1"), image("b:1"));
    let mut whole = Vec::new();
    fleet([(&a, &found[0]), (&b, &found[0])], &mut whole).unwrap();
    let mut parts = Vec::new();
    let mut rows = Findings::new(&mut parts).unwrap();
    rows.write(&a, &found[0]).unwrap();
    rows.write(&b, &found[0]).unwrap();
    rows.finish().unwrap();
    assert_eq!(whole, parts);
    let rows = read(&whole);
    assert_eq!(rows[2][column("image_reference")], "b:1");
    assert_eq!(rows[2][column("scanned_at")], "");
}

#[test]
fn secrets_and_malware_are_rows_of_the_same_table() {
    let mut report = sample::image();
    let allowed = Allowed {
        reason: "a test key".to_owned(),
        author: "anna".to_owned(),
        expires: Some(sample::time("2027-03-31T00:00:00Z")),
    };
    report.facts.secrets[0].allowed = Some(allowed);
    let mut out = Vec::new();
    image(&report, &mut out).unwrap();
    let rows = read(&out);
    let of = |category: &str| -> Vec<&Vec<String>> {
        rows.iter().filter(|row| row[column("category")] == category).collect()
    };
    assert_eq!((of("VULNERABILITY").len(), of("SECRET").len(), of("MALWARE").len()), (27, 4, 4));
    let key = of("SECRET").into_iter().find(|row| row[column("name")] == "openssh-private-key").unwrap();
    assert_eq!(key[column("path")], "root/.ssh/id_ed25519");
    assert_eq!((key[column("line")].as_str(), key[column("buried")].as_str()), ("1", "true"));
    assert_eq!(key[column("buried_by")], sample::layer(3).diff_id);
    assert_eq!((key[column("type")].as_str(), key[column("source")].as_str()), ("KEY", "FILE"));
    let last = *of("SECRET").last().unwrap();
    assert_eq!(last[column("set_aside")], "ALLOWED");
    assert_eq!(last[column("set_aside_statement")], "a test key (anna, until 2027-03-31)");
    let nested = of("MALWARE").into_iter().find(|row| row[column("path")].contains("!/")).unwrap();
    assert_eq!(nested[column("path")], "opt/drop/nested.tar.gz!/eicar.zip!/eicar.com");
    assert_eq!((nested[column("source")].as_str(), nested[column("size")].as_str()), ("YARA", "68"));
    assert_eq!(nested[column("sha256")].len(), 64);
}
