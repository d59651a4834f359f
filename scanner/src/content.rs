//! The content of one file of an image, held for reading at any place: in memory, or beyond a bound in a nameless file
//! of the folder that the caller gave. No layer or image is ever copied, only single files.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use crate::Limits;

/// A file's content for random access.
#[derive(Debug)]
pub struct Content {
    held: Held,
    len: u64,
}

#[derive(Debug)]
enum Held {
    Memory(Cursor<Vec<u8>>),
    Spool(File),
}

/// Why a file was not held.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// It is larger than what is held of one file.
    #[error("has {size} bytes, more than the {limit} that are read of one file")]
    TooLarge {
        /// Its bytes.
        size: u64,
        /// The bound.
        limit: u64,
    },
    /// It has more bytes than are held of one file; how many, only its end would tell.
    #[error("has more than the {limit} bytes that are read of one file")]
    Endless {
        /// The bound.
        limit: u64,
    },
    /// It cannot be written to the folder for large files.
    #[error("has {size} bytes and cannot be held in the data folder while it is read ({error})")]
    Spool {
        /// Its bytes.
        size: u64,
        /// Why.
        error: io::Error,
    },
    /// The reader of the layer failed.
    #[error(transparent)]
    Read(#[from] io::Error),
}

impl Content {
    /// Holds the `size` bytes that `reader` still has.
    ///
    /// # Errors
    /// When they are too many, the folder for large files cannot be written, or the reader fails.
    pub fn hold(reader: &mut impl Read, size: u64, limits: &Limits) -> Result<Self, ContentError> {
        Self::hold_in(&mut Vec::new(), reader, size, limits)
    }

    /// Holds the `size` bytes that `reader` still has, in the memory of `buffer`, which is empty afterwards. For files that
    /// come by the thousand: [`Content::give_back`] lets the next one use the same memory.
    ///
    /// # Errors
    /// When they are too many, the folder for large files cannot be written, or the reader fails.
    pub fn hold_in(
        buffer: &mut Vec<u8>,
        reader: &mut impl Read,
        size: u64,
        limits: &Limits,
    ) -> Result<Self, ContentError> {
        if size > limits.file_bytes {
            return Err(ContentError::TooLarge { size, limit: limits.file_bytes });
        }
        if size <= limits.memory_bytes {
            let mut bytes = std::mem::take(buffer);
            bytes.clear();
            bytes.reserve_exact(usize::try_from(size).unwrap_or(0));
            reader.read_to_end(&mut bytes)?;
            return Ok(Self::from(bytes));
        }
        let Some(folder) = &limits.spool_folder else {
            return Err(ContentError::TooLarge { size, limit: limits.memory_bytes });
        };
        let spool = |error| ContentError::Spool { size, error };
        let mut file = tempfile::tempfile_in(folder).map_err(spool)?;
        let mut buffer = vec![0; 64 << 10];
        let mut len = 0;
        loop {
            let read = reader.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            file.write_all(&buffer[..read]).map_err(spool)?;
            len += read as u64;
        }
        file.rewind().map_err(spool)?;
        Ok(Self { held: Held::Spool(file), len })
    }

