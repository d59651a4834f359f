//! `lazaret report`: writes reports from what the store holds; works beside a running server.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{CliError, Context};
use crate::reporting::{self, ReportFormat, Scope};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Only this image: a tag, a digest or the beginning of one
    #[arg(long, value_name = "REF")]
    image: Option<String>,
    /// What to write; may be given more than once
    #[arg(long, value_enum, value_name = "FORMAT", default_values_t = [Format::Html, Format::Csv])]
    format: Vec<Format>,
    /// Folder to write to; `reports` in the data folder without it
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Pages for people
    Html,
    /// Tables with a row per finding
    Csv,
    /// A bill of materials per image: `CycloneDX` 1.6 as JSON
    Cyclonedx,
    /// A bill of materials per image: SPDX 2.3 as JSON
    Spdx,
}

impl From<Format> for ReportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Html => Self::Html,
            Format::Csv => Self::Csv,
            Format::Cyclonedx => Self::CycloneDx,
            Format::Spdx => Self::Spdx,
        }
    }
}

pub(super) async fn run(context: &Context, args: &ReportArgs) -> Result<ExitCode, CliError> {
    let store = context.open_store().await?;
    let scope = match &args.image {
        Some(reference) => Scope::Image(reporting::find_image(store.read(), reference).await?.id),
        None => Scope::Fleet,
    };
    let formats: Vec<ReportFormat> = args.format.iter().copied().map(Into::into).collect();
    let folder = args.output.clone().unwrap_or_else(|| context.config.data_dir.join("reports"));
    let files = reporting::write_reports(&store, &folder, scope, &formats).await?;
    let mut out = std::io::stdout().lock();
    for file in files {
        writeln!(out, "{}", folder.join(file.name).display())?;
    }
    Ok(ExitCode::SUCCESS)
}
