//! Archives within files, opened by the scan for malware. The first line is the name of the file; no byte is shown to rules.

#![no_main]

use std::sync::LazyLock;

use lazaret_scanner::Limits;
use lazaret_scanner::content::Content;
use lazaret_scanner::malware::{Rules, Scanner};
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::builtin().expect("the built-in rules compile"));

fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let path = String::from_utf8_lossy(&data[..end]);
    let bytes = data.get(end + 1..).unwrap_or_default().to_vec();
    // Small, so that the limits are reached.
    let limits = Limits {
        file_bytes: 1 << 20,
        memory_bytes: 1 << 18,
        unpacked_bytes: 4 << 20,
        malware_bytes: 0,
        ratio: 100,
        depth: 3,
        entries: 1_000,
        ..Limits::default()
    };
    let (_, warnings) = Scanner::new(&RULES).scan(&path, &mut Content::from(bytes), &limits);
    assert!(warnings.iter().all(|warning| !warning.message.is_empty()));
});
