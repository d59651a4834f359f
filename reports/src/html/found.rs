//! The secrets and the malware of an image as rows. What is allowed is not among them: it is shown apart.

use super::text::{self, Cut};
use crate::model::{Image, ImageFacts, LayerRef, Malware, Secret, SecretSource, Severity};
use crate::order;

/// Rows of each: with the longest texts that are shown, such a page stays below 1 MB.
const MOST_ROWS: usize = 150;

/// The secrets of an image.
pub(crate) struct Secrets {
    /// How many there are, each counted once.
    pub(crate) total: String,
    pub(crate) rows: Vec<SecretRow>,
    pub(crate) more: usize,
}

/// A secret in a place.
pub(crate) struct SecretRow {
    pub(crate) severity: Severity,
    pub(crate) title: String,
    pub(crate) kind: &'static str,
    pub(crate) rule: String,
    pub(crate) snippet: String,
    pub(crate) advice: String,
    pub(crate) path: Cut,
    /// The line of a file; `None` where the place has no lines.
    pub(crate) line: Option<u64>,
    pub(crate) source: &'static str,
    pub(crate) from: From,
}

/// The malware of an image.
pub(crate) struct MalwareFiles {
    /// How many files there are.
    pub(crate) total: String,
    pub(crate) rows: Vec<MalwareRow>,
    pub(crate) more: usize,
}

/// A file, and what every engine says of it.
pub(crate) struct MalwareRow {
    pub(crate) severity: Severity,
    pub(crate) said: Vec<(String, &'static str)>,
    pub(crate) description: String,
    pub(crate) advice: String,
    pub(crate) path: Cut,
    /// Its size, of a package its package URL.
    pub(crate) size: String,
    pub(crate) sha256: Cut,
    pub(crate) from: From,
}

/// Where a finding comes from: the layer and the command that made it, and what buries it.
pub(crate) struct From {
    pub(crate) layer: Option<usize>,
    pub(crate) command: Cut,
    pub(crate) buried: bool,
    pub(crate) buried_by: Option<usize>,
}

/// The secrets of an image that count, worst first.
pub(crate) fn secrets(facts: &ImageFacts, layers: usize) -> Secrets {
    let found: Vec<&Secret> =
        order::secrets(&facts.secrets).into_iter().filter(|secret| secret.counts()).collect();
    Secrets {
        total: text::number(facts.secret_counts().total()),
        rows: found.iter().take(MOST_ROWS).map(|secret| secret_row(secret, &facts.image, layers)).collect(),
        more: found.len().saturating_sub(MOST_ROWS),
    }
}

fn secret_row(found: &Secret, image: &Image, layers: usize) -> SecretRow {
    let mut from = From::new(found.layer.as_ref(), found.buried, found.buried_by.as_ref(), image, layers);
    if !found.instruction.is_empty() {
        // The command that holds the secret, with the secret made unreadable: the layer's own text would show it.
        from.command = text::cut(&found.instruction, 110);
    }
    SecretRow {
        severity: found.severity,
        title: text::shorten(&found.title, 80),
        kind: found.kind.word(),
        rule: text::shorten(&found.rule, 60),
        snippet: text::shorten(&found.snippet, 120),
        advice: text::beginning(&found.advice, 700),
        path: text::cut(&found.path, 60),
        line: (found.source == SecretSource::File).then_some(found.line),
        source: found.source.words(),
        from,
    }
}

/// The malware files of an image that count, worst first.
pub(crate) fn malware(facts: &ImageFacts, layers: usize) -> MalwareFiles {
    let mut files: Vec<Vec<&Malware>> = Vec::new();
    for found in order::malware(&facts.malware).into_iter().filter(|found| found.counts()) {
        let same = |file: &&mut Vec<&Malware>| {
            file.first().is_some_and(|first| {
                (&first.path, &first.purl, &first.layer) == (&found.path, &found.purl, &found.layer)
            })
        };
        match files.iter_mut().rev().find(same) {
            Some(file) => file.push(found),
            None => files.push(vec![found]),
        }
    }
    MalwareFiles {
        total: text::number(facts.malware_counts().total()),
        rows: files
            .iter()
            .take(MOST_ROWS)
            .filter_map(|file| malware_row(file, &facts.image, layers))
            .collect(),
        more: files.len().saturating_sub(MOST_ROWS),
    }
}

/// The first of a file is the worst of it.
fn malware_row(file: &[&Malware], image: &Image, layers: usize) -> Option<MalwareRow> {
    let first = file.first()?;
    let description = file.iter().map(|found| found.description.as_str()).find(|text| !text.is_empty());
    let advice = file.iter().map(|found| found.advice.as_str()).find(|text| !text.is_empty());
    Some(MalwareRow {
        severity: first.severity,
        said: file
            .iter()
            .take(8)
            .map(|found| (text::shorten(&found.name, 80), found.engine.words()))
            .collect(),
        description: text::beginning(description.unwrap_or_default(), 200),
        advice: text::beginning(advice.unwrap_or_default(), 700),
        path: text::cut(&first.path, 80),
        size: if first.purl.is_empty() { text::size(first.size) } else { text::shorten(&first.purl, 80) },
        sha256: text::digest(&first.sha256),
        from: From::new(first.layer.as_ref(), first.buried, first.buried_by.as_ref(), image, layers),
    })
}

impl From {
    /// `layers` is how many layers the page lists: what is not listed is no link.
    fn new(
        layer: Option<&LayerRef>,
        buried: bool,
        buried_by: Option<&LayerRef>,
        image: &Image,
        layers: usize,
    ) -> Self {
        let listed =
            |layer: Option<&LayerRef>| layer.map(|layer| layer.index).filter(|index| *index < layers);
        let command = listed(layer).and_then(|index| image.layers.iter().find(|layer| layer.index == index));
        Self {
            layer: listed(layer),
            command: text::cut(command.map_or("", |layer| &layer.created_by), 80),
            buried,
            buried_by: listed(buried_by),
        }
    }
}
