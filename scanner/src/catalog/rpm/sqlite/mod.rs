//! RPM's database in SQLite (sqlite.org/fileformat2.html): the table `Packages` holds one header in each row.
//!
//! Only the tables' own trees are read. The indexes, some of them tables themselves, are of no use here.

mod log;
mod record;
mod tree;

use super::super::Listing;
use super::gather::Gathered;
use super::pages::Pages;
use crate::Limits;
use crate::content::Content;
pub(super) use log::Log;
use record::column;
use tree::rows;

/// Reads the packages of the database, with the changes in its write-ahead log.
pub(super) fn parse(
    _path: &str,
    content: &mut Content,
    log: Option<&mut Content>,
    _limits: &Limits,
) -> Listing {
    let mut log = log.and_then(Log::read);
    let first = log.as_mut().and_then(|log| log.page(1));
    let start = first.unwrap_or_else(|| content.read_at(0, HEADER).unwrap_or_default());
    let sizes = sizes(&start);
    let Some((page_size, usable)) =
        sizes.filter(|(size, _)| log.as_ref().is_none_or(|log| log.page_size() == *size))
    else {
        return Listing::warning(
            "This RPM database is no SQLite file that can be read, so no package of it is assessed.",
        );
    };
    let mut pages = Pages::new(content, page_size, log);
    let mut root = None;
    let mut damaged = false;
    rows(&mut pages, usable, 1, |row| match row {
        Some(row) => root = root.or_else(|| root_of_packages(&row)),
        None => damaged = true,
    });
    let Some(root) = root else {
        let why = if damaged { "is damaged" } else { "has no table of packages" };
        return Listing::warning(format!("This RPM database {why}, so no package of it is assessed."));
    };
    let mut gathered = Gathered::default();
    rows(&mut pages, usable, root, |row| match row.as_deref().and_then(header) {
        Some(header) => gathered.add(header),
        None => gathered.damage(),
    });
    gathered.into_listing()
}

/// Bytes of the file's header.
const HEADER: usize = 100;

/// Bytes of a page, and those of them that SQLite uses.
fn sizes(header: &[u8]) -> Option<(usize, usize)> {
    let size = match u16::from_be_bytes([*header.get(16)?, *header.get(17)?]) {
        1 => 65536,
        size => usize::from(size),
    };
    let usable = size.checked_sub(usize::from(*header.get(20)?))?;
    let sound = header.starts_with(b"SQLite format 3\0") && size.is_power_of_two() && usable >= 480;
    sound.then_some((size, usable))
}

/// The root page, when a row of the schema describes the table of packages.
fn root_of_packages(row: &[u8]) -> Option<u32> {
    let (kind, name) = (column(row, 0)?.text()?, column(row, 1)?.text()?);
    let wanted = kind == b"table" && name.eq_ignore_ascii_case(b"Packages");
    wanted.then(|| column(row, 3)?.number()).flatten()
}

/// The header in a row of the table: its number is the row's own, so the header is what the second column holds.
fn header(row: &[u8]) -> Option<&[u8]> {
    column(row, 1)?.blob()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cut, damaged};
    use super::*;

    const FILE: &[u8] =
        include_bytes!("../../../../fixtures/rpm-sqlite/root/usr/lib/sysimage/rpm/rpmdb.sqlite");

    fn read(bytes: &[u8]) -> Listing {
        read_with(bytes, None)
    }

    /// What a database tells with its log.
    pub fn read_with(file: &[u8], log: Option<&[u8]>) -> Listing {
        let mut log = log.map(|log| Content::from(log.to_vec()));
        parse("", &mut Content::from(file.to_vec()), log.as_mut(), &Limits::default())
    }

    #[test]
    fn a_damaged_database_tells_packages_or_a_warning() {
        damaged(FILE, read);
        cut(FILE, read);
    }

    #[test]
    fn what_is_no_database_of_rpm_is_a_warning() {
        for file in [&b""[..], b"SQLite format 3\0", &FILE[..99], &[0; 4096]] {
            assert_eq!(read(file).warnings.len(), 1);
        }
        let mut other = FILE.to_vec();
        let name = other.windows(14).position(|window| window == b"\x17tablePackages").unwrap_or(0);
        other[name + 8] = b'X';
        assert!(read(&other).warnings[0].contains("no package of it is assessed"));
    }

    #[test]
    fn pages_that_lead_to_each_other_end() {
        let mut file = FILE.to_vec();
        // Every page becomes an inner one whose only child is itself.
        for (index, page) in file.chunks_exact_mut(4096).enumerate().skip(1) {
            page[0] = 5;
            page[3..5].copy_from_slice(&[0, 0]);
            page[8..12].copy_from_slice(&u32::try_from(index + 1).unwrap().to_be_bytes());
        }
        assert_eq!(read(&file).warnings.len(), 1);
    }
}
