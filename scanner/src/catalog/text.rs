//! What lock files that are plain text have in common.

use super::{Listing, Package};

/// What a text file of these `bytes` tells, with a warning where it has a `fault` or is no UTF-8.
pub(super) fn listing(bytes: &[u8], packages: Vec<Package>, fault: Option<&str>) -> Listing {
    let not_utf8 = std::str::from_utf8(bytes).is_err().then_some("it is not all UTF-8");
    match fault.or(not_utf8) {
        None => Listing::of(packages),
        Some(fault) => Listing::incomplete(packages, fault),
    }
}

/// What stands between the double quotes that `text` begins with; `None` where the second one is missing.
pub(super) fn quoted(text: &str) -> Option<&str> {
    Some(text.strip_prefix('"')?.split_once('"')?.0)
}
