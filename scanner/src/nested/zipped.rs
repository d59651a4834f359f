//! Zips (APPNOTE.TXT 6.3.10), by their directory, entry by entry: memory does not grow with the number of entries.

use zip::read::{Config, ZipFileEntry};
use zip::unstable::read::{ZipIterable, ZipIterableFiles};
use zip::{CompressionMethod, ZipReadOptions};

use super::walk::{NOT_COVERED, Walk};
use crate::content::Content;

/// Entries that a warning names.
const NAMED: usize = 3;

/// Gives the entries of the zip at `place`. A file that only may be a zip (not `certain`) and is none is no archive.
pub(super) fn entries(
    walk: &mut Walk<'_, '_>,
    place: &str,
    content: &mut Content,
    certain: bool,
    depth: usize,
) {
    let zip = ZipIterable::try_new(content, Config::default());
    let mut zip = match zip {
        Ok(zip) => zip,
        Err(_) if !certain => return,
        Err(error) => return walk.warn(place, &format!("cannot be read ({error}); {NOT_COVERED}")),
    };
    let mut closed = Closed::default();
    match zip.files() {
        Ok(files) => each(walk, place, files, depth, &mut closed),
        Err(error) => walk.warn(place, &format!("cannot be read ({error}); {NOT_COVERED}")),
    }
    closed.encrypted.tell(walk, place, "are encrypted with a password");
    closed.foreign.tell(walk, place, "are packed by methods that are not read");
}

fn each(
    walk: &mut Walk<'_, '_>,
    place: &str,
    files: &mut ZipIterableFiles<&mut Content>,
    depth: usize,
    closed: &mut Closed,
) {
    while let Some(entry) = files.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let message = format!("has a damaged directory ({error}); what follows is not covered");
                return walk.warn(place, &message);
            }
        };
        if let Err(reason) = walk.budget.entry() {
            return walk.warn(place, &format!("{reason}; what follows is not covered"));
        }
        // A folder, or a file of nothing.
        if entry.size() == 0 && (entry.is_dir() || entry.crc32() == 0) {
            continue;
        }
        let inner = walk.place(place, entry.name_raw());
        if entry.encrypted() {
            closed.encrypted.add(&inner);
        } else if !is_read(entry.compression()) {
            closed.foreign.add(&inner);
        } else if walk.budget.is_spent() {
            return walk.warn(
                place,
                "holds more than is unpacked of one file or layer; what follows is not covered",
            );
        } else {
            file(walk, &inner, entry, files, depth);
        }
    }
}

fn file(
    walk: &mut Walk<'_, '_>,
    place: &str,
    entry: ZipFileEntry<'static>,
    files: &mut ZipIterableFiles<&mut Content>,
    depth: usize,
) {
    let size = entry.size();
    let budget = std::rc::Rc::clone(&walk.budget);
    match entry.with_reader(files.reader_mut(), ZipReadOptions::default()) {
        Ok(reader) => walk.file(place, Some(size), &mut budget.meter(reader), depth),
        Err(error) => walk.warn(place, &format!("cannot be read ({error}); it is not covered")),
    }
}

fn is_read(method: CompressionMethod) -> bool {
    matches!(
        method,
        CompressionMethod::Stored
            | CompressionMethod::Deflated
            | CompressionMethod::Bzip2
            | CompressionMethod::Zstd
    )
}

/// Entries that cannot be opened.
#[derive(Default)]
struct Closed {
    encrypted: Names,
    foreign: Names,
}

/// The first names of many.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    count: u64,
}

impl Names {
    fn add(&mut self, name: &str) {
        self.count += 1;
        if self.names.len() < NAMED {
            self.names.push(name.to_owned());
        }
    }

    fn tell(&self, walk: &mut Walk<'_, '_>, place: &str, what: &str) {
        if self.count == 0 {
            return;
        }
        let more = if self.count > NAMED as u64 { ", …" } else { "" };
        let message = format!(
            "has {} entries that {what} and are not covered: {}{more}",
            self.count,
            self.names.join(", ")
        );
        walk.warn(place, &message);
    }
}
