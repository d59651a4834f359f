//! Columns that hold JSON.

use sea_orm::DbErr;
use serde::de::DeserializeOwned;

/// The value of a column that holds JSON. `place` says which one, as `table.column`.
///
/// # Errors
/// [`DbErr::Json`] when the text is not what this version writes. It is never taken for an empty value: what an image
/// lacks stands in such columns, and a reader that skipped it would call the image better than it is.
pub fn read_json<T: DeserializeOwned>(place: &str, id: i64, text: &str) -> Result<T, DbErr> {
    serde_json::from_str(text).map_err(|error| DbErr::Json(format!("{place} of row {id}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::read_json;

    #[test]
    fn what_cannot_be_read_is_an_error_that_names_the_row() {
        assert_eq!(read_json::<Vec<String>>("images.warnings", 7, r#"["a"]"#).expect("a list"), ["a"]);
        for damaged in ["", "{}", "[\"a\"", "null"] {
            let said =
                read_json::<Vec<String>>("images.warnings", 7, damaged).expect_err("damaged").to_string();
            assert!(said.contains("images.warnings of row 7"), "{said}");
        }
    }
}
