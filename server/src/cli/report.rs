//! `lazaret report`: writes reports from what the store holds; works beside a running server.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{CliError, Context};
use crate::reporting::{self, Scope};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Only this image: a tag, a digest or the beginning of one
    #[arg(long, value_name = "REF")]
    image: Option<String>,
    /// Folder to write to; `reports` in the data folder without it
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(super) async fn run(context: &Context, args: &ReportArgs) -> Result<ExitCode, CliError> {
    let store = context.open_store().await?;
    let scope = match &args.image {
        Some(reference) => Scope::Image(reporting::find_image(store.read(), reference).await?.id),
        None => Scope::Fleet,
    };
    let folder = args.output.clone().unwrap_or_else(|| context.config.data_dir.join("reports"));
    let files = reporting::write_reports(&store, &folder, scope).await?;
    let mut out = std::io::stdout().lock();
    for file in files {
        writeln!(out, "{}", folder.join(file.name).display())?;
    }
    Ok(ExitCode::SUCCESS)
}
