//! An image archive as a stream, as `docker save` gives it.

#![no_main]

use std::io::{Cursor, Read};

use lazaret_scanner::Limits;
use lazaret_scanner::archive::{ReadOptions, Source, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { layer_bytes: 16 << 20, file_bytes: 1 << 20, memory_bytes: 1 << 20, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::new() };
    let open = || Ok(Box::new(Cursor::new(data.to_vec())) as Box<dyn Read>);
    let _ = read(&Source::Stream(&open), &options);
});
