//! Readers that stop at a bound with an error, and decompression by what the bytes are, not by what they are called.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use liblzma::stream::Stream;

use crate::Limits;

/// Bytes that may come out of a decompressor before the ratio is looked at. They are streamed and cost no memory, and
/// honest layers have files of zeros that zstd packs ten thousandfold.
pub(crate) const RATIO_FREE_BYTES: u64 = 64 << 20;
/// Bytes read ahead to tell what a stream is: one tar block.
const SNIFF_BYTES: usize = 512;

/// A reason to stop that travels through `std::io::Error`.
#[derive(Debug, Clone)]
pub(crate) enum Stop {
    /// The caller asked for it.
    Cancelled,
    /// A limit was reached; the text says which.
    Limit(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("cancelled"),
            Self::Limit(limit) => f.write_str(limit),
        }
    }
}

impl std::error::Error for Stop {}

impl From<Stop> for io::Error {
    fn from(stop: Stop) -> Self {
        Self::other(stop)
    }
}

/// The stop that an I/O error carries, however deep decompressors wrapped it.
pub(crate) fn stop_of(error: &io::Error) -> Option<&Stop> {
    let inner = error.get_ref()?;
    if let Some(stop) = inner.downcast_ref::<Stop>() {
        return Some(stop);
    }
    inner.downcast_ref::<io::Error>().and_then(stop_of)
}

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
}

impl Packing {
    /// The compression of a stream that begins with `head` (RFC 1952, RFC 8878, the xz file format 1.2, bzip2 1.0).
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [b'B', b'Z', b'h', ..] => Some(Self::Bzip2),
            _ => None,
        }
    }
}

/// What the first bytes of a stream say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Gzip,
    Zstd,
    Tar,
    Json,
    Empty,
    /// Compressed by something that images do not use, by its name.
    Foreign(&'static str),
    Unknown,
}

/// Tells the form of a stream that begins with `head`.
pub(crate) fn form_of(head: &[u8]) -> Form {
    match Packing::of(head) {
        Some(Packing::Gzip) => return Form::Gzip,
        Some(Packing::Zstd) => return Form::Zstd,
        Some(Packing::Xz) => return Form::Foreign("xz"),
        Some(Packing::Bzip2) => return Form::Foreign("bzip2"),
        None => {}
    }
    match head {
        [] => Form::Empty,
        [b'P', b'K', 3, 4, ..] => Form::Foreign("zip"),
        _ if head.len() >= SNIFF_BYTES && is_tar_block(&head[..SNIFF_BYTES]) => Form::Tar,
        _ => match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[') => Form::Json,
            _ => Form::Unknown,
        },
    }
}

fn is_tar_block(block: &[u8]) -> bool {
    // An archive of nothing is two zero blocks.
    block.iter().all(|byte| *byte == 0) || crate::tarball::checksum_holds(block)
}

/// A reader with its first bytes read ahead, so that they can be looked at and still be read.
pub(crate) struct Sniffed<R> {
    head: io::Cursor<Vec<u8>>,
    rest: R,
}

impl<R: Read> Sniffed<R> {
    pub(crate) fn new(mut reader: R) -> io::Result<Self> {
        let mut head = Vec::with_capacity(SNIFF_BYTES);
        reader.by_ref().take(SNIFF_BYTES as u64).read_to_end(&mut head)?;
        Ok(Self { head: io::Cursor::new(head), rest: reader })
    }

    pub(crate) fn form(&self) -> Form {
        form_of(self.head.get_ref())
    }
}

impl<R: Read> Read for Sniffed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.read(buffer)? {
            0 => self.rest.read(buffer),
            read => Ok(read),
        }
    }
}

/// Memory of a decompressor, which zstd allows by itself and `xz -9` and `zstd --ultra` need: 128 MiB.
pub(crate) const UNPACKING_MEMORY_LOG: u32 = 27;

/// Uncompresses what is gzip (all members) or zstd (all frames) and passes on everything else.
pub(crate) fn uncompressed<'a, R: Read + 'a>(
    reader: Sniffed<R>,
    limits: &Limits,
) -> io::Result<Box<dyn Read + 'a>> {
    match reader.form() {
        Form::Gzip => unpacked(Packing::Gzip, reader, limits.ratio, UNPACKING_MEMORY_LOG),
        Form::Zstd => unpacked(Packing::Zstd, reader, limits.ratio, UNPACKING_MEMORY_LOG),
        _ => Ok(Box::new(reader)),
    }
}

/// Uncompresses all members, frames or streams of what `reader` gives, with at most two to the power of `memory_log` bytes
/// of memory.
pub(crate) fn unpacked<'a>(
    packing: Packing,
    reader: impl Read + 'a,
    ratio: u64,
    memory_log: u32,
) -> io::Result<Box<dyn Read + 'a>> {
    let packed = Rc::new(Cell::new(0));
    let failed = Rc::new(Cell::new(false));
    let counted = Counted { reader, count: Rc::clone(&packed), failed: Rc::clone(&failed) };
    let counted = BufReader::with_capacity(64 << 10, counted);
    let inner: Box<dyn Read + 'a> = match packing {
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(counted)),
        Packing::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(counted)?;
            decoder.window_log_max(memory_log)?;
            Box::new(decoder)
        }
        Packing::Xz => {
            let decoder = Stream::new_stream_decoder(1 << memory_log, liblzma::stream::CONCATENATED)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(counted, decoder))
        }
        Packing::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(counted)),
    };
    Ok(Box::new(Unpacked { inner, packed, failed, count: 0, ratio }))
}

struct Counted<R> {
    reader: R,
    count: Rc<Cell<u64>>,
    failed: Rc<Cell<bool>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer).inspect_err(|_| self.failed.set(true))?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

struct Unpacked<'a> {
    inner: Box<dyn Read + 'a>,
    packed: Rc<Cell<u64>>,
    /// Whether the packed bytes could not be had, as against could not be unpacked.
    failed: Rc<Cell<bool>>,
    count: u64,
    ratio: u64,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer).map_err(|error| {
            // The decompressors do not agree on a kind for bytes that break their format.
            if self.failed.get() || error.kind() == io::ErrorKind::UnexpectedEof {
                error
            } else {
                io::Error::new(io::ErrorKind::InvalidData, error)
            }
        })?;
        self.count += read as u64;
        if self.count > RATIO_FREE_BYTES && self.count / self.ratio.max(1) > self.packed.get() {
            return Err(Stop::Limit(format!(
                "it unpacks to more than {} times its size, which is what a decompression bomb does",
                self.ratio
            ))
            .into());
        }
        Ok(read)
    }
}
