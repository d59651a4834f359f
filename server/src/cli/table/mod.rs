//! The table of a scan: what a person reads first.

mod found;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use lazaret_reports::model::{Category, CategoryResult, Counts, Kind, ScanResult, Severity, Vulnerability};

/// How wide a title may be when nothing says how wide the terminal is.
const TITLE_WIDTH: usize = 72;
/// A title is never cut below this many characters: better a broken line than half a word.
const TITLE_LEAST: usize = 24;

/// The head of the first column, and the widest cell in it.
const SEVERITY: &str = "SEVERITY";

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// One line: a vulnerability in all binary packages of one source package.
struct Row {
    severity: Severity,
    packages: Vec<String>,
    installed: String,
    fixed: String,
    id: String,
    title: String,
}

/// Writes the scans of one target as tables. `width` is the width of the terminal, when there is one.
///
/// Styles are written always; the caller's stream removes them when nobody looks.
pub(in crate::cli) fn write(
    out: &mut impl Write,
    scans: &[ScanResult],
    width: Option<usize>,
) -> io::Result<()> {
    for (position, scan) in scans.iter().enumerate() {
        if position > 0 {
            writeln!(out)?;
        }
        write_scan(out, scan, width)?;
    }
    Ok(())
}

fn write_scan(out: &mut impl Write, scan: &ScanResult, width: Option<usize>) -> io::Result<()> {
    let facts = &scan.facts;
    let image = &facts.image;
    writeln!(out, "{BOLD}{}{BOLD:#}", image.name())?;
    writeln!(out, "{DIM}{}{DIM:#}", about(scan).join(" · "))?;
    writeln!(out)?;
    let mut blocks = [Vec::new(), Vec::new(), Vec::new()];
    write_vulnerabilities(&mut blocks[0], scan, width)?;
    found::write_secrets(&mut blocks[1], facts, width)?;
    found::write_malware(&mut blocks[2], facts, width)?;
    let mut is_first = true;
    for block in blocks.iter().filter(|block| !block.is_empty()) {
        // A table stands by itself, a single line beside its neighbour.
        let is_table = block.strip_suffix(b"\n").is_some_and(|lines| lines.contains(&b'\n'));
        if !is_first && is_table {
            writeln!(out)?;
        }
        is_first = false;
        out.write_all(block)?;
    }
    write_gaps(out, scan)
}

