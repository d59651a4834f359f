//! Whether bytes are text, and which.

use std::borrow::Cow;

/// Bytes of a file by which it is told whether it is text.
pub(super) const HEAD: usize = 8 << 10;
/// Of these, one in this many may be a control character that text does not have.
const CONTROL_SHARE: usize = 10;

/// The encodings that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, or another that has ASCII's characters at ASCII's places.
    Ascii,
    /// UTF-16, low byte first.
    Utf16Little,
    /// UTF-16, high byte first.
    Utf16Big,
}

/// The encoding of content that begins so; none when it is no text.
pub(super) fn encoding(content: &[u8]) -> Option<Encoding> {
    let head = &content[..content.len().min(HEAD)];
    match head {
        [0xff, 0xfe, 0, 0, ..] => return None,
        [0xff, 0xfe, ..] => return Some(Encoding::Utf16Little),
        [0xfe, 0xff, ..] => return Some(Encoding::Utf16Big),
        _ => {}
    }
    if memchr::memchr(0, head).is_some() {
        return utf16_without_mark(head);
    }
    let control: usize = head.iter().map(|byte| usize::from(CONTROL[usize::from(*byte)])).sum();
    (control * CONTROL_SHARE <= head.len()).then_some(Encoding::Ascii)
}

/// 1 for each character that text does not have. A table: every file is asked.
const CONTROL: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 1;
    while byte < 128 {
        table[byte] = matches!(byte, 1..=6 | 14..=26 | 28..=31 | 127) as u8;
        byte += 1;
    }
    table
};

/// Text of mostly ASCII has a zero in every other byte and nowhere else.
fn utf16_without_mark(head: &[u8]) -> Option<Encoding> {
    let units = head.len() / 2;
    // Most of what has zeros is a program or packed, and shows it soon.
    let first = head.iter().take(64).filter(|byte| **byte == 0).count();
    if first * 10 < head.len().min(64) * 4 || first * 10 > head.len().min(64) * 6 {
        return None;
    }
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let printable = |offset: usize| {
        let bytes = head.iter().skip(offset).step_by(2);
        bytes.filter(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')).count()
    };
    let most = |count: usize| units >= 4 && count * 10 >= units * 9;
    if even == 0 && most(odd) && most(printable(0)) {
        Some(Encoding::Utf16Little)
    } else if odd == 0 && most(even) && most(printable(1)) {
        Some(Encoding::Utf16Big)
    } else {
        None
    }
}

/// The content as bytes in which ASCII is at ASCII's places.
pub(super) fn decode(content: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    let unit: fn([u8; 2]) -> u16 = match encoding {
        Encoding::Ascii => return Cow::Borrowed(content),
        Encoding::Utf16Little => u16::from_le_bytes,
        Encoding::Utf16Big => u16::from_be_bytes,
    };
    let units = content.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Cow::Owned(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn encodings_are_told_by_content() {
        let text = "password = value\r\n";
        let little = utf16(text, u16::to_le_bytes);
        let big = utf16(text, u16::to_be_bytes);
        let marked: Vec<u8> = [0xff, 0xfe].into_iter().chain(little.iter().copied()).collect();
        for (bytes, expected) in [
            (text.as_bytes(), Some(Encoding::Ascii)),
            ("größe".as_bytes(), Some(Encoding::Ascii)),
            (b"caf\xe9 \x1b[1mbold".as_slice(), Some(Encoding::Ascii)),
            (b"", Some(Encoding::Ascii)),
            (&little, Some(Encoding::Utf16Little)),
            (&big, Some(Encoding::Utf16Big)),
            (&marked, Some(Encoding::Utf16Little)),
            (b"\x7fELF\x02\x01\x01\0\0\0\0\0", None),
            (b"\0\0\0\0\0\0\0\0", None),
            (b"\x01\x02\x03\x04", None),
        ] {
            assert_eq!(encoding(bytes), expected, "{bytes:?}");
        }
        assert_eq!(&*decode(&little, Encoding::Utf16Little), text.as_bytes());
        assert_eq!(&*decode(&big, Encoding::Utf16Big), text.as_bytes());
        assert_eq!(&*decode(&[0x00, 0xd8, 0x41], Encoding::Utf16Little), "\u{fffd}".as_bytes());
    }
}
