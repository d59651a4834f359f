//! Tars, whole or out of a decompressor, and Debian packages (deb(5)), which are an ar of tars.

use std::io::{Read, Seek, SeekFrom};

use tar::EntryType;

use super::budget::Budget;
use super::walk::{NOT_COVERED, Walk};
use crate::content::Content;
use crate::tarball::{TarError, TarReader};

/// Gives the files of the tar at `place`.
pub(super) fn seeking(
    walk: &mut Walk<'_, '_>,
    place: &str,
    content: &mut Content,
    budget: &Budget,
    depth: usize,
) {
    members(walk, place, &mut TarReader::seeking(content), Some(budget), depth);
}

/// Gives the files of a tar that comes out of a decompressor, whose bytes are counted there.
pub(super) fn streamed(walk: &mut Walk<'_, '_>, place: &str, reader: impl Read, depth: usize) {
    members(walk, place, &mut TarReader::new(reader), None, depth);
}

/// `budget` counts what is read of members.
fn members<R: Read>(
    walk: &mut Walk<'_, '_>,
    place: &str,
    tar: &mut TarReader<R>,
    budget: Option<&Budget>,
    depth: usize,
) {
    loop {
        let member = match tar.advance() {
            Ok(Some(member)) => member,
            Ok(None) if tar.finished() => return,
            Ok(None) => return walk.warn(place, "has no end marker, so it may be cut off"),
            Err(error) => {
                return walk.warn(place, &format!("{}; what follows is not covered", sentence(&error)));
            }
        };
        if let Err(reason) = walk.budget.entry() {
            return walk.warn(place, &format!("{reason}; what follows is not covered"));
        }
        if !matches!(member.kind, EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse) {
            continue;
        }
        let inner = walk.place(place, &member.path);
        if member.sparse {
            walk.warn(&inner, "is stored as a sparse file, which is not read; it is not covered");
            continue;
        }
        if member.size == 0 {
            continue;
        }
        if walk.budget.is_spent() {
            return walk.warn(
                place,
                "holds more than is unpacked of one file or layer; what follows is not covered",
            );
        }
        match budget {
            Some(budget) => walk.file(&inner, Some(member.size), &mut budget.meter(tar.by_ref()), depth),
            None => walk.file(&inner, Some(member.size), tar, depth),
        }
    }
}

fn sentence(error: &TarError) -> String {
    format!("cannot be read to its end ({error})")
}

/// Bytes of the mark of an ar, and of the header of one of its members.
const AR_MAGIC: u64 = 8;
const AR_HEADER: usize = 60;

/// Gives the members of the Debian package at `place`, which hold its files.
pub(super) fn deb(walk: &mut Walk<'_, '_>, place: &str, content: &mut Content, depth: usize) {
    let budget = std::rc::Rc::clone(&walk.budget);
    let mut position = AR_MAGIC;
    while position < content.len() {
        let header = match content.read_at(position, AR_HEADER) {
            Ok(header) => header,
            Err(error) => return walk.warn(place, &format!("cannot be read ({error}); {NOT_COVERED}")),
        };
        let Some((name, size)) = ar_member(&header) else {
            return walk.warn(place, "has a damaged ar header; what follows is not covered");
        };
        if let Err(reason) = walk.budget.entry() {
            return walk.warn(place, &format!("{reason}; what follows is not covered"));
        }
        let inner = walk.place(place, name);
        position = position.saturating_add(AR_HEADER as u64);
        if let Err(error) = content.seek(SeekFrom::Start(position)) {
            return walk.warn(place, &format!("cannot be read ({error}); {NOT_COVERED}"));
        }
        if size > content.len() - position.min(content.len()) {
            walk.warn(&inner, "is cut off; what is missing is not covered");
        }
        walk.file(&inner, Some(size), &mut budget.meter(content.by_ref().take(size)), depth);
        // Members begin at even places.
        position = position.saturating_add(size).saturating_add(size % 2);
    }
}

/// Name and size of a member: 16 bytes of name, numbers that do not matter here, ten digits of size, and the end's mark.
fn ar_member(header: &[u8]) -> Option<(&[u8], u64)> {
    let (name, size) = (header.get(..16)?, header.get(48..58)?);
    if header.get(58..60)? != b"`\n" {
        return None;
    }
    let name = name.trim_ascii_end();
    let size = std::str::from_utf8(size).ok()?.trim().parse().ok()?;
    Some((name.strip_suffix(b"/").unwrap_or(name), size))
}
