//! The `lazaret` program as a whole process.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

use crate::image;
use crate::paired::Paired;

/// Times cold scans of an archive beside the SHA-256 of the same file.
pub fn run(
    archive: &Path,
    lazaret: &Path,
    data_dir: Option<&Path>,
    categories: &str,
    runs: usize,
) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = data_dir.unwrap_or(folder.path());
    let paired = Paired::measure(
        runs,
        || scan(lazaret, data, archive, categories),
        || finished(Command::new("openssl").args(["dgst", "-sha256"]).arg(archive)),
    )?;
    println!(
        "{} of {} for {categories}: {:.0} ms, openssl dgst -sha256: {:.0} ms, ratio {:.2}; peak memory {:.1} MB",
        if data_dir.is_some() { "cold scan with matching" } else { "cold scan" },
        archive.display(),
        paired.subject.as_secs_f64() * 1e3,
        paired.floor.as_secs_f64() * 1e3,
        paired.ratio(),
        peak()?
    );
    Ok(())
}

/// Scans images of growing size and tells the peak memory after each.
pub fn memory(lazaret: &Path, megabytes: &[u64], categories: &str) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    for &size in megabytes {
        let archive = folder.path().join(format!("{size}.tar"));
        image::write(&archive, size)?;
        let begun = Instant::now();
        scan(lazaret, &folder.path().join("data"), &archive, categories)?;
        #[allow(clippy::cast_precision_loss)]
        let per_megabyte = begun.elapsed().as_secs_f64() * 1e3 / size as f64;
        println!(
            "image of {size} MB for {categories}: {per_megabyte:.2} ms a MB, peak memory so far {:.1} MB",
            peak()?
        );
        std::fs::remove_file(&archive)?;
    }
    Ok(())
}

fn scan(lazaret: &Path, data: &Path, archive: &Path, categories: &str) -> io::Result<()> {
    let mut command = Command::new(lazaret);
    command.arg("--data-dir").arg(data).args(["--offline", "scan", "--no-cache", "--format", "json"]);
    command.args(["--categories", categories]);
    finished(command.arg(archive))
}

fn finished(command: &mut Command) -> io::Result<()> {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{command:?} ended with {status}"))) }
}

/// The most memory that any child process had resident, in megabytes.
fn peak() -> io::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    #[allow(clippy::cast_precision_loss)]
    let kilobytes = usage.max_rss() as f64;
    Ok(kilobytes / 1024.0)
}
