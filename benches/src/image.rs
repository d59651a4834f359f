//! Image archives of any size with the same packages.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use lazaret_scanner::testing::{LayerBuilder, TarBuilder};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Bytes of each file that fills the image.
const FILE_BYTES: u64 = 1 << 20;
/// Packages of the distribution.
const PACKAGES: usize = 400;

/// Writes what `docker save` would of an image of some `megabytes`: a layer with packages and a layer of programs.
pub fn write(path: &Path, megabytes: u64) -> io::Result<()> {
    let packages = LayerBuilder::new()
        .os_release("debian", "12", "Debian GNU/Linux 12 (bookworm)")
        .file("var/lib/dpkg/status", status(PACKAGES))
        .build();
    let mut hasher = Hashed { sink: io::sink(), hasher: Sha256::new() };
    io::copy(&mut Filling::new(megabytes), &mut hasher)?;
    let large = hex::encode(hasher.hasher.finalize());
    let small = hex::encode(Sha256::digest(&packages));
    let config = json!({
        "architecture": "amd64", "os": "linux",
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{small}"), format!("sha256:{large}")] },
    })
    .to_string();
    let name = format!("{}.json", hex::encode(Sha256::digest(config.as_bytes())));
    let manifest = json!([{ "Config": name, "RepoTags": [format!("bench:{megabytes}")],
        "Layers": ["small/layer.tar", "large/layer.tar"] }])
    .to_string();

    let mut out = BufWriter::new(File::create(path)?);
    entry(&mut out, "small/layer.tar", packages.len() as u64, &mut packages.as_slice())?;
    entry(&mut out, "large/layer.tar", Filling::size(megabytes), &mut Filling::new(megabytes))?;
    entry(&mut out, &name, config.len() as u64, &mut config.as_bytes())?;
    entry(&mut out, "manifest.json", manifest.len() as u64, &mut manifest.as_bytes())?;
    out.write_all(&[0; 1024])?;
    out.flush()
}

/// A dpkg database.
pub fn status(packages: usize) -> String {
    let mut text = String::new();
    for number in 0..packages {
        let _ = write!(
            text,
            "Package: lib{number}\nStatus: install ok installed\nPriority: optional\nArchitecture: amd64\n\
             Source: source{} (1.{number}-1)\nVersion: 1.{number}-1+b1\nDescription: library {number}\n \
             Some lines of text that nobody reads.\n\n",
            number / 3
        );
    }
    text
}

fn entry(out: &mut impl Write, name: &str, size: u64, content: &mut impl Read) -> io::Result<()> {
    out.write_all(&header(name, size))?;
    io::copy(content, out)?;
    out.write_all(&vec![0; usize::try_from(size.next_multiple_of(512) - size).unwrap_or(0)])
}

/// A tar header without its data.
fn header(name: &str, size: u64) -> [u8; 512] {
    let built = TarBuilder::new().file(name, b"").build();
    let mut block: [u8; 512] = [0; 512];
    block.copy_from_slice(&built[..512]);
    block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// The tar of the large layer, made as it is read.
struct Filling {
    files: u64,
    written: u64,
    /// What of the present block was not read yet.
    pending: Vec<u8>,
}

impl Filling {
    fn new(megabytes: u64) -> Self {
        Self { files: megabytes, written: 0, pending: Vec::new() }
    }

    fn size(megabytes: u64) -> u64 {
        megabytes * (512 + FILE_BYTES) + 1024
    }
}

impl Read for Filling {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.pending.is_empty() {
            match self.written.cmp(&self.files) {
                Ordering::Less => {
                    self.pending = header(&format!("usr/bin/program{}", self.written), FILE_BYTES).to_vec();
                    // No two files alike, and nothing that packs.
                    let mut state = self.written.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
                    for _ in 0..FILE_BYTES / 8 {
                        state ^= state << 13;
                        state ^= state >> 7;
                        state ^= state << 17;
                        self.pending.extend_from_slice(&state.to_le_bytes());
                    }
                }
                Ordering::Equal => self.pending = vec![0; 1024],
                Ordering::Greater => return Ok(0),
            }
            self.written += 1;
            self.pending.reverse();
        }
        let count = buffer.len().min(self.pending.len());
        for slot in &mut buffer[..count] {
            *slot = self.pending.pop().unwrap_or_default();
        }
        Ok(count)
    }
}

struct Hashed<W> {
    sink: W,
    hasher: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
