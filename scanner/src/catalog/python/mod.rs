//! Python distributions of PyPI: installed ones, and the lock files of pip, Pipenv, Poetry, uv and PDM.

pub mod installed;

/// A project name as PEP 503 compares it: lower case, and each run of `-`, `_` and `.` one hyphen.
pub fn normalised_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.trim().chars() {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            other => normal.push(other.to_ascii_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_names_are_compared_by_pep_503() {
        assert_eq!(normalised_name("Zope.Interface"), "zope-interface");
        assert_eq!(normalised_name("a-_.B"), "a-b");
    }
}
