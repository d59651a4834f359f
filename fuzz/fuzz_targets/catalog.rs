//! Every package format: the first line is the path, the rest the file. A path that no format wants takes a format by
//! the number of its bytes, so that formats which look at contents alone (executables) have their turn.

#![no_main]

use lazaret_scanner::Limits;
use lazaret_scanner::catalog::{FORMATS, format_of, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let path = String::from_utf8_lossy(&data[..end]);
    let bytes = data.get(end + 1..).unwrap_or_default().to_vec();
    let format = format_of(&path).unwrap_or(FORMATS[end % FORMATS.len()]);
    // Small, so that the limits are reached.
    let limits = Limits { file_bytes: 1 << 20, memory_bytes: 1 << 20, ratio: 100, depth: 3, ..Limits::default() };
    let (file, _) = parse(format, &path, bytes.into(), &limits);
    for package in &file.packages {
        assert!(!package.name.is_empty(), "{format:?} lists a package without a name");
    }
});
