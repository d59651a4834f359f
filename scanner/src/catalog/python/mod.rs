//! Python distributions of PyPI: installed ones, and the lock files of pip, Pipenv, Poetry, uv and PDM.
//!
//! Lock files list what a project needs to be built and tested beside what it needs to run; all of it is listed. What comes
//! from elsewhere than an index (a folder, a repository, an address) is left out.

pub mod egg;
pub mod installed;
mod license;
pub mod pipfile_lock;
pub mod requirements;
pub mod toml_locks;

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
