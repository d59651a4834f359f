//! Arrays of tables in TOML, `[[package]]`, read table by table: a damaged one leaves the others, and no more than one is
//! held at a time.

use std::borrow::Cow;

use toml::de::DeTable;

/// Bytes of one table. Those of lock files have a few thousand, with the hashes of many files some hundred thousand.
const MAX_TABLE: usize = 1 << 20;

/// Gives each table of the array `name` to `each`. Answers how many places of the file cannot be read: tables, what
/// stands before the first of them, and text that is no UTF-8. An empty file is one such place.
pub(super) fn each_table(bytes: &[u8], name: &str, mut each: impl FnMut(&DeTable<'_>)) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let mut faults = usize::from(matches!(text, Cow::Owned(_)));
    let (head, tables) = parts(text.trim_start_matches('\u{feff}'), name);
    let is_blank = head.trim().is_empty() && tables.is_empty();
    if is_blank || head.len() > MAX_TABLE || DeTable::parse(head).is_err() {
        faults += 1;
    }
    for table in tables {
        let read = (table.len() <= MAX_TABLE).then(|| DeTable::parse(table).ok()).flatten();
        let read = read.as_ref().and_then(|read| read.get_ref().get(name)?.get_ref().as_array());
        match read.and_then(|array| array.first()?.get_ref().as_table()) {
            Some(table) => each(table),
            None => faults += 1,
        }
    }
    faults
}

/// The text of `key`, when it is one.
pub(super) fn text<'a>(table: &'a DeTable<'_>, key: &str) -> Option<&'a str> {
    table.get(key)?.get_ref().as_str()
}

/// Cuts a document into what stands before the first table and the tables of the array, each with its subtables.
fn parts<'a>(text: &'a str, name: &str) -> (&'a str, Vec<&'a str>) {
    let mut head = text;
    let mut tables = Vec::new();
    let mut begin = None;
    let mut seen = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let place = at;
        at += line.len();
        let Some(header) = line.strip_prefix('[') else { continue };
        let is_array = header.starts_with('[');
        let header = header.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
        let is_table = is_array && header == name;
        if !is_table && header.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')) {
            continue;
        }
        if !seen {
            head = &text[..place];
            seen = true;
        }
        tables.extend(begin.take().map(|begin| &text[begin..place]));
        if is_table {
            begin = Some(place);
        }
    }
    tables.extend(begin.map(|begin| &text[begin..]));
    (head, tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(document: &str) -> (Vec<String>, usize) {
        let mut names = Vec::new();
        let faults = each_table(document.as_bytes(), "package", |table| {
            names.push(text(table, "name").unwrap_or("?").to_owned());
        });
        (names, faults)
    }

    #[test]
    fn tables_are_read_with_their_subtables() {
        let document = "version = 1\n\n[[package]]\nname = \"a\"\n\n[package.dependencies]\nx = 1\n\n[[package.files]]\n\
            name = \"f\"\n\n[[package]]\nname = \"b\"\n[metadata]\nname = \"c\"\n[[packages]]\nname = \"d\"\n";
        assert_eq!(names(document), (vec!["a".to_owned(), "b".to_owned()], 0));
        assert_eq!(names("package = []\n"), (vec![], 0));
    }

    #[test]
    fn a_damaged_table_leaves_the_others() {
        let document = "[[package]]\nname = \"a\n[[package]]\nname = \"b\"\n[[package]]\nname = \"c";
        assert_eq!(names(document), (vec!["b".to_owned()], 2));
        assert_eq!(names("garbage\n[[package]]\nname = \"a\"\n"), (vec!["a".to_owned()], 1));
        for text in ["", " \n", "\0\u{1}", "[[package"] {
            assert_eq!(names(text).1, 1, "{text:?}");
        }
        assert_eq!(each_table(b"[[package]]\nname = \"\xff\"\n", "package", |_| ()), 1);
    }

    #[test]
    fn endless_depth_and_size_are_faults() {
        for deep in ["[".repeat(200_000), "{a=".repeat(200_000), format!("x{}", ".x".repeat(200_000))] {
            assert_eq!(names(&format!("[[package]]\nx = {deep}\n")).1, 1);
            names(&format!("{deep}\n[[package]]\n{deep}\n"));
        }
        let large = "#".repeat(MAX_TABLE);
        assert_eq!(
            names(&format!("[[package]]\nname = \"a\"\n{large}\n[[package]]\nname = \"b\"\n")),
            (vec!["b".to_owned()], 1)
        );
    }
}
