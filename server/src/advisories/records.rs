//! Reads record files one by one from a zip or a folder.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use zip::ZipArchive;

use super::error::AdvisoryError;
use super::source::{Files, is_record};

/// Bytes of one record that are read; the largest public ones have some hundred thousand.
const RECORD_BYTES: u64 = 16 << 20;

/// What a reader of record files is told: the file's name, its bytes or why they could not be read, and how many
/// files there are in all. `false` ends the reading.
pub type Visit<'a> = dyn FnMut(&str, Result<&[u8], String>, u64) -> bool + 'a;

/// Shows every record file to `visit`. A damaged container is an error; a damaged record is the visitor's to judge.
pub fn visit(files: &Files, ecosystem: &str, visit: &mut Visit<'_>) -> Result<(), AdvisoryError> {
    let io = |path: &Path, source| AdvisoryError::Io { path: path.to_owned(), source };
    match files {
        Files::Zip(path) => visit_zip(File::open(path).map_err(|error| io(path, error))?, ecosystem, visit),
        Files::Folder(path) => {
            let entries = std::fs::read_dir(path).map_err(|error| io(path, error))?;
            let mut paths: Vec<_> =
                entries.flatten().map(|entry| entry.path()).filter(|p| is_record(p)).collect();
            paths.sort();
            let total = paths.len() as u64;
            for path in paths {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let mut bytes = Vec::new();
                let read =
                    File::open(&path).and_then(|file| file.take(RECORD_BYTES + 1).read_to_end(&mut bytes));
                let bytes = read.map_err(|error| error.to_string()).and_then(|_| bounded(&bytes));
                if !visit(&name, bytes, total) {
                    break;
                }
            }
            Ok(())
        }
    }
}

/// Shows every record member of a zip to `visit`.
pub fn visit_zip(zip: impl Read + Seek, ecosystem: &str, visit: &mut Visit<'_>) -> Result<(), AdvisoryError> {
    let bad = |reason: String| AdvisoryError::BadZip { ecosystem: ecosystem.to_owned(), reason };
    let mut archive = ZipArchive::new(zip).map_err(|error| bad(error.to_string()))?;
    let total = archive.len() as u64;
    let mut bytes = Vec::new();
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(|error| bad(error.to_string()))?;
        let name = String::from_utf8_lossy(member.name_raw()).into_owned();
        if !is_record(Path::new(&name)) {
            continue;
        }
        bytes.clear();
        // A wrong checksum or a cut member means that the whole zip is not what was published.
        let read = member.take(RECORD_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| bad(format!("{name}: {error}")))?;
        if !visit(&name, bounded(&bytes), total) {
            break;
        }
    }
    Ok(())
}

fn bounded(bytes: &[u8]) -> Result<&[u8], String> {
    if bytes.len() as u64 > RECORD_BYTES {
        return Err(format!("it is larger than the {RECORD_BYTES} bytes that a record may have"));
    }
    Ok(bytes)
}
