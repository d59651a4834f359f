//! A tar reader that holds no more than it was asked for.
//!
//! Header fields are read by the `tar` crate. Its iterator is not used: it reads a long-name record of any size into
//! memory, cannot tell a cut archive from a finished one, and does not seek.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use tar::{EntryType, Header};

const BLOCK: usize = 512;
/// Bytes of one GNU long-name or PAX record. Linux paths have at most 4096 bytes; the rest are extended attributes.
const RECORD_BYTES: u64 = 1 << 20;

/// Why a tar could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TarError {
    #[error("the tar ends within an entry, after {position} bytes")]
    Truncated { position: u64 },
    #[error("at byte {position} of the tar: {reason}")]
    Malformed { position: u64, reason: &'static str },
    #[error("{0}")]
    Limit(String),
    #[error(transparent)]
    Io(io::Error),
}

/// One entry of a tar.
#[derive(Debug)]
pub(crate) struct Member {
    /// The name, as written.
    pub path: Vec<u8>,
    /// The target of a link, as written.
    pub link: Vec<u8>,
    pub kind: EntryType,
    /// Its permission bits.
    pub mode: u32,
    /// Bytes of data in the tar.
    pub size: u64,
    /// Bytes of the file; differs from `size` for sparse files.
    pub file_size: u64,
    /// Whether data has holes left out.
    pub sparse: bool,
    /// Where its data begins.
    pub offset: u64,
}

/// Reads a tar entry by entry; between two calls of [`TarReader::advance`] it reads the data of the current entry.
pub(crate) struct TarReader<R> {
    reader: R,
    skip: fn(&mut R, u64) -> io::Result<()>,
    position: u64,
    remaining: u64,
    padding: u64,
    finished: bool,
}

impl<R: Read> TarReader<R> {
    /// Reads a stream.
    pub(crate) fn new(reader: R) -> Self {
        Self::with_skip(reader, skip_reading)
    }

    fn with_skip(reader: R, skip: fn(&mut R, u64) -> io::Result<()>) -> Self {
        Self { reader, skip, position: 0, remaining: 0, padding: 0, finished: false }
    }

    /// Whether the end marker was seen. A tar that just stops between entries has none.
    pub(crate) fn finished(&self) -> bool {
        self.finished
    }

    /// The reader, to read what follows the end marker.
    pub(crate) fn into_inner(self) -> R {
        self.reader
    }

    /// Goes to the next entry; `None` at the end.
    pub(crate) fn advance(&mut self) -> Result<Option<Member>, TarError> {
        let mut long_path = None;
        let mut long_link = None;
        let mut pax = BTreeMap::new();
        loop {
            let Some(header) = self.header()? else { return Ok(None) };
            let kind = header.entry_type();
            let mut size = header.entry_size().map_err(|_| self.malformed("its size is no number"))?;
            match kind {
                EntryType::GNULongName => long_path = Some(self.record(size)?),
                EntryType::GNULongLink => long_link = Some(self.record(size)?),
                EntryType::XHeader => pax = self.pax(size)?,
                // Applies to all that follow, and in practice carries comments alone.
                EntryType::XGlobalHeader => {
                    self.remaining = size;
                    self.padding = padding(size);
                }
                _ => {
                    let mut sparse = false;
                    let mut file_size = None;
                    if kind == EntryType::GNUSparse {
                        sparse = true;
                        let gnu = header.as_gnu();
                        file_size = gnu.and_then(|gnu| gnu.real_size().ok());
                        let mut extended = gnu.is_some_and(tar::GnuHeader::is_extended);
                        while extended {
                            let block = self.block()?.ok_or_else(|| self.truncated())?;
                            // struct sparse_header of GNU tar: 21 pieces of 24 bytes, then the flag.
                            extended = block[504] != 0;
                        }
                    }
                    if let Some(text) = pax.get("size") {
                        size = number(text).ok_or_else(|| self.malformed("its PAX size is no number"))?;
                    }
                    for key in ["GNU.sparse.realsize", "GNU.sparse.size"] {
                        if let Some(text) = pax.get(key) {
                            sparse = true;
                            file_size = number(text);
                        }
                    }
                    let path = pax
                        .remove("GNU.sparse.name")
                        .or_else(|| pax.remove("path"))
                        .or(long_path)
                        .unwrap_or_else(|| header.path_bytes().into_owned());
                    let link = pax
                        .remove("linkpath")
                        .or(long_link)
                        .or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned))
                        .unwrap_or_default();
                    // Links, directories and devices have no data whatever their size says (POSIX pax, ustar).
                    if !has_data(kind) {
                        size = 0;
                    }
                    self.remaining = size;
                    self.padding = padding(size);
                    return Ok(Some(Member {
                        path: until_nul(path),
                        link: until_nul(link),
                        kind,
                        mode: header.mode().unwrap_or(0),
                        size,
                        file_size: file_size.unwrap_or(size),
                        sparse,
                        offset: self.position,
                    }));
                }
            }
        }
    }

    /// The next header block that is none of zeros.
    fn header(&mut self) -> Result<Option<Header>, TarError> {
        let rest = self
            .remaining
            .checked_add(self.padding)
            .filter(|rest| self.position.checked_add(*rest).is_some())
            .ok_or_else(|| self.malformed("its size is beyond all bounds"))?;
        if rest > 0 {
            (self.skip)(&mut self.reader, rest).map_err(|error| self.classify(error))?;
            self.position += rest;
            (self.remaining, self.padding) = (0, 0);
        }
        let Some(block) = self.block()? else { return Ok(None) };
        if block.iter().all(|byte| *byte == 0) {
            self.finished = true;
            return Ok(None);
        }
        if !checksum_holds(&block) {
            return Err(self.malformed("a header's checksum is wrong"));
        }
        Ok(Some(Header::from_byte_slice(&block).clone()))
    }

    /// The next block; `None` when the tar ends exactly here.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < block.len() {
            match self.reader.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(self.truncated()),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.classify(error)),
            }
        }
        self.position += BLOCK as u64;
        Ok(Some(block))
    }

    fn record(&mut self, size: u64) -> Result<Vec<u8>, TarError> {
        if size > RECORD_BYTES {
            return Err(TarError::Limit(format!(
                "a name or attribute record has {size} bytes, more than the {RECORD_BYTES} that are read"
            )));
        }
        self.remaining = size;
        self.padding = padding(size);
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).map_err(|error| self.classify(error))?;
        Ok(bytes)
    }

    fn pax(&mut self, size: u64) -> Result<BTreeMap<String, Vec<u8>>, TarError> {
        let bytes = self.record(size)?;
        let mut records = BTreeMap::new();
        let mut rest = bytes.as_slice();
        // "LENGTH KEY=VALUE\n"; the value may hold any byte, so only LENGTH tells where it ends.
        while !rest.is_empty() {
            let broken = || self.malformed("a PAX record is broken");
            let space = rest.iter().position(|byte| *byte == b' ').ok_or_else(broken)?;
            let length = number(&rest[..space])
                .and_then(|length| usize::try_from(length).ok())
                .filter(|length| (space + 2..=rest.len()).contains(length))
                .ok_or_else(broken)?;
            let record = &rest[space + 1..length - 1];
            let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(broken)?;
            let key = String::from_utf8_lossy(&record[..equals]).into_owned();
            records.insert(key, record[equals + 1..].to_vec());
            rest = &rest[length..];
        }
        Ok(records)
    }

    fn truncated(&self) -> TarError {
        TarError::Truncated { position: self.position }
    }

    fn malformed(&self, reason: &'static str) -> TarError {
        TarError::Malformed { position: self.position, reason }
    }

    fn classify(&self, error: io::Error) -> TarError {
        if error.kind() == io::ErrorKind::UnexpectedEof { self.truncated() } else { TarError::Io(error) }
    }
}

