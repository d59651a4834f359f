//! Progress on a terminal: one line on standard error, gone when the work is done. Nothing when nobody looks.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::advisories;
use crate::scan::target::TargetProgress;

/// A progress line.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A line on standard error when that is a terminal.
    pub(super) fn new() -> Self {
        let bar =
            if std::io::stderr().is_terminal() { ProgressBar::no_length() } else { ProgressBar::hidden() };
        // The template is a constant that the test below parses; without it the plain style would do.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {percent}%") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }

    /// Says what is being done, and how much of it.
    pub(super) fn set(&self, message: impl Into<String>, done: u64, total: Option<u64>) {
        self.bar.set_message(message.into());
        if let Some(total) = total.filter(|total| *total > 0) {
            self.bar.set_length(total.max(done));
        }
        self.bar.set_position(done);
    }

    /// Removes the line.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// A sink for the progress of advisories.
    pub(super) fn advisories(&self) -> advisories::ProgressSink {
        let progress = self.clone();
        Arc::new(move |event| progress.advisory(event))
    }

    /// Shows how far the scan of a target is.
    pub(super) fn target(&self, event: TargetProgress) {
        match event {
            TargetProgress::Reading { read, size } => self.set("Reading layers", read, Some(size)),
            TargetProgress::Matching { packages } => {
                self.set(format!("Matching {packages} packages"), 0, None);
            }
        }
    }

    fn advisory(&self, event: advisories::Progress) {
        match event {
            advisories::Progress::Downloaded { ecosystem, bytes, total } => {
                self.set(format!("Fetching advisories for {ecosystem}"), bytes, total);
            }
            advisories::Progress::Imported { ecosystem, records, total } => {
                self.set(format!("Importing advisories for {ecosystem}"), records, Some(total));
            }
            advisories::Progress::Finished { ecosystem } => {
                self.set(format!("Advisories for {ecosystem} are here"), 0, None);
            }
        }
    }
}
