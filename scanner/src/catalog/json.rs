//! JSON objects read member by member: a file that is cut or damaged still gives what stands before the damage, and no
//! more than one entry is held at a time.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// Reads an object of objects. Each entry of the inner ones goes to `each`, with the name of its section, in the order
/// of the file; sections that are not `wanted` are passed over.
///
/// # Errors
/// When the JSON is no such object, is or nested too deeply. Entries before the fault went to `each`.
pub(super) fn each_entry(
    bytes: &[u8],
    wanted: impl Fn(&str) -> bool,
    each: impl FnMut(&str, String, Value),
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(without_mark(bytes));
    Document { wanted, each }.deserialize(&mut reader)?;
    reader.end()
}

/// The text without the byte order mark that some editors put before it.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

struct Document<W, E> {
    wanted: W,
    each: E,
}

impl<'de, W, E> DeserializeSeed<'de> for Document<W, E>
where
    W: Fn(&str) -> bool,
    E: FnMut(&str, String, Value),
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, W, E> Visitor<'de> for Document<W, E>
where
    W: Fn(&str) -> bool,
    E: FnMut(&str, String, Value),
{
    type Value = ();

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if (self.wanted)(&name) {
                map.next_value_seed(Section { name: &name, each: &mut self.each })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Section<'a, E> {
    name: &'a str,
    each: &'a mut E,
}

impl<'de, E: FnMut(&str, String, Value)> DeserializeSeed<'de> for Section<'_, E> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, E: FnMut(&str, String, Value)> Visitor<'de> for Section<'_, E> {
    type Value = ();

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "an object as `{}`", self.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            (self.each)(self.name, key, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> (Vec<String>, bool) {
        let mut found = Vec::new();
        let read = each_entry(
            text.as_bytes(),
            |section| section != "skip",
            |section, key, value| found.push(format!("{section} {key} {value}")),
        );
        (found, read.is_ok())
    }

    #[test]
    fn entries_of_wanted_sections_are_read_in_order() {
        let (found, whole) = entries("\u{feff}{\"b\":{\"y\":1,\"x\":2},\"skip\":[[{}]],\"a\":{}}");
        assert_eq!((found, whole), (vec!["b y 1".to_owned(), "b x 2".to_owned()], true));
    }

    #[test]
    fn what_stands_before_the_damage_is_kept() {
        for text in [
            "{\"a\":{\"x\":1,",
            "{\"a\":{\"x\":1},\"b\":3}",
            "{\"a\":{\"x\":1,\"y\":}}",
            "{\"a\":{\"x\":1}}}",
        ] {
            assert_eq!(entries(text), (vec!["a x 1".to_owned()], false), "{text}");
        }
        for text in ["", "[]", "garbage", &"{\"a\":".repeat(200_000)] {
            assert_eq!(entries(text), (vec![], false));
        }
    }
}
