//! Counting what is read, and stopping when asked to.

use std::cell::Cell;
use std::io::{self, Read};

use crate::bounded::Stop;

/// Bytes between two looks at whether to stop.
const STEP: u64 = 1 << 20;

/// Counts the bytes read of one archive or folder, over all readings.
pub(crate) struct Meter<'a> {
    progress: &'a dyn Fn(u64),
    cancelled: &'a dyn Fn() -> bool,
    read: Cell<u64>,
    told: Cell<u64>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(progress: &'a dyn Fn(u64), cancelled: &'a dyn Fn() -> bool) -> Self {
        Self { progress, cancelled, read: Cell::new(0), told: Cell::new(0) }
    }

    /// Counts what is read of `reader`.
    pub(crate) fn wrap<R: Read>(&'a self, reader: R) -> Metered<'a, R> {
        Metered { reader, meter: self }
    }

    /// Stops when asked to; for work that reads no bytes for long.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        if (self.cancelled)() { Err(Stop::Cancelled) } else { Ok(()) }
    }

    fn add(&self, bytes: u64) -> Result<(), Stop> {
        let read = self.read.get() + bytes;
        self.read.set(read);
        // The end of a reading is told too, however few bytes came last.
        if read - self.told.get() >= STEP || (bytes == 0 && read > self.told.get()) {
            self.told.set(read);
            (self.progress)(read);
            self.check()?;
        }
        Ok(())
    }
}

/// A reader whose bytes are counted.
pub(crate) struct Metered<'a, R> {
    reader: R,
    meter: &'a Meter<'a>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if !buffer.is_empty() {
            self.meter.add(read as u64)?;
        }
        Ok(read)
    }
}
