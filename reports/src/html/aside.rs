//! Findings that are shown apart and do not count: a quiet list at the end, one group for each reason.

use super::text;
use crate::model::{ImageFacts, SetAsideReason, Severity, Vulnerability};
use crate::order::worst_first;

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
    let titled = apart.into_iter().map(|(reason, group)| {
        let count = text::count((group.rows.len() + group.more) as u64, "finding", "findings");
        Apart { title: format!("{count} {}", reason.words()), ..group }
    });
    titled.collect()
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
