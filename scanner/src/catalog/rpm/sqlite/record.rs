//! SQLite's record format: a header of the columns' types, and their values behind it.

/// Columns that are looked at; the tables read here have fewer.
const MAX_COLUMNS: usize = 16;

/// A value by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column<'a> {
    kind: u64,
    bytes: &'a [u8],
}

impl<'a> Column<'a> {
    /// Its bytes, when it is a text.
    pub(super) fn text(self) -> Option<&'a [u8]> {
        (self.kind >= 13 && !self.kind.is_multiple_of(2)).then_some(self.bytes)
    }

    /// Its bytes, when it is a blob.
    pub(super) fn blob(self) -> Option<&'a [u8]> {
        (self.kind >= 12 && self.kind.is_multiple_of(2)).then_some(self.bytes)
    }

    /// A positive number that fits; page numbers do.
    pub(super) fn number(self) -> Option<u32> {
        match self.kind {
            9 => Some(1),
            1..=6 => {
                u32::try_from(self.bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte)))
                    .ok()
            }
            _ => None,
        }
    }
}

/// The column with this index; `None` when the record is damaged or has fewer.
pub(super) fn column(record: &[u8], wanted: usize) -> Option<Column<'_>> {
    let (length, mut at) = varint(record, 0)?;
    let header = record.get(..usize::try_from(length).ok()?)?;
    let mut start = header.len();
    for index in 0..MAX_COLUMNS {
        let (kind, next) = varint(header, at)?;
        at = next;
        let end = start.checked_add(length_of(kind)?)?;
        if index == wanted {
            return Some(Column { kind, bytes: record.get(start..end)? });
        }
        start = end;
    }
    None
}

/// Bytes of a value of this type.
fn length_of(kind: u64) -> Option<usize> {
    match kind {
        0 | 8 | 9 => Some(0),
        1..=4 => usize::try_from(kind).ok(),
        5 => Some(6),
        6 | 7 => Some(8),
        10 | 11 => None,
        kind => usize::try_from((kind - 12) / 2).ok(),
    }
}

/// A number of one to nine bytes, and the place behind it.
pub(super) fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let bytes = bytes.get(at..)?;
    let mut number = 0;
    for (index, byte) in bytes.iter().enumerate().take(9) {
        if index == 8 {
            return Some((number << 8 | u64::from(*byte), at + 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, at + index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_to_nine_bytes() {
        assert_eq!(varint(&[0x7f], 0), Some((127, 1)));
        assert_eq!(varint(&[0, 0x81, 0x00], 1), Some((128, 3)));
        assert_eq!(varint(&[0xff; 9], 0), Some((u64::MAX, 9)));
        assert_eq!((varint(&[0xff; 8], 0), varint(&[], 0), varint(&[1], 2)), (None, None, None));
    }

    #[test]
    fn columns_are_found_by_the_types_before_them() {
        let record = [5, 0, 2, 17, 16, 1, 2, b'a', b'b', 3, 4];
        assert_eq!(column(&record, 1).unwrap().number(), Some(258));
        assert_eq!(column(&record, 2).unwrap().text(), Some(&b"ab"[..]));
        assert_eq!(column(&record, 3).unwrap().blob(), Some(&[3, 4][..]));
        assert_eq!(column(&record, 2).unwrap().blob(), None);
        assert_eq!((column(&record, 4), column(&record[..10], 3), column(&[], 0)), (None, None, None));
        assert_eq!(column(&[3, 6, 6, 0, 0, 0, 1, 0, 0, 0, 0], 0).unwrap().number(), None);
        assert_eq!(column(&[2, 10], 0), None);
        let huge = [&[11, 0][..], &[0xff; 9]].concat();
        assert_eq!(column(&huge, 1), None);
    }
}
