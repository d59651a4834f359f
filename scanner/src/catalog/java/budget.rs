//! What the archives within one archive may cost altogether, however they are nested.

use crate::Limits;

/// Packages that are listed of one file; the largest applications have a few thousand.
pub(super) const MAX_PACKAGES: usize = 20_000;
/// Archives that are opened in one file.
const MAX_ARCHIVES: u64 = 50_000;
/// Warnings that are kept of one file.
const MAX_WARNINGS: usize = 100;
/// Bytes that an entry may unpack to before its ratio is looked at.
const RATIO_FREE_BYTES: u64 = 64 << 20;

/// What is left to spend.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: u64,
    entries: u64,
    archives: u64,
    packages: usize,
    warnings: usize,
    ratio: u64,
}

impl Budget {
    pub fn new(limits: &Limits) -> Self {
        Self {
            bytes: limits.file_bytes,
            entries: limits.entries,
            archives: MAX_ARCHIVES,
            packages: MAX_PACKAGES,
            warnings: MAX_WARNINGS,
            ratio: limits.ratio.max(1),
        }
    }

    /// Takes one entry of a directory.
    pub fn entry(&mut self) -> Result<(), String> {
        take(&mut self.entries, 1).ok_or_else(|| "has more entries than are read".to_owned())
    }

    /// Takes an archive that says it unpacks from `packed` to `size` bytes.
    pub fn archive(&mut self, packed: u64, size: u64) -> Result<(), String> {
        if size > RATIO_FREE_BYTES && size / self.ratio > packed {
            return Err(format!(
                "unpacks to more than {} times its size, which is what a decompression bomb does",
                self.ratio
            ));
        }
        take(&mut self.archives, 1)
            .and_then(|()| take(&mut self.bytes, size))
            .ok_or_else(|| "lies beside archives that unpack to more than is read of one file".to_owned())
    }

    /// Whether one more package may be listed.
    pub fn package(&mut self) -> bool {
        self.packages = self.packages.saturating_sub(1);
        self.packages > 0
    }

    /// Whether one more warning may be kept.
    pub fn warning(&mut self) -> bool {
        self.warnings = self.warnings.saturating_sub(1);
        self.warnings > 0
    }
}

fn take(left: &mut u64, count: u64) -> Option<()> {
    *left = left.checked_sub(count)?;
    Some(())
}
