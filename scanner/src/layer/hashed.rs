//! A reader that hashes what passes, on a thread of its own: hashing takes as long as all else together.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use sha2::{Digest as _, Sha256};

use crate::Digest;
use crate::bounded::Stop;

/// Bytes that are read and hashed at once.
const CHUNK: usize = 256 << 10;
/// Chunks that wait to be hashed; then reading waits.
const WAITING: usize = 8;

/// Bytes on their way, and how many of the buffer they are.
type Chunk = (Arc<Vec<u8>>, usize);

/// Hashes and counts what is read through it.
pub(super) struct Hashed<R> {
    reader: R,
    chunk: Arc<Vec<u8>>,
    position: usize,
    length: usize,
    count: u64,
    limit: u64,
    to_hash: SyncSender<Chunk>,
    spare: Receiver<Arc<Vec<u8>>>,
    hasher: JoinHandle<Sha256>,
}

impl<R: Read> Hashed<R> {
    /// Reads at most `limit` bytes; more are an error.
    pub(super) fn new(reader: R, limit: u64) -> io::Result<Self> {
        let (to_hash, waiting) = sync_channel(WAITING);
        let (give_back, spare) = channel();
        let hasher = Builder::new().name("layer-hash".into()).spawn(move || hash(&waiting, &give_back))?;
        Ok(Self {
            reader,
            chunk: Arc::default(),
            position: 0,
            length: 0,
            count: 0,
            limit,
            to_hash,
            spare,
            hasher,
        })
    }

    /// Reads what is left, and gives the digest and the number of all bytes.
    pub(super) fn finish(mut self) -> io::Result<(Digest, u64)> {
        loop {
            let length = self.fill_buf()?.len();
            if length == 0 {
                break;
            }
            self.consume(length);
        }
        drop(self.to_hash);
        let hasher = self.hasher.join().map_err(|_| io::Error::other("the thread that hashes died"))?;
        Ok((Digest::from_hasher(hasher), self.count))
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        // Let go of the last chunk first, so that it can be used again once it is hashed.
        self.chunk = Arc::default();
        (self.position, self.length) = (0, 0);
        let used = self.spare.try_recv().ok().and_then(Arc::into_inner);
        let mut buffer = used.unwrap_or_else(|| vec![0; CHUNK]);
        let mut length = 0;
        while length < buffer.len() {
            match self.reader.read(&mut buffer[length..]) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.count += length as u64;
        if self.count > self.limit {
            let limit = format!("the layer has more than {} bytes uncompressed", self.limit);
            return Err(Stop::Limit(limit).into());
        }
        self.chunk = Arc::new(buffer);
        self.length = length;
        if length > 0 {
            let sent = self.to_hash.send((Arc::clone(&self.chunk), length));
            sent.map_err(|_| io::Error::other("the thread that hashes died"))?;
        }
        Ok(())
    }
}

fn hash(waiting: &Receiver<Chunk>, give_back: &Sender<Arc<Vec<u8>>>) -> Sha256 {
    let mut hasher = Sha256::new();
    for (chunk, length) in waiting {
        hasher.update(&chunk[..length]);
        // Nobody takes it back once reading has ended.
        let _ = give_back.send(chunk);
    }
    hasher
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Hashed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.length {
            self.next_chunk()?;
        }
        Ok(&self.chunk[self.position..self.length])
    }

    fn consume(&mut self, count: usize) {
        self.position = (self.position + count).min(self.length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_hashed_whether_they_were_asked_for_or_not() {
        let bytes: Vec<u8> = (0..3 * CHUNK + 17).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let mut hashed = Hashed::new(&bytes[..], u64::MAX).unwrap();
        let mut start = vec![0; CHUNK + 1];
        hashed.read_exact(&mut start).unwrap();
        assert_eq!(start, bytes[..=CHUNK]);
        let expected = Digest::from_hasher(Sha256::new_with_prefix(&bytes));
        assert_eq!(hashed.finish().unwrap(), (expected, bytes.len() as u64));
    }

    #[test]
    fn too_many_bytes_are_an_error() {
        let mut hashed = Hashed::new(io::repeat(1), 1 << 20).unwrap();
        assert!(io::copy(&mut hashed, &mut io::sink()).is_err());
    }
}
