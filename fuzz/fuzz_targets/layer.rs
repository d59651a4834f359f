//! A layer's tar, and the image that it makes alone and twice.

#![no_main]

use lazaret_scanner::Limits;
use lazaret_scanner::image::merge;
use lazaret_scanner::layer::analyse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { layer_bytes: 16 << 20, file_bytes: 1 << 20, memory_bytes: 1 << 20, ..Limits::default() };
    if let Ok(layer) = analyse(data, &limits) {
        let alone = merge(&[&layer]);
        let twice = merge(&[&layer, &layer]);
        for package in alone.packages.iter().chain(&twice.packages) {
            let _ = (package.purl(), package.set_aside());
        }
    }
});
