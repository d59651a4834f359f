//! OSV records, evaluated for some versions.

#![no_main]

use lazaret_scanner::advisory::{evaluate, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(record) = parse(data) else { return };
    let _ = (record.severity(None), record.url());
    for (ecosystem, _, affected) in record.affected_packages() {
        for version in ["0", "1.0.0", "1.2.3-4", "2:1.0~rc1-1.el9"] {
            let _ = evaluate(&ecosystem, version, &affected);
        }
    }
});
