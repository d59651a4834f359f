//! The distribution by its os-release, and the OSV ecosystem of its packages.

use std::collections::BTreeMap;

use super::Distro;
use crate::catalog::{Format, Owner};
use crate::ecosystem;

/// Reads an os-release file (freedesktop.org os-release(5)); `None` when it names no distribution.
pub(crate) fn parse(text: &str) -> Option<Distro> {
    let fields: BTreeMap<&str, String> = text
        .lines()
        .filter_map(|line| line.trim().split_once('='))
        .map(|(key, value)| (key.trim(), unquote(value.trim())))
        .collect();
    let field = |key: &str| fields.get(key).map_or("", String::as_str);
    let id = field("ID").to_ascii_lowercase();
    if id.is_empty() {
        return None;
    }
    let version = field("VERSION_ID").to_owned();
    let name = match (field("PRETTY_NAME"), version.as_str()) {
        ("", "") => id.clone(),
        ("", version) => format!("{id} {version}"),
        (pretty, _) => pretty.to_owned(),
    };
    let ecosystem = ecosystem(&id, &version, field("VERSION"));
    Some(Distro { id, version, name, ecosystem })
}

/// The value of a shell-like assignment.
fn unquote(value: &str) -> String {
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return value.to_owned();
    };
    let mut text = String::new();
    let mut chars = value.chars().skip(1);
    while let Some(c) = chars.next() {
        match c {
            _ if c == quote => break,
            '\\' if quote == '"' => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    text
}

/// The OSV ecosystem (ossf.github.io/osv-schema, "Defined ecosystems") of a release; only exact releases match.
fn ecosystem(id: &str, version: &str, version_text: &str) -> Option<String> {
    let mut numbers = version.split('.');
    let major = numbers.next().filter(|part| is_number(part));
    let minor = numbers.next().filter(|part| is_number(part));
    match id {
        "debian" => Some(format!("Debian:{}", major?)),
        "ubuntu" => {
            let (year, month) = (major?, minor?);
            // Every second April is a long-term release; some images have no VERSION that says so.
            let april = month == "04" && year.parse::<u32>().is_ok_and(|year| year % 2 == 0);
            let suffix = if april || version_text.contains("LTS") { ":LTS" } else { "" };
            Some(format!("Ubuntu:{year}.{month}{suffix}"))
        }
        // A development version such as `3.23_alpha20250612` is no release that advisories are published for.
        "alpine" => Some(format!("Alpine:v{}.{}", major?, minor?)),
        "wolfi" => Some("Wolfi".to_owned()),
        "chainguard" => Some("Chainguard".to_owned()),
        "almalinux" => Some(format!("AlmaLinux:{}", major?)),
        "rocky" => Some(format!("Rocky Linux:{}", major?)),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether packages of a distribution's ecosystem come in a database of this format.
pub(super) fn has_format(ecosystem: &str, format: Format) -> bool {
    let Owner::System(purl) = format.owner() else { return false };
    ecosystem::find(ecosystem).is_some_and(|known| known.purl.split('/').next() == Some(purl))
}
