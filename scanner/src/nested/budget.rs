//! What the archives within one file may cost altogether, however they are nested.

use std::cell::Cell;
use std::io::{self, Read};

use crate::Limits;
use crate::bounded::{RATIO_FREE_BYTES, Stop};

/// Archives that are opened in one file.
const MAX_ARCHIVES: u64 = 50_000;
/// Warnings that are kept of one file.
const MAX_WARNINGS: u64 = 100;

/// What is left to spend. It is shared by readers that lie within each other.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: Cell<u64>,
    unpacked: Cell<u64>,
    packed: u64,
    entries: Cell<u64>,
    archives: Cell<u64>,
    warnings: Cell<u64>,
    ratio: u64,
}

impl Budget {
    /// For a file of `packed` bytes, of which `bytes` may be unpacked.
    pub(crate) fn new(packed: u64, bytes: u64, limits: &Limits) -> Self {
        Self {
            bytes: Cell::new(bytes),
            unpacked: Cell::new(0),
            packed,
            entries: Cell::new(limits.entries),
            archives: Cell::new(MAX_ARCHIVES),
            warnings: Cell::new(MAX_WARNINGS),
            ratio: limits.ratio.max(1),
        }
    }

    /// Takes one entry of a directory.
    pub(crate) fn entry(&self) -> Result<(), String> {
        take(&self.entries, 1).ok_or_else(|| "has more entries than are read".to_owned())
    }

    /// Takes an archive within.
    pub(crate) fn archive(&self) -> Result<(), String> {
        take(&self.archives, 1)
            .ok_or_else(|| "lies beside more archives than are read of one file".to_owned())
    }

    /// Takes bytes that were unpacked, or are said to be.
    pub(crate) fn unpack(&self, bytes: u64) -> Result<(), String> {
        let unpacked = self.unpacked.get().saturating_add(bytes);
        if unpacked > RATIO_FREE_BYTES && unpacked / self.ratio > self.packed {
            return Err(format!(
                "lies in a file that unpacks to more than {} times its size, which is what a decompression bomb does",
                self.ratio
            ));
        }
        take(&self.bytes, bytes).ok_or_else(|| {
            "lies in a file that unpacks to more than is read of one file or layer".to_owned()
        })?;
        self.unpacked.set(unpacked);
        Ok(())
    }

    /// Bytes that were unpacked.
    pub(super) fn unpacked(&self) -> u64 {
        self.unpacked.get()
    }

    /// Whether nothing more can be unpacked.
    pub(crate) fn is_spent(&self) -> bool {
        self.bytes.get() == 0
    }

    /// Takes what cannot be spent in part: nothing more is unpacked.
    fn exhaust(&self) {
        self.bytes.set(0);
    }

    /// Whether one more warning may be kept.
    pub(crate) fn warning(&self) -> bool {
        take(&self.warnings, 1).is_some()
    }

    /// Counts what comes out of an unpacking `reader`, and stops it when there is nothing left to spend.
    pub(crate) fn meter<R: Read>(&self, reader: R) -> Metered<'_, R> {
        Metered { reader, budget: self }
    }
}

fn take(left: &Cell<u64>, count: u64) -> Option<()> {
    left.set(left.get().checked_sub(count)?);
    Some(())
}

/// A reader whose bytes are counted.
pub(crate) struct Metered<'a, R> {
    reader: R,
    budget: &'a Budget,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if let Err(reason) = self.budget.unpack(read as u64) {
            self.budget.exhaust();
            return Err(Stop::Limit(format!("it {reason}")).into());
        }
        Ok(read)
    }
}
