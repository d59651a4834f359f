//! Searches any bytes at any path for secrets, hides what is found in them, and reads them as rules.
#![no_main]

use std::sync::LazyLock;

use lazaret_scanner::secret::{FingerprintKey, RuleSource, Rules};
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::builtin().expect("the built-in rules compile"));

// The first line is the path, the rest the content.
fuzz_target!(|data: &[u8]| {
    let split = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let path = String::from_utf8_lossy(&data[..split]);
    let content = data.get(split + 1..).unwrap_or_default();
    let key = FingerprintKey::new([1; 32]);
    let lines = content.iter().filter(|byte| **byte == b'\n').count() as u64;
    for secret in RULES.search(&key, &path, content, 1) {
        assert!((1..=lines + 1).contains(&secret.line));
    }
    if let Ok(text) = std::str::from_utf8(content) {
        let _ = RULES.redact(text);
        let source = RuleSource { name: "rules.toml".to_owned(), text: text.to_owned() };
        if let Ok(rules) = Rules::with(&[source]) {
            let _ = rules.search(&key, &path, content, 1);
        }
    }
});
