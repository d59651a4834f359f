//! Declared licences as the bill-of-materials formats want them: what is no valid SPDX expression must not look like one.

use spdx::{Expression, LicenseItem, ParseMode};

/// What a package declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Declared<'a> {
    /// One licence of the SPDX list.
    Id(&'a str),
    /// A valid SPDX expression of licences of that list.
    Expression(&'a str),
    /// Any other text.
    Name(&'a str),
}

/// Reads what a package declares; `None` when it declares nothing.
pub(crate) fn declared(text: &str) -> Option<Declared<'_>> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if spdx::license_id(text).is_some_and(|id| id.name == text) {
        return Some(Declared::Id(text));
    }
    // As the list writes it, with the older names that packages still use.
    let mode = ParseMode { allow_deprecated: true, allow_postfix_plus_on_gpl: true, ..ParseMode::STRICT };
    let is_listed = |expression: &Expression| {
        expression.requirements().all(|found| matches!(found.req.license, LicenseItem::Spdx { .. }))
    };
    // A reference to a text that the document does not have would be no licence.
    match Expression::parse_mode(text, mode) {
        Ok(expression) if is_listed(&expression) => Some(Declared::Expression(text)),
        _ => Some(Declared::Name(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_an_expression_is_called_one() {
        assert_eq!(declared(" "), None);
        assert_eq!(declared("MIT"), Some(Declared::Id("MIT")));
        assert_eq!(declared("GPL-2.0-only"), Some(Declared::Id("GPL-2.0-only")));
        for valid in [
            "MIT OR Apache-2.0",
            "GPL-2.0-or-later WITH Bison-exception-2.2",
            "(MIT AND BSD-2-Clause) OR Zlib",
            "GPL-2.0+",
        ] {
            assert_eq!(declared(valid), Some(Declared::Expression(valid)), "{valid}");
        }
        for other in [
            "BSD",
            "mit",
            "MIT/Apache-2.0",
            "GPLv3+ with exceptions",
            "LicenseRef-a",
            "MIT OR",
            "(((((",
            "\u{0}",
        ] {
            assert_eq!(declared(other), Some(Declared::Name(other)), "{other}");
        }
    }
}
