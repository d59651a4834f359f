//! The rows of a table: a tree of pages whose leaves hold the records, what does not fit there in chains of pages.

use super::super::MAX_HEADER;
use super::super::pages::Pages;
use super::record::varint;

/// Types of a tree's pages.
const INNER: u8 = 5;
const LEAF: u8 = 13;

/// Hands each row of the table with this root to `each`, and `None` for a row or page that cannot be read. `usable` are
/// the bytes of a page that SQLite uses.
pub(super) fn rows(pages: &mut Pages<'_>, usable: usize, root: u32, mut each: impl FnMut(Option<Vec<u8>>)) {
    let mut pending = vec![root];
    while let Some(number) = pending.pop() {
        // A sound tree never has more pages before it than the file.
        let page = page(pages, number).filter(|_| pending.len() as u64 <= pages.count());
        let Some(page) = page else {
            each(None);
            if pages.is_spent() {
                return;
            }
            continue;
        };
        let page = &page[..usable];
        // The first page begins with the header of the file.
        let start = if number == 1 { 100 } else { 0 };
        match page.get(start) {
            Some(&LEAF) => {
                for cell in cells(page, start, 8) {
                    each(cell.and_then(|cell| record(pages, page, cell)));
                }
            }
            Some(&INNER) => {
                let before = pending.len();
                let children = cells(page, start, 12).map(|cell| cell.and_then(|cell| long(page, cell)));
                for child in children.chain([long(page, start + 8)]) {
                    match child {
                        Some(child) => pending.push(child),
                        None => each(None),
                    }
                }
                // The first child is the next to be read.
                pending[before..].reverse();
            }
            _ => each(None),
        }
    }
}

/// Where the cells of a page begin; `header` are the bytes before the list of them.
fn cells(page: &[u8], start: usize, header: usize) -> impl Iterator<Item = Option<usize>> + '_ {
    let count = short(page, start + 3).unwrap_or(0);
    (0..count).map(move |index| short(page, start + header + 2 * index))
}

/// The record of a leaf's cell, with what of it lies on pages of its own.
fn record(pages: &mut Pages<'_>, page: &[u8], cell: usize) -> Option<Vec<u8>> {
    let (length, at) = varint(page, cell)?;
    let (_, at) = varint(page, at)?;
    // A header, and the types of the record's columns.
    let length = usize::try_from(length).ok().filter(|length| *length <= MAX_HEADER + 64)?;
    let local = local(length, page.len());
    let mut record = page.get(at..at.checked_add(local)?)?.to_vec();
    if local == length {
        return Some(record);
    }
    let mut next = long(page, at + local)?;
    while record.len() < length {
        let overflow = self::page(pages, next)?;
        let rest = length - record.len();
        record.extend_from_slice(overflow[4..page.len()].get(..rest.min(page.len() - 4))?);
        next = long(&overflow, 0)?;
    }
    Some(record)
}

/// How much of a record of `length` bytes lies in the leaf itself.
fn local(length: usize, usable: usize) -> usize {
    let most = usable - 35;
    if length <= most {
        return length;
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let fitted = least + (length - least) % (usable - 4);
    if fitted <= most { fitted } else { least }
}

/// The page with this number; the first is 1.
fn page(pages: &mut Pages<'_>, number: u32) -> Option<Vec<u8>> {
    pages.page(u64::from(number.checked_sub(1)?))
}

fn short(page: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(*page.get(at..)?.first_chunk()?)))
}

fn long(page: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*page.get(at..)?.first_chunk()?))
}
