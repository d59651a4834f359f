//! Where the results of a scan go, and in which format.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use lazaret_reports::model::{Finding, ImageReport, ScanResult};
use lazaret_reports::{csv, cyclonedx, gitlab, html, json, junit, sarif, spdx};

use crate::cli::{CliError, table};
use crate::reporting;

#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// What to print: table, json, csv, html, sarif, cyclonedx, spdx, gitlab or
    /// junit. With `=FILE` it goes to that file, and the option may be given
    /// several times
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = output, default_value = "table")]
    format: Vec<Output>,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Output {
    format: Format,
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
    Html,
    Sarif,
    Cyclonedx,
    Spdx,
    Gitlab,
    Junit,
}

fn output(text: &str) -> Result<Output, String> {
    let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(file)));
    if file == Some("") {
        return Err("a file must follow `=`".to_owned());
    }
    let format = Format::from_str(name, true).map_err(|_| {
        let names = Format::value_variants().iter().filter_map(Format::to_possible_value);
        format!("use {}", names.map(|name| name.get_name().to_owned()).collect::<Vec<_>>().join(", "))
    })?;
    Ok(Output { format, file: file.map(PathBuf::from) })
}

impl OutputArgs {
    /// The documents to write; `--output` names the file of the one that has none.
    fn outputs(&self) -> Result<Vec<(Format, Option<&Path>)>, CliError> {
        let unnamed = self.format.iter().filter(|output| output.file.is_none()).count();
        if unnamed > 1 {
            return Err(CliError::new(
                "only one format can go to standard output; give the others a file, as in --format sarif=out.sarif",
            ));
        }
        if self.output.is_some() && unnamed == 0 {
            return Err(CliError::new("every --format has a file already: leave --output out"));
        }
        let outputs = self.format.iter();
        Ok(outputs.map(|output| (output.format, output.file.as_deref().or(self.output.as_deref()))).collect())
    }

    /// Refuses a combination that cannot be written, before anything is scanned.
    pub(super) fn check(&self) -> Result<(), CliError> {
        self.outputs().map(|_| ())
    }

    /// Writes all documents.
    pub(super) fn write(&self, scans: &[ScanResult]) -> Result<(), CliError> {
        self.outputs()?.into_iter().try_for_each(|(format, file)| match file {
            None => print(format, scans),
            Some(path) => to_file(format, path, scans),
        })
    }
}

fn print(format: Format, scans: &[ScanResult]) -> Result<(), CliError> {
    let stdout = std::io::stdout();
    if format == Format::Table {
        let width = stdout
            .is_terminal()
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(width, _)| width.0.into());
        table::write(&mut anstream::AutoStream::auto(stdout.lock()), scans, width)?;
        return Ok(());
    }
    let mut out = BufWriter::new(stdout.lock());
    write(format, scans, &mut out)?;
    out.flush()?;
    Ok(())
}

fn to_file(format: Format, path: &Path, scans: &[ScanResult]) -> Result<(), CliError> {
    let unwritable =
        |error: std::io::Error| CliError::new(format!("cannot write {}: {error}", path.display()));
    let mut out = BufWriter::new(File::create(path).map_err(unwritable)?);
    if format == Format::Table {
        let mut styled = Vec::new();
        table::write(&mut styled, scans, None)?;
        out.write_all(&anstream::adapter::strip_bytes(&styled).into_vec())?;
    } else {
        write(format, scans, &mut out)?;
    }
    out.flush().map_err(unwritable)?;
    anstream::eprintln!("Written to {}.", path.display());
    Ok(())
}

fn write(format: Format, scans: &[ScanResult], out: &mut impl Write) -> Result<(), CliError> {
    match format {
        Format::Table => {}
        Format::Json => json::scan(scans, out)?,
        Format::Sarif => sarif::scan(scans, out)?,
        Format::Gitlab => gitlab::scan(scans, out)?,
        Format::Junit => junit::scan(scans, out)?,
        Format::Csv => {
            let mut table = csv::Findings::new(out)?;
            for scan in scans {
                let of = csv::ImageOf::new(&scan.facts.image, Some(scan.scanned_at));
                for found in Finding::all(&scan.facts) {
                    table.write(&of, found)?;
                }
            }
            table.finish()?;
        }
        Format::Html => {
            let scan = only(scans, "an HTML report")?.clone();
            html::image(&ImageReport::from_scan(scan, &reporting::compare_versions), out)?;
        }
        Format::Cyclonedx => cyclonedx::image(only(scans, "a bill of materials")?.into(), out)?,
        Format::Spdx => spdx::image(only(scans, "a bill of materials")?.into(), out)?,
    }
    Ok(())
}

/// The one scan that a document of this kind is about.
fn only<'a>(scans: &'a [ScanResult], what: &str) -> Result<&'a ScanResult, CliError> {
    match scans {
        [scan] => Ok(scan),
        scans => Err(CliError::new(format!(
            "{what} is about one image and the archive has {}; choose one with --image",
            scans.len()
        ))),
    }
}
