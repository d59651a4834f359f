//! Making secrets unreadable.

use std::ops::Range;

use super::Rules;
use super::search::Hit;

/// What stands for what is hidden.
const HIDDEN: &str = "****";
/// A shorter secret shows nothing of itself.
const SHORTEST_SHOWN: usize = 16;
/// Last characters that are shown of a longer one.
const SHOWN: usize = 4;
/// The longest known prefix that is shown.
const LONGEST_PREFIX: usize = 12;
/// Characters of the line that are shown on either side.
const CONTEXT: usize = 50;
/// Bytes of the line that are looked at on either side.
const CONTEXT_BYTES: usize = 4 * CONTEXT;

/// The line of a hit, cut to what is near it, with every secret on it hidden.
pub(super) fn snippet(rules: &Rules, text: &[u8], hit: &Hit, hits: &[Hit]) -> String {
    let back = hit.secret.start.saturating_sub(CONTEXT_BYTES);
    let start = memchr::memrchr(b'\n', &text[back..hit.secret.start]).map_or(back, |at| back + at + 1);
    let secret = &text[hit.secret.clone()];
    let end = if memchr::memchr(b'\n', secret).is_some() {
        // The rest of a block of lines is nobody's to read.
        hit.secret.end
    } else {
        let limit = text.len().min(hit.secret.end + CONTEXT_BYTES);
        memchr::memchr(b'\n', &text[hit.secret.end..limit]).map_or(limit, |at| hit.secret.end + at)
    };
    let near = |other: &&Hit| other.secret.start < end && other.secret.end > start;
    let others: Vec<&Hit> = hits.iter().filter(near).collect();
    let before = hidden(rules, text, start..hit.secret.start, &others);
    let after = hidden(rules, text, hit.secret.end..end, &others);
    let before = before.trim_start();
    let after = after.trim_end();
    let mut out = String::new();
    let skipped = before.chars().count().saturating_sub(CONTEXT);
    if skipped > 0 {
        out.push('…');
    }
    out.extend(before.chars().skip(skipped));
    out.push_str(&mask(rules, text, hit));
    out.extend(after.chars().take(CONTEXT));
    if after.chars().count() > CONTEXT {
        out.push('…');
    }
    out
}

/// The whole text with every secret hidden.
pub(super) fn whole(rules: &Rules, text: &[u8], hits: &[Hit]) -> String {
    let mut hits: Vec<&Hit> = hits.iter().collect();
    hits.sort_by_key(|hit| (hit.secret.start, std::cmp::Reverse(hit.secret.end)));
    let (mut out, mut at) = (String::new(), 0);
    for hit in hits {
        if hit.secret.start >= at {
            out.push_str(&String::from_utf8_lossy(&text[at..hit.secret.start]));
            out.push_str(&mask(rules, text, hit));
        }
        at = at.max(hit.secret.end);
    }
    out.push_str(&String::from_utf8_lossy(&text[at..]));
    out
}

/// A part of a line with what is secret in it hidden and without control characters.
fn hidden(rules: &Rules, text: &[u8], range: Range<usize>, hits: &[&Hit]) -> String {
    let (mut out, mut at) = (String::new(), range.start);
    let mut push = |bytes: &[u8]| {
        let readable = String::from_utf8_lossy(bytes);
        out.extend(readable.chars().map(|c| if c.is_control() { ' ' } else { c }));
    };
    for hit in hits {
        if hit.secret.start >= range.end || hit.secret.end <= at {
            continue;
        }
        if hit.secret.start >= at {
            push(&text[at..hit.secret.start]);
        }
        if hit.secret.start >= at && hit.secret.end <= range.end {
            push(mask(rules, text, hit).as_bytes());
        } else {
            push(HIDDEN.as_bytes());
        }
        at = hit.secret.end.min(range.end);
    }
    if at < range.end {
        push(&text[at..range.end]);
    }
    out
}

/// What is shown of a secret.
fn mask(rules: &Rules, text: &[u8], hit: &Hit) -> String {
    let secret = String::from_utf8_lossy(&text[hit.secret.clone()]);
    if let Some(header) = header(&secret) {
        return format!("{header}{HIDDEN}");
    }
    let length = secret.chars().count();
    if length < SHORTEST_SHOWN || secret.contains(char::is_control) {
        return HIDDEN.to_owned();
    }
    let rule = &rules.all[hit.rule];
    let prefix = rule
        .keywords
        .iter()
        .filter(|word| !rule.generic && word.len() <= LONGEST_PREFIX && word.len() * 3 <= length)
        .filter_map(|word| secret.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word)))
        .max_by_key(|prefix| prefix.len())
        .unwrap_or_default();
    let last: String = secret.chars().skip(length - SHOWN).collect();
    format!("{prefix}{HIDDEN}…{last}")
}

/// The first line of a PEM block or of another that says what it is.
fn header(secret: &str) -> Option<&str> {
    let rest = secret.strip_prefix("-----BEGIN ")?;
    let end = rest.find("-----")?;
    let is_label =
        rest[..end].bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ');
    is_label.then(|| &secret[.."-----BEGIN ".len() + end + "-----".len()])
}
