//! What of a scan is looked at, and what counts.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::Date;
use lazaret_reports::model::{ScanResult, Severity};

use crate::cli::CliError;
use crate::exceptions::{Exceptions, IGNORE_FILES};
use crate::scan::skip::Skip;

#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    /// Show only findings of this severity and above: critical, high, medium,
    /// low or unknown
    #[arg(long, value_name = "SEVERITY", value_parser = super::severity)]
    severity: Option<Severity>,
    /// Exit with 1 when there is a finding of this severity or above; what the
    /// distribution calls unimportant does not count
    #[arg(long, value_name = "SEVERITY", value_parser = super::severity)]
    fail_on: Option<Severity>,
    /// Leave out what no version fixes yet
    #[arg(long)]
    ignore_unfixed: bool,
    /// Leave out these folders of the image; `*` stands for any name, `**` for
    /// any folders
    #[arg(long, value_name = "FOLDER", value_delimiter = ',')]
    skip_dirs: Vec<String>,
    /// Leave out these files of the image
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    skip_files: Vec<String>,
    /// An OpenVEX document: what it calls not affected or fixed does not count
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
    /// A file of findings that do not count; .lazaretignore, else
    /// .trivyignore, in this folder when absent
    #[arg(long, value_name = "FILE")]
    ignorefile: Option<PathBuf>,
}

impl FilterArgs {
    /// What of the image is not looked at.
    pub(super) fn skip(&self) -> Result<Skip, CliError> {
        Ok(Skip::new(&self.skip_dirs, &self.skip_files)?)
    }

    /// What somebody has decided about findings.
    pub(super) fn exceptions(&self) -> Result<Exceptions, CliError> {
        let mut exceptions = Exceptions::default();
        for path in &self.vex {
            exceptions.add_vex(path)?;
        }
        let usual = || IGNORE_FILES.iter().map(Path::new).find(|path| path.is_file());
        if let Some(path) = self.ignorefile.as_deref().or_else(usual) {
            exceptions.add_ignore_file(path)?;
        }
        Ok(exceptions)
    }

    /// Sets aside what does not count and takes out what is not wanted, but for severity: `--fail-on` looks at all.
    pub(super) fn narrow(&self, scan: &mut ScanResult, exceptions: &Exceptions, today: Date) {
        exceptions.apply(scan, today);
        if self.ignore_unfixed {
            scan.facts.vulnerabilities.retain(|found| found.fixable() || !found.counts());
        }
    }

    /// Whether a finding is as bad as `--fail-on` says. Severities are ordered worst first.
    pub(super) fn fails(&self, scan: &ScanResult) -> bool {
        self.fail_on.is_some_and(|floor| scan.facts.severities().any(|severity| severity <= floor))
    }

    /// Takes out what is below `--severity`.
    pub(super) fn show(&self, scan: &mut ScanResult) {
        if let Some(floor) = self.severity {
            scan.facts.vulnerabilities.retain(|found| found.severity <= floor);
            scan.facts.secrets.retain(|found| found.severity <= floor);
            scan.facts.malware.retain(|found| found.severity <= floor);
        }
    }
}
