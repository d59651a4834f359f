//! Bills of materials of any kind.

#![no_main]

use lazaret_scanner::sbom;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = sbom::may_be(data);
    let Ok(document) = sbom::read(data) else { return };
    for package in &document.analysis.packages {
        let _ = (package.purl(), package.set_aside());
    }
});