/// The vulnerabilities that count, how many there are, and how many do not count.
fn write_vulnerabilities(out: &mut impl Write, scan: &ScanResult, width: Option<usize>) -> io::Result<()> {
    let facts = &scan.facts;
    let (unimportant, important): (Vec<_>, Vec<_>) = facts.counted().partition(|v| v.unimportant);
    let rows = rows(&important);
    if !rows.is_empty() {
        write_rows(out, &rows, width)?;
        writeln!(out)?;
    }
    if facts.searched(Category::Vulnerability) || !facts.vulnerabilities.is_empty() {
        write_summary(out, scan, &important)?;
    }
    if !unimportant.is_empty() {
        let mut ids: Vec<&str> = unimportant.iter().map(|v| v.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        writeln!(
            out,
            "{DIM}{} more that the distribution calls unimportant: {}{DIM:#}",
            ids.len(),
            some(&ids, 4)
        )?;
    }
    for (reason, count) in facts.set_aside() {
        let verb = if count == 1 { "does" } else { "do" };
        writeln!(out, "{DIM}{count} more {}, which {verb} not count{DIM:#}", reason.words())?;
    }
    Ok(())
}

/// What was scanned, in a few words each.
fn about(scan: &ScanResult) -> Vec<String> {
    let image = &scan.facts.image;
    let os = image.os.as_ref().map(|os| os.name.clone());
    let packages = plural(scan.facts.packages.len(), "package");
    match image.kind {
        Kind::Image => {
            let os = os.unwrap_or_else(|| "no distribution found".to_owned());
            let layers = plural(image.layers.len(), "layer");
            vec![os, image.platform(), layers, packages, short(&image.id)]
        }
        Kind::Sbom => os.into_iter().chain(["bill of materials".to_owned(), packages]).collect(),
        Kind::Folder => os.into_iter().chain(["folder".to_owned(), packages]).collect(),
        Kind::Container => {
            let of = image.tags.first().cloned().unwrap_or_else(|| short(&image.id));
            let of = format!("container of {of}");
            os.into_iter().chain([image.platform(), of, packages]).collect()
        }
    }
}

fn rows(vulnerabilities: &[&Vulnerability]) -> Vec<Row> {
    let mut grouped: BTreeMap<_, Row> = BTreeMap::new();
    for vulnerability in vulnerabilities {
        let fixed = vulnerability.fixed_versions.first().map_or("no fix yet", String::as_str);
        let key = (
            vulnerability.severity,
            vulnerability.package.source_name.as_str(),
            vulnerability.installed_version.as_str(),
            vulnerability.id.as_str(),
            fixed,
        );
        let row = grouped.entry(key).or_insert_with(|| Row {
            severity: vulnerability.severity,
            packages: Vec::new(),
            installed: vulnerability.installed_version.clone(),
            fixed: fixed.to_owned(),
            id: vulnerability.id.clone(),
            title: vulnerability.summary.clone(),
        });
        if !row.packages.contains(&vulnerability.package.name) {
            row.packages.push(vulnerability.package.name.clone());
        }
    }
    grouped.into_values().collect()
}

fn write_rows(out: &mut impl Write, rows: &[Row], width: Option<usize>) -> io::Result<()> {
    let cells: Vec<(Severity, [String; 5])> = rows
        .iter()
        .map(|row| {
            let names: Vec<&str> = row.packages.iter().map(String::as_str).collect();
            let fixed = row.fixed.clone();
            (row.severity, [some(&names, 2), row.installed.clone(), fixed, row.id.clone(), row.title.clone()])
        })
        .collect();
    write_columns(out, ["PACKAGE", "INSTALLED", "FIXED IN", "VULNERABILITY", "TITLE"], &cells, width)
}

/// Writes rows that begin with their severity; the last column takes the room that is left, and is cut to it.
fn write_columns<const N: usize>(
    out: &mut impl Write,
    heads: [&str; N],
    rows: &[(Severity, [String; N])],
    width: Option<usize>,
) -> io::Result<()> {
    let rows = rows.iter().map(|(severity, cells)| (*severity, cells.each_ref().map(|cell| plain(cell))));
    let rows: Vec<(Severity, [String; N])> = rows.collect();
    let mut widths = heads.map(str::len);
    for (_, cells) in &rows {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let before = &widths[..N.saturating_sub(1)];
    let taken = SEVERITY.len() + 2 + before.iter().map(|width| width + 2).sum::<usize>();
    let room = width.map_or(TITLE_WIDTH, |width| width.saturating_sub(taken).max(TITLE_LEAST));
    let line = |cells: [&str; N]| {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(before) {
            let _ = write!(line, "{cell:width$}  ");
        }
        line + &cells.last().map(|last| cut(last, room)).unwrap_or_default()
    };
    writeln!(out, "{BOLD}{SEVERITY}  {}{BOLD:#}", line(heads).trim_end())?;
    for (severity, cells) in &rows {
        let style = style(*severity);
        let cells = line(cells.each_ref().map(String::as_str));
        writeln!(out, "{style}{:w$}{style:#}  {}", severity.code(), cells.trim_end(), w = SEVERITY.len())?;
    }
    Ok(())
}

fn write_summary(out: &mut impl Write, scan: &ScanResult, important: &[&Vulnerability]) -> io::Result<()> {
    let mut worst: BTreeMap<&str, (Severity, bool)> = BTreeMap::new();
    for vulnerability in important {
        let seen = worst.entry(&vulnerability.id).or_insert((vulnerability.severity, true));
        seen.0 = seen.0.min(vulnerability.severity);
        seen.1 &= vulnerability.fixable();
    }
    if worst.is_empty() {
        let assessed = scan.facts.coverage.iter().any(|coverage| coverage.advisories > 0);
        return if assessed {
            let dates: Vec<String> = scan
                .facts
                .coverage
                .iter()
                .filter_map(|c| {
                    c.advisories_modified
                        .map(|at| format!("{} data of {}", c.ecosystem, at.strftime("%Y-%m-%d")))
                })
                .collect();
            let style = AnsiColor::Green.on_default();
            writeln!(out, "{style}No vulnerabilities known{style:#} ({})", dates.join(", "))
        } else {
            writeln!(out, "No package was assessed.")
        };
    }
    let counts: Counts = worst.values().map(|(severity, _)| *severity).collect();
    let fixable = worst.values().filter(|(_, fixable)| *fixable).count();
    let noun = if worst.len() == 1 { "vulnerability" } else { "vulnerabilities" };
    writeln!(
        out,
        "{BOLD}{} {noun}{BOLD:#}: {}; {fixable} can be fixed by an upgrade",
        worst.len(),
        by_severity(&counts)
    )
}

/// `1 critical, 4 high`, each in its colour.
fn by_severity(counts: &Counts) -> String {
    let parts = Severity::ALL.into_iter().filter(|severity| counts.of(*severity) > 0).map(|severity| {
        let style = style(severity);
        format!("{style}{} {}{style:#}", counts.of(severity), severity.lower())
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// What the result does not cover: never silent.
fn write_gaps(out: &mut impl Write, scan: &ScanResult) -> io::Result<()> {
    let style = AnsiColor::Yellow.on_default();
    for coverage in &scan.facts.coverage {
        for gap in &coverage.not_assessed {
            let names: Vec<&str> = gap.packages.iter().map(String::as_str).collect();
            writeln!(
                out,
                "{style}Not assessed:{style:#} {} of {} ({}): {}",
                plural(usize::try_from(gap.count).unwrap_or(usize::MAX), "package"),
                coverage.ecosystem,
                some(&names, 3),
                gap.reason
            )?;
        }
    }
    for gap in scan.facts.categories.iter().filter_map(CategoryResult::gap) {
        writeln!(out, "{style}Not covered:{style:#} {}", plain(&gap))?;
    }
    for warning in &scan.facts.warnings {
        let place = if warning.path.is_empty() { String::new() } else { format!("{}: ", warning.path) };
        writeln!(out, "{style}Not covered:{style:#} {place}{}", warning.message)?;
    }
    Ok(())
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Critical => AnsiColor::Magenta.on_default().bold(),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Blue.on_default(),
        Severity::Unknown => Style::new().dimmed(),
    }
}

/// The first `most` names, and how many more there are.
fn some(names: &[&str], most: usize) -> String {
    let mut text = names.iter().take(most).copied().collect::<Vec<_>>().join(", ");
    if names.len() > most {
        let _ = write!(text, " +{}", names.len() - most);
    }
    text
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A digest cut in the middle.
fn short(digest: &str) -> String {
    match (digest.get(..19), digest.get(digest.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if digest.len() > 24 => format!("{head}…{tail}"),
        _ => digest.to_owned(),
    }
}

/// Text that moves no cursor: an image chooses its names.
fn plain(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}');
    let shown = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() || turns(c) => '\u{FFFD}',
        c => c,
    };
    text.chars().map(shown).collect()
}

fn cut(text: &str, width: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(width.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short + "…"
}
