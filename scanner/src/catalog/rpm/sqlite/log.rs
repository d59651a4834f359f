//! SQLite's write-ahead log (sqlite.org/fileformat2.html, section 4): pages that were committed and are not in the
//! database file yet. A process that is ended before it closes the database leaves one behind.

use std::collections::HashMap;

use crate::content::Content;

/// Bytes of the log's header, and of that of each frame.
const HEADER: usize = 32;
const FRAME: usize = 24;

/// The committed pages of a log.
pub(in super::super) struct Log<'a> {
    content: &'a mut Content,
    page_size: usize,
    frames: HashMap<u32, u64>,
    pages: u32,
}

impl<'a> Log<'a> {
    /// The log's committed pages; `None` when it has none. As in SQLite, the first frame whose checksum or salt is not
    /// right ends it: what comes then is left from earlier use.
    pub(super) fn read(content: &'a mut Content) -> Option<Self> {
        let header = content.read_at(0, HEADER).ok()?;
        let word = |bytes: &[u8], at: usize| Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
        let (magic, size) = (word(&header, 0)?, word(&header, 8)?);
        let big = match magic {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return None,
        };
        let page_size = usize::try_from(size).ok()?;
        if !(512..=65536).contains(&page_size) || !page_size.is_power_of_two() {
            return None;
        }
        let mut sum = Checksum { big, first: 0, second: 0 };
        sum.add(&header[..24]);
        if !sum.is(&header[24..]) {
            return None;
        }
        let (mut frames, mut uncommitted, mut pages) = (HashMap::new(), Vec::new(), 0);
        let mut offset = HEADER as u64;
        loop {
            let frame = content.read_at(offset, FRAME + page_size).ok()?;
            if frame.len() < FRAME + page_size || frame[8..16] != header[16..24] {
                break;
            }
            sum.add(&frame[..8]);
            sum.add(&frame[FRAME..]);
            if !sum.is(&frame[16..FRAME]) {
                break;
            }
            uncommitted.push((word(&frame, 0)?, offset + FRAME as u64));
            // The last frame of a transaction says how many pages the database has from then on.
            let committed = word(&frame, 4)?;
            if committed != 0 {
                frames.extend(uncommitted.drain(..));
                pages = committed;
            }
            offset += frame.len() as u64;
        }
        (!frames.is_empty()).then_some(Self { content, page_size, frames, pages })
    }

    /// Bytes of a page.
    pub(super) fn page_size(&self) -> usize {
        self.page_size
    }

    /// How many pages the database has with the log.
    pub(in super::super) fn pages(&self) -> u32 {
        self.pages
    }

    /// The page with this number as the log has it last; `None` when the database's own counts.
    pub(in super::super) fn page(&mut self, number: u32) -> Option<Vec<u8>> {
        let offset = *self.frames.get(&number)?;
        self.content.read_at(offset, self.page_size).ok()
    }
}

/// The checksum that runs through header and frames.
struct Checksum {
    big: bool,
    first: u32,
    second: u32,
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let word =
            |bytes: [u8; 4]| if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        let (mut first, mut second) = (self.first, self.second);
        for pair in bytes.chunks_exact(8) {
            first = first.wrapping_add(word([pair[0], pair[1], pair[2], pair[3]])).wrapping_add(second);
            second = second.wrapping_add(word([pair[4], pair[5], pair[6], pair[7]])).wrapping_add(first);
        }
        (self.first, self.second) = (first, second);
    }

    fn is(&self, stored: &[u8]) -> bool {
        stored == [self.first.to_be_bytes(), self.second.to_be_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read_with;
    use super::*;

    const FILE: &[u8] = include_bytes!("../../../../fixtures/rpm-sqlite/unwritten/rpmdb.sqlite");
    const LOG: &[u8] = include_bytes!("../../../../fixtures/rpm-sqlite/unwritten/rpmdb.sqlite-wal");

    fn names(file: &[u8], log: Option<&[u8]>) -> Vec<String> {
        let found = read_with(file, log);
        assert_eq!(found.warnings, Vec::<String>::new());
        let mut names: Vec<_> = found.packages.into_iter().map(|package| package.name).collect();
        names.sort();
        names
    }

    const BEFORE: [&str; 6] =
        ["kernel-core", "kernel-core", "npm", "openssl-libs", "python3-requests", "systemd-libs"];
    const AFTER: [&str; 6] =
        ["docker-ce-cli", "kernel-core", "kernel-core", "openssl-libs", "python3-requests", "systemd-libs"];

    #[test]
    fn trap_a_log_that_was_not_checkpointed_counts() {
        assert_eq!(names(FILE, None), BEFORE);
        assert_eq!(names(FILE, Some(LOG)), AFTER);
        assert_eq!(names(FILE, Some(b"")), BEFORE);
    }

    #[test]
    fn a_damaged_log_ends_where_the_damage_is() {
        let mut seen = std::collections::BTreeSet::new();
        for place in (0..LOG.len()).step_by(97) {
            let mut log = LOG.to_vec();
            log[place] ^= 0x80;
            seen.insert(names(FILE, Some(&log)));
            seen.insert(names(FILE, Some(&LOG[..place])));
        }
        // Between the two transactions npm is gone and docker-ce-cli not there yet; no other state is ever seen.
        assert!(seen.len() <= 3 && seen.contains(&BEFORE.map(str::to_owned)[..]), "{seen:?}");
        assert!(!seen.contains(&AFTER.map(str::to_owned)[..]));
    }

    /// A log of these frames, each as page number, size of the database when it commits, and the byte it is full of.
    fn log_of(big: bool, frames: &[(u32, u32, u8)]) -> Vec<u8> {
        let mut sum = Checksum { big, first: 0, second: 0 };
        let summed = |sum: &Checksum| [sum.first.to_be_bytes(), sum.second.to_be_bytes()].concat();
        let words = [0x377f_0682 + u32::from(big), 3_007_000, 512, 0, 7, 8];
        let mut log = words.map(u32::to_be_bytes).concat();
        sum.add(&log);
        log.extend(summed(&sum));
        for (page, committed, byte) in frames {
            let start = [page.to_be_bytes(), committed.to_be_bytes()].concat();
            let content = [*byte; 512];
            sum.add(&start);
            sum.add(&content);
            log.extend(
                [&start[..], &words[4].to_be_bytes(), &words[5].to_be_bytes(), &summed(&sum), &content]
                    .concat(),
            );
        }
        log
    }

    #[test]
    fn the_last_committed_frame_of_a_page_counts() {
        for big in [false, true] {
            let frames = [(2, 0, 1), (3, 9, 2), (2, 8, 3), (3, 0, 4)];
            let mut content = Content::from(log_of(big, &frames));
            let mut log = Log::read(&mut content).unwrap();
            assert_eq!((log.pages(), log.page(1)), (8, None));
            assert_eq!((log.page(2), log.page(3)), (Some(vec![3; 512]), Some(vec![2; 512])));
            let mut content = Content::from(log_of(big, &frames[..1]));
            assert!(Log::read(&mut content).is_none(), "nothing is committed");
        }
    }

    #[test]
    fn a_log_of_other_pages_than_the_database_has_is_damage() {
        assert_eq!(read_with(FILE, Some(&log_of(false, &[(2, 9, 1)]))).warnings.len(), 1);
    }
}