    /// Holds all that `reader` gives, of which nobody knows how much it is, in the memory of `buffer` as
    /// [`Content::hold_in`] does. Where the reader fails, what came before is held, and the failure returned beside it.
    ///
    /// # Errors
    /// When it gives too much, or the folder for large files cannot be written.
    pub(crate) fn hold_stream(
        buffer: &mut Vec<u8>,
        reader: &mut impl Read,
        limits: &Limits,
    ) -> Result<(Self, Option<io::Error>), ContentError> {
        buffer.clear();
        // Each bound is passed by a byte before it is known to be passed.
        let most = limits.memory_bytes.min(limits.file_bytes);
        let broken = reader.by_ref().take(most.saturating_add(1)).read_to_end(buffer).err();
        let size = buffer.len() as u64;
        if size <= most {
            return Ok((Self::from(std::mem::take(buffer)), broken));
        }
        let Some(folder) = limits.spool_folder.as_ref().filter(|_| size <= limits.file_bytes) else {
            return Err(ContentError::Endless { limit: most });
        };
        let spool = |error| ContentError::Spool { size, error };
        let mut file = tempfile::tempfile_in(folder).map_err(spool)?;
        file.write_all(buffer).map_err(spool)?;
        let mut len = size;
        let mut broken = broken;
        while broken.is_none() {
            buffer.resize(64 << 10, 0);
            match reader.read(buffer) {
                Ok(0) => break,
                Ok(read) => {
                    len += read as u64;
                    if len > limits.file_bytes {
                        return Err(ContentError::Endless { limit: limits.file_bytes });
                    }
                    file.write_all(&buffer[..read]).map_err(spool)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => broken = Some(error),
            }
        }
        file.rewind().map_err(spool)?;
        Ok((Self { held: Held::Spool(file), len }, broken))
    }

    /// Gives the memory back to the `buffer` that it was taken from.
    pub fn give_back(self, buffer: &mut Vec<u8>) {
        if let Held::Memory(bytes) = self.held {
            *buffer = bytes.into_inner();
        }
    }

    /// Bytes of the file.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The whole file as a slice, when it lies in memory.
    pub fn in_memory(&self) -> Option<&[u8]> {
        match &self.held {
            Held::Memory(bytes) => Some(bytes.get_ref()),
            Held::Spool(_) => None,
        }
    }

    /// Reads the whole file, for parsers that need it as one slice.
    ///
    /// # Errors
    /// When the spool file cannot be read.
    pub fn into_bytes(self) -> io::Result<Vec<u8>> {
        match self.held {
            Held::Memory(bytes) => Ok(bytes.into_inner()),
            Held::Spool(mut file) => {
                let mut bytes = Vec::new();
                file.rewind()?;
                file.read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    /// Reads `length` bytes at `offset`; fewer where the file ends before.
    ///
    /// # Errors
    /// When the spool file cannot be read.
    pub fn read_at(&mut self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        // What a hostile header asks for is bounded by what is there.
        let there = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(length.min(there));
        self.seek(SeekFrom::Start(offset))?;
        self.take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self { len: bytes.len() as u64, held: Held::Memory(Cursor::new(bytes)) }
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.held {
            Held::Memory(bytes) => bytes.read(buffer),
            Held::Spool(file) => file.read(buffer),
        }
    }
}

impl Seek for Content {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match &mut self.held {
            Held::Memory(bytes) => bytes.seek(position),
            Held::Spool(file) => file.seek(position),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(folder: Option<&std::path::Path>) -> Limits {
        Limits { memory_bytes: 4, file_bytes: 100, spool_folder: folder.map(Into::into), ..Limits::default() }
    }

    #[test]
    fn a_large_file_lies_in_the_given_folder_without_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut content = Content::hold(&mut &b"0123456789"[..], 10, &limits(Some(folder.path()))).unwrap();
        assert!(content.in_memory().is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(content.read_at(3, 4).unwrap(), b"3456");
        assert_eq!(content.read_at(8, usize::MAX).unwrap(), b"89");
        assert_eq!(content.read_at(80, 4).unwrap(), b"");
        assert_eq!(content.into_bytes().unwrap(), b"0123456789");
    }

    #[test]
    fn a_small_file_lies_in_memory_and_bounds_are_errors() {
        assert_eq!(
            Content::hold(&mut &b"0123"[..], 4, &limits(None)).unwrap().in_memory(),
            Some(&b"0123"[..])
        );
        for (size, folder) in [(5, None), (101, Some(std::path::Path::new("/")))] {
            let refused = Content::hold(&mut io::repeat(0), size, &limits(folder));
            assert!(matches!(refused, Err(ContentError::TooLarge { .. })), "{size}");
        }
    }
}