impl<R: Read + Seek> TarReader<R> {
    /// Reads a file, seeking over the data that nobody asks for.
    pub(crate) fn seeking(reader: R) -> Self {
        Self::with_skip(reader, skip_seeking)
    }
}

impl<R: Read> Read for TarReader<R> {
    /// Reads data of the current entry; an entry that is shorter than its header says is an error.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.reader.read(&mut buffer[..wanted])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.remaining -= read as u64;
        self.position += read as u64;
        Ok(read)
    }
}

/// Whether a block is a tar header: its checksum counts its own field as spaces.
pub(crate) fn checksum_holds(block: &[u8]) -> bool {
    let Some(field) = block.get(148..156) else { return false };
    let digits: String = field
        .iter()
        .map(|byte| char::from(*byte))
        .skip_while(|c| *c == ' ')
        .take_while(char::is_ascii_digit)
        .collect();
    let Ok(expected) = i64::from_str_radix(&digits, 8) else { return false };
    let spaces = 8 * i64::from(b' ');
    let others = || block[..148].iter().chain(&block[156..]);
    let unsigned: i64 = others().map(|byte| i64::from(*byte)).sum();
    // Some old tars summed signed characters.
    let signed: i64 = others().map(|byte| i64::from(byte.cast_signed())).sum();
    expected == unsigned + spaces || expected == signed + spaces
}

fn has_data(kind: EntryType) -> bool {
    !matches!(
        kind,
        EntryType::Link
            | EntryType::Symlink
            | EntryType::Char
            | EntryType::Block
            | EntryType::Directory
            | EntryType::Fifo
    )
}

fn padding(size: u64) -> u64 {
    size.checked_next_multiple_of(BLOCK as u64).map_or(0, |end| end - size)
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
        bytes.truncate(end);
    }
    bytes
}

fn skip_reading<R: Read>(reader: &mut R, count: u64) -> io::Result<()> {
    let skipped = io::copy(&mut reader.take(count), &mut io::sink())?;
    if skipped < count { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

fn skip_seeking<R: Read + Seek>(reader: &mut R, count: u64) -> io::Result<()> {
    // Seeking beyond the end of a file succeeds; reading the last byte tells whether it is there.
    let last = i64::try_from(count - 1).map_err(|_| io::ErrorKind::UnexpectedEof)?;
    reader.seek(SeekFrom::Current(last))?;
    reader.read_exact(&mut [0])
}
