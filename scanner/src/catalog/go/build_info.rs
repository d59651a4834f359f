//! The text in which the Go linker says what a program was built of (`runtime/debug.BuildInfo`): a line per module.

use super::version::{self, DEVELOPMENT};
use crate::catalog::Package;

/// Reads the lines. `go_version` is what the compiler called itself.
pub(super) fn packages(go_version: &str, lines: &str) -> Vec<Package> {
    let mut packages = vec![Package::new("stdlib", version::of_toolchain(go_version))];
    let mut main = None;
    let mut modules: Vec<Module<'_>> = Vec::new();
    let mut set_by_linker = None;
    for line in lines.lines() {
        let mut fields = line.split('\t');
        let kind = fields.next().unwrap_or_default();
        match kind {
            "mod" => main = Module::of(fields),
            "dep" => modules.extend(Module::of(fields)),
            // What was built in the place of the module before.
            "=>" => {
                if let (Some(replaced), Some(by)) = (modules.last_mut(), Module::of(fields)) {
                    *replaced = by;
                }
            }
            "build" => {
                let flags = fields.next().and_then(|setting| setting.strip_prefix("-ldflags="));
                set_by_linker = set_by_linker.or_else(|| version_in_flags(flags?));
            }
            _ => {}
        }
    }
    // A module replaced by a folder has no version: nobody published what was built.
    packages.extend(
        modules
            .into_iter()
            .filter(|module| !module.version.is_empty() && !is_folder(module.path))
            .map(|module| Package::new(module.path, module.version)),
    );
    packages.extend(main.map(|main| Package::new(main.path, main_version(main.version, set_by_linker))));
    packages
}

struct Module<'a> {
    path: &'a str,
    version: &'a str,
}

impl<'a> Module<'a> {
    fn of(mut fields: impl Iterator<Item = &'a str>) -> Option<Self> {
        let path = fields.next().filter(|path| !path.is_empty())?;
        Some(Self { path, version: fields.next().unwrap_or_default().trim() })
    }
}

fn is_folder(path: &str) -> bool {
    path.starts_with(['.', '/']) || path.contains('\\')
}

/// The version of the main module: the one it was published under, else the one that its makers had the linker write.
/// A pseudo-version tells a commit of a work tree, which orders below the release that it may well contain: it counts
/// as none.
fn main_version(version: &str, set_by_linker: Option<String>) -> String {
    if version.is_empty() || version == DEVELOPMENT || version::is_pseudo(version) {
        set_by_linker.unwrap_or_else(|| DEVELOPMENT.to_owned())
    } else {
        version.to_owned()
    }
}

/// The version in `-X main.version=v1.2.3`, in the notations that the linker takes.
fn version_in_flags(flags: &str) -> Option<String> {
    let flags = flags.trim_matches('"').replace("\\\"", "\"");
    flags.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).find_map(|word| {
        let word = word.strip_prefix("-X=").or_else(|| word.strip_prefix("--X=")).unwrap_or(word);
        let (variable, value) = word.split_once('=')?;
        let (_, name) = variable.rsplit_once('.')?;
        let is_version =
            ["version", "buildversion", "appversion"].iter().any(|known| name.eq_ignore_ascii_case(known));
        (is_version && version::is_release(value)).then(|| version::with_v(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(go_version: &str, lines: &str) -> Vec<(String, String)> {
        packages(go_version, lines).into_iter().map(|package| (package.name, package.version)).collect()
    }

    fn main_of(lines: &str) -> String {
        listed("go1.22.1", lines).pop().unwrap().1
    }

    #[test]
    fn trap_a_replaced_module_is_what_replaced_it() {
        let lines = "path\texample.org/a\nmod\texample.org/a\tv1.0.0\t\ndep\tgithub.com/x/y\tv1.0.0\n\
                     =>\tgithub.com/fork/y\tv1.0.1\th1:x\ndep\tlocal\tv0.1.0\n=>\t../local\t(devel)\t\n";
        assert_eq!(
            listed("go1.21.5", lines),
            [
                ("stdlib".to_owned(), "1.21.5".to_owned()),
                ("github.com/fork/y".to_owned(), "v1.0.1".to_owned()),
                ("example.org/a".to_owned(), "v1.0.0".to_owned()),
            ]
        );
    }

    #[test]
    fn trap_a_main_module_has_the_version_that_it_was_released_as() {
        let cases = [
            ("mod\ta\tv1.2.3\t", "v1.2.3"),
            ("mod\ta\tv1.2.3+dirty\t", "v1.2.3+dirty"),
            ("mod\ta\t(devel)\t", "(devel)"),
            ("mod\ta", "(devel)"),
            ("mod\ta\tv0.0.0-20240101120000-abcdef123456\t", "(devel)"),
            ("mod\ta\tv1.2.4-0.20240101120000-abcdef123456+dirty\t", "(devel)"),
            ("mod\ta\t(devel)\t\nbuild\t-ldflags=\"-s -w -X main.version=v4.5.6\"", "v4.5.6"),
            ("mod\ta\t(devel)\t\nbuild\t-ldflags=\"-X 'a/b/version.Version=4.5.6' -s\"", "v4.5.6"),
            ("mod\ta\t(devel)\t\nbuild\t-ldflags=-X=main.Version=4.5.6-rc.1", "v4.5.6-rc.1"),
            ("mod\ta\t(devel)\t\nbuild\t-ldflags=\"-X main.goVersion=1.2.3 -X main.version=dev\"", "(devel)"),
        ];
        for (lines, version) in cases {
            assert_eq!(main_of(lines), version, "{lines}");
        }
    }

    #[test]
    fn lines_that_say_nothing_are_passed_over() {
        assert_eq!(
            listed("", "mod\ndep\n=>\tx\tv1\ndep\t\tv1\nfoo\n"),
            [("stdlib".to_owned(), "(devel)".to_owned())]
        );
    }
}
