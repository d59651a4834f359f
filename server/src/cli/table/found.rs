//! The tables of secrets and malware.

use std::io::{self, Write};

use anstyle::AnsiColor;
use lazaret_reports::model::{
    Category, Counts, ImageFacts, LayerRef, Malware, Secret, SecretSource, Severity,
};

use super::{BOLD, DIM, by_severity, write_columns};

/// Characters of a place on a terminal; the rest of it is cut out of the middle.
const PLACE_WIDTH: usize = 56;

/// Writes the secrets that count, and a line on how many there are.
pub(super) fn write_secrets(
    out: &mut impl Write,
    facts: &ImageFacts,
    width: Option<usize>,
) -> io::Result<()> {
    let mut found: Vec<&Secret> = facts.secrets.iter().filter(|found| found.counts()).collect();
    found.sort_by_key(|found| (found.severity, found.source, &found.path, found.line));
    let rows: Vec<(Severity, [String; 4])> = found
        .iter()
        .map(|found| {
            let path = place(&found.path, width);
            let path =
                if found.source == SecretSource::File { format!("{path}:{}", found.line) } else { path };
            let layer = layer(found.layer.as_ref(), found.buried_by.as_ref(), found.buried);
            (found.severity, [found.title.clone(), path, layer, found.snippet.clone()])
        })
        .collect();
    let buried = found.iter().filter(|found| found.buried).count();
    let aside = facts.secrets.len() - found.len();
    if !rows.is_empty() {
        write_columns(out, ["SECRET", "PLACE", "LAYER", "FOUND"], &rows, width)?;
        writeln!(out)?;
    }
    write_count(out, facts, Category::Secret, &facts.secret_counts(), ("secret", "secrets"), buried)?;
    write_allowed(out, aside, ("secret", "secrets"))
}

/// Writes the malware files that count, and a line on how many there are.
pub(super) fn write_malware(
    out: &mut impl Write,
    facts: &ImageFacts,
    width: Option<usize>,
) -> io::Result<()> {
    let mut found: Vec<&Malware> = facts.malware.iter().filter(|found| found.counts()).collect();
    let aside = facts.malware.len() - found.len();
    found.sort_by_key(|found| (&found.path, &found.purl, layer_index(found), found.severity));
    let mut files: Vec<(Severity, [String; 3])> = Vec::new();
    let mut buried = 0;
    for file in
        found.chunk_by(|a, b| (&a.path, &a.purl, layer_index(a)) == (&b.path, &b.purl, layer_index(b)))
    {
        let Some(first) = file.first() else { continue };
        buried += usize::from(first.buried);
        let said = file.iter().map(|found| format!("{} ({})", found.name, found.engine.words()));
        let layer = layer(first.layer.as_ref(), first.buried_by.as_ref(), first.buried);
        let said = said.collect::<Vec<_>>().join(", ");
        files.push((first.severity, [place(&first.path, width), layer, said]));
    }
    files.sort_by_key(|(severity, _)| *severity);
    if !files.is_empty() {
        write_columns(out, ["MALWARE IN", "LAYER", "FOUND"], &files, width)?;
        writeln!(out)?;
    }
    let nouns = ("malware file", "malware files");
    write_count(out, facts, Category::Malware, &facts.malware_counts(), nouns, buried)?;
    write_allowed(out, aside, nouns)
}

fn write_count(
    out: &mut impl Write,
    facts: &ImageFacts,
    category: Category,
    counts: &Counts,
    (one, many): (&str, &str),
    buried: usize,
) -> io::Result<()> {
    let total = counts.total();
    if total == 0 {
        // What was not searched is told among the gaps.
        if facts.searched(category) {
            let style = AnsiColor::Green.on_default();
            writeln!(out, "{style}No {} found{style:#}", category.words())?;
        }
        return Ok(());
    }
    let noun = if total == 1 { one } else { many };
    let buried = match buried {
        0 => String::new(),
        1 => "; 1 place is buried under a later layer, and still in the image".to_owned(),
        n => format!("; {n} places are buried under later layers, and still in the image"),
    };
    writeln!(out, "{BOLD}{total} {noun}{BOLD:#}: {}{buried}", by_severity(counts))
}

fn write_allowed(out: &mut impl Write, aside: usize, (one, many): (&str, &str)) -> io::Result<()> {
    match aside {
        0 => Ok(()),
        1 => writeln!(out, "{DIM}1 more place with a {one} is allowed, and does not count{DIM:#}"),
        n => writeln!(out, "{DIM}{n} more places with {many} are allowed, and do not count{DIM:#}"),
    }
}

fn layer_index(found: &Malware) -> Option<usize> {
    found.layer.as_ref().map(|layer| layer.index)
}

/// `1`, and what buries it: `1, buried by 3`; `-` where the place is no layer's.
fn layer(layer: Option<&LayerRef>, buried_by: Option<&LayerRef>, buried: bool) -> String {
    let layer = layer.map_or_else(|| "-".to_owned(), |layer| layer.index.to_string());
    match buried_by {
        Some(by) => format!("{layer}, buried by {}", by.index),
        None if buried => format!("{layer}, buried"),
        None => layer,
    }
}

/// A path, on a terminal cut in the middle; what gets the whole may be searched in it.
fn place(path: &str, width: Option<usize>) -> String {
    let count = path.chars().count();
    if width.is_none() || count <= PLACE_WIDTH {
        return path.to_owned();
    }
    let head: String = path.chars().take(PLACE_WIDTH / 2 - 1).collect();
    let tail: String = path.chars().skip(count - PLACE_WIDTH / 2).collect();
    format!("{head}…{tail}")
}
