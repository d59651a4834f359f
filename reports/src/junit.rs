//! `JUnit` XML, for the test pages of continuous integration: a suite per image, a failed case per finding of any
//! category.

use std::io::Write;

use quick_xml::Writer;
use quick_xml::events::{BytesText, Event};

use crate::ReportError;
use crate::model::{Allowed, Finding, Malware, ScanResult, Secret, Vulnerability};
use crate::order;

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
    let findings = order::all(&result.facts);
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
                case.with_attribute(("name", "nothing found")).write_empty()?;
            }
            findings.iter().try_for_each(|found| case(xml, found))
        })?;
    Ok(())
}

/// What a case says of a finding.
struct Case<'a> {
    class: String,
    name: String,
    file: &'a str,
    /// Why it does not count.
    skipped: Option<String>,
    message: &'a str,
    text: String,
}

fn case<W: Write>(xml: &mut Writer<W>, finding: &Finding<'_>) -> std::io::Result<()> {
    let severity = finding.severity().code();
    let case = match finding {
        Finding::Vulnerability(found) => vulnerability(found),
        Finding::Secret(found) => secret(found),
        Finding::Malware(found) => malware(found),
    };
    xml.create_element("testcase")
        .with_attribute(("classname", plain(&case.class).as_str()))
        .with_attribute(("name", plain(&format!("[{severity}] {}", case.name)).as_str()))
        .with_attribute(("file", plain(case.file).as_str()))
        .write_inner_content(|xml| {
            if let Some(reason) = &case.skipped {
                xml.create_element("skipped")
                    .with_attribute(("message", plain(reason).as_str()))
                    .write_empty()?;
                return Ok(());
            }
            xml.create_element("failure")
                .with_attribute(("message", plain(case.message).as_str()))
                .with_attribute(("type", severity))
                .write_inner_content(|xml| {
                    xml.write_event(Event::Text(BytesText::new(&plain(&case.text))))
                })?;
            Ok(())
        })?;
    Ok(())
}

fn vulnerability(found: &Vulnerability) -> Case<'_> {
    let reason = |statement: &str| if statement.is_empty() { "does not count" } else { statement }.to_owned();
    Case {
        class: format!("{} {}", found.package.name, found.installed_version),
        name: found.id.clone(),
        file: &found.package.path,
        skipped: found.set_aside.as_ref().map(|aside| reason(&aside.statement)),
        message: if found.summary.is_empty() { &found.id } else { &found.summary },
        text: format!("{} ({})", found.advice, found.package.path),
    }
}

fn secret(found: &Secret) -> Case<'_> {
    let place = format!("{}:{}", found.path, found.line);
    Case {
        class: format!("secret {}", found.rule),
        name: format!("{} in {place}", found.title),
        file: &found.path,
        skipped: found.allowed.as_ref().map(Allowed::sentence),
        message: &found.title,
        text: format!("{} ({place}: {})", found.advice, found.snippet),
    }
}

fn malware(found: &Malware) -> Case<'_> {
    Case {
        class: format!("malware {}", found.engine.code()),
        name: format!("{} in {}", found.name, found.path),
        file: &found.path,
        skipped: found.allowed.as_ref().map(Allowed::sentence),
        message: if found.description.is_empty() { &found.name } else { &found.description },
        text: if found.purl.is_empty() {
            format!("{} ({}, SHA-256 {})", found.advice, found.path, found.sha256)
        } else {
            format!("{} ({}, {})", found.advice, found.path, found.purl)
        },
    }
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
