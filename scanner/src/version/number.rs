//! A run of digits of any length, compared by its value.

/// The fields stand in the order in which they compare.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number {
    length: usize,
    digits: String,
}

impl Number {
    /// The number that `digits` writes in decimal; none at all is 0.
    pub(super) fn new(digits: &str) -> Self {
        let digits = digits.trim_start_matches('0').to_owned();
        Self { length: digits.len(), digits }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.length == 0
    }
}

/// Whether the text is one or more ASCII digits.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Cuts the run of digits from the front; empty where there is none.
pub(super) fn take_digits<'a>(rest: &mut &'a str) -> &'a str {
    take_while(rest, |c| c.is_ascii_digit())
}

/// Cuts from the front what `wanted` accepts.
pub(super) fn take_while<'a>(rest: &mut &'a str, wanted: impl Fn(char) -> bool) -> &'a str {
    let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    let (run, tail) = rest.split_at(end);
    *rest = tail;
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value_at_any_length() {
        assert!(Number::new("9") < Number::new("10"));
        assert!(Number::new("0") < Number::new("1"));
        assert_eq!(Number::new("007"), Number::new("7"));
        assert_eq!(Number::new(""), Number::new("000"));
        assert!(Number::new(&"9".repeat(99_999)) < Number::new(&"1".repeat(100_000)));
    }
}
