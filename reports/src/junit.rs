//! `JUnit` XML, for the test pages of continuous integration: a suite per image, a failed case per finding.

use std::io::Write;

use quick_xml::Writer;
use quick_xml::events::{BytesText, Event};

use crate::ReportError;
use crate::model::{ScanResult, Vulnerability};
use crate::order::worst_first;

/// Writes one suite per result; ends with a line break. A finding that does not count is a skipped case, an image
/// without findings one case that passes: some readers refuse suites without cases.
pub fn scan(results: &[ScanResult], mut out: impl Write) -> Result<(), ReportError> {
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    let mut xml = Writer::new_with_indent(&mut out, b' ', 2);
    xml.create_element("testsuites")
        .with_attribute(("name", "lazaret"))
        .write_inner_content(|xml| results.iter().try_for_each(|result| suite(xml, result)))?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

fn suite<W: Write>(xml: &mut Writer<W>, result: &ScanResult) -> std::io::Result<()> {
    let findings = worst_first(&result.facts.vulnerabilities);
    let failures = findings.iter().filter(|found| found.counts()).count();
    let skipped = findings.len() - failures;
    let name = plain(result.facts.image.name());
    xml.create_element("testsuite")
        .with_attribute(("name", name.as_str()))
        .with_attribute(("tests", findings.len().max(1).to_string().as_str()))
        .with_attribute(("failures", failures.to_string().as_str()))
        .with_attribute(("skipped", skipped.to_string().as_str()))
        .with_attribute(("errors", "0"))
        .with_attribute(("timestamp", result.scanned_at.strftime("%Y-%m-%dT%H:%M:%S").to_string().as_str()))
        .write_inner_content(|xml| {
            if findings.is_empty() {
                let case = xml.create_element("testcase").with_attribute(("classname", name.as_str()));
                case.with_attribute(("name", "no vulnerabilities found")).write_empty()?;
            }
            findings.iter().try_for_each(|found| case(xml, found))
        })?;
    Ok(())
}

fn case<W: Write>(xml: &mut Writer<W>, found: &Vulnerability) -> std::io::Result<()> {
    let package = plain(&format!("{} {}", found.package.name, found.installed_version));
    let name = plain(&format!("[{}] {}", found.severity.code(), found.id));
    xml.create_element("testcase")
        .with_attribute(("classname", package.as_str()))
        .with_attribute(("name", name.as_str()))
        .with_attribute(("file", plain(&found.package.path).as_str()))
        .write_inner_content(|xml| {
            if let Some(aside) = &found.set_aside {
                let reason = if aside.statement.is_empty() { "does not count" } else { &aside.statement };
                xml.create_element("skipped")
                    .with_attribute(("message", plain(reason).as_str()))
                    .write_empty()?;
                return Ok(());
            }
            let summary = plain(if found.summary.is_empty() { &found.id } else { &found.summary });
            xml.create_element("failure")
                .with_attribute(("message", summary.as_str()))
                .with_attribute(("type", found.severity.code()))
                .write_inner_content(|xml| {
                    let text = plain(&format!("{} ({})", found.advice, found.package.path));
                    xml.write_event(Event::Text(BytesText::new(&text)))
                })?;
            Ok(())
        })?;
    Ok(())
}

/// Text without the characters that XML 1.0 has no way to write.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' => ' ',
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            other => other,
        })
        .collect()
}
