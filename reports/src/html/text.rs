//! Words and numbers as people read them. Names come from images and may be hostile: too long, invisible, misleading.

use jiff::Timestamp;

use crate::model::time;

/// A long text: cut in the middle for the eye, longer in the title, where it is whole unless it is endless.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) short: String,
    /// Empty when the short form says all, so that it costs nothing.
    pub(crate) whole: String,
}

/// Cuts in the middle what has more than `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> Cut {
    let text = clean(text);
    if text.chars().count() <= most {
        return Cut { short: text, whole: String::new() };
    }
    Cut { short: middle(&text, most), whole: middle(&text, 160) }
}

/// The short form alone.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    middle(&clean(text), most)
}

/// The beginning of a sentence or list, with an ellipsis when it goes on.
pub(crate) fn beginning(text: &str, most: usize) -> String {
    let text = clean(text);
    match text.char_indices().nth(most) {
        None => text,
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

/// `sha256:3fa9…c41e`.
pub(crate) fn digest(text: &str) -> Cut {
    Cut { short: middle(&clean(text), 16), whole: middle(&clean(text), 160) }
}

fn middle(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let tail = if most <= 16 { 4 } else { most / 2 };
    let head: String = text.chars().take(most - 1 - tail).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{head}…{end}")
}

/// Without control characters and without marks that turn the direction of what follows: they make one name look
/// like another.
pub(crate) fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    let space = |c: char| matches!(c, '\n' | '\r' | '\t');
    text.trim()
        .chars()
        .map(|c| {
            if space(c) {
                ' '
            } else if hidden(c) {
                '\u{FFFD}'
            } else {
                c
            }
        })
        .collect()
}

/// `41,203`.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 image`, `14 images`.
pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// `124.3 MB`, in powers of ten as registries count.
pub(crate) fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let value = bytes as f64;
    match bytes {
        ..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", value / 1e6),
        _ => format!("{:.2} GB", value / 1e9),
    }
}

/// A name for a fragment of an address, from an identifier.
pub(crate) fn anchor(id: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '_');
    (!id.is_empty() && id.len() <= 80 && id.chars().all(fits)).then(|| id.to_owned())
}

/// With a capital at its beginning.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `a, b and c`.
pub(crate) fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// A time for `<time>`.
#[derive(Debug)]
pub(crate) struct Time {
    pub(crate) exact: String,
    pub(crate) words: String,
    /// The time of day where `words` is a day alone.
    pub(crate) hour: String,
}

/// To the minute.
pub(crate) fn minute(at: Timestamp) -> Time {
    Time { exact: time::rfc3339(at), words: time::minute(at), hour: String::new() }
}

/// To the day.
pub(crate) fn day(at: Timestamp) -> Time {
    Time { exact: time::rfc3339(at), words: time::day(at), hour: time::hour(at) }
}
