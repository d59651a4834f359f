//! RPM's database in Berkeley DB: a hash whose keys are the packages' numbers and whose values are their headers
//! (Berkeley DB's `db_page.h`). Numbers are in the byte order of the machine that wrote them.
//!
//! Every bucket's pages are read in the order of the file: the hash itself is of no use here.

use super::super::Listing;
use super::MAX_HEADER;
use super::gather::Gathered;
use super::pages::Pages;
use crate::Limits;
use crate::content::Content;

/// Types of pages.
const UNUSED: u8 = 0;
const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const HASH_META: u8 = 8;
const HASH: u8 = 13;

/// Types of items on a page of a bucket.
const KEY_DATA: u8 = 1;
const OFF_PAGE: u8 = 3;

/// Bytes before the items of a page.
const PAGE_HEADER: usize = 26;

/// Reads the packages of the database.
pub(super) fn parse(_path: &str, content: &mut Content, _limits: &Limits) -> Listing {
    let start = content.read_at(0, 512).unwrap_or_default();
    let Some(meta) = Meta::read(&start) else {
        return Listing::warning(
            "This RPM database is no hash of Berkeley DB that can be read, so no package of it is assessed.",
        );
    };
    let mut gathered = Gathered::default();
    let mut pages = Pages::new(content, meta.page_size, None);
    if pages.count() <= u64::from(meta.last_page) {
        // The end of the file is missing.
        gathered.damage();
    }
    for index in 1..=u64::from(meta.last_page).min(pages.count().saturating_sub(1)) {
        let Some(page) = pages.page(index) else {
            gathered.damage();
            break;
        };
        match page[25] {
            HASH | HASH_UNSORTED => bucket(&page, meta.order, &mut pages, &mut gathered),
            UNUSED | OVERFLOW | HASH_META => {}
            _ => gathered.damage(),
        }
    }
    gathered.into_listing()
}

/// What the first page says of the file.
struct Meta {
    order: Order,
    page_size: usize,
    last_page: u32,
}

impl Meta {
    fn read(start: &[u8]) -> Option<Self> {
        const MAGIC: u32 = 0x0006_1561;
        let order =
            [Order::Little, Order::Big].into_iter().find(|order| order.long(start, 12) == Some(MAGIC))?;
        let page_size = usize::try_from(order.long(start, 20)?).ok()?;
        let sound = (512..=65536).contains(&page_size) && page_size.is_power_of_two();
        // RPM neither encrypts its pages nor has checksums in them.
        let plain = *start.get(24)? == 0 && start.get(26)? & 1 == 0;
        (sound && plain && *start.get(25)? == HASH_META).then_some(())?;
        Some(Self { order, page_size, last_page: order.long(start, 32)? })
    }
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn long(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }

    fn short(self, bytes: &[u8], at: usize) -> Option<usize> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(usize::from(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }))
    }
}

/// Reads the pairs of key and value on one page.
fn bucket(page: &[u8], order: Order, pages: &mut Pages<'_>, gathered: &mut Gathered) {
    let count = order.short(page, 20).unwrap_or(0);
    for key in (0..count).step_by(2) {
        if pages.is_spent() {
            return gathered.damage();
        }
        match (item(page, order, key), item(page, order, key + 1)) {
            // The number 0 is no package's: its value is the last number that was given.
            (Some([KEY_DATA, 0, 0, 0, 0]), _) => {}
            (Some([KEY_DATA, _, _, _, _]), Some(value)) => match value.split_first() {
                Some((&KEY_DATA, header)) => gathered.add(header),
                Some((&OFF_PAGE, _)) => match off_page(value, order, pages) {
                    Some(header) => gathered.add(&header),
                    None => gathered.damage(),
                },
                _ => gathered.damage(),
            },
            _ => gathered.damage(),
        }
    }
}

/// The item with its type: it ends where the one before begins, the first at the end of the page.
fn item(page: &[u8], order: Order, index: usize) -> Option<&[u8]> {
    let place = |index: usize| order.short(page, PAGE_HEADER + 2 * index);
    let end = if index == 0 { page.len() } else { place(index - 1)? };
    page.get(place(index)?..end)
}

/// A value on pages of its own.
fn off_page(item: &[u8], order: Order, pages: &mut Pages<'_>) -> Option<Vec<u8>> {
    let mut next = order.long(item, 4)?;
    let length = usize::try_from(order.long(item, 8)?).ok()?;
    if length > MAX_HEADER {
        return None;
    }
    // The length is a claim: what is there decides how much is allocated.
    let mut value = Vec::new();
    while value.len() < length && next != 0 {
        let page = pages.page(u64::from(next))?;
        let end = PAGE_HEADER.checked_add(order.short(&page, 22)?)?;
        if page[25] != OVERFLOW {
            return None;
        }
        value.extend_from_slice(page.get(PAGE_HEADER..end)?);
        next = order.long(&page, 16)?;
    }
    (value.len() == length).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cut, damaged};
    use super::*;

    const LITTLE: &[u8] = include_bytes!("../../../fixtures/rpm-bdb/root/var/lib/rpm/Packages");
    const BIG: &[u8] = include_bytes!("../../../fixtures/rpm-bdb/big-endian/Packages");

    fn read(bytes: &[u8]) -> Listing {
        parse("", &mut Content::from(bytes.to_vec()), &Limits::default())
    }

    #[test]
    fn trap_both_byte_orders_say_the_same() {
        let (mut little, mut big) = (read(LITTLE), read(BIG));
        little.packages.sort();
        big.packages.sort();
        assert_eq!(little.packages.len(), 7);
        assert_eq!(little, big);
    }

    #[test]
    fn a_damaged_database_tells_packages_or_a_warning() {
        damaged(LITTLE, read);
        cut(LITTLE, read);
    }

    #[test]
    fn a_value_whose_pages_form_a_loop_is_damage() {
        let mut file = LITTLE.to_vec();
        for page in file.chunks_exact_mut(4096).filter(|page| page[25] == OVERFLOW) {
            let own = page[8..12].to_vec();
            page[16..20].copy_from_slice(&own);
        }
        let found = read(&file);
        assert_eq!(found.warnings.len(), 1);
    }
}
