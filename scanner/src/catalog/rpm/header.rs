//! The header of one package as RPM's databases hold it (rpm.org, "RPM V4 Package format", without the magic that a
//! package file has before it): an index of tags, and a store that their values lie in. All numbers are big-endian.

use std::borrow::Cow;

/// Bytes of an index entry.
const ENTRY: usize = 16;
/// Most bytes of a value that is one line. Longer ones are damage.
const MAX_TEXT: usize = 16 << 10;

/// Types of values.
const INT32: u32 = 4;
const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// What a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Tag {
    Name = 1000,
    Version = 1001,
    Release = 1002,
    Epoch = 1003,
    Vendor = 1011,
    License = 1014,
    Arch = 1022,
    OldFileNames = 1027,
    FileDigests = 1035,
    SourceRpm = 1044,
    DirIndexes = 1116,
    BaseNames = 1117,
    DirNames = 1118,
    ModularityLabel = 5096,
}

/// The header of a package.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header<'a> {
    index: &'a [u8],
    store: &'a [u8],
}

impl<'a> Header<'a> {
    /// `None` when the lengths of index and store do not fit the bytes that are there.
    pub(super) fn read(blob: &'a [u8]) -> Option<Self> {
        let (entries, length) = (word(blob, 0)? as usize, word(blob, 4)? as usize);
        let store = entries.checked_mul(ENTRY)?.checked_add(8)?;
        let end = store.checked_add(length)?;
        Some(Self { index: blob.get(8..store)?, store: blob.get(store..end)? })
    }

    /// Type and count of a value, and the store from its beginning on.
    fn find(&self, tag: Tag) -> Option<(u32, usize, &'a [u8])> {
        let entry = self.index.chunks_exact(ENTRY).find(|entry| word(entry, 0) == Some(tag as u32))?;
        let value = self.store.get(word(entry, 8)? as usize..)?;
        Some((word(entry, 4)?, word(entry, 12)? as usize, value))
    }

    /// A line of text; `None` when the package has none or it is damaged.
    pub(super) fn text(&self, tag: Tag) -> Option<Cow<'a, str>> {
        let (kind, _, value) = self.find(tag)?;
        if !matches!(kind, STRING | STRING_ARRAY | I18N_STRING) {
            return None;
        }
        let end = value.iter().take(MAX_TEXT).position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(&value[..end]))
    }

    /// A number; `None` when the package has none or it is damaged.
    pub(super) fn number(&self, tag: Tag) -> Option<u32> {
        self.numbers(tag).next()
    }

    /// The numbers of an array, as far as they are there.
    pub(super) fn numbers(&self, tag: Tag) -> impl Iterator<Item = u32> + use<'a> {
        let (kind, count, value) = self.find(tag).unwrap_or_default();
        let count = if kind == INT32 { count } else { 0 };
        value
            .chunks_exact(4)
            .take(count)
            .map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// The strings of an array, as far as they are there.
    pub(super) fn texts(&self, tag: Tag) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (kind, count, value) = self.find(tag).unwrap_or_default();
        let count = if kind == STRING_ARRAY { count } else { 0 };
        value.split_inclusive(|byte| *byte == 0).take(count).filter_map(|text| text.strip_suffix(&[0]))
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}

/// Headers made in code.
#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A header of these values, each as its tag, type, count and bytes.
    pub fn header(values: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
        let (mut index, mut store) = (Vec::new(), Vec::new());
        for (tag, kind, count, value) in values {
            if *kind == INT32 {
                store.resize(store.len().next_multiple_of(4), 0);
            }
            for number in [*tag, *kind, u32::try_from(store.len()).unwrap(), *count] {
                index.extend_from_slice(&number.to_be_bytes());
            }
            store.extend_from_slice(value);
        }
        let length = u32::try_from(store.len()).unwrap().to_be_bytes();
        [&u32::try_from(values.len()).unwrap().to_be_bytes()[..], &length, &index, &store].concat()
    }

    #[test]
    fn values_are_found_by_their_tag() {
        let bytes = header(&[
            (1000, STRING, 1, b"bash\0"),
            (1003, INT32, 1, &2u32.to_be_bytes()),
            (1004, I18N_STRING, 2, b"Shell\0Schale\0"),
            (1117, STRING_ARRAY, 2, b"a\0b\0c\0"),
        ]);
        let header = Header::read(&bytes).unwrap();
        assert_eq!(header.text(Tag::Name).unwrap(), "bash");
        assert_eq!(header.number(Tag::Epoch), Some(2));
        assert_eq!(header.texts(Tag::BaseNames).collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(header.text(Tag::Version), None);
        assert_eq!(header.number(Tag::Name), None, "a text is no number");
    }

    #[test]
    fn what_points_out_of_the_store_is_not_there() {
        let mut bytes = header(&[(1000, STRING, 1, b"bash\0"), (1116, INT32, u32::MAX, &[0; 8])]);
        assert_eq!(Header::read(&bytes).unwrap().numbers(Tag::DirIndexes).count(), 2);
        bytes[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(Header::read(&bytes).unwrap().text(Tag::Name), None);
        for bytes in [&[][..], &[0; 7], &[0xff; 8], &[0, 0, 0, 1, 0, 0, 0, 0], &[0, 0, 0, 0, 0, 0, 0, 1]] {
            assert!(Header::read(bytes).is_none(), "{bytes:?}");
        }
        let unended = header(&[(1000, STRING, 1, b"bash")]);
        assert_eq!(Header::read(&unended).unwrap().text(Tag::Name), None);
    }
}
