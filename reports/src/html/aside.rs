//! Findings that are shown apart and do not count: a quiet list at the end, one group for each reason.

use super::text;
use crate::model::{Allowed, ImageFacts, SetAsideReason, Severity, Vulnerability};
use crate::order::{self, worst_first};

/// Rows for each reason: who wants all of them has the CSV file.
const MOST_ROWS: usize = 100;

/// The findings that are set aside for one reason.
pub(crate) struct Apart {
    pub(crate) title: String,
    pub(crate) sentence: &'static str,
    pub(crate) rows: Vec<Row>,
    pub(crate) more: usize,
}

/// One vulnerability in one package.
pub(crate) struct Row {
    pub(crate) severity: Severity,
    pub(crate) id: String,
    pub(crate) package: String,
    pub(crate) installed: String,
    pub(crate) path: text::Cut,
    pub(crate) statement: String,
}

/// The groups of an image, in the order of the reasons.
pub(crate) fn apart(facts: &ImageFacts) -> Vec<Apart> {
    let mut apart: Vec<(SetAsideReason, Apart)> = Vec::new();
    for (found, aside) in worst_first(&facts.vulnerabilities)
        .into_iter()
        .filter_map(|found| Some((found, found.set_aside.as_ref()?)))
    {
        let position = apart.iter().position(|(reason, _)| *reason == aside.reason).unwrap_or_else(|| {
            let group =
                Apart { title: String::new(), sentence: aside.reason.sentence(), rows: Vec::new(), more: 0 };
            apart.push((aside.reason, group));
            apart.len() - 1
        });
        let group = &mut apart[position].1;
        if group.rows.len() < MOST_ROWS {
            group.rows.push(row(found, &aside.statement));
        } else {
            group.more += 1;
        }
    }
    apart.sort_by_key(|(reason, _)| *reason);
    let titled = apart.into_iter().map(|(reason, group)| titled(reason.words(), group));
    titled.chain(allowed(facts)).collect()
}

fn titled(words: &str, group: Apart) -> Apart {
    let count = text::count((group.rows.len() + group.more) as u64, "finding", "findings");
    Apart { title: format!("{count} {words}"), ..group }
}

/// Secrets and malware that somebody lets pass.
fn allowed(facts: &ImageFacts) -> Option<Apart> {
    let secrets = order::secrets(&facts.secrets).into_iter().filter_map(|found| {
        let allowed = found.allowed.as_ref()?;
        Some(allowed_row(found.severity, &found.title, &found.rule, &found.path, allowed))
    });
    let malware = order::malware(&facts.malware).into_iter().filter_map(|found| {
        let allowed = found.allowed.as_ref()?;
        Some(allowed_row(found.severity, &found.name, found.engine.words(), &found.path, allowed))
    });
    let mut rows: Vec<Row> = secrets.chain(malware).collect();
    let more = rows.len().saturating_sub(MOST_ROWS);
    rows.truncate(MOST_ROWS);
    let sentence = "Somebody has looked at these secrets and files, and lets them pass.";
    (!rows.is_empty())
        .then(|| titled("that are allowed", Apart { title: String::new(), sentence, rows, more }))
}

fn allowed_row(severity: Severity, what: &str, rule: &str, path: &str, allowed: &Allowed) -> Row {
    Row {
        severity,
        id: text::shorten(what, 60),
        package: text::shorten(rule, 48),
        installed: String::new(),
        path: text::cut(path, 40),
        statement: text::beginning(&allowed.sentence(), 160),
    }
}

fn row(found: &Vulnerability, statement: &str) -> Row {
    Row {
        severity: found.severity,
        id: text::shorten(&found.id, 40),
        package: text::shorten(&found.package.name, 48),
        installed: text::shorten(&found.installed_version, 40),
        path: text::cut(&found.package.path, 40),
        statement: text::beginning(statement, 160),
    }
}
