//! RPM's own database, `Packages.db` (rpm's `lib/backend/ndb/rpmpkg.c`): pages of slots, each with the place of one
//! package's header in blocks of 16 bytes. Numbers are little-endian.

use super::super::Listing;
use super::MAX_HEADER;
use super::gather::Gathered;
use crate::Limits;
use crate::content::Content;

const PAGE: u64 = 4096;
/// Bytes of a slot, of a block, and of what stands before a header.
const SLOT: usize = 16;
/// Bytes of what stands behind a header.
const TAIL: usize = 12;

/// Reads the packages of the database.
pub(super) fn parse(_path: &str, content: &mut Content, _limits: &Limits) -> Listing {
    let start = content.read_at(0, 2 * SLOT).unwrap_or_default();
    let (magic, version, slot_pages) = (word(&start, 0), word(&start, 4), word(&start, 12));
    let (Some(MAGIC), Some(0), Some(slot_pages)) = (magic, version, slot_pages) else {
        return Listing::warning(
            "This RPM database is none of the NDB format that can be read, so no package of it is assessed.",
        );
    };
    let mut gathered = Gathered::default();
    // Blocks belong to one package each, so a sound database is never read more than once.
    let mut left = content.len();
    for page in 0..u64::from(slot_pages) {
        // The first two slots are the header of the file.
        let skipped = if page == 0 { 2 * SLOT } else { 0 };
        let slots = content.read_at(page * PAGE, 4096).unwrap_or_default();
        if slots.len() < 4096 {
            gathered.damage();
            break;
        }
        for slot in slots[skipped..].chunks_exact(SLOT) {
            match (word(slot, 0), word(slot, 8)) {
                (Some(SLOT_MAGIC), Some(0)) => {}
                (Some(SLOT_MAGIC), Some(_)) => match header(content, slot, &mut left) {
                    Some(header) => gathered.add(&header),
                    None => gathered.damage(),
                },
                _ => gathered.damage(),
            }
        }
    }
    gathered.into_listing()
}

const MAGIC: u32 = u32::from_le_bytes(*b"RpmP");
const SLOT_MAGIC: u32 = u32::from_le_bytes(*b"Slot");
const HEAD_MAGIC: u32 = u32::from_le_bytes(*b"BlbS");
const TAIL_MAGIC: u32 = u32::from_le_bytes(*b"BlbE");

/// The header that a slot leads to.
fn header(content: &mut Content, slot: &[u8], left: &mut u64) -> Option<Vec<u8>> {
    let blocks = u64::from(word(slot, 12)?) * SLOT as u64;
    *left = left.checked_sub(blocks)?;
    let length = usize::try_from(blocks).ok().filter(|length| *length <= MAX_HEADER)?;
    let mut bytes = content.read_at(u64::from(word(slot, 8)?) * SLOT as u64, length).ok()?;
    let tail = bytes.len().checked_sub(TAIL).filter(|_| bytes.len() == length)?;
    let header = usize::try_from(word(&bytes, 12)?).ok()?;
    let sound = word(&bytes, 0)? == HEAD_MAGIC
        && word(&bytes, 4)? == word(slot, 4)?
        && word(&bytes, tail + 4)? == word(&bytes, 12)?
        && word(&bytes, tail + 8)? == TAIL_MAGIC
        && SLOT.checked_add(header)? <= tail;
    sound.then_some(())?;
    bytes.truncate(SLOT + header);
    bytes.drain(..SLOT);
    Some(bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cut, damaged};
    use super::*;

    const FILE: &[u8] = include_bytes!("../../../fixtures/rpm-ndb/root/usr/lib/sysimage/rpm/Packages.db");

    fn read(bytes: &[u8]) -> Listing {
        parse("", &mut Content::from(bytes.to_vec()), &Limits::default())
    }

    #[test]
    fn a_damaged_database_tells_packages_or_a_warning() {
        damaged(FILE, read);
        cut(FILE, read);
    }

    #[test]
    fn slots_that_share_one_header_are_read_only_so_often() {
        let mut file = FILE.to_vec();
        let slot = file[3 * SLOT..4 * SLOT].to_vec();
        for other in file[2 * SLOT..4096].chunks_exact_mut(SLOT) {
            other.copy_from_slice(&slot);
        }
        let found = read(&file);
        assert!(found.packages.len() < 30, "{}", found.packages.len());
        assert_eq!(found.warnings.len(), 1);
    }

    #[test]
    fn four_billion_pages_of_slots_end_with_the_file() {
        let mut file = FILE.to_vec();
        file[12..16].copy_from_slice(&[0xff; 4]);
        assert_eq!(read(&file).warnings.len(), 1);
    }
}
